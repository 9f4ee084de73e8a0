package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.action.Lane;
import dev.pounce.correlation.Incident;
import java.time.Duration;
import java.util.List;

/**
 * What is to be done about one incident, and why.
 *
 * @param id of the response: unique, and in the order of time
 * @param steps in the order in which they are tried, within each lane
 * @param leftOut what was considered and is not in the plan
 * @param notified names of those who are to be told, each once
 * @param reasons what each set of the incident had waited for, in the incident's order
 */
public record ResponsePlan(
        String id,
        Incident incident,
        List<Step> steps,
        List<LeftOut> leftOut,
        List<String> notified,
        List<Reason> reasons) {

    public ResponsePlan {
        steps = List.copyOf(steps);
        leftOut = List.copyOf(leftOut);
        notified = List.copyOf(notified);
        reasons = List.copyOf(reasons);
    }

    /** One that nobody is told of, and of which nobody will ask why. */
    public ResponsePlan(String id, Incident incident, List<Step> steps, List<LeftOut> leftOut) {
        this(id, incident, steps, leftOut, List.of(), List.of());
    }

    /**
     * One action, and why it is there.
     *
     * @param id unique within the plan: the action set and the step's own id
     * @param mode the action set's, capped by the engine's ceiling
     * @param patience how long the effect may take to be observed
     * @param because in words a person reads
     * @param after ids of steps of this plan, of any lane, that must have had their turn, and without which it is
     *     not tried when they fail
     * @param behind ids of steps of this plan that come before it whatever becomes of them
     * @param onFailure what becomes of the steps behind it when it fails
     * @param guards what its action set allows itself
     * @param alsoFor other action sets that want the same; it is not taken back for one of them alone
     */
    public record Step(
            String id,
            String actionSet,
            Action action,
            Mode mode,
            Duration patience,
            String because,
            Lane lane,
            List<String> after,
            List<String> behind,
            OnFailure onFailure,
            Guards guards,
            List<String> alsoFor) {

        public Step {
            after = List.copyOf(after);
            behind = List.copyOf(behind);
            alsoFor = List.copyOf(alsoFor);
        }

        /** One that only its own set wants. */
        public Step(
                String id,
                String actionSet,
                Action action,
                Mode mode,
                Duration patience,
                String because,
                Lane lane,
                List<String> after,
                List<String> behind,
                OnFailure onFailure,
                Guards guards) {
            this(id, actionSet, action, mode, patience, because, lane, after, behind, onFailure, guards, List.of());
        }

        /** One of its action's own lane that waits for nothing in particular. */
        public Step(String id, String actionSet, Action action, Mode mode, Duration patience, String because) {
            this(
                    id,
                    actionSet,
                    action,
                    mode,
                    patience,
                    because,
                    action.type().lane(),
                    List.of(),
                    List.of(),
                    OnFailure.STOP,
                    Guards.NONE);
        }

        /** The same step, which goes no further than that, under these guards of its set. */
        public Step with(Mode ceiling, Guards guards) {
            return new Step(
                    id,
                    actionSet,
                    action,
                    mode.cappedBy(ceiling),
                    patience,
                    because,
                    lane,
                    after,
                    behind,
                    onFailure,
                    guards,
                    alsoFor);
        }
    }

    /** @param because in words a person reads */
    public record LeftOut(String actionSet, String step, String because) {}
}
