package dev.pounce;

import dev.pounce.action.Outcome;
import dev.pounce.audit.StageTimings;
import dev.pounce.detection.Detection;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ResponsePlan;

/**
 * Is told what happens as it happens, for a terminal or a pipe. The journal is the truth, this is a view: it is called
 * on the hot path and from the actuator's threads, must not block, and may leave things out when its reader is slow.
 */
public interface Onlooker {

    /** A probe has been armed: from now on, events are seen. */
    default void armed() {}

    default void detected(Detection detection) {}

    default void ended(
            ResponsePlan plan, ResponsePlan.Step step, Verdict verdict, Outcome outcome, StageTimings timings) {}

    /** How much was left out so far because the reader was slow. */
    default long leftOut() {
        return 0;
    }
}
