package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.action.Lane;
import dev.pounce.correlation.Incident;
import dev.pounce.detection.Detection;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns an incident into the plan of all action sets that answer it.
 *
 * <p>Sets come in the order in which they were loaded, the steps of each in the order in which they are
 * written. The same step on the same target happens once, in the higher of the modes, for all the sets that
 * want it. Any thread; takes a microsecond or so and does not block.
 */
public final class Planner {

    /** In place of a step's id, in what was left out of a plan, when it is all steps of the set. */
    public static final String EVERY_STEP = "*";

    private final Mode ceiling;
    private final Supplier<String> ids;
    private volatile Map<String, Prepared> prepared;

    /**
     * @param ceiling no step goes further than this
     * @param ids of responses: unique, and in the order of time
     */
    public Planner(ActionSets sets, Mode ceiling, Supplier<String> ids) {
        this.ceiling = ceiling;
        this.ids = ids;
        this.prepared = prepare(sets, ceiling);
    }

    /** Plans with other sets from the next incident on. */
    public void reload(ActionSets sets) {
        prepared = prepare(sets, ceiling);
    }

    public ResponsePlan planFor(Incident incident) {
        Map<String, Prepared> sets = prepared;
        // The detection that completed the incident names the targets.
        Detection detection = incident.evidence().getLast();
        ActionTemplate.Targets targets = ActionTemplate.Targets.of(detection);
        String seen = seen(detection);

        List<Draft> drafts = new ArrayList<>(4);
        List<ResponsePlan.LeftOut> leftOut = new ArrayList<>(0);
        Set<String> notified = new LinkedHashSet<>();
        String last = null; // the set after which no other answers
        for (String name : incident.triggers()) {
            Prepared set = sets.get(name);
            if (last != null) {
                leftOut.add(new ResponsePlan.LeftOut(
                        name, EVERY_STEP, "action set " + last + " answers, and lets none after it answer, too"));
            } else if (set == null) {
                leftOut.add(new ResponsePlan.LeftOut(name, EVERY_STEP, "the action set is not loaded any more"));
            } else {
                draft(set, targets, detection, seen, drafts, leftOut);
                notified.addAll(set.notified);
                last = set.continues ? null : name;
            }
        }
        for (Incident.CoolingDown cooling : incident.coolingDown()) {
            leftOut.add(new ResponsePlan.LeftOut(
                    cooling.actionSet(),
                    EVERY_STEP,
                    "it answered for " + cooling.key() + " a short while ago and is cooling down until "
                            + cooling.until()));
        }

        List<ResponsePlan.Step> steps = new ArrayList<>(drafts.size());
        for (Draft draft : drafts) {
            steps.add(new ResponsePlan.Step(
                    draft.step.id,
                    draft.set.name,
                    draft.action,
                    draft.step.mode,
                    draft.patience,
                    draft.because,
                    draft.step.lane,
                    after(draft, drafts),
                    draft.step.onFailure,
                    draft.set.guards));
        }
        return new ResponsePlan(ids.get(), incident, steps, leftOut, List.copyOf(notified));
    }

    /** What a step comes after, by the ids that the plan has for it: another set may speak for the same action. */
    private static List<String> after(Draft draft, List<Draft> drafts) {
        if (draft.step.after.isEmpty()) {
            return List.of();
        }
        List<String> ids = new ArrayList<>(draft.step.after.size());
        for (String local : draft.step.after) {
            String id = draft.set.name + "/" + local;
            for (Draft earlier : drafts) {
                if (earlier.stepIds.contains(id)) {
                    ids.add(earlier.step.id);
                }
            }
        }
        return ids;
    }

    private static void draft(
            Prepared set,
            ActionTemplate.Targets targets,
            Detection detection,
            String seen,
            List<Draft> drafts,
            List<ResponsePlan.LeftOut> leftOut) {
        Set<String> missing = null;
        for (PreparedStep step : set.steps) {
            String lacking = missing == null ? null : firstOf(missing, step.after);
            String reason = lacking == null ? null : "it comes after step '" + lacking + "', which is left out";
            if (reason == null) {
                switch (step.template.aimAt(targets, detection)) {
                    case ActionTemplate.Resolved.Aimed(Action action) -> {
                        merge(new Draft(set, step, action, seen), drafts);
                        continue;
                    }
                    case ActionTemplate.Resolved.NoTarget(String why) -> reason = why;
                }
            }
            leftOut.add(new ResponsePlan.LeftOut(set.name, step.localId, reason));
            missing = missing == null ? new HashSet<>() : missing;
            missing.add(step.localId);
        }
    }

    private static @Nullable String firstOf(Set<String> missing, List<String> after) {
        for (String id : after) {
            if (missing.contains(id)) {
                return id;
            }
        }
        return null;
    }

    private static void merge(Draft next, List<Draft> drafts) {
        for (Draft earlier : drafts) {
            // A set that names a step twice means it.
            if (earlier.action.equals(next.action) && !earlier.set.name.equals(next.set.name)) {
                earlier.join(next);
                return;
            }
        }
        drafts.add(next);
    }

    /** How every reason of a plan begins. */
    private static String seen(Detection detection) {
        StringBuilder text = new StringBuilder(128)
                .append(detection.rule())
                .append(" (")
                .append(detection.priority().display())
                .append(") was seen at ");
        appendTime(text, detection.time());
        return text.toString();
    }

    /** Like {@link Instant#toString} with milliseconds, at a fifth of its price. */
    static void appendTime(StringBuilder text, Instant time) {
        long second = time.getEpochSecond();
        if (second < 0 || second >= 253_402_300_800L) { // before 1970, or the year 10000 and later
            text.append(time);
            return;
        }
        LocalDateTime utc = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        int millis = time.getNano() / 1_000_000;
        text.append(utc.getYear());
        twoDigits(text.append('-'), utc.getMonthValue());
        twoDigits(text.append('-'), utc.getDayOfMonth());
        twoDigits(text.append('T'), utc.getHour());
        twoDigits(text.append(':'), utc.getMinute());
        twoDigits(text.append(':'), utc.getSecond());
        text.append('.').append((char) ('0' + millis / 100));
        twoDigits(text, millis % 100);
        text.append('Z');
    }

    private static void twoDigits(StringBuilder text, int number) {
        text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }

    /** A step on its way into the plan. */
    private static final class Draft {
        private final Action action;
        /** Of all the steps that it stands for. */
        private final List<String> stepIds = new ArrayList<>(1);

        private Prepared set;
        private PreparedStep step;
        private Duration patience;
        private String because;

        Draft(Prepared set, PreparedStep step, Action action, String seen) {
            this.set = set;
            this.step = step;
            this.action = action;
            this.patience = step.patience;
            this.because = seen.concat(step.answer);
            stepIds.add(step.id);
        }

        /** The bolder set speaks for the step; the most patient one says how long to wait. */
        void join(Draft other) {
            because = because + ", and so does " + other.set.named + (step.mode == other.step.mode ? "" : modes(other));
            stepIds.addAll(other.stepIds);
            if (other.patience.compareTo(patience) > 0) {
                patience = other.patience;
            }
            if (other.step.mode.compareTo(step.mode) > 0) {
                set = other.set;
                step = other.step;
            }
        }

        private String modes(Draft other) {
            Mode higher = step.mode.compareTo(other.step.mode) > 0 ? step.mode : other.step.mode;
            return " (" + step.mode.display() + " and " + other.step.mode.display() + ": " + higher.display()
                    + " wins)";
        }
    }

    /** A set with all texts made that do not depend on the incident. */
    private record Prepared(
            String name,
            String named,
            List<PreparedStep> steps,
            Guards guards,
            List<String> notified,
            boolean continues) {}

    private record PreparedStep(
            String id,
            String localId,
            ActionTemplate template,
            Duration patience,
            List<String> after,
            String answer,
            Mode mode,
            Lane lane,
            OnFailure onFailure) {}

    private static Map<String, Prepared> prepare(ActionSets sets, Mode ceiling) {
        Map<String, Prepared> prepared = new HashMap<>();
        for (ActionSet set : sets.all()) {
            String named = "action set " + set.name()
                    + set.trigger()
                            .pattern()
                            .selectors()
                            .getFirst()
                            .where()
                            .map(where -> " (where " + where.text().replaceAll("\\s+", " ") + ")")
                            .orElse("");
            Mode mode = set.mode().cappedBy(ceiling);
            List<PreparedStep> steps = new ArrayList<>();
            for (ActionSet.Step step : set.steps()) {
                steps.add(new PreparedStep(
                        set.name() + "/" + step.id(),
                        step.id(),
                        step.action(),
                        step.within(),
                        step.after(),
                        "; " + named + " answers it with " + step.action().display(),
                        step.ask().isPresent() ? mode.cappedBy(Mode.ASK) : mode,
                        step.lane(),
                        step.onFailure().orElse(set.onFailure())));
            }
            prepared.put(
                    set.name(),
                    new Prepared(set.name(), named, List.copyOf(steps), set.guards(), set.notified(), set.continues()));
        }
        return prepared;
    }
}
