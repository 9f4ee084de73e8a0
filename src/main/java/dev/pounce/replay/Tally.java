package dev.pounce.replay;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts by name, for a limited number of names: those that come once all places are taken are counted together. Not
 * thread-safe.
 */
final class Tally {

    private final int most;
    private final Map<String, Long> counts = new HashMap<>();
    private long others;

    Tally(int most) {
        this.most = most;
    }

    /** @param count of one name */
    record Count(String name, long count) {}

    void add(String name, long count) {
        if (counts.size() < most || counts.containsKey(name)) {
            counts.merge(name, count, Long::sum);
        } else {
            others += count;
        }
    }

    long total() {
        return others + counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** How many names; at least so many when {@link #overflowed}. */
    int distinct() {
        return counts.size();
    }

    boolean overflowed() {
        return others > 0;
    }

    /** The largest first, equal ones by name. */
    List<Count> top(int number) {
        return counts.entrySet().stream()
                .map(entry -> new Count(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Count::count).reversed().thenComparing(Count::name))
                .limit(number)
                .toList();
    }
}
