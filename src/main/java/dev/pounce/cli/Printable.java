package dev.pounce.cli;

/** What a watched process chose (its name, its arguments) must not drive the reader's terminal. */
final class Printable {

    private Printable() {}

    /** Control characters become {@code \x1b}. */
    static String of(String text) {
        if (text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length() + 8);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c)) {
                safe.append("\\x").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                safe.append(c);
            }
        }
        return safe.toString();
    }
}
