package dev.pounce;

import dev.pounce.planning.OnFailure;
import dev.pounce.planning.ResponsePlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One plan on its way: which steps may be tried next, which never will be, and what is to be taken back. Outcomes may
 * arrive on any thread, and two at once.
 */
final class ResponseRun {

    private enum Progress {
        WAITING,
        UNDER_WAY,
        ENDED,
        LEFT
    }

    private final ResponsePlan plan;

    // Guarded by this
    private final Progress[] progress;
    private final List<ResponsePlan.Step> changed = new ArrayList<>(2);
    private final Set<String> takenBack = new HashSet<>(0);

    ResponseRun(ResponsePlan plan) {
        this.plan = plan;
        this.progress = new Progress[plan.steps().size()];
        Arrays.fill(progress, Progress.WAITING);
    }

    /**
     * A run that others have begun.
     *
     * @param turnsTaken steps that have had their turn
     * @param done those of them that changed the world, oldest first
     */
    static ResponseRun after(ResponsePlan plan, Set<String> turnsTaken, List<String> done) {
        ResponseRun run = new ResponseRun(plan);
        for (int i = 0; i < run.progress.length; i++) {
            if (turnsTaken.contains(plan.steps().get(i).id())) {
                run.progress[i] = Progress.ENDED;
            }
        }
        for (String id : done) {
            int place = run.placeOf(id);
            if (place >= 0) {
                run.changed.add(plan.steps().get(place));
            }
        }
        return run;
    }

    ResponsePlan plan() {
        return plan;
    }

    /** The steps whose turn has come, each handed out once, in the order of the plan. */
    synchronized List<ResponsePlan.Step> takeReady() {
        List<ResponsePlan.Step> ready = new ArrayList<>(1);
        for (int i = 0; i < progress.length; i++) {
            if (progress[i] == Progress.WAITING && hasAllItWaitsFor(plan.steps().get(i))) {
                progress[i] = Progress.UNDER_WAY;
                ready.add(plan.steps().get(i));
            }
        }
        return ready;
    }

    private boolean hasAllItWaitsFor(ResponsePlan.Step step) {
        return haveHadTheirTurn(step.after()) && haveHadTheirTurn(step.behind());
    }

    private boolean haveHadTheirTurn(List<String> ids) {
        for (int i = 0; i < ids.size(); i++) {
            int place = placeOf(ids.get(i));
            if (place >= 0 && (progress[place] == Progress.WAITING || progress[place] == Progress.UNDER_WAY)) {
                return false;
            }
        }
        return true;
    }

    /** @param changedSomething whether the step changed the world */
    synchronized void ended(ResponsePlan.Step step, boolean changedSomething) {
        progress[placeOf(step.id())] = Progress.ENDED;
        if (changedSomething) {
            changed.add(step);
        }
    }

    /**
     * The step failed, and that counts.
     *
     * @return the steps that are not tried any more: all that would have come after it, directly or not
     */
    synchronized List<ResponsePlan.Step> stopBehind(ResponsePlan.Step failed) {
        Set<String> behind = new HashSet<>(Set.of(failed.id()));
        List<ResponsePlan.Step> left = new ArrayList<>();
        // A step comes after steps further up only, so one pass finds all
        for (int i = 0; i < progress.length; i++) {
            ResponsePlan.Step step = plan.steps().get(i);
            boolean ofAnUndoneSet = failed.onFailure() == OnFailure.UNDO
                    && step.actionSet().equals(failed.actionSet())
                    && step.alsoFor().isEmpty();
            if (progress[i] == Progress.WAITING
                    && (ofAnUndoneSet || step.after().stream().anyMatch(behind::contains))) {
                progress[i] = Progress.LEFT;
                behind.add(step.id());
                left.add(step);
            }
        }
        if (failed.onFailure() == OnFailure.UNDO) {
            takenBack.add(failed.actionSet());
        }
        return left;
    }

    /** What has been changed for sets that are to be taken back, the newest first; each handed out once. */
    synchronized List<ResponsePlan.Step> takeToUndo() {
        if (takenBack.isEmpty()) {
            return List.of();
        }
        List<ResponsePlan.Step> undo = new ArrayList<>();
        for (ResponsePlan.Step step : List.copyOf(changed).reversed()) {
            if (takenBack.contains(step.actionSet()) && takenBack.containsAll(step.alsoFor())) {
                changed.remove(step);
                undo.add(step);
            }
        }
        return undo;
    }

    private int placeOf(String id) {
        for (int i = 0; i < progress.length; i++) {
            if (plan.steps().get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }
}
