package dev.pounce.replay;

import dev.pounce.asset.Asset;
import dev.pounce.correlation.Incident;
import dev.pounce.detection.Detection;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Counts what the plans of a replay come to. Not thread-safe. */
final class Account {

    /** About 20 MB for each of the two. */
    private static final int MOST_NAMES = 100_000;

    private static final class Counts {
        private long steps;
        private long allowed;
        private long rehearsed;
        private final Map<String, Long> denied = new TreeMap<>();
        private final Map<String, Long> unknown = new TreeMap<>();

        void add(OfflineGuards.Judgement judgement) {
            steps++;
            switch (judgement.verdict()) {
                case Verdict.Allow allow -> allowed++;
                case Verdict.Rehearse rehearse -> rehearsed++;
                case Verdict.Deny deny -> denied.merge(deny.guard(), 1L, Long::sum);
            }
            judgement.unknown().forEach(guard -> unknown.merge(guard, 1L, Long::sum));
        }

        ReplayReport.Judged report() {
            return new ReplayReport.Judged(steps, allowed, rehearsed, new TreeMap<>(denied), new TreeMap<>(unknown));
        }
    }

    private static final class OfStep {
        private final String verb;
        private final Counts counts = new Counts();
        private long leftOut;

        OfStep(String verb) {
            this.verb = verb;
        }
    }

    private static final class OfSet {
        private final String mode;
        private final Map<String, OfStep> steps = new LinkedHashMap<>();
        private long responses;
        private long coolingDown;

        OfSet(String mode) {
            this.mode = mode;
        }
    }

    private final OfflineGuards guards;
    private final Map<String, OfSet> sets = new LinkedHashMap<>();
    private final Counts all = new Counts();
    private final Tally<Asset> targets = new Tally<>(MOST_NAMES);
    private final Tally<String> workloads = new Tally<>(MOST_NAMES);
    private long responses;

    Account(ActionSets loaded, Mode ceiling, OfflineGuards guards) {
        this.guards = guards;
        for (ActionSet set : loaded.all()) {
            OfSet account = new OfSet(set.mode().cappedBy(ceiling).display());
            for (ActionSet.Step step : set.steps()) {
                account.steps.put(step.id(), new OfStep(step.action().verb()));
            }
            sets.put(set.name(), account);
        }
    }

    void add(ResponsePlan plan) {
        responses++;
        Incident incident = plan.incident();
        incident.triggers().forEach(name -> ofSet(name).responses++);
        incident.coolingDown().forEach(cooling -> ofSet(cooling.actionSet()).coolingDown++);
        Detection detection = incident.evidence().getLast();
        String workload = plan.steps().isEmpty() ? "" : Workloads.of(detection);
        for (ResponsePlan.Step step : plan.steps()) {
            OfflineGuards.Judgement judgement = guards.judge(step, detection);
            all.add(judgement);
            ofStep(step.actionSet(), localId(step), step.action().verb()).counts.add(judgement);
            targets.add(step.action().target(), 1);
            workloads.add(workload, 1);
        }
        for (ResponsePlan.LeftOut left : plan.leftOut()) {
            if (!left.step().equals(Planner.EVERY_STEP)) {
                ofStep(left.actionSet(), left.step(), "").leftOut++;
            }
        }
    }

    private OfSet ofSet(String name) {
        return sets.computeIfAbsent(name, unknown -> new OfSet(""));
    }

    private OfStep ofStep(String set, String id, String verb) {
        return ofSet(set).steps.computeIfAbsent(id, unknown -> new OfStep(verb));
    }

    private static String localId(ResponsePlan.Step step) {
        String prefix = step.actionSet() + "/";
        return step.id().startsWith(prefix) ? step.id().substring(prefix.length()) : step.id();
    }

    long responses() {
        return responses;
    }

    ReplayReport.Judged judged() {
        return all.report();
    }

    List<ReplayReport.OfSet> sets() {
        List<ReplayReport.OfSet> report = new ArrayList<>();
        sets.forEach((name, set) -> {
            List<ReplayReport.OfStep> steps = new ArrayList<>();
            set.steps.forEach((id, step) ->
                    steps.add(new ReplayReport.OfStep(id, step.verb, step.counts.report(), step.leftOut)));
            report.add(new ReplayReport.OfSet(name, set.mode, set.responses, set.coolingDown, steps));
        });
        return report;
    }

    ReplayReport.Top targets(int most) {
        return top(targets, Asset::display, most);
    }

    ReplayReport.Top workloads(int most) {
        return top(workloads, name -> name, most);
    }

    private static <T> ReplayReport.Top top(Tally<T> tally, Function<T, String> name, int most) {
        return new ReplayReport.Top(
                tally.distinct(),
                tally.overflowed(),
                tally.top(most).stream()
                        .map(count -> new ReplayReport.Named(name.apply(count.thing()), count.count()))
                        .toList());
    }
}
