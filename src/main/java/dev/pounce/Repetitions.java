package dev.pounce;

import dev.pounce.asset.Asset;
import dev.pounce.audit.JournalEntry;
import dev.pounce.detection.Detection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which detections are written to the journal in full when there are very many of them. Whoever trips a rule a
 * hundred thousand times a second would otherwise fill the disk within minutes, and a full disk ends enforcement.
 *
 * <p>Each second, the first {@value #PER_SUBJECT} of a rule about one subject and the first {@value #PER_RULE} of a rule
 * are entries of their own, and {@value #PER_RULE_REMEMBERED} of what a pattern remembers; the others are counted, and the count is an entry once the second is over. This is about the
 * journal alone: every detection is answered. Of one thread at a time.
 */
final class Repetitions {

    static final int PER_SUBJECT = 20;
    static final int PER_RULE = 200;

    /** What is forgotten by a restart beyond that is the middle of a flood, which goes on after it. */
    static final int PER_RULE_REMEMBERED = 2_000;

    private static final int MOST_SUBJECTS = 10_000;
    private static final Duration WINDOW = Duration.ofSeconds(1);
    private static final String SEVERAL = "*";

    private record Key(String rule, String subject) {}

    private static final class Count {
        private long written;
        private long left;
    }

    private final Map<Key, Count> counts = new HashMap<>();
    private Instant windowStart = Instant.MIN;

    /**
     * Whether it is to be written in full. If not, it has been counted.
     *
     * @param remembered whether a pattern waits for more of its kind: then it should outlive a restart
     */
    boolean isWorthAnEntry(Detection detection, boolean remembered) {
        Count ofRule = counts.computeIfAbsent(new Key(detection.rule(), SEVERAL), key -> new Count());
        String subject =
                detection.assets().stream().findFirst().map(Asset::display).orElse(SEVERAL);
        Count ofSubject = counts.size() < MOST_SUBJECTS
                ? counts.computeIfAbsent(new Key(detection.rule(), subject), key -> new Count())
                : counts.getOrDefault(new Key(detection.rule(), subject), ofRule);
        if (ofSubject != ofRule && ofSubject.written >= (remembered ? PER_RULE_REMEMBERED : PER_SUBJECT)) {
            ofSubject.left++;
            return false;
        }
        if (ofRule.written >= (remembered ? PER_RULE_REMEMBERED : PER_RULE)) {
            ofRule.left++;
            return false;
        }
        ofRule.written++;
        if (ofSubject != ofRule) {
            ofSubject.written++;
        }
        return true;
    }

    /** What was counted in the second that is over; empty while it is not. */
    List<JournalEntry> over(Instant now) {
        if (now.isBefore(windowStart.plus(WINDOW)) && !now.isBefore(windowStart)) {
            return List.of();
        }
        Instant since = windowStart;
        windowStart = now;
        if (counts.isEmpty()) {
            return List.of();
        }
        List<JournalEntry> entries = new ArrayList<>();
        counts.forEach((key, count) -> {
            if (count.left > 0) {
                entries.add(new JournalEntry.DetectionsRepeated(key.rule, key.subject, count.left, since, now));
            }
        });
        counts.clear();
        return entries;
    }
}
