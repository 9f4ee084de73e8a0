package dev.pounce.audit;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Everything that the journal knows about one response, put together.
 *
 * @param time at which it was planned
 * @param triggers the action sets that answered
 * @param detections what led to it, oldest first
 * @param steps in the order of the plan; steps that appear in no plan come last
 */
public record ResponseRecord(
        String id,
        String incident,
        Instant time,
        List<String> triggers,
        List<Seen> detections,
        List<StepRecord> steps,
        List<LeftOut> leftOut) {

    public ResponseRecord {
        triggers = List.copyOf(triggers);
        detections = List.copyOf(detections);
        steps = List.copyOf(steps);
        leftOut = List.copyOf(leftOut);
    }

    /** A detection, as it was journalled. */
    public record Seen(String id, Instant time, String rule, String priority, String output) {}

    /** What was considered and is not in the plan. */
    public record LeftOut(String actionSet, String step, String because) {}

    /**
     * One step, from the plan to its end.
     *
     * @param target such as {@code process/4711}
     * @param intended when it was about to be carried out
     */
    public record StepRecord(
            String id,
            String actionSet,
            String verb,
            String target,
            String mode,
            String because,
            Optional<Judgement> verdict,
            Optional<Instant> intended,
            Optional<Ending> ending,
            Optional<Recovery> recovery,
            Optional<Undo> undo) {

        /** One or two words: the outcome, how it was resolved, or why there is none. */
        public String result() {
            if (ending.isPresent()) {
                return ending.get().outcome();
            }
            if (recovery.isPresent()) {
                return recovery.get().resolution();
            }
            if (intended.isPresent()) {
                return "open";
            }
            return verdict.isPresent() && verdict.get().verdict().equals("deny") ? "refused" : "pending";
        }
    }

    /** @param guard who denied; empty otherwise */
    public record Judgement(Instant at, String verdict, String guard, String reason) {}

    public record Ending(Instant at, String outcome, String detail, StageTimings timings) {}

    public record Recovery(Instant at, String resolution, String reason) {}

    /** @param ending empty while the effect is in force */
    public record Undo(Instant due, String verb, Optional<Ending> ending) {}
}
