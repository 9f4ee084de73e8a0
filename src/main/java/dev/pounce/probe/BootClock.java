package dev.pounce.probe;

/**
 * What time of day an event's CLOCK_BOOTTIME was. Set from every frame that carries both clocks, so a stepped
 * wall clock is wrong for a second. One thread sets, any reads.
 */
public final class BootClock {

    private volatile long offset;

    public void set(long boottimeNanos, long realtimeNanos) {
        offset = realtimeNanos - boottimeNanos;
    }

    /** Nanoseconds since the epoch; near zero while nothing has been set. */
    public long epochNanos(long boottimeNanos) {
        return boottimeNanos + offset;
    }
}
