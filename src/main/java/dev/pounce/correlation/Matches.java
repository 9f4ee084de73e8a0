package dev.pounce.correlation;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * Collects, for one detection, which selectors of which triggers it meets; a trigger is its place in the rule book.
 * Reused.
 */
final class Matches {

    // The place above, the selector below, so that sorting them is sorting numbers
    private long[] found = new long[16];
    private int count;
    private final LongAdder failures = new LongAdder();

    void add(int place, int selector) {
        if (count == found.length) {
            found = Arrays.copyOf(found, 2 * count);
        }
        found[count++] = (long) place << Integer.SIZE | selector;
    }

    /** A condition threw, which is a bug of ours; it counts as not met. */
    void conditionFailed() {
        failures.increment();
    }

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    int place(int i) {
        return (int) (found[i] >>> Integer.SIZE);
    }

    int selector(int i) {
        return (int) found[i];
    }

    /** In the order of the rule book, each once: a detection with two tags meets a selector for both twice. */
    void settle() {
        if (count < 2) {
            return;
        }
        Arrays.sort(found, 0, count);
        int kept = 1;
        for (int i = 1; i < count; i++) {
            if (found[i] != found[kept - 1]) {
                found[kept++] = found[i];
            }
        }
        count = kept;
    }

    void clear() {
        count = 0;
    }

    long failures() {
        return failures.sum();
    }
}
