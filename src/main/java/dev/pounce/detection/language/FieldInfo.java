package dev.pounce.detection.language;

/**
 * What is known of one field of the language.
 *
 * @param list whether its value is a list
 * @param argument whether it is written with an argument in brackets, or after a dot
 * @param traits what else sets it apart
 */
public record FieldInfo(String name, FieldType type, boolean list, Argument argument, java.util.Set<Trait> traits) {

    public FieldInfo {
        traits = java.util.Set.copyOf(traits);
    }

    /** Whether and how a field takes an argument. */
    public enum Argument {
        NONE,
        OPTIONAL_INDEX,
        OPTIONAL_KEY,
        REQUIRED_INDEX,
        REQUIRED_KEY;

        boolean isRequired() {
            return this == REQUIRED_INDEX || this == REQUIRED_KEY;
        }

        boolean isIndex() {
            return this == OPTIONAL_INDEX || this == REQUIRED_INDEX;
        }
    }

    /** What sets a field apart from the ordinary. */
    public enum Trait {
        /** Cannot stand in a transformer. */
        NO_TRANSFORMER,
        /** Cannot be compared with another field. */
        NO_RIGHT_SIDE,
        /** Without an argument it stands for each ancestor: one that matches is enough. */
        ANCESTORS,
        /** Stands for both ends of a connection: one that equals is enough, both have to differ. */
        BOTH_ENDS
    }

    public boolean has(Trait trait) {
        return traits.contains(trait);
    }
}
