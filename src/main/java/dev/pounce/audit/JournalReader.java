package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Reads a journal from its first entry to its last, also while an engine writes to it: a last line without its
 * end is being written, or was torn, and is left out. It does not prove anything; {@link JournalVerifier} does.
 * A line that cannot be read is passed over and counted.
 */
public final class JournalReader {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;

    /** @param state the engine's state directory; it need not have a journal yet */
    public JournalReader(Path state) {
        directory = Segments.directoryIn(state);
    }

    /** Every entry, in order. Returns how many lines could not be read. */
    public long forEach(Consumer<RecordedEntry> reader) {
        return forEach(1, type -> true, reader);
    }

    /**
     * Entries from number {@code fromSeq} on whose type is wanted; the JSON of others is not even parsed.
     *
     * @return how many lines could not be read
     * @throws UncheckedIOException when a segment cannot be read
     */
    public long forEach(long fromSeq, Predicate<String> wanted, Consumer<RecordedEntry> reader) {
        long unreadable = 0;
        try {
            if (!Files.isDirectory(directory)) {
                return 0;
            }
            List<Path> segments = Segments.in(directory);
            for (int i = 0; i < segments.size(); i++) {
                boolean endsBefore = i + 1 < segments.size() && Segments.firstSeqOf(segments.get(i + 1)) <= fromSeq;
                if (!endsBefore) {
                    unreadable += read(segments.get(i), fromSeq, wanted, reader);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return unreadable;
    }

    /**
     * The same from a time on, and for some entries before it: old segments are not opened but for their first line.
     *
     * @return how many lines could not be read
     */
    public long forEachSince(Instant since, Predicate<String> wanted, Consumer<RecordedEntry> reader) {
        return forEach(firstSeqSince(since), wanted, reader);
    }

    private long firstSeqSince(Instant since) {
        try {
            List<Path> segments = Files.isDirectory(directory) ? Segments.in(directory) : List.of();
            for (Path segment : segments.reversed()) {
                if (firstTimeIn(segment).map(first -> first.isBefore(since)).orElse(false)) {
                    return Segments.firstSeqOf(segment);
                }
            }
            return 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long read(Path segment, long fromSeq, Predicate<String> wanted, Consumer<RecordedEntry> reader)
            throws IOException {
        long unreadable = 0;
        try (LineReader lines = new LineReader(segment)) {
            while (lines.next() && lines.isComplete()) {
                String type = ChainedLine.typeOf(lines.buffer(), lines.from(), lines.to());
                if (!type.isEmpty() && !wanted.test(type)) {
                    continue;
                }
                Optional<RecordedEntry> entry = parse(lines);
                if (entry.isEmpty()) {
                    unreadable++;
                } else if (entry.get().seq() >= fromSeq) {
                    reader.accept(entry.get());
                }
            }
        } catch (NoSuchFileException expiredMeanwhile) {
            return unreadable;
        }
        return unreadable;
    }

    /** When the first entry of a segment was written; empty when there is none. */
    static Optional<Instant> firstTimeIn(Path segment) throws IOException {
        try (LineReader lines = new LineReader(segment)) {
            return lines.next() && lines.isComplete() ? parse(lines).map(RecordedEntry::time) : Optional.empty();
        }
    }

    private static Optional<RecordedEntry> parse(LineReader lines) {
        try {
            JsonNode json = JSON.readTree(lines.buffer(), lines.from(), lines.to() - lines.from());
            long seq = json.path("seq").asLong(0);
            String type = json.path("type").asText("");
            if (seq < 1 || type.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(
                    new RecordedEntry(seq, Instant.parse(json.path("time").asText("")), type, json));
        } catch (IOException | DateTimeException broken) {
            return Optional.empty();
        }
    }
}
