package dev.pounce.audit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Which alerts of others the journal has, so that one that is sent again after a restart is known again. */
public final class AlertKeys {

    /** Stands first in the entry of a detection that came from outside. */
    static final String MEMBER = "alert";

    private static final byte[] BEFORE_KEY = ascii("\",\"type\":\"detection\",\"" + MEMBER + "\":\"");
    private static final byte[] BEFORE_TIME = ascii(",\"time\":\"");

    private AlertKeys() {}

    /**
     * Tells each, oldest first, with the time of its entry. Reads no more of the journal than may be young enough, and
     * looks at the beginnings of lines only: a second or two for each gigabyte.
     *
     * @param state the engine's state directory
     * @throws UncheckedIOException when a segment cannot be read
     */
    public static void since(Path state, Instant earliest, BiConsumer<String, Instant> reader) {
        Path directory = Segments.directoryIn(state);
        if (!Files.isDirectory(directory)) {
            return;
        }
        try {
            List<Path> segments = Segments.in(directory);
            int first = segments.size() - 1;
            while (first > 0 && !beginsBefore(segments.get(first), earliest)) {
                first--;
            }
            for (Path segment : segments.subList(Math.max(0, first), segments.size())) {
                read(segment, earliest, reader);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean beginsBefore(Path segment, Instant earliest) throws IOException {
        Optional<Instant> begins = JournalReader.firstTimeIn(segment);
        return begins.isPresent() && begins.get().isBefore(earliest);
    }

    private static void read(Path segment, Instant earliest, BiConsumer<String, Instant> reader) throws IOException {
        try (LineReader lines = new LineReader(segment)) {
            while (lines.next() && lines.isComplete()) {
                read(lines, earliest, reader);
            }
        }
    }

    /** The beginning of a line has no text that anybody chose. */
    private static void read(LineReader lines, Instant earliest, BiConsumer<String, Instant> reader) {
        byte[] line = lines.buffer();
        int comma = indexOf(',', line, lines.from(), lines.to());
        if (!startsWith(line, comma, lines.to(), BEFORE_TIME)) {
            return;
        }
        int time = comma + BEFORE_TIME.length;
        int endOfTime = indexOf('"', line, time, lines.to());
        if (!startsWith(line, endOfTime, lines.to(), BEFORE_KEY)) {
            return;
        }
        int key = endOfTime + BEFORE_KEY.length;
        try {
            Instant seen = Instant.parse(text(line, time, endOfTime));
            if (!seen.isBefore(earliest)) {
                reader.accept(text(line, key, indexOf('"', line, key, lines.to())), seen);
            }
        } catch (DateTimeException changed) {
            // The verifier will tell; here it only means that nobody is known again by it
        }
    }

    private static int indexOf(char wanted, byte[] line, int from, int to) {
        int at = from;
        while (at < to && line[at] != wanted) {
            at++;
        }
        return at;
    }

    private static boolean startsWith(byte[] line, int from, int to, byte[] expected) {
        if (to - from < expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (line[from + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static String text(byte[] line, int from, int to) {
        return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
