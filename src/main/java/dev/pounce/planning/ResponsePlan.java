package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.correlation.Incident;
import java.time.Duration;
import java.util.List;

/**
 * What is to be done about one incident, and why.
 *
 * @param id of the response: unique, and in the order of time
 * @param steps in the order in which they are tried
 * @param leftOut what was considered and is not in the plan
 */
public record ResponsePlan(String id, Incident incident, List<Step> steps, List<LeftOut> leftOut) {

    public ResponsePlan {
        steps = List.copyOf(steps);
        leftOut = List.copyOf(leftOut);
    }

    /**
     * One action, and why it is there.
     *
     * @param id unique within the plan: the action set and the step's own id
     * @param mode the action set's, capped by the engine's ceiling
     * @param patience how long the effect may take to be observed
     * @param because in words a person reads
     */
    public record Step(String id, String actionSet, Action action, Mode mode, Duration patience, String because) {}

    /** @param because in words a person reads */
    public record LeftOut(String actionSet, String step, String because) {}
}
