package dev.pounce.planning;

import java.util.Locale;
import java.util.Optional;

/** What becomes of the steps behind one that failed. */
public enum OnFailure {
    /** They are left. */
    STOP,
    /** They are left, and what was done before is taken back where that can be. */
    UNDO,
    /** They are tried all the same. */
    CONTINUE;

    /** As files write it. */
    public String display() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<OnFailure> parse(String word) {
        for (OnFailure one : values()) {
            if (one.display().equals(word)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }
}
