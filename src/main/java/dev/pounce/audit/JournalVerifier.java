package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Proves that a journal is whole: every line unchanged, none missing, none out of its place, none cut off the
 * end. Works on a journal that is being written to. What it cannot notice is a journal rewritten from some
 * entry on, hashes and head included; against that, hashes are to be kept outside of the machine.
 */
public final class JournalVerifier {

    /**
     * @param entries that were found in their places and unchanged
     * @param lastSeq 0 for an empty journal
     * @param lastHash to be compared with one kept elsewhere
     * @param tornBytes at the very end, as a crash or a running engine leaves them; never promised to be durable
     * @param breaks in the order of the journal; none means that the chain holds
     */
    public record Verification(long entries, long lastSeq, String lastHash, long tornBytes, List<Break> breaks) {
        public Verification {
            breaks = List.copyOf(breaks);
        }

        public boolean holds() {
            return breaks.isEmpty();
        }
    }

    /** @param line counts from 1; 0 for the file as a whole */
    public record Break(String file, long line, String what) {
        public String render() {
            return file + (line > 0 ? ":" + line : "") + ": " + what;
        }
    }

    private final Path directory;
    private final MessageDigest sha256 = ChainedLine.sha256();
    private final List<Break> breaks = new ArrayList<>();

    private long entries;
    private long lastSeq;
    private String lastHash = ChainedLine.FIRST_PREV;
    private boolean lastHashKnown = true;
    private long tornBytes;
    private Optional<Head> head = Optional.empty();
    private boolean headSeen;

    // A journal may begin later than with its first entry, if a later entry says so
    private @Nullable Break lateBeginning;
    private String attestation = "";
    private final Set<String> attested = new HashSet<>();

    private JournalVerifier(Path directory) {
        this.directory = directory;
    }

    /**
     * Reads the whole journal; takes seconds for each gigabyte.
     *
     * @param state the engine's state directory
     * @throws IOException when it cannot be read, which proves nothing in either direction
     */
    public static Verification verify(Path state) throws IOException {
        JournalVerifier verifier = new JournalVerifier(Segments.directoryIn(state));
        verifier.run();
        return new Verification(
                verifier.entries, verifier.lastSeq, verifier.lastHash, verifier.tornBytes, verifier.breaks);
    }

    private void run() throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new IOException("there is no journal: " + directory + " does not exist");
        }
        // First of all: on a live journal both grow, and the head must not be the younger
        readHead();
        List<Path> segments = Segments.in(directory);
        for (int i = 0; i < segments.size(); i++) {
            verify(segments.get(i), i == 0, i == segments.size() - 1);
        }
        if (lateBeginning != null && !attested.contains(attestation)) {
            breaks.addFirst(lateBeginning);
        }
        verifyHead(segments);
    }

    private void readHead() {
        try {
            head = Head.read(Segments.head(directory));
        } catch (IOException e) {
            breaks.add(new Break("head", 1, "cannot be used: " + e.getMessage()));
            headSeen = true;
        }
    }

    private void verify(Path segment, boolean isFirst, boolean isLast) throws IOException {
        String file = segment.getFileName().toString();
        long first = Segments.firstSeqOf(segment);
        if (isFirst) {
            lastSeq = first - 1;
        } else if (first != lastSeq + 1) {
            breaks.add(new Break(
                    file,
                    0,
                    "begins with entry " + first + ", expected " + (lastSeq + 1)
                            + (first > lastSeq + 1 ? "; what lies between is missing" : "")));
            lastSeq = first - 1;
            lastHashKnown = false;
        }
        try (LineReader lines = new LineReader(segment)) {
            while (lines.next()) {
                if (lines.isComplete()) {
                    verify(lines, file, isFirst && lines.number() == 1);
                } else if (isLast) {
                    tornBytes = (long) lines.to() - lines.from();
                } else {
                    breaks.add(new Break(file, lines.number(), "the last line has no end, and another file follows"));
                }
            }
        }
    }

    private void verify(LineReader lines, String file, boolean isBeginning) throws IOException {
        long line = lines.number();
        switch (ChainedLine.check(lines.buffer(), lines.from(), lines.to(), sha256)) {
            case ChainedLine.Checked.Malformed(String what) -> {
                breaks.add(new Break(file, line, "is no entry: " + what));
                lastSeq++;
                lastHashKnown = false;
            }
            case ChainedLine.Checked.Changed(long seq, String prev, String hash) -> {
                breaks.add(new Break(file, line, "entry " + seq + " was changed: its hash is another"));
                follow(file, line, seq, prev, isBeginning);
                advance(seq, hash);
            }
            case ChainedLine.Checked.Good(long seq, String prev, String hash, boolean more) -> {
                if (follow(file, line, seq, prev, isBeginning)) {
                    entries++;
                }
                advance(seq, hash);
                if (ChainedLine.typeOf(lines.buffer(), lines.from(), lines.to()).equals("segments-expired")) {
                    attest(lines);
                }
            }
        }
    }

    private boolean follow(String file, long line, long seq, String prev, boolean isBeginning) {
        if (isBeginning && seq > 1) {
            lateBeginning =
                    new Break(file, line, "the journal begins with entry " + seq + "; those before it are missing");
            attestation = (seq - 1) + " " + prev;
            lastHashKnown = false;
            lastSeq = seq - 1;
        }
        if (seq != lastSeq + 1) {
            breaks.add(new Break(
                    file,
                    line,
                    "expected entry " + (lastSeq + 1) + ", found " + seq
                            + (seq > lastSeq ? "; what lies between is missing" : "; out of its place")));
            return false;
        }
        if (lastHashKnown && !prev.equals(lastHash)) {
            breaks.add(new Break(file, line, "entry " + seq + " does not follow from the one before it"));
            return false;
        }
        return true;
    }

    private void advance(long seq, String hash) {
        lastSeq = seq;
        lastHash = hash;
        lastHashKnown = true;
        if (head.isPresent() && head.get().seq() == seq) {
            headSeen = true;
            if (!head.get().hash().equals(hash)) {
                breaks.add(new Break("head", 1, "entry " + seq + " is not the one that was committed"));
            }
        }
    }

    private void attest(LineReader lines) throws IOException {
        JsonNode json = new ObjectMapper().readTree(lines.buffer(), lines.from(), lines.to() - lines.from());
        attested.add(
                json.path("through").asLong() + " " + json.path("through_hash").asText());
    }

    private void verifyHead(List<Path> segments) {
        boolean nothingCommitted =
                head.isPresent() && head.get().seq() == 0 && head.get().hash().equals(ChainedLine.FIRST_PREV);
        if (headSeen || nothingCommitted) {
            return;
        }
        if (head.isPresent()) {
            String last = segments.isEmpty()
                    ? "the journal"
                    : segments.getLast().getFileName().toString();
            breaks.add(new Break(
                    last,
                    0,
                    head.get().seq() > lastSeq
                            ? "ends with entry " + lastSeq + ", but entry "
                                    + head.get().seq() + " had been committed; the end was cut off"
                            : "entry " + head.get().seq() + ", which had been committed, is missing"));
        } else if (!segments.isEmpty()) {
            breaks.add(new Break("head", 0, "is missing, so nobody can tell whether the end was cut off"));
        }
    }
}
