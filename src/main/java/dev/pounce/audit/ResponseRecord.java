package dev.pounce.audit;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything that the journal knows about one response, put together.
 *
 * @param time at which it was planned
 * @param triggers the action sets that answered
 * @param detections what led to it, oldest first
 * @param matches what each of them had waited for; empty in journals of earlier releases
 * @param steps in the order of the plan; steps that appear in no plan come last
 * @param notified names of those who are told
 */
public record ResponseRecord(
        String id,
        String incident,
        Instant time,
        List<String> triggers,
        List<Seen> detections,
        List<Matched> matches,
        List<StepRecord> steps,
        List<LeftOut> leftOut,
        List<String> notified) {

    public ResponseRecord {
        triggers = List.copyOf(triggers);
        detections = List.copyOf(detections);
        matches = List.copyOf(matches);
        notified = List.copyOf(notified);
        steps = List.copyOf(steps);
        leftOut = List.copyOf(leftOut);
    }

    /**
     * A detection, as it was journalled.
     *
     * @param assets that it speaks of, such as {@code process/4711}
     * @param fields that some action set of the response looked at, as JSON texts; one that it did not carry is left out
     */
    public record Seen(
            String id,
            Instant time,
            String source,
            String rule,
            String priority,
            String output,
            List<String> assets,
            SortedMap<String, String> fields) {
        public Seen {
            assets = List.copyOf(assets);
            fields = Collections.unmodifiableSortedMap(new TreeMap<>(fields));
        }
    }

    /**
     * Why one action set answered.
     *
     * @param when what it waited for, in words
     * @param fields of detections that it looked at
     * @param detections the ids of those that it got, the last of which completed it
     */
    public record Matched(String actionSet, String when, List<String> fields, List<String> detections) {
        public Matched {
            fields = List.copyOf(fields);
            detections = List.copyOf(detections);
        }
    }

    /** What was considered and is not in the plan. */
    public record LeftOut(String actionSet, String step, String because) {}

    /**
     * One step, from the plan to its end.
     *
     * @param parameters of the action, as the text of a JSON object
     * @param target such as {@code process/4711}
     * @param identity what tells the target from others of its name, in words; empty if there is nothing to add
     * @param lane empty for the containment lane
     * @param intended when it was about to be carried out
     */
    public record StepRecord(
            String id,
            String actionSet,
            String verb,
            String parameters,
            String target,
            String identity,
            String mode,
            String lane,
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
