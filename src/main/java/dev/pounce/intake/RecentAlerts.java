package dev.pounce.intake;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * The alerts that were accepted a short while ago: at most {@value #MOST}, the youngest, for an hour at most. Whoever sends
 * one again later than that sends a new one. Of one thread at a time.
 *
 * <p>A ring of keys in the order of their arrival, and a hash table (open, linear) of their places in the ring. 8 MB in
 * arrays and no object: as a linked map this was 20 MB of small ones, which every collection had to look through.
 */
public final class RecentAlerts {

    public static final int MOST = 200_000;
    public static final Duration LONGEST = Duration.ofHours(1);

    private static final int FREE = -1;

    private final long[] high;
    private final long[] low;
    private final long[] second;
    private final int[] table; // more than twice as long, so that searches are short
    private int oldest;
    private int count;

    public RecentAlerts() {
        this(MOST);
    }

    RecentAlerts(int most) {
        high = new long[most];
        low = new long[most];
        second = new long[most];
        table = new int[Integer.highestOneBit(most) * 4];
        Arrays.fill(table, FREE);
    }

    /** @return false when it was there already */
    public boolean add(AlertKey key, Instant now) {
        long earliest = now.getEpochSecond() - LONGEST.toSeconds();
        while (count > 0 && second[oldest] < earliest) {
            removeOldest();
        }
        int slot = slotOf(key);
        if (table[slot] != FREE) {
            return false;
        }
        if (count == high.length) {
            removeOldest();
            slot = slotOf(key); // what was removed may have made room nearer
        }
        int place = (oldest + count) % high.length;
        high[place] = key.high();
        low[place] = key.low();
        second[place] = now.getEpochSecond();
        table[slot] = place;
        count++;
        return true;
    }

    /** The one that was added last was not accepted after all. */
    void forgetLast() {
        count--;
        removeFromTable((oldest + count) % high.length);
    }

    int size() {
        return count;
    }

    private void removeOldest() {
        removeFromTable(oldest);
        oldest = (oldest + 1) % high.length;
        count--;
    }

    /** Where the key is, or would be. */
    private int slotOf(AlertKey key) {
        int slot = home(key.low());
        while (table[slot] != FREE && (low[table[slot]] != key.low() || high[table[slot]] != key.high())) {
            slot = next(slot);
        }
        return slot;
    }

    /** Those behind it move up, so that no search ends before its time. */
    private void removeFromTable(int place) {
        int hole = home(low[place]);
        while (table[hole] != place) {
            hole = next(hole);
        }
        for (int slot = next(hole); table[slot] != FREE; slot = next(slot)) {
            int distance = slot - home(low[table[slot]]) & (table.length - 1);
            if (distance >= (slot - hole & (table.length - 1))) {
                table[hole] = table[slot];
                hole = slot;
            }
        }
        table[hole] = FREE;
    }

    /** Keys are hashes already. */
    private int home(long bits) {
        return (int) bits & (table.length - 1);
    }

    private int next(int slot) {
        return slot + 1 & (table.length - 1);
    }
}
