package dev.pounce.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for something that another process brings about: looks every few milliseconds, gives up in the end. */
public final class Eventually {

    private static final Duration LONG_ENOUGH = Duration.ofSeconds(20);

    private Eventually() {}

    /** @param what completes the sentence "within 20 s there was no …" */
    public static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LONG_ENOUGH.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("within " + LONG_ENOUGH.toSeconds() + " s there was no " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
