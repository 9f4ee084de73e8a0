package dev.pounce.correlation;

import java.time.Duration;
import java.time.Instant;

/**
 * Points in time as nanoseconds since 1970, which are smaller than {@link Instant}s and quicker to compare. What is
 * more than 146 years away from 1970 counts as just that far: sums of a moment and a window never overflow.
 */
final class Moments {

    /** A bit more than 146 years. */
    private static final long FURTHEST = Long.MAX_VALUE / 2 - 1;

    private static final long FURTHEST_SECOND = FURTHEST / 1_000_000_000;

    /** So that a window can still be added to the latest moment, and something to that. */
    private static final Duration LONGEST = Duration.ofDays(100 * 365L);

    private Moments() {}

    static long of(Instant time) {
        long second = time.getEpochSecond();
        if (second >= FURTHEST_SECOND) {
            return FURTHEST;
        }
        if (second <= -FURTHEST_SECOND) {
            return -FURTHEST;
        }
        return second * 1_000_000_000 + time.getNano();
    }

    static long length(Duration window) {
        return window.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : window.toNanos();
    }
}
