package dev.pounce.planning;

import java.util.Locale;
import java.util.Optional;

/** How far an action set may go; in this order, the lower of two wins. */
public enum Mode {
    /** Plan, and journal the plan; no step is tried. */
    OBSERVE,
    /** The real path up to the actuator, which rehearses. */
    DRY_RUN,
    /** A person says yes first. */
    ASK,
    /** Act. */
    ENFORCE;

    /** As files and the command line write it: {@code dry-run}. */
    public String display() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public static Optional<Mode> parse(String word) {
        for (Mode mode : values()) {
            if (mode.display().equals(word)) {
                return Optional.of(mode);
            }
        }
        return Optional.empty();
    }

    public Mode cappedBy(Mode ceiling) {
        return compareTo(ceiling) <= 0 ? this : ceiling;
    }
}
