package dev.pounce.action.kubernetes;

import java.time.Duration;

/** How a step waits before it asks again. */
@FunctionalInterface
interface Pauses {
    /** Returns false at once, or as soon as it is known, when there is no point in going on. */
    boolean pause(Duration time);
}
