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
     * Looks for something else from the next detection on. Any thread; takes up to a second for thousands of
     * triggers, during which detections are still matched against the book before. When it throws, that book
     * stays.
     */
    void reload(RuleBook book);
}
