package dev.pounce.planning.talon;

/**
 * One parameter of an actionner or of a target.
 *
 * @param kind of its value; of a list or map, what is in it is text
 * @param least of a whole number
 * @param most of a whole number
 * @param instead for one that Talon's own examples give and Talon ignores: what was probably meant; else empty
 */
record Parameter(String name, ValueKind kind, boolean isRequired, int least, int most, String instead) {

    static Parameter integer(String name, int least, int most) {
        return new Parameter(name, ValueKind.INTEGER, false, least, most, "");
    }

    static Parameter flag(String name) {
        return of(name, ValueKind.FLAG);
    }

    static Parameter text(String name) {
        return of(name, ValueKind.TEXT);
    }

    static Parameter list(String name) {
        return of(name, ValueKind.LIST);
    }

    static Parameter map(String name) {
        return of(name, ValueKind.MAP);
    }

    static Parameter withoutEffect(String name, String instead) {
        return new Parameter(name, ValueKind.NOTHING, false, 0, 0, instead);
    }

    private static Parameter of(String name, ValueKind kind) {
        return new Parameter(name, kind, false, 0, 0, "");
    }

    Parameter required() {
        return new Parameter(name, kind, true, least, most, instead);
    }

    boolean hasEffect() {
        return instead.isEmpty();
    }
}
