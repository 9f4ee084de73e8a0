package dev.pounce.replay;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts things, for a limited number of them: those that come once all places are taken are counted together. Not
 * thread-safe.
 */
final class Tally<T> {

    private final int most;
    private final Map<T, Long> counts = new HashMap<>();
    private long others;

    Tally(int most) {
        this.most = most;
    }

    record Count<T>(T thing, long count) {}

    void add(T thing, long count) {
        if (counts.size() < most || counts.containsKey(thing)) {
            counts.merge(thing, count, Long::sum);
        } else {
            others += count;
        }
    }

    long total() {
        return others + counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** How many different ones; at least so many when {@link #overflowed}. */
    int distinct() {
        return counts.size();
    }

    boolean overflowed() {
        return others > 0;
    }

    /** The largest first, equal ones by their text. */
    List<Count<T>> top(int number) {
        return counts.entrySet().stream()
                .map(entry -> new Count<>(entry.getKey(), entry.getValue()))
                .sorted(Comparator.<Count<T>>comparingLong(Count::count)
                        .reversed()
                        .thenComparing(count -> count.thing().toString()))
                .limit(number)
                .toList();
    }
}
