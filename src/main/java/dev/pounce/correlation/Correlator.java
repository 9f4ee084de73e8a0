package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.time.Instant;
import java.util.List;

/**
 * Finds out what detections amount to. All but {@link #prepare} belongs to one thread at a time, takes microseconds and
 * does not block.
 */
public interface Correlator {

    /**
     * What came of a detection.
     *
     * @param incidents those that it completes; most detections complete none
     * @param remembered whether something that is not complete waits for more of its kind, so that the detection must
     *     outlive a restart
     */
    record Finding(List<Incident> incidents, boolean remembered) {
        public static final Finding NOTHING = new Finding(List.of(), false);

        public Finding {
            incidents = List.copyOf(incidents);
        }
    }

    /** @param now the engine's clock; a detection that claims to be younger counts as from now */
    Finding accept(Detection detection, Instant now);

    /** The incidents that are complete because nothing happened until now. To be asked about once a second. */
    List<Incident> elapsed(Instant now);

    /**
     * After a restart: takes in what had been accepted before. Whatever it completes was answered then; only cooldowns
     * and what is still half seen remain.
     *
     * @param then when it was accepted
     */
    void remember(Detection detection, Instant then);

    /**
     * Makes ready to look for something else. Any thread; takes up to a second for thousands of triggers, during which
     * detections are matched against the book before. What is half seen by triggers that did not change stays.
     *
     * @return what makes it so, from the next detection on; any thread, takes no time
     */
    Runnable prepare(RuleBook book);

    /**
     * Nobody answered this incident after all: its cooldowns end, so that the next detection is not held back by an
     * answer that was never given.
     */
    void takeBack(Incident incident);
}
