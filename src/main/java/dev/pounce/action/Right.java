package dev.pounce.action;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the engine must be allowed to do so that it can carry out an action. */
public sealed interface Right {

    /** Empty when it is always needed. */
    default Optional<When> when() {
        return Optional.empty();
    }

    String display();

    /**
     * Needed only with certain parameters.
     *
     * @param values of the parameter, as they are written; empty for any, as long as it is given
     */
    record When(String parameter, Set<String> values) {
        public When {
            values = Set.copyOf(values);
        }

        boolean holds(Parameters parameters) {
            return parameters
                    .get(parameter)
                    .map(value -> values.isEmpty() || values.contains(String.valueOf(value)))
                    .orElse(false);
        }

        /** As it was written, without what detections will fill in: those parameters are no choices. */
        boolean holds(Object written) {
            return values.isEmpty() || values.contains(String.valueOf(written));
        }

        String display() {
            return values.isEmpty()
                    ? "with " + parameter
                    : "with " + parameter + " "
                            + String.join(" or ", values.stream().sorted().toList());
        }
    }

    /**
     * One rule of a Role.
     *
     * @param group of the API; empty for the core
     * @param resource in the plural, with its subresource behind a slash
     */
    record Api(String group, String resource, List<String> verbs, Optional<When> when) implements Right {
        public Api {
            verbs = List.copyOf(verbs);
        }

        @Override
        public String display() {
            return String.join(", ", verbs) + " " + resource + (group.isEmpty() ? "" : "." + group)
                    + when.map(condition -> " (" + condition.display() + ")").orElse("");
        }
    }

    /** A Linux capability of the agent on the node. */
    record Capability(String name) implements Right {
        @Override
        public String display() {
            return name;
        }
    }

    /** A permission that another system grants, in its own words. */
    record Elsewhere(String system, String permission) implements Right {
        @Override
        public String display() {
            return system + ": " + permission;
        }
    }
}
