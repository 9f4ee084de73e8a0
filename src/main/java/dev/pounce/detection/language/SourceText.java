package dev.pounce.detection.language;

import dev.pounce.source.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The text of a condition or an output that still knows where each of its characters was written, also
 * after lists were put in and pieces of several files were joined.
 */
final class SourceText {

    /** From {@code start} on; a verbatim piece advances with the text, any other stands for one place. */
    private record Piece(int start, boolean verbatim, int origin, IntFunction<Place> places) {}

    private final String text;
    private final List<Piece> pieces;

    private SourceText(String text, List<Piece> pieces) {
        this.text = text;
        this.pieces = pieces;
    }

    static SourceText of(String text, IntFunction<Place> places) {
        return new SourceText(text, List.of(new Piece(0, true, 0, places)));
    }

    /** A text of which only the beginning is known: later columns are counted from there. */
    static SourceText of(String text, Place start) {
        return of(text, offset -> {
            int line = 0;
            int lineStart = 0;
            for (int i = 0; i < offset && i < text.length(); i++) {
                if (text.charAt(i) == '\n') {
                    line++;
                    lineStart = i + 1;
                }
            }
            int column = line == 0 ? start.column() + offset : offset - lineStart + 1;
            return new Place(start.file(), start.line() + line, column);
        });
    }

    String text() {
        return text;
    }

    Place at(int offset) {
        Piece found = pieces.getFirst();
        for (Piece piece : pieces) {
            if (piece.start > offset) {
                break;
            }
            found = piece;
        }
        return found.places.apply(found.origin + (found.verbatim ? Math.max(0, offset - found.start) : 0));
    }

    /** As Falco appends: with one blank between. */
    SourceText append(SourceText more) {
        return new Builder()
                .copy(this, 0, text.length())
                .insert(" ", this, text.length())
                .copy(more, 0, more.text.length())
                .build();
    }

    /** Puts a text together from copied and inserted pieces. */
    static final class Builder {
        private final StringBuilder text = new StringBuilder();
        private final List<Piece> pieces = new ArrayList<>();

        Builder copy(SourceText from, int start, int end) {
            for (int i = 0; i < from.pieces.size(); i++) {
                Piece piece = from.pieces.get(i);
                int pieceEnd = i + 1 < from.pieces.size() ? from.pieces.get(i + 1).start : from.text.length();
                int first = Math.max(start, piece.start);
                int last = Math.min(end, pieceEnd);
                if (first < last) {
                    int origin = piece.origin + (piece.verbatim ? first - piece.start : 0);
                    pieces.add(new Piece(text.length(), piece.verbatim, origin, piece.places));
                    text.append(from.text, first, last);
                }
            }
            return this;
        }

        /** Text that is written nowhere; it is said to stand at {@code offset} of {@code near}. */
        Builder insert(String inserted, SourceText near, int offset) {
            pieces.add(new Piece(text.length(), false, 0, ignored -> near.at(offset)));
            text.append(inserted);
            return this;
        }

        int length() {
            return text.length();
        }

        SourceText build() {
            if (pieces.isEmpty()) {
                throw new IllegalStateException("a text of no pieces has no place");
            }
            return new SourceText(text.toString(), List.copyOf(pieces));
        }
    }
}
