package dev.pounce.planning;

import dev.pounce.correlation.Selector;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What one action set reads of detections: conditions, and fields by their names. Remembers them. */
final class Conditions {

    private static final Pattern FIELD = Pattern.compile("[A-Za-z0-9_.]+(?:\\[[^\\[\\]\\r\\n]*])?");

    private final WhereCompiler compiler;
    private final List<String> lines;
    private final Problems problems;
    private final Set<String> fieldsUsed = new TreeSet<>();

    Conditions(WhereCompiler compiler, List<String> lines, Problems problems) {
        this.compiler = compiler;
        this.lines = lines;
        this.problems = problems;
    }

    Optional<Selector.Where> where(Yaml.Scalar text) {
        return compiler.compile(text.text(), startOf(text), problems).map(compiled -> {
            fieldsUsed.addAll(compiled.fieldsUsed());
            return new Selector.Where(text.text().strip(), compiled.condition());
        });
    }

    /** Reports a field that does not exist. */
    void field(String name, Place place) {
        if (!FIELD.matcher(name).matches()) {
            problems.error(place, "'" + name + "'", "the name of a field, such as proc.name");
            return;
        }
        // The language knows the fields; this is the shortest sentence about one
        compiler.compile(name + " exists", place, problems)
                .ifPresent(compiled -> fieldsUsed.addAll(compiled.fieldsUsed()));
    }

    Set<String> fieldsUsed() {
        return Collections.unmodifiableSet(fieldsUsed);
    }

    /** Where the text begins: behind its quote, or on a line below if it is a block. */
    Place startOf(Yaml.Scalar text) {
        Place place = text.place();
        if (!text.block()) {
            return new Place(place.file(), place.line(), place.column() + (text.quoted() ? 1 : 0));
        }
        for (int line = place.line(); line < lines.size(); line++) {
            String content = lines.get(line);
            if (!content.isBlank()) {
                int indent = content.length() - content.stripLeading().length();
                return new Place(place.file(), line + 1, indent + 1);
            }
        }
        return place;
    }
}
