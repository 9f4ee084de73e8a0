package dev.pounce.action;

import java.util.Locale;
import java.util.Optional;

/** Steps of one lane keep their order; lanes run beside each other, and containment waits for none of the others. */
public enum Lane {
    CONTAINMENT,
    FORENSICS,
    NOTIFICATION;

    /** As files write it. */
    public String display() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Lane> parse(String word) {
        for (Lane lane : values()) {
            if (lane.display().equals(word)) {
                return Optional.of(lane);
            }
        }
        return Optional.empty();
    }
}
