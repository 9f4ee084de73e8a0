package dev.pounce.detection.language;

import java.util.List;

/** What a check can ask, by the word that stands in the condition. */
enum Operator {
    EXISTS("exists"),
    LESS_OR_EQUAL("<="),
    LESS("<"),
    GREATER_OR_EQUAL(">="),
    GREATER(">"),
    EQUAL("="),
    NOT_EQUAL("!="),
    GLOB("glob"),
    IGLOB("iglob"),
    CONTAINS("contains"),
    ICONTAINS("icontains"),
    BCONTAINS("bcontains"),
    STARTS_WITH("startswith"),
    BSTARTS_WITH("bstartswith"),
    ENDS_WITH("endswith"),
    REGEX("regex"),
    INTERSECTS("intersects"),
    IN("in"),
    PMATCH("pmatch");

    /** In the order in which they are tried: a longer sign before the shorter one it begins with. */
    static final List<Operator> ALL = List.of(values());

    private final String word;

    Operator(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    /** Whether the right side is one number. */
    boolean takesNumber() {
        return this == LESS || this == LESS_OR_EQUAL || this == GREATER || this == GREATER_OR_EQUAL;
    }

    /** Whether the right side is a list. */
    boolean takesList() {
        return this == IN || this == INTERSECTS || this == PMATCH;
    }

    /** How many of several right-hand values have to match: only operators on one text can be so modified. */
    enum Modifier {
        NONE(""),
        ONEOF("oneof"),
        ANYOF("anyof"),
        ALLOF("allof");

        private final String word;

        Modifier(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }
}
