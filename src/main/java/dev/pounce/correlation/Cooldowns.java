package dev.pounce.correlation;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * Who answered whom a short while ago. Belongs to the correlator's thread.
 *
 * <p>Holds a limited number of keys. Beyond it the cooldown that would end first is forgotten: its key may be
 * answered once more too early, whereas refusing to answer would let anyone who starts enough processes
 * switch the engine off.
 */
final class Cooldowns {

    /** So that a million cooldowns that end together do not hold up one detection. */
    private static final int ENDED_PER_CALL = 64;

    private record Key(String set, Object subject) {}

    private record Running(Key key, Instant until) {}

    private final int limit;
    private final Map<Key, Running> running = new HashMap<>();
    private final PriorityQueue<Running> byEnd = new PriorityQueue<>((a, b) -> a.until.compareTo(b.until));
    private final LongAdder forgotten = new LongAdder();

    Cooldowns(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("room for at least one cooldown is needed, was " + limit);
        }
        this.limit = limit;
    }

    /** When the set may answer this subject again; empty if it may now. */
    Optional<Instant> end(String set, Object subject, Instant now) {
        expire(now);
        Running found = running.get(new Key(set, subject));
        return found == null || !found.until.isAfter(now) ? Optional.empty() : Optional.of(found.until);
    }

    void start(String set, Object subject, Instant until) {
        if (byEnd.size() >= limit) {
            drop(byEnd.remove());
            forgotten.increment();
        }
        Running started = new Running(new Key(set, subject), until);
        running.put(started.key, started);
        byEnd.add(started);
    }

    /** As if it had not been started. */
    void cancel(String set, Object subject) {
        Running started = running.remove(new Key(set, subject));
        if (started != null) {
            byEnd.remove(started);
        }
    }

    /** Ends the cooldowns of all other sets. */
    void keepOnly(Set<String> sets) {
        byEnd.removeIf(started -> !sets.contains(started.key.set));
        running.keySet().removeIf(key -> !sets.contains(key.set));
    }

    int size() {
        return byEnd.size();
    }

    /** How many were ended early for want of room. Any thread. */
    long forgotten() {
        return forgotten.sum();
    }

    private void expire(Instant now) {
        for (int i = 0; i < ENDED_PER_CALL; i++) {
            Running first = byEnd.peek();
            if (first == null || first.until.isAfter(now)) {
                return;
            }
            drop(byEnd.remove());
        }
    }

    private void drop(Running ended) {
        // A key that was started again meanwhile belongs to the later cooldown.
        running.remove(ended.key, ended);
    }
}
