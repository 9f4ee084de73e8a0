package dev.pounce.replay;

import dev.pounce.audit.JournalScan;
import dev.pounce.audit.JournalScan.Moment;
import dev.pounce.audit.PlannedStep;
import dev.pounce.detection.Detection;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Feeds a recording to the engine's own correlator and planner and counts what comes of it. Memory does not grow with the
 * recording: what is kept are counts, and a limited number of names and examples. Used once, on one thread.
 */
public final class Replay {

    private static final int MOST_RULES = 1000;
    private static final Duration LONGEST_REACH = Duration.ofDays(7);

    /**
     * What is asked.
     *
     * @param sets that answer
     * @param before what their answers are compared with; if empty, with those in the recording, if it holds any
     * @param ceiling no set goes further than this
     * @param most how many targets, workloads and examples are named
     */
    public record Question(
            Optional<Instant> since,
            Optional<Instant> until,
            ActionSets sets,
            Optional<ActionSets> before,
            Mode ceiling,
            int most) {}

    /** Told now and then how far it has come. */
    @FunctionalInterface
    public interface Progress {
        void reached(long detections, Instant at);
    }

    private static final int PROGRESS_EVERY = 4096;

    private final Recording recording;
    private final Question question;
    private final Progress progress;
    private final OfflineEngine engine;
    private final @Nullable OfflineEngine earlier;
    private final Account account;
    private final @Nullable Comparison comparison;
    private final Tally<String> notRecorded = new Tally<>(MOST_RULES);
    private final Instant since;

    private long detections;
    private @Nullable Instant first;
    private @Nullable Instant last;
    private @Nullable Detection lastSeen;

    private Replay(Recording recording, Question question, Progress progress) {
        this.recording = recording;
        this.question = question;
        this.progress = progress;
        this.since = question.since.orElse(Instant.MIN);
        engine = new OfflineEngine(question.sets, question.ceiling);
        earlier = question.before
                .map(sets -> new OfflineEngine(sets, question.ceiling))
                .orElse(null);
        account = new Account(question.sets, question.ceiling, new OfflineGuards(engine::now));
        boolean comparable = question.before.isPresent() || recording.holdsPlans();
        comparison = comparable
                ? new Comparison(
                        question.before.isPresent() ? "the action sets that are loaded" : "what was planned then",
                        question.most)
                : null;
    }

    /** Blocks for as long as it takes to read the recording. */
    public static ReplayReport run(Recording recording, Question question, Progress progress) {
        Replay replay = new Replay(recording, question, progress);
        try {
            return replay.run();
        } finally {
            replay.engine.close();
            if (replay.earlier != null) {
                replay.earlier.close();
            }
        }
    }

    private ReplayReport run() {
        JournalScan.Outcome damage =
                recording.forEach(question.since.map(this::withReach), question.until, this::accept);
        TreeMap<String, Long> counted = new TreeMap<>();
        notRecorded.top(MOST_RULES).forEach(rule -> counted.put(rule.thing(), rule.count()));
        return new ReplayReport(
                recording.name(),
                detections,
                Optional.ofNullable(first),
                Optional.ofNullable(last),
                counted,
                damage,
                account.responses(),
                engine.heldBack(),
                account.judged(),
                account.sets(),
                account.targets(question.most),
                account.workloads(question.most),
                Optional.ofNullable(comparison).map(Comparison::finish));
    }

    /** A sequence may have begun, and a cooldown, before the time that is asked about. */
    private Instant withReach(Instant from) {
        Duration reach = OfflineEngine.reach(question.sets);
        for (ActionSets sets : question.before.stream().toList()) {
            Duration other = OfflineEngine.reach(sets);
            reach = other.compareTo(reach) > 0 ? other : reach;
        }
        return from.minus(reach.compareTo(LONGEST_REACH) > 0 ? LONGEST_REACH : reach);
    }

    private void accept(Moment moment) {
        boolean wanted = !moment.at().isBefore(since);
        switch (moment) {
            case Moment.Seen seen -> {
                lastSeen = seen.detection();
                if (wanted) {
                    feed(seen.detection(), seen.at());
                } else {
                    engine.remember(seen.detection(), seen.at());
                    if (earlier != null) {
                        earlier.remember(seen.detection(), seen.at());
                    }
                }
            }
            case Moment.Counted counted -> {
                if (wanted) {
                    notRecorded.add(counted.rule(), counted.count());
                }
            }
            case Moment.Planned planned -> {
                if (wanted && comparison != null && earlier == null) {
                    comparison.before(answer(planned));
                }
            }
            case Moment.Started started -> {
                if (comparison != null && earlier == null) {
                    comparison.ceiling(started.ceiling());
                }
            }
        }
    }

    private void feed(Detection detection, Instant at) {
        detections++;
        first = first == null ? at : first;
        last = last == null || at.isAfter(last) ? at : last;
        answered(engine.elapse(at));
        answered(engine.accept(detection, at));
        if (comparison != null) {
            if (earlier != null) {
                answeredBefore(earlier.elapse(at));
                answeredBefore(earlier.accept(detection, at));
            }
            comparison.settle(engine.now());
        }
        if (detections % PROGRESS_EVERY == 0) {
            progress.reached(detections, at);
        }
    }

    private void answered(List<ResponsePlan> plans) {
        for (ResponsePlan plan : plans) {
            account.add(plan);
            if (comparison != null) {
                comparison.now(answer(plan));
            }
        }
    }

    private void answeredBefore(List<ResponsePlan> plans) {
        for (ResponsePlan plan : plans) {
            if (comparison != null) {
                comparison.before(answer(plan));
            }
        }
    }

    private Comparison.Answer answer(Moment.Planned planned) {
        String completing = planned.detections().isEmpty()
                ? planned.response()
                : planned.detections().getLast();
        // A plan stands right behind the detection that led to it, unless it was time that passed
        String rule = lastSeen != null && lastSeen.id().equals(completing) ? lastSeen.rule() : "";
        return new Comparison.Answer(planned.at(), completing, rule, Optional.of(planned.response()), planned.steps());
    }

    private static Comparison.Answer answer(ResponsePlan plan) {
        Detection last = plan.incident().evidence().getLast();
        return new Comparison.Answer(
                plan.incident().time(),
                last.id(),
                last.rule(),
                Optional.empty(),
                plan.steps().stream().map(PlannedStep::of).toList());
    }
}
