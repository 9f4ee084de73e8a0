package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Lane;
import dev.pounce.asset.PodRef;
import dev.pounce.correlation.Incident;
import dev.pounce.correlation.Pattern;
import dev.pounce.detection.Detection;
import dev.pounce.planning.merge.Merge;
import dev.pounce.planning.merge.facts.Deed;
import dev.pounce.planning.merge.facts.Needs;
import dev.pounce.planning.merge.facts.Proposed;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
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
 * written. Where steps can get in each other's way, {@link Merge} says what becomes of them. Any thread; takes a
 * microsecond or so, some tens of them with a merge, and does not block.
 */
public final class Planner {

    /** In place of a step's id, in what was left out of a plan, when it is all steps of the set. */
    public static final String EVERY_STEP = "*";

    private final Mode ceiling;
    private final Supplier<String> ids;
    private final Set<ActionType> reachable;
    private final Merge merge = new Merge();
    private volatile Map<String, Prepared> prepared;

    /**
     * @param ceiling no step goes further than this
     * @param ids of responses: unique, and in the order of time
     */
    public Planner(ActionSets sets, Mode ceiling, Supplier<String> ids) {
        this(sets, ceiling, ids, EnumSet.allOf(ActionType.class));
    }

    /** @param reachable what there is an actuator for: a step that nobody can carry out takes the place of no other */
    public Planner(ActionSets sets, Mode ceiling, Supplier<String> ids, Set<ActionType> reachable) {
        this.ceiling = ceiling;
        this.ids = ids;
        this.reachable = Set.copyOf(reachable);
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

        List<Draft> drafts = new ArrayList<>(4);
        List<ResponsePlan.LeftOut> leftOut = new ArrayList<>(0);
        Set<String> notified = new LinkedHashSet<>();
        List<Reason> reasons = new ArrayList<>(2);
        String last = null; // the set after which no other answers
        for (Incident.Match match : incident.matches()) {
            String name = match.actionSet();
            Prepared set = sets.get(name);
            if (set != null) {
                reasons.add(set.reason);
            }
            if (last != null) {
                leftOut.add(new ResponsePlan.LeftOut(
                        name, EVERY_STEP, "action set " + last + " answers, and lets none after it answer, too"));
            } else if (set == null) {
                leftOut.add(new ResponsePlan.LeftOut(name, EVERY_STEP, "the action set is not loaded any more"));
            } else {
                draft(set, targets, detection, seen(match.evidence()), drafts, leftOut);
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

        return new ResponsePlan(
                ids.get(), incident, merged(drafts, targets, leftOut), leftOut, List.copyOf(notified), reasons);
    }

    private List<ResponsePlan.Step> merged(
            List<Draft> drafts, ActionTemplate.Targets targets, List<ResponsePlan.LeftOut> leftOut) {
        if (drafts.size() > 1) {
            List<Proposed> proposals = proposals(drafts, targets);
            if (Merge.isNeeded(proposals)) {
                return merge(drafts, proposals, leftOut);
            }
        }
        List<ResponsePlan.Step> steps = new ArrayList<>(drafts.size());
        for (int place = 0; place < drafts.size(); place++) {
            Draft draft = drafts.get(place);
            List<String> after = draft.step.after.stream()
                    .map(local -> draft.set.name + "/" + local)
                    .toList();
            int before = beforeInLane(drafts, place);
            steps.add(draft.toStep(before < 0 ? after : with(after, drafts.get(before).step.id), List.of()));
        }
        return steps;
    }

    /** The step of the same set and lane that is written before this one; -1 for the first. */
    private static int beforeInLane(List<Draft> drafts, int place) {
        Draft draft = drafts.get(place);
        for (int earlier = place - 1; earlier >= 0; earlier--) {
            Draft candidate = drafts.get(earlier);
            if (!candidate.isOfTheSetOf(draft)) {
                return -1;
            }
            if (candidate.written.lane == draft.written.lane) {
                return earlier;
            }
        }
        return -1;
    }

    private static List<String> with(List<String> ids, String id) {
        if (ids.contains(id)) {
            return ids;
        }
        List<String> more = new ArrayList<>(ids);
        more.add(id);
        return more;
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
                        drafts.add(new Draft(set, step, action, seen));
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

    /** Of each draft what the merge needs to know, under the draft's place in the list. */
    private List<Proposed> proposals(List<Draft> drafts, ActionTemplate.Targets targets) {
        List<Proposed> proposals = new ArrayList<>(drafts.size());
        for (int place = 0; place < drafts.size(); place++) {
            Draft draft = drafts.get(place);
            int repetition = 0;
            for (int earlier = place - 1; earlier >= 0 && drafts.get(earlier).isOfTheSetOf(draft); earlier--) {
                if (drafts.get(earlier).action.equals(draft.action)) {
                    repetition++;
                }
            }
            Deed deed = deedOf(draft.action);
            proposals.add(new Proposed(
                    place,
                    draft.own.name,
                    draft.written.localId,
                    reachable.contains(draft.action.type()) ? draft.written.mode : Mode.OBSERVE,
                    deed,
                    draft.action,
                    repetition,
                    draft.action instanceof Action.OnProcess || deed == Deed.EVIDENCE ? targets.process() : null,
                    draft.action instanceof Action.OnProcess || deed == Deed.EVIDENCE ? targets.container() : null,
                    draft.action instanceof Action.OnProcess || draft.action.target() instanceof PodRef
                            ? targets.pod()
                            : null,
                    draft.written.template.display()));
        }
        return proposals;
    }

    private static Deed deedOf(Action action) {
        return switch (action) {
            case Action.KillProcess kill ->
                switch (kill.scope()) {
                    case PROCESS -> Deed.KILL_PROCESS;
                    case TREE -> Deed.KILL_TREE;
                    case CONTAINER -> Deed.KILL_CONTAINER;
                };
            case Action.SuspendProcess suspend -> Deed.SUSPEND_PROCESS;
            case Action.ResumeProcess resume -> Deed.RESUME_PROCESS;
            case Action.OnCluster onCluster -> deedOf(onCluster.type());
            case Action.TakeBack takeBack ->
                throw new IllegalArgumentException("what takes a step back is not planned");
        };
    }

    private static Deed deedOf(ActionType type) {
        return switch (type) {
            case EVIDENCE_LOGS,
                    EVIDENCE_FILES,
                    EVIDENCE_PROCESSES,
                    EVIDENCE_CAPTURE,
                    EVIDENCE_TRACE,
                    EVIDENCE_CHECKPOINT -> Deed.EVIDENCE;
            case POD_ANNOTATE -> Deed.ANNOTATE_POD;
            case POD_LABEL -> Deed.LABEL_POD;
            case POD_ISOLATE -> Deed.ISOLATE_POD;
            case POD_QUARANTINE -> Deed.QUARANTINE_POD;
            case POD_TERMINATE -> Deed.TERMINATE_POD;
            case PROCESS_KILL,
                    PROCESS_SUSPEND,
                    PROCESS_RESUME,
                    POD_EXEC,
                    POD_SCRIPT,
                    NODE_ISOLATE_CONTAINER,
                    NODE_CORDON,
                    NODE_DRAIN,
                    NODE_TAINT,
                    NODE_LABEL,
                    NODE_ANNOTATE,
                    WORKLOAD_SCALE,
                    OBJECT_DELETE,
                    CALL_WEBHOOK,
                    CALL_LAMBDA,
                    CALL_FUNCTION -> Deed.OTHER;
        };
    }

    private List<ResponsePlan.Step> merge(
            List<Draft> drafts, List<Proposed> proposals, List<ResponsePlan.LeftOut> leftOut) {
        Merge.Merged merged = merge.merge(proposals, needs(drafts, proposals));
        for (Merge.Dropped dropped : merged.leftOut()) {
            Proposed proposed = dropped.proposed();
            leftOut.add(new ResponsePlan.LeftOut(proposed.set(), proposed.step(), dropped.because()));
        }
        Map<Integer, Proposed> inTheLine = new HashMap<>(); // by place: who speaks for what is already in the plan
        List<ResponsePlan.Step> steps = new ArrayList<>(merged.steps().size());
        for (Merge.Kept kept : merged.steps()) {
            List<String> after = idsOf(kept.after(), drafts);
            List<String> behind = idsOf(kept.behind(), drafts);
            for (Proposed member : kept.wantedBy()) {
                // Only what is in the line already: two sets that write the same steps in opposite orders close no
                // circle
                Proposed before = beforeInLane(drafts, member.place(), inTheLine);
                if (before != null && !before.equals(kept.speaker())) {
                    String id = drafts.get(before.place()).step.id;
                    if (kept.wantedBy().size() == 1) {
                        after = with(after, id);
                    } else if (!after.contains(id)) {
                        behind = with(behind, id);
                    }
                }
            }
            Draft draft = drafts.get(kept.wantedBy().getFirst().place());
            draft.alsoFor = kept.wantedBy().stream()
                    .map(Proposed::set)
                    .filter(set -> !set.equals(kept.speaker().set()))
                    .toList();
            for (int i = 1; i < kept.wantedBy().size(); i++) {
                draft.join(drafts.get(kept.wantedBy().get(i).place()));
            }
            steps.add(draft.toStep(after, behind));
            kept.wantedBy().forEach(member -> inTheLine.put(member.place(), kept.speaker()));
        }
        return steps;
    }

    private static @Nullable Proposed beforeInLane(List<Draft> drafts, int place, Map<Integer, Proposed> inTheLine) {
        for (int before = beforeInLane(drafts, place); before >= 0; before = beforeInLane(drafts, before)) {
            Proposed speaker = inTheLine.get(before);
            if (speaker != null) {
                return speaker;
            }
        }
        return null;
    }

    private static List<String> idsOf(List<Proposed> steps, List<Draft> drafts) {
        return steps.stream().map(step -> drafts.get(step.place()).step.id).toList();
    }

    private static List<Needs> needs(List<Draft> drafts, List<Proposed> proposals) {
        List<Needs> needs = new ArrayList<>(0);
        for (int place = 0; place < drafts.size(); place++) {
            Draft draft = drafts.get(place);
            for (int earlier = place - 1; earlier >= 0 && drafts.get(earlier).isOfTheSetOf(draft); earlier--) {
                if (draft.written.after.contains(drafts.get(earlier).written.localId)) {
                    needs.add(new Needs(proposals.get(place), proposals.get(earlier)));
                }
            }
        }
        return needs;
    }

    /** How every reason of a plan begins: with each of a few detections, or the first and last of many. */
    private static String seen(List<Detection> evidence) {
        StringBuilder text = new StringBuilder(128 * Math.min(3, evidence.size()));
        if (evidence.size() > 3) {
            text.append(evidence.size()).append(" detections: ");
        }
        for (int i = 0; i < evidence.size(); i++) {
            if (evidence.size() > 3 && i == 1) {
                text.append(", ...");
                i = evidence.size() - 1;
            }
            Detection detection = evidence.get(i);
            text.append(i == 0 ? "" : ", then ")
                    .append(detection.rule())
                    .append(" (")
                    .append(detection.priority().display())
                    .append(") was seen at ");
            appendTime(text, detection.time());
        }
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
        private final Prepared own;
        private final PreparedStep written;

        // Who speaks for it: itself, or another that wants the same
        private Prepared set;
        private PreparedStep step;
        private List<String> alsoFor = List.of();
        private Duration patience;
        private String because;

        Draft(Prepared set, PreparedStep step, Action action, String seen) {
            this.own = set;
            this.written = step;
            this.set = set;
            this.step = step;
            this.action = action;
            this.patience = step.patience;
            this.because = seen.concat(step.answer);
        }

        /** The bolder set speaks for the step; the most patient one says how long to wait. */
        void join(Draft other) {
            because = because + ", and so does " + other.set.named + (step.mode == other.step.mode ? "" : modes(other));
            if (other.patience.compareTo(patience) > 0) {
                patience = other.patience;
            }
            if (other.step.mode.compareTo(step.mode) > 0) {
                set = other.set;
                step = other.step;
            }
        }

        boolean isOfTheSetOf(Draft other) {
            return own.name.equals(other.own.name);
        }

        ResponsePlan.Step toStep(List<String> after, List<String> behind) {
            return new ResponsePlan.Step(
                    step.id,
                    set.name,
                    action,
                    step.mode,
                    patience,
                    because,
                    step.lane,
                    after,
                    behind,
                    step.onFailure,
                    set.guards,
                    alsoFor);
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
            boolean continues,
            Reason reason) {}

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

    /** Of what cannot be seen from the detections that are named anyway. */
    private static String condition(Pattern pattern) {
        return switch (pattern) {
            case Pattern.One one ->
                one.selector()
                        .where()
                        .map(where -> " (where " + where.text().replaceAll("\\s+", " ") + ")")
                        .orElse("");
            case Pattern.Any any -> " (" + PatternText.of(any) + ")";
            case Pattern.All all -> " (" + PatternText.of(all) + ")";
            case Pattern.Sequence sequence -> " (" + PatternText.of(sequence) + ")";
            case Pattern.Count count -> " (" + PatternText.of(count) + ")";
            case Pattern.ValueCount count -> " (" + PatternText.of(count) + ")";
            case Pattern.Absence absence -> " (" + PatternText.of(absence) + ")";
        };
    }

    private static Map<String, Prepared> prepare(ActionSets sets, Mode ceiling) {
        Map<String, Prepared> prepared = new HashMap<>();
        for (ActionSet set : sets.all()) {
            String named = "action set " + set.name() + condition(set.trigger().pattern());
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
                    new Prepared(
                            set.name(),
                            named,
                            List.copyOf(steps),
                            set.guards(),
                            set.notified(),
                            set.continues(),
                            Reason.of(set)));
        }
        return prepared;
    }
}
