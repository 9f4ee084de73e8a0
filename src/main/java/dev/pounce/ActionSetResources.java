package dev.pounce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.source.Fields;
import dev.pounce.source.Place;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Reads an ActionSet resource as a file of the same content is read. What is wrong is said in the words of {@code pounce check}, and
 * by field: who applied it wrote another file than the one we see.
 *
 * <p>Thread-safe; does not block.
 */
final class ActionSetResources {

    /**
     * @param text of a file with this set
     * @param set empty when there is an error
     */
    record Reading(String text, Optional<ActionSet> set, List<Found> found) {
        Reading {
            found = List.copyOf(found);
        }

        boolean hasErrors() {
            return found.stream().anyMatch(one -> one.problem().isError());
        }
    }

    /** @param field empty for the resource as a whole */
    record Found(String field, Problem problem) {

        /** As {@code pounce check} prints it, with the field for a place. */
        String render() {
            return problem.renderAt(field.isEmpty() ? "actionset" : field);
        }
    }

    static final int MOST_SAID = 50;
    private static final int LONGEST_SAID = 1_000; // characters

    private final Supplier<ActionSetReader> reader;
    private final Predicate<String> isTaken;

    /**
     * @param reader by the rules that are in force
     * @param isTaken whether a set of that name is loaded from a file that is not of the cluster
     */
    ActionSetResources(Supplier<ActionSetReader> reader, Predicate<String> isTaken) {
        this.reader = reader;
        this.isTaken = isTaken;
    }

    /** The first of them, each of a length that can be read, and how many more there are: where it is said has little room. */
    static List<String> brief(List<String> said) {
        List<String> brief = new ArrayList<>();
        said.stream().limit(MOST_SAID).map(ActionSetResources::brief).forEach(brief::add);
        if (said.size() > MOST_SAID) {
            brief.add("and " + (said.size() - MOST_SAID) + " more");
        }
        return brief;
    }

    static String brief(String said) {
        return said.length() <= LONGEST_SAID ? said : said.substring(0, LONGEST_SAID - 1) + "…";
    }

    Reading read(String name, JsonNode resource) {
        String text = asFile(name, resource);
        List<Found> found = new ArrayList<>();
        Problems unreadable = new Problems();
        List<Yaml> documents = Yaml.read("actionset/" + name, text, unreadable);
        unreadable.all().forEach(problem -> found.add(new Found("", problem)));
        Optional<ActionSet> set = Optional.empty();
        if (found.isEmpty()) {
            Fields fields = Fields.of(documents.getFirst());
            Problems problems = new Problems();
            set = reader.get().read(fields.document(), problems);
            problems.all()
                    .forEach(problem -> found.add(new Found(fields.fieldOf(problem.place()), fields.inWords(problem))));
        }
        if (isTaken.test(name)) {
            set = Optional.empty();
            found.add(new Found(
                    "metadata.name",
                    new Problem(
                            Problem.Severity.ERROR,
                            Place.startOf("actionset/" + name),
                            "action set '" + name + "'",
                            "a name that no action set in a file of the engine has",
                            Optional.empty())));
        }
        return new Reading(text, set, found);
    }

    /** JSON is YAML already; what the API server adds is left away. */
    private static String asFile(String name, JsonNode resource) {
        ObjectNode set = JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", ActionSetReader.API_VERSION)
                .put("kind", ActionSetReader.KIND);
        set.putObject("metadata").put("name", name);
        set.set("spec", resource.path("spec"));
        return set.toPrettyString() + "\n";
    }
}
