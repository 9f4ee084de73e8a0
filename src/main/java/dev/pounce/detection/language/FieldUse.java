package dev.pounce.detection.language;

import org.jspecify.annotations.Nullable;

/**
 * A field as a condition or an output names it: {@code proc.aname[2]} is name {@code proc.aname} with
 * argument {@code 2}.
 */
public record FieldUse(String name, @Nullable String argument) {

    /** The reverse of {@link #toString}. */
    public static FieldUse parse(String text) {
        int bracket = text.indexOf('[');
        return bracket < 0 || !text.endsWith("]")
                ? new FieldUse(text, null)
                : new FieldUse(text.substring(0, bracket), text.substring(bracket + 1, text.length() - 1));
    }

    @Override
    public String toString() {
        return argument == null ? name : name + "[" + argument + "]";
    }
}
