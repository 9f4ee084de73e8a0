package dev.pounce.detection;

import java.util.Locale;
import java.util.Optional;

/** How bad a detection is: Falco's eight levels, worst first. */
public enum Priority {
    EMERGENCY,
    ALERT,
    CRITICAL,
    ERROR,
    WARNING,
    NOTICE,
    INFORMATIONAL,
    DEBUG;

    /** Case does not matter; {@code Info} is short for {@code Informational}. */
    public static Optional<Priority> parse(String word) {
        String upper = word.toUpperCase(Locale.ROOT);
        if (upper.equals("INFO")) {
            return Optional.of(INFORMATIONAL);
        }
        for (Priority priority : values()) {
            if (priority.name().equals(upper)) {
                return Optional.of(priority);
            }
        }
        return Optional.empty();
    }

    public boolean isAtLeast(Priority other) {
        return compareTo(other) <= 0;
    }

    /** As Falco writes it: {@code Informational}. */
    public String display() {
        return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
    }
}
