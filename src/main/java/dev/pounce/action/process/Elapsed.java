package dev.pounce.action.process;

import java.util.Locale;

/** A time that has passed, as a person wants to read it. */
final class Elapsed {

    private Elapsed() {}

    /** @param beganNanos of {@link System#nanoTime} */
    static String since(long beganNanos) {
        double millis = (System.nanoTime() - beganNanos) / 1e6;
        return millis < 1000
                ? String.format(Locale.ROOT, "%.1f ms", millis)
                : String.format(Locale.ROOT, "%.1f s", millis / 1000);
    }
}
