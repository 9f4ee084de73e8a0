package dev.pounce.detection.language;

import org.jspecify.annotations.Nullable;

/**
 * A field as a condition or an output names it: {@code proc.aname[2]} is name {@code proc.aname} with
 * argument {@code 2}.
 */
public record FieldUse(String name, @Nullable String argument) {
    @Override
    public String toString() {
        return argument == null ? name : name + "[" + argument + "]";
    }
}
