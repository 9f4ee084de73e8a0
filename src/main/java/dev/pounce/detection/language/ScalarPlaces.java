package dev.pounce.detection.language;

import dev.pounce.source.Place;
import dev.pounce.source.Yaml;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Finds the characters of a YAML scalar in the file, however it was written: plain, in quotes, as a block,
 * over several lines. Value and file are walked side by side; blanks may differ, since YAML folds them.
 */
final class ScalarPlaces implements IntFunction<Place> {

    private final Yaml.Scalar scalar;
    private final String file;
    private int @Nullable [] positions;

    ScalarPlaces(Yaml.Scalar scalar, String file) {
        this.scalar = scalar;
        this.file = file;
    }

    @Override
    public Place apply(int offset) {
        int[] found = positions;
        if (found == null) {
            found = walk();
            positions = found;
        }
        return placeOf(found[Math.max(0, Math.min(offset, found.length - 1))]);
    }

    private int[] walk() {
        String value = scalar.text();
        int at = startOf(scalar.place());
        char quote = at < file.length() && scalar.quoted() ? file.charAt(at) : ' ';
        if (scalar.block()) {
            int lineEnd = file.indexOf('\n', at);
            at = lineEnd < 0 ? file.length() : lineEnd + 1;
        } else if (quote == '"' || quote == '\'') {
            at++;
        }
        int[] found = new int[value.length() + 1];
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (Character.isWhitespace(c)) {
                found[i] = at;
                if (at < file.length() && file.charAt(at) == c) {
                    at++;
                }
                continue;
            }
            at = skipBlanks(at, quote);
            if (quote == '"' && at + 1 < file.length() && file.charAt(at) == '\\') {
                found[i] = at;
                at += 2;
                continue;
            }
            found[i] = at;
            if (at < file.length() && file.charAt(at) == c) {
                at += quote == '\'' && c == '\'' ? 2 : 1;
            }
        }
        found[value.length()] = at;
        return found;
    }

    private int skipBlanks(int from, char quote) {
        int at = from;
        while (at < file.length()) {
            char c = file.charAt(at);
            boolean continued = quote == '"' && c == '\\' && at + 1 < file.length() && file.charAt(at + 1) == '\n';
            if (!Character.isWhitespace(c) && !continued) {
                break;
            }
            at++;
        }
        return at;
    }

    private int startOf(Place place) {
        int at = 0;
        for (int line = 1; line < place.line(); line++) {
            int end = file.indexOf('\n', at);
            if (end < 0) {
                return file.length();
            }
            at = end + 1;
        }
        return Math.min(file.length(), at + place.column() - 1);
    }

    private Place placeOf(int position) {
        int line = 1;
        int lineStart = 0;
        int end = Math.min(position, file.length());
        for (int i = 0; i < end; i++) {
            if (file.charAt(i) == '\n') {
                line++;
                lineStart = i + 1;
            }
        }
        return new Place(scalar.place().file(), line, end - lineStart + 1);
    }
}
