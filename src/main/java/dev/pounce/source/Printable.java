package dev.pounce.source;

import java.util.Locale;

/**
 * Text that somebody else chose (a process its name, a file its path), made safe for the terminal of whoever reads about
 * it: it must not move the cursor, hide a part of itself, or turn the line around.
 */
public final class Printable {

    private Printable() {}

    /** Control, format and direction characters become {@code \\u001b}; all else stays. */
    public static String of(String text) {
        if (text.codePoints().allMatch(Printable::isHarmless)) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length() + 8);
        text.codePoints().forEach(point -> {
            if (isHarmless(point)) {
                safe.appendCodePoint(point);
            } else {
                safe.append(String.format(Locale.ROOT, "\\u%04x", point));
            }
        });
        return safe.toString();
    }

    private static boolean isHarmless(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
