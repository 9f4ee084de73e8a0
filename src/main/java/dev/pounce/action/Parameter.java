package dev.pounce.action;

import java.util.Optional;

/**
 * Something about an action that people may choose.
 *
 * @param fallback what it is when it is left out; empty when nothing stands in for it
 * @param description one sentence or part of one, for {@code pounce actions show} and editors
 */
public record Parameter(String name, Kind kind, boolean required, Optional<Object> fallback, String description) {

    public Parameter {
        if (fallback.isPresent() && !kind.read(fallback.get()).equals(fallback)) {
            throw new IllegalArgumentException(
                    "parameter " + name + " has the default " + fallback.get() + ", expected " + kind.expected());
        }
    }

    static Parameter required(String name, Kind kind, String description) {
        return new Parameter(name, kind, true, Optional.empty(), description);
    }

    static Parameter optional(String name, Kind kind, String description) {
        return new Parameter(name, kind, false, Optional.empty(), description);
    }

    static Parameter withDefault(String name, Kind kind, Object fallback, String description) {
        return new Parameter(name, kind, false, Optional.of(fallback), description);
    }
}
