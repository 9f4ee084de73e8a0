package dev.pounce.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * How the journal ended when it was last written, and where it goes on.
 *
 * @param lastHash of the entry {@code lastSeq}; 64 zeros when there is none
 * @param appendTo the segment to go on with; empty for a new one
 * @param keepBytes of that segment
 * @param finding what the first new entry must tell
 */
record JournalTail(
        long lastSeq, String lastHash, Optional<Path> appendTo, long keepBytes, Optional<JournalEntry> finding) {

    private static final JournalTail EMPTY =
            new JournalTail(0, ChainedLine.FIRST_PREV, Optional.empty(), 0, Optional.empty());

    /** The good lines at the beginning of one segment, as far as all that was appended together is there. */
    private record Prefix(long seq, String hash, long bytes, Optional<String> contradiction) {}

    static JournalTail readIn(Path directory) throws IOException {
        Optional<Head> head;
        Optional<String> damage = Optional.empty();
        try {
            head = Head.read(Segments.head(directory));
        } catch (IOException e) {
            head = Optional.empty();
            damage = Optional.of("the head cannot be read: " + e.getMessage());
        }
        List<Path> segments = Segments.in(directory);
        JournalTail tail = EMPTY;
        // From the end: a segment that was begun and never written has no line to go by
        for (int i = segments.size() - 1; i >= 0; i--) {
            Path segment = segments.get(i);
            Prefix prefix = prefixOf(segment, head);
            boolean isLast = i == segments.size() - 1;
            if (prefix.seq() > 0 || i == 0) {
                tail = new JournalTail(
                        prefix.seq(),
                        prefix.hash(),
                        isLast ? Optional.of(segment) : Optional.of(segments.getLast()),
                        isLast ? prefix.bytes() : 0,
                        Optional.empty());
                damage = damage.or(prefix::contradiction);
                break;
            }
        }
        if (head.isEmpty() && damage.isEmpty() && tail.lastSeq() > 0) {
            damage = Optional.of("the head is missing, so the end may have been cut off");
        }
        long known = head.map(Head::seq).orElse(0L);
        if (known > tail.lastSeq() || damage.isPresent()) {
            String what =
                    damage.orElse("the head speaks of entry " + known + ", the last good one is " + tail.lastSeq());
            String where = segments.isEmpty()
                    ? directory.getFileName().toString()
                    : segments.getLast().getFileName().toString();
            boolean headIsAhead = known > tail.lastSeq();
            long next = headIsAhead ? known : tail.lastSeq();
            Path fresh = Segments.named(directory, next + 1);
            if (Files.exists(fresh)) {
                // What is there is evidence, and not one good line: kept, under a name that is no segment's
                Files.move(fresh, fresh.resolveSibling(fresh.getFileName() + ".damaged"));
            }
            return new JournalTail(
                    next,
                    headIsAhead ? head.orElseThrow().hash() : tail.lastHash(),
                    Optional.empty(),
                    0,
                    Optional.of(new JournalEntry.DamageFound(where, what)));
        }
        if (tail.appendTo().isPresent()) {
            Path segment = tail.appendTo().get();
            long torn = Files.size(segment) - tail.keepBytes();
            if (torn > 0) {
                return new JournalTail(
                        tail.lastSeq(),
                        tail.lastHash(),
                        tail.appendTo(),
                        tail.keepBytes(),
                        Optional.of(new JournalEntry.TornTailCut(
                                segment.getFileName().toString(), torn)));
            }
        }
        return tail;
    }

    /** The last good entry of a segment. */
    static Optional<Head> lastOf(Path segment) throws IOException {
        Prefix prefix = prefixOf(segment, Optional.empty());
        return prefix.seq() == 0 ? Optional.empty() : Optional.of(new Head(prefix.seq(), prefix.hash()));
    }

    private static Prefix prefixOf(Path segment, Optional<Head> head) throws IOException {
        MessageDigest sha256 = ChainedLine.sha256();
        Prefix prefix = new Prefix(0, ChainedLine.FIRST_PREV, 0, Optional.empty());
        Optional<String> contradiction = Optional.empty();
        long seq = 0;
        String hash = ChainedLine.FIRST_PREV;
        try (LineReader lines = new LineReader(segment)) {
            while (lines.next() && lines.isComplete()) {
                ChainedLine.Checked checked = ChainedLine.check(lines.buffer(), lines.from(), lines.to(), sha256);
                if (!(checked instanceof ChainedLine.Checked.Good good)
                        || (seq > 0 && (good.seq() != seq + 1 || !good.prev().equals(hash)))) {
                    break;
                }
                if (head.isPresent()
                        && head.get().seq() == good.seq()
                        && !head.get().hash().equals(good.hash())) {
                    contradiction = Optional.of("entry " + good.seq() + " is not the one that was committed");
                }
                seq = good.seq();
                hash = good.hash();
                if (!good.more()) {
                    prefix = new Prefix(seq, hash, lines.offset() + lines.to() - lines.from() + 1, contradiction);
                }
            }
        }
        return prefix;
    }
}
