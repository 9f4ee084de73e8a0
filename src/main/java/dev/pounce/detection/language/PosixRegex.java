package dev.pounce.detection.language;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * Regular expressions as Falco takes them: RE2 in its POSIX syntax, which has no Perl classes, no groups
 * beginning with {@code (?} and no lazy repetition; matched against the whole text, in linear time.
 */
final class PosixRegex {

    private PosixRegex() {}

    /** @throws IllegalArgumentException with a message for the author of the pattern */
    static Pattern compile(String pattern) {
        StringBuilder translated = new StringBuilder();
        boolean inSet = false;
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '\\') {
                if (i + 1 >= pattern.length()) {
                    throw new IllegalArgumentException("a backslash at the end of the regular expression");
                }
                char escaped = pattern.charAt(i + 1);
                boolean letterOrDigit = Character.isLetterOrDigit(escaped);
                if (letterOrDigit && "afnrtvx01234567".indexOf(escaped) < 0) {
                    throw new IllegalArgumentException("the class or escape '\\" + escaped + "'");
                }
                translated.append(c).append(escaped);
                i++;
            } else if (inSet) {
                translated.append(c);
                if (c == '[' && i + 1 < pattern.length() && pattern.charAt(i + 1) == ':') {
                    int close = pattern.indexOf(":]", i + 2);
                    if (close > 0) {
                        translated.append(pattern, i + 1, close + 2);
                        i = close + 1;
                    }
                } else if (c == ']') {
                    inSet = false;
                }
            } else if (c == '[') {
                inSet = true;
                translated.append(c);
                if (i + 1 < pattern.length() && pattern.charAt(i + 1) == '^') {
                    translated.append('^');
                    i++;
                }
                if (i + 1 < pattern.length() && pattern.charAt(i + 1) == ']') {
                    translated.append("\\]");
                    i++;
                }
            } else if (c == '(' && i + 1 < pattern.length() && pattern.charAt(i + 1) == '?') {
                throw new IllegalArgumentException("the group '(?'");
            } else if (isRepetition(c) && i + 1 < pattern.length() && isRepetition(pattern.charAt(i + 1))) {
                // POSIX repeats the repetition where Perl would be lazy: any mixture is the same as a star
                char together = c;
                while (i + 1 < pattern.length() && isRepetition(pattern.charAt(i + 1))) {
                    together = pattern.charAt(i + 1) == together ? together : '*';
                    i++;
                }
                translated.append(together);
            } else {
                translated.append(c);
            }
        }
        try {
            return Pattern.compile(translated.toString(), Pattern.MULTILINE);
        } catch (PatternSyntaxException broken) {
            throw new IllegalArgumentException(broken.getDescription() + ": " + broken.getPattern(), broken);
        }
    }

    private static boolean isRepetition(char c) {
        return c == '*' || c == '+' || c == '?';
    }
}
