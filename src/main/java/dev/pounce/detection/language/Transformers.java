package dev.pounce.detection.language;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the transformers of the language do to one value. Missing stays missing. */
final class Transformers {

    private Transformers() {}

    /** What follows the last slash: nothing for a path that ends in one. */
    static String basename(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    static @Nullable Object decode(@Nullable Object value) {
        byte[] encoded;
        if (value instanceof String text) {
            encoded = text.getBytes(StandardCharsets.UTF_8);
        } else if (value instanceof byte[] buffer) {
            encoded = buffer;
        } else {
            return null;
        }
        if (encoded.length % 4 != 0) {
            return null; // the JDK's decoder would do without padding
        }
        try {
            byte[] decoded = Base64.getDecoder().decode(encoded);
            return value instanceof String ? new String(decoded, StandardCharsets.UTF_8) : decoded;
        } catch (IllegalArgumentException broken) {
            return null;
        }
    }

    /** Bytes of a text or a buffer, items of a list. */
    static @Nullable Object length(@Nullable Object value) {
        return switch (value) {
            case String text -> utf8Length(text);
            case byte[] buffer -> (long) buffer.length;
            case List<?> list -> (long) list.size();
            case null, default -> null;
        };
    }

    private static long utf8Length(String text) {
        long length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            length += c < 0x80 ? 1 : c < 0x800 ? 2 : Character.isSurrogate(c) ? 2 : 3;
        }
        return length;
    }

    static @Nullable Object join(@Nullable Object separator, @Nullable Object list) {
        if (!(separator instanceof String by) || !(list instanceof List<?> items)) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            text.append(i == 0 ? "" : by).append(items.get(i));
        }
        return text.toString();
    }

    /**
     * As {@code getopt(3)}: the letters of the options that are given, or what is given to one of them.
     * Reading stops at {@code --} or at the first word that is no option.
     *
     * @param known as for C: a letter followed by a colon takes a value
     * @param wanted null for all letters
     */
    static @Nullable Object getopt(List<?> words, String known, @Nullable String wanted) {
        List<String> letters = new ArrayList<>();
        String found = null;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i).toString();
            if (word.equals("--")) {
                break;
            }
            if (word.length() < 2 || word.charAt(0) != '-') {
                continue;
            }
            for (int j = 1; j < word.length(); j++) {
                char letter = word.charAt(j);
                int at = letter == ':' ? -1 : known.indexOf(letter);
                if (at < 0) {
                    continue;
                }
                letters.add(String.valueOf(letter));
                String value = "";
                boolean takesValue = at + 1 < known.length() && known.charAt(at + 1) == ':';
                if (takesValue) {
                    if (j + 1 < word.length()) {
                        value = word.substring(j + 1);
                    } else if (i + 1 < words.size()) {
                        value = words.get(++i).toString();
                    }
                }
                if (String.valueOf(letter).equals(wanted)) {
                    found = value;
                }
                if (takesValue) {
                    break;
                }
            }
        }
        return wanted == null ? letters : found;
    }
}
