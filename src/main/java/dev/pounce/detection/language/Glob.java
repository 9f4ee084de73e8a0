package dev.pounce.detection.language;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pattern of POSIX {@code fnmatch} without flags: {@code *} and {@code ?} match any character, a slash and a
 * leading dot included; {@code [a-z]}, {@code [!a-z]} and {@code [[:alpha:]]} match one of a set; a backslash
 * takes the next character as it is. Characters are bytes of UTF-8, as for Falco.
 *
 * <p>Matching takes at most (length of the text) × (length of the pattern) steps: after a star that failed it is
 * enough to retry the last one.
 */
final class Glob {

    /** One position of the pattern. */
    private sealed interface Piece {
        record Star() implements Piece {}

        record Any() implements Piece {}

        record One(char c) implements Piece {}

        /** The characters below 256 that match, as four words of bits. */
        record OneOf(long a, long b, long c, long d) implements Piece {
            boolean has(char x) {
                long word = x < 64 ? a : x < 128 ? b : x < 192 ? c : d;
                return x < 256 && (word & (1L << (x & 63))) != 0;
            }
        }
    }

    private final List<Piece> pieces;
    private final boolean ignoreCase;

    private Glob(List<Piece> pieces, boolean ignoreCase) {
        this.pieces = pieces;
        this.ignoreCase = ignoreCase;
    }

    static Glob compile(String pattern, boolean ignoreCase) {
        String bytes = bytes(pattern);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < bytes.length(); i++) {
            char c = bytes.charAt(i);
            switch (c) {
                case '*' -> {
                    if (pieces.isEmpty() || !(pieces.getLast() instanceof Piece.Star)) {
                        pieces.add(new Piece.Star());
                    }
                }
                case '?' -> pieces.add(new Piece.Any());
                case '\\' -> {
                    i++;
                    // a backslash at the end matches nothing
                    pieces.add(i < bytes.length() ? one(bytes.charAt(i), ignoreCase) : new Piece.OneOf(0, 0, 0, 0));
                }
                case '[' -> {
                    int[] end = new int[1];
                    Piece set = set(bytes, i, end, ignoreCase);
                    if (set == null) {
                        pieces.add(one('[', ignoreCase));
                    } else {
                        pieces.add(set);
                        i = end[0];
                    }
                }
                default -> pieces.add(one(c, ignoreCase));
            }
        }
        return new Glob(List.copyOf(pieces), ignoreCase);
    }

    /** Whether a text needs this class at all. */
    static boolean isPattern(String text) {
        return text.indexOf('*') >= 0 || text.indexOf('?') >= 0 || text.indexOf('[') >= 0;
    }

    boolean matches(String value) {
        String text = bytes(value);
        int t = 0;
        int p = 0;
        int star = -1;
        int retry = 0;
        while (t < text.length()) {
            if (p < pieces.size() && pieces.get(p) instanceof Piece.Star) {
                star = p++;
                retry = t;
            } else if (p < pieces.size() && matchesOne(pieces.get(p), text.charAt(t))) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++retry;
            } else {
                return false;
            }
        }
        while (p < pieces.size() && pieces.get(p) instanceof Piece.Star) {
            p++;
        }
        return p == pieces.size();
    }

    private boolean matchesOne(Piece piece, char c) {
        char folded = ignoreCase ? lower(c) : c;
        return switch (piece) {
            case Piece.One one -> one.c == folded;
            case Piece.Any ignored -> true;
            case Piece.OneOf set -> set.has(c) || (ignoreCase && (set.has(folded) || set.has(upper(c))));
            case Piece.Star ignored -> false;
        };
    }

    private static Piece one(char c, boolean ignoreCase) {
        return new Piece.One(ignoreCase ? lower(c) : c);
    }

    /** The set that begins at {@code start}; null when no bracket closes it: then it is an ordinary character. */
    private static @Nullable Piece set(String pattern, int start, int[] end, boolean ignoreCase) {
        boolean[] has = new boolean[256];
        int i = start + 1;
        boolean negated = i < pattern.length() && (pattern.charAt(i) == '!' || pattern.charAt(i) == '^');
        if (negated) {
            i++;
        }
        boolean first = true;
        while (true) {
            if (i >= pattern.length()) {
                return null;
            }
            char c = pattern.charAt(i);
            if (c == ']' && !first) {
                break;
            }
            first = false;
            if (c == '[' && i + 1 < pattern.length() && pattern.charAt(i + 1) == ':') {
                int close = pattern.indexOf(":]", i + 2);
                if (close > 0) {
                    if (!addClass(pattern.substring(i + 2, close), has)) {
                        has = new boolean[256]; // an unknown class matches nothing
                        negated = false;
                    }
                    i = close + 2;
                    continue;
                }
            }
            if (c == '\\') {
                i++;
                if (i >= pattern.length()) {
                    return null;
                }
                c = pattern.charAt(i);
            }
            char last = c;
            if (i + 2 < pattern.length() && pattern.charAt(i + 1) == '-' && pattern.charAt(i + 2) != ']') {
                i += 2;
                last = pattern.charAt(i);
                if (last == '\\' && i + 1 < pattern.length()) {
                    last = pattern.charAt(++i);
                }
            }
            for (char x = c; x <= last; x++) {
                has[x & 0xff] = true;
                if (ignoreCase) {
                    has[lower(x) & 0xff] = true;
                    has[upper(x) & 0xff] = true;
                }
            }
            i++;
        }
        end[0] = i;
        long[] words = new long[4];
        for (int x = 0; x < 256; x++) {
            if (has[x] != negated) {
                words[x >> 6] |= 1L << (x & 63);
            }
        }
        return new Piece.OneOf(words[0], words[1], words[2], words[3]);
    }

    private static boolean addClass(String name, boolean[] has) {
        for (int x = 0; x < 128; x++) {
            char c = (char) x;
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            boolean digit = c >= '0' && c <= '9';
            boolean in;
            switch (name) {
                case "alpha" -> in = letter;
                case "digit" -> in = digit;
                case "alnum" -> in = letter || digit;
                case "upper" -> in = c >= 'A' && c <= 'Z';
                case "lower" -> in = c >= 'a' && c <= 'z';
                case "space" -> in = c == ' ' || (c >= '\t' && c <= '\r');
                case "blank" -> in = c == ' ' || c == '\t';
                case "punct" -> in = c > ' ' && c < 127 && !letter && !digit;
                case "xdigit" -> in = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                case "cntrl" -> in = c < ' ' || c == 127;
                case "print" -> in = c >= ' ' && c < 127;
                case "graph" -> in = c > ' ' && c < 127;
                default -> {
                    return false;
                }
            }
            has[x] |= in;
        }
        return true;
    }

    /** Each byte of UTF-8 as one character; most texts are ASCII and stay as they are. */
    private static String bytes(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 128) {
                return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            }
        }
        return text;
    }

    static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
    }

    static char upper(char c) {
        return c >= 'a' && c <= 'z' ? (char) (c - 32) : c;
    }
}
