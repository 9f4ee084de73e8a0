package dev.pounce.replay;

import dev.pounce.audit.JournalScan;
import dev.pounce.audit.PlannedStep;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a replay found. All lists and maps are in an order that depends on the input alone.
 *
 * @param detections that were fed
 * @param first when the first of them was fed
 * @param notRecorded how many detections the engine had counted instead of writing them, by rule
 * @param heldBack detections that nobody answered since all sets that matched were cooling down
 * @param sets in the order in which they were loaded, also those that never answered
 */
public record ReplayReport(
        String recording,
        long detections,
        Optional<Instant> first,
        Optional<Instant> last,
        SortedMap<String, Long> notRecorded,
        JournalScan.Outcome damage,
        long responses,
        long heldBack,
        Judged judged,
        List<OfSet> sets,
        Top targets,
        Top workloads,
        Optional<Difference> difference) {

    public ReplayReport {
        notRecorded = new TreeMap<>(notRecorded);
        sets = List.copyOf(sets);
    }

    /**
     * Steps, by what the guards said that could be asked.
     *
     * @param denied by guard
     * @param unknown by guard: it could not find out from the recording, so the step counts as what the others said
     */
    public record Judged(
            long steps, long allowed, long rehearsed, SortedMap<String, Long> denied, SortedMap<String, Long> unknown) {
        public Judged {
            denied = new TreeMap<>(denied);
            unknown = new TreeMap<>(unknown);
        }
    }

    /**
     * @param responses that it had a part in
     * @param steps in the order in which they are written
     * @param coolingDown how often it matched and held still while others answered
     */
    public record OfSet(String name, String mode, long responses, long coolingDown, List<OfStep> steps) {
        public OfSet {
            steps = List.copyOf(steps);
        }
    }

    /** @param leftOut how often it was considered and did not come into the plan */
    public record OfStep(String id, String verb, Judged judged, long leftOut) {}

    /**
     * The names that were counted most.
     *
     * @param distinct how many names there were
     * @param more whether there were more than that
     */
    public record Top(int distinct, boolean more, List<Named> most) {
        public Top {
            most = List.copyOf(most);
        }
    }

    /** @param count of steps */
    public record Named(String name, long count) {}

    /**
     * How the answers differ from what they are compared with.
     *
     * @param from what that is, in words
     * @param same responses that are in both and have the same steps
     * @param changed responses that are in both and have different steps
     * @param stepsAdded how many, by step and verb
     * @param examples the first ones, in the order of the recording
     */
    public record Difference(
            String from,
            long same,
            long changed,
            long onlyNow,
            long onlyBefore,
            SortedMap<String, Long> stepsAdded,
            SortedMap<String, Long> stepsRemoved,
            SortedMap<String, Long> modesChanged,
            List<Example> examples) {
        public Difference {
            stepsAdded = new TreeMap<>(stepsAdded);
            stepsRemoved = new TreeMap<>(stepsRemoved);
            modesChanged = new TreeMap<>(modesChanged);
            examples = List.copyOf(examples);
        }

        public long differences() {
            return changed + onlyNow + onlyBefore;
        }
    }

    /**
     * One response that differs.
     *
     * @param detection that completed the incident
     * @param response the id in the journal, where the comparison is with one
     */
    public record Example(
            Instant at,
            String detection,
            String rule,
            Kind kind,
            Optional<String> response,
            List<PlannedStep> added,
            List<PlannedStep> removed,
            List<ModeChange> modes) {
        public Example {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
            modes = List.copyOf(modes);
        }
    }

    public enum Kind {
        ONLY_NOW,
        ONLY_BEFORE,
        CHANGED
    }

    public record ModeChange(PlannedStep step, String before) {}
}
