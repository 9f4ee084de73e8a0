package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.util.List;

/** Finds out what detections amount to. */
public interface Correlator {

    /**
     * The incidents that this detection completes, oldest first; most detections complete none. Called by one
     * thread at a time and never by two at once; takes microseconds and does not block.
     */
    List<Incident> accept(Detection detection);

    /**
     * Makes ready to look for something else. Any thread; takes up to a second for thousands of triggers, during which
     * detections are matched against the book before.
     *
     * @return what makes it so, from the next detection on; any thread, takes no time
     */
    Runnable prepare(RuleBook book);

    /**
     * Nobody answered this incident after all: its cooldowns end, so that the next detection is not held back by an
     * answer that was never given. By the thread that may call {@link #accept}.
     */
    void takeBack(Incident incident);
}
