package dev.pounce.detection.language;

/** Unwinds the parser; never leaves the package. */
@SuppressWarnings("serial") // never serialised
final class SyntaxError extends Exception {

    private static final long serialVersionUID = 1L;

    private final int offset;
    private final String found;
    private final String expected;

    SyntaxError(int offset, String found, String expected) {
        super(found, null, false, false);
        this.offset = offset;
        this.found = found;
        this.expected = expected;
    }

    int offset() {
        return offset;
    }

    String found() {
        return found;
    }

    String expected() {
        return expected;
    }
}
