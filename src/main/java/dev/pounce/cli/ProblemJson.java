package dev.pounce.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.source.Problem;
import java.util.Locale;

/** A problem as one line of JSON, for editors and pipelines. */
final class ProblemJson {

    private ProblemJson() {}

    static String of(Problem problem) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("severity", problem.severity().name().toLowerCase(Locale.ROOT));
        json.put("file", problem.place().file());
        json.put("line", problem.place().line());
        json.put("column", problem.place().column());
        json.put("found", problem.found());
        json.put("expected", problem.expected());
        problem.suggestion().ifPresent(suggestion -> json.put("suggestion", suggestion));
        return json.toString();
    }
}
