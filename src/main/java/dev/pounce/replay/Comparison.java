package dev.pounce.replay;

import dev.pounce.audit.PlannedStep;
import dev.pounce.planning.Mode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Lays two series of responses side by side. Two answers belong together when the same detection completed them; the one
 * may come a little before the other, since a running engine's clock does not tick with the replay's. Not thread-safe.
 */
final class Comparison {

    /** How long one waits for the other. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final int MOST_WAITING = 10_000;

    /** @param response its id, if anybody can look it up */
    record Answer(Instant at, String detection, String rule, Optional<String> response, List<PlannedStep> steps) {
        Answer {
            steps = List.copyOf(steps);
        }
    }

    private record Waiting(@Nullable Answer now, @Nullable Answer before) {
        Instant at() {
            if (now != null) {
                return now.at;
            }
            return before == null ? Instant.MAX : before.at;
        }
    }

    private final String from;
    private final int mostExamples;

    // In the order of arrival, and that is nearly the order of time
    private final Map<String, Waiting> waiting = new LinkedHashMap<>();

    private Mode ceiling = Mode.ENFORCE;
    private long same;
    private long changed;
    private long onlyNow;
    private long onlyBefore;
    private final Map<String, Long> added = new TreeMap<>();
    private final Map<String, Long> removed = new TreeMap<>();
    private final Map<String, Long> modes = new TreeMap<>();
    private final List<ReplayReport.Example> examples = new ArrayList<>();

    /** @param from what {@link #before} is, in words */
    Comparison(String from, int mostExamples) {
        this.from = from;
        this.mostExamples = mostExamples;
    }

    /** What is compared with went no further than this from now on; a mode that differs by that alone is no difference. */
    void ceiling(Mode mode) {
        ceiling = mode;
    }

    void now(Answer answer) {
        Waiting other = waiting.get(answer.detection);
        if (other != null && other.before != null) {
            waiting.remove(answer.detection);
            compare(answer, other.before);
        } else {
            await(answer.detection, other, new Waiting(answer, null));
        }
    }

    void before(Answer answer) {
        Waiting other = waiting.get(answer.detection);
        if (other != null && other.now != null) {
            waiting.remove(answer.detection);
            compare(other.now, answer);
        } else {
            await(answer.detection, other, new Waiting(null, answer));
        }
    }

    /** A detection may complete one thing at once and another by being followed by nothing. */
    private void await(String detection, @Nullable Waiting sameSide, Waiting answer) {
        if (sameSide != null) {
            waiting.remove(detection);
            settle(sameSide);
        }
        waiting.put(detection, answer);
    }

    /** What has waited for too long has no counterpart. */
    void settle(Instant at) {
        Iterator<Waiting> oldest = waiting.values().iterator();
        while (oldest.hasNext()) {
            Waiting alone = oldest.next();
            if (waiting.size() <= MOST_WAITING && !alone.at().plus(PATIENCE).isBefore(at)) {
                return;
            }
            oldest.remove();
            settle(alone);
        }
    }

    ReplayReport.Difference finish() {
        waiting.values().forEach(this::settle);
        waiting.clear();
        return new ReplayReport.Difference(
                from,
                same,
                changed,
                onlyNow,
                onlyBefore,
                new TreeMap<>(added),
                new TreeMap<>(removed),
                new TreeMap<>(modes),
                examples);
    }

    private void settle(Waiting alone) {
        if (alone.now != null) {
            onlyNow++;
            alone.now.steps.forEach(step -> count(added, step));
            example(ReplayReport.Kind.ONLY_NOW, alone.now, Optional.empty(), alone.now.steps, List.of(), List.of());
        } else if (alone.before != null) {
            onlyBefore++;
            alone.before.steps.forEach(step -> count(removed, step));
            example(
                    ReplayReport.Kind.ONLY_BEFORE,
                    alone.before,
                    alone.before.response,
                    List.of(),
                    alone.before.steps,
                    List.of());
        }
    }

    private void compare(Answer now, Answer before) {
        List<PlannedStep> gone = new ArrayList<>(before.steps);
        List<PlannedStep> more = new ArrayList<>(0);
        List<ReplayReport.ModeChange> other = new ArrayList<>(0);
        for (PlannedStep step : now.steps) {
            PlannedStep counterpart = takeSame(step, gone);
            if (counterpart == null) {
                more.add(step);
            } else if (!capped(step.mode()).equals(counterpart.mode())) {
                other.add(new ReplayReport.ModeChange(step, counterpart.mode()));
            }
        }
        if (gone.isEmpty() && more.isEmpty() && other.isEmpty()) {
            same++;
            return;
        }
        changed++;
        more.forEach(step -> count(added, step));
        gone.forEach(step -> count(removed, step));
        other.forEach(change -> modes.merge(
                change.step().id() + " " + change.before() + " → "
                        + change.step().mode(),
                1L,
                Long::sum));
        example(ReplayReport.Kind.CHANGED, now, before.response, more, gone, other);
    }

    private String capped(String mode) {
        return Mode.parse(mode).map(known -> known.cappedBy(ceiling).display()).orElse(mode);
    }

    /** The first that does the same, no matter which set wants it. */
    private static @Nullable PlannedStep takeSame(PlannedStep step, List<PlannedStep> from) {
        for (Iterator<PlannedStep> each = from.iterator(); each.hasNext(); ) {
            PlannedStep candidate = each.next();
            if (candidate.what().equals(step.what())) {
                each.remove();
                return candidate;
            }
        }
        return null;
    }

    private static void count(Map<String, Long> counts, PlannedStep step) {
        counts.merge(step.id() + " " + step.verb(), 1L, Long::sum);
    }

    private void example(
            ReplayReport.Kind kind,
            Answer answer,
            Optional<String> response,
            List<PlannedStep> more,
            List<PlannedStep> gone,
            List<ReplayReport.ModeChange> other) {
        if (examples.size() < mostExamples) {
            examples.add(new ReplayReport.Example(
                    answer.at, answer.detection, answer.rule, kind, response, more, gone, other));
        }
    }
}
