package dev.pounce.correlation;

import java.time.Duration;
import java.util.List;

/**
 * What has to happen before an action set answers. The words are those of Sigma's correlations.
 *
 * <p>Where there is a window, it is closed at both ends: what happened exactly {@code within} after the first still
 * belongs to it. Where there are keys ({@code by}, names of fields), only detections of equal values belong together, and
 * one that lacks a field takes no part. What led to a completion is used up by it.
 */
public sealed interface Pattern {

    /** The detections that it looks at, in the order in which they are written. */
    List<Selector> selectors();

    /** The longest time that it has to remember; zero when each detection is a matter of its own. */
    default Duration memory() {
        return Duration.ZERO;
    }

    /** One detection is enough. */
    record One(Selector selector) implements Pattern {
        @Override
        public List<Selector> selectors() {
            return List.of(selector);
        }
    }

    /** One detection of several kinds is enough. */
    record Any(List<Selector> selectors) implements Pattern {
        public Any {
            selectors = List.copyOf(selectors);
            requireSome(selectors, 1);
        }
    }

    /** One of each kind, in any order. */
    record All(List<Selector> selectors, Duration within, List<String> by) implements Pattern {
        public All {
            selectors = List.copyOf(selectors);
            by = List.copyOf(by);
            requireSome(selectors, 2);
            requireTime(within);
        }

        @Override
        public Duration memory() {
            return within;
        }
    }

    /** One of each kind, in this order; several that are seen at the same moment are in the order in which they came. */
    record Sequence(List<Selector> selectors, Duration within, List<String> by) implements Pattern {
        public Sequence {
            selectors = List.copyOf(selectors);
            by = List.copyOf(by);
            requireSome(selectors, 2);
            requireTime(within);
        }

        @Override
        public Duration memory() {
            return within;
        }
    }

    /**
     * So many of one kind.
     *
     * @param atLeast 2 to {@value #MOST}
     */
    record Count(Selector selector, int atLeast, Duration within, List<String> by) implements Pattern {
        public Count {
            by = List.copyOf(by);
            requireNumber(atLeast);
            requireTime(within);
        }

        @Override
        public List<Selector> selectors() {
            return List.of(selector);
        }

        @Override
        public Duration memory() {
            return within;
        }
    }

    /**
     * So many different values of one field, such as destinations of one process.
     *
     * @param atLeast 2 to {@value #MOST}
     */
    record ValueCount(Selector selector, String field, int atLeast, Duration within, List<String> by)
            implements Pattern {
        public ValueCount {
            by = List.copyOf(by);
            requireNumber(atLeast);
            requireTime(within);
        }

        @Override
        public List<Selector> selectors() {
            return List.of(selector);
        }

        @Override
        public Duration memory() {
            return within;
        }
    }

    /**
     * One kind, and not the other behind it in time. Completed by time passing: {@code within} after the first, and not
     * before that has been there for five seconds, since what comes late comes in bunches. What arrives before the first
     * does not count, whenever it happened.
     */
    record Absence(Selector seen, Selector missing, Duration within, List<String> by) implements Pattern {
        public Absence {
            by = List.copyOf(by);
            requireTime(within);
        }

        @Override
        public List<Selector> selectors() {
            return List.of(seen, missing);
        }

        @Override
        public Duration memory() {
            return within;
        }
    }

    /** So that what is remembered for one key stays small. */
    int MOST = 10_000;

    private static void requireSome(List<Selector> selectors, int least) {
        if (selectors.size() < least) {
            throw new IllegalArgumentException(
                    "at least " + least + " kinds of detections are needed, there were " + selectors.size());
        }
    }

    private static void requireTime(Duration within) {
        if (within.isNegative() || within.isZero()) {
            throw new IllegalArgumentException("a window must be longer than nothing, was " + within);
        }
    }

    private static void requireNumber(int atLeast) {
        if (atLeast < 2 || atLeast > MOST) {
            throw new IllegalArgumentException("a count must be 2 to " + MOST + ", was " + atLeast);
        }
    }
}
