package dev.pounce.correlation;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/** Collects, for one detection, the places in the rule book of the triggers that match. Reused. */
final class Matches {

    private int[] places = new int[16];
    private int count;
    private final LongAdder failures = new LongAdder();

    void add(int place) {
        if (count == places.length) {
            places = Arrays.copyOf(places, 2 * count);
        }
        places[count++] = place;
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
        return places[i];
    }

    /** In the order of the rule book, each once: a detection with two tags finds a trigger for both twice. */
    void settle() {
        if (count < 2) {
            return;
        }
        Arrays.sort(places, 0, count);
        int kept = 1;
        for (int i = 1; i < count; i++) {
            if (places[i] != places[kept - 1]) {
                places[kept++] = places[i];
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
