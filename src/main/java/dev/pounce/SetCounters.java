package dev.pounce;

import dev.pounce.action.Outcome;
import dev.pounce.audit.StageTimings;
import dev.pounce.detection.Detection;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ResponsePlan;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What each action set has done since the start. Thread-safe. */
final class SetCounters {

    private static final Count NONE = new Count(0, 0, 0);

    /**
     * @param responses of which it had a step that ended
     * @param steps that changed something
     * @param withheld steps that were refused
     */
    record Count(long responses, long steps, long withheld) {}

    private record Counted(Count count, String lastResponse) {}

    private final Map<String, Counted> sets = new ConcurrentHashMap<>();

    /** Counts, and passes everything on. */
    Onlooker beside(Onlooker other) {
        return new Onlooker() {
            @Override
            public void armed() {
                other.armed();
            }

            @Override
            public void detected(Detection detection) {
                other.detected(detection);
            }

            @Override
            public void ended(
                    ResponsePlan plan, ResponsePlan.Step step, Verdict verdict, Outcome outcome, StageTimings timings) {
                count(plan, step, outcome);
                other.ended(plan, step, verdict, outcome, timings);
            }

            @Override
            public long leftOut() {
                return other.leftOut();
            }
        };
    }

    private void count(ResponsePlan plan, ResponsePlan.Step step, Outcome outcome) {
        sets.merge(
                step.actionSet(),
                new Counted(counted(NONE, true, outcome), plan.id()),
                (before, first) -> new Counted(
                        counted(before.count(), !before.lastResponse().equals(plan.id()), outcome), plan.id()));
    }

    private static Count counted(Count before, boolean another, Outcome outcome) {
        return new Count(
                before.responses() + (another ? 1 : 0),
                before.steps() + (outcome instanceof Outcome.Done ? 1 : 0),
                before.withheld() + (outcome instanceof Outcome.Withheld ? 1 : 0));
    }

    Count of(String actionSet) {
        Counted counted = sets.get(actionSet);
        return counted == null ? NONE : counted.count();
    }
}
