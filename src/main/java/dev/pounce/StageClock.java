package dev.pounce;

import dev.pounce.audit.StageTimings;
import java.time.Duration;
import java.time.Instant;

/**
 * Measures how long each stage of one response takes. Its stages follow each other, so although two threads may hold
 * it in the course of a response, they never do at once; what hands it over is the actuator's future.
 */
final class StageClock {

    private final long detectedMicros;
    private long last;
    private long planned = StageTimings.UNKNOWN;
    private long judged = StageTimings.UNKNOWN;
    private long sent = StageTimings.UNKNOWN;
    private long observed = StageTimings.UNKNOWN;

    private StageClock(long detectedMicros, long last) {
        this.detectedMicros = detectedMicros;
        this.last = last;
    }

    /**
     * @param event when the kernel saw it
     * @param detected when it was found to be a detection, by the same wall clock
     */
    static StageClock since(Instant event, Instant detected) {
        return new StageClock(Math.max(0, Duration.between(event, detected).toNanos() / 1000), System.nanoTime());
    }

    /** For another incident of the same detection. */
    StageClock copy() {
        return new StageClock(detectedMicros, last);
    }

    /** For the next step of the same plan: seen and planned at the same time, judged later. */
    StageClock again() {
        StageClock next = new StageClock(detectedMicros, System.nanoTime());
        next.planned = planned;
        return next;
    }

    void planned() {
        planned = lap();
    }

    void judged() {
        judged = lap();
    }

    void sent() {
        sent = lap();
    }

    void observed() {
        observed = lap();
    }

    private long lap() {
        long now = System.nanoTime();
        long micros = (now - last) / 1000;
        last = now;
        return micros;
    }

    StageTimings timings() {
        return new StageTimings(detectedMicros, planned, judged, sent, observed);
    }
}
