package dev.pounce.detection;

import java.time.InstantSource;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Ids whose alphabetical order is the order in which they were given: 26 characters of Crockford's base 32, as
 * ULIDs are written. 48 bits of milliseconds, 32 bits of a counter within the millisecond, 48 bits that are random
 * for each source, so that two machines do not give the same. Monotonic, also when the clock is set back.
 * Safe for any thread; never blocks for long.
 */
public final class TimeOrderedIds implements Supplier<String> {

    private static final char[] ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".toCharArray();

    private final InstantSource clock;
    private final long node;
    private long lastMillis;
    private long counter;

    public TimeOrderedIds(InstantSource clock, Random random) {
        this.clock = clock;
        this.node = random.nextLong() & 0xffff_ffff_ffffL;
    }

    @Override
    public String get() {
        long millis;
        long number;
        synchronized (this) {
            long now = clock.millis();
            if (now > lastMillis) {
                lastMillis = now;
                counter = 0;
            } else if (++counter > 0xffff_ffffL) {
                lastMillis++;
                counter = 0;
            }
            millis = lastMillis;
            number = counter;
        }
        // 128 bits in 26 characters of 5: the first one holds 3
        long high = millis << 16 | number >>> 16;
        long low = (number & 0xffff) << 48 | node;
        char[] id = new char[26];
        for (int i = 25; i >= 0; i--) {
            id[i] = ALPHABET[(int) (low & 31)];
            low = low >>> 5 | high << 59;
            high >>>= 5;
        }
        return new String(id);
    }
}
