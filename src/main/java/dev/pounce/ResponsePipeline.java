package dev.pounce;

import dev.pounce.action.Action;
import dev.pounce.action.Actuator;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.audit.Report;
import dev.pounce.correlation.Correlator;
import dev.pounce.correlation.Incident;
import dev.pounce.detection.Detection;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.jboss.logging.Logger;

/**
 * The whole response, in the order it happens.
 *
 * <p>Runs on the thread that found the detection, up to and including the signal; what has to be waited for is waited for on
 * the actuator's threads, and the rest of the plan goes on there. Everything up to the intent is in the journal before
 * anything is touched: a step that was intended and never ended is how a crash in the middle looks afterwards.
 */
@Singleton
public class ResponsePipeline {

    private static final Logger LOG = Logger.getLogger(ResponsePipeline.class);

    private final Journal journal;
    private final Correlator correlator;
    private final Planner planner;
    private final GuardChain guards;
    private final Actuators actuators;
    private final Containments containments;
    private final UnaryOperator<Detection> completion;
    private final String node;
    private final Onlooker onlooker;
    private final Clock clock;
    private final Repetitions repetitions = new Repetitions(); // guarded by turn
    private final LongAdder unrecorded = new LongAdder();
    private volatile boolean ending;

    /** Held from a detection to its signal, and nearly always free: detections come one at a time anyway. */
    private final ReentrantLock turn = new ReentrantLock();

    /**
     * @param completion adds what is known of the things that a detection speaks of; must not block
     * @param node this machine's name
     */
    @Inject
    ResponsePipeline(
            Journal journal,
            Correlator correlator,
            Planner planner,
            GuardChain guards,
            Actuators actuators,
            Containments containments,
            UnaryOperator<Detection> completion,
            @Named("node") String node,
            Onlooker onlooker,
            Clock clock) {
        this.journal = journal;
        this.correlator = correlator;
        this.planner = planner;
        this.guards = guards;
        this.actuators = actuators;
        this.containments = containments;
        this.completion = completion;
        this.node = node;
        this.onlooker = onlooker;
        this.clock = clock;
    }

    /** One that reaches this machine's processes and nothing else. */
    public ResponsePipeline(
            Journal journal,
            Correlator correlator,
            Planner planner,
            GuardChain guards,
            Actuator<Action.OnProcess> processes,
            Onlooker onlooker,
            Clock clock) {
        this(journal, correlator, planner, guards, new Actuators(processes, Map.of()), onlooker, clock);
    }

    private ResponsePipeline(
            Journal journal,
            Correlator correlator,
            Planner planner,
            GuardChain guards,
            Actuators actuators,
            Onlooker onlooker,
            Clock clock) {
        this(
                journal,
                correlator,
                planner,
                guards,
                actuators,
                new Containments(journal, actuators, clock),
                UnaryOperator.identity(),
                "",
                onlooker,
                clock);
    }

    /** Called for one detection at a time: the channel sees to that, and the correlator relies on it. */
    @Incoming("detections")
    public void on(Detection detection) {
        boolean ignored = isRecorded(detection, Optional.empty());
    }

    /** What others saw goes the same way. Each is an entry of its own, by which it is known again when it is sent again. */
    @Incoming(AlertOnItsWay.CHANNEL)
    public void onAlert(AlertOnItsWay alert) {
        alert.recorded(isRecorded(alert.detection(), Optional.of(alert.key())));
    }

    /** @param alert the key of another product's alert */
    private boolean isRecorded(Detection seen, Optional<String> alert) {
        boolean recorded = true;
        Detection detection = completion.apply(seen);
        Recording record = new Recording(journal);
        Instant now = clock.instant();
        // Another product's clock is not ours, nor is the way of its alerts
        StageClock stages = StageClock.since(alert.isPresent() ? now : detection.time(), now);
        Correlator.Finding finding = Correlator.Finding.NOTHING;
        turn.lock();
        try {
            repetitions.over(clock.instant()).forEach(record::note);
            record.mark();
            finding = correlator.accept(detection, clock.instant());
            if (alert.isPresent()
                    || !finding.incidents().isEmpty()
                    || repetitions.isWorthAnEntry(detection, finding.remembered())) {
                record.note(new JournalEntry.DetectionSeen(detection, alert));
            }
            for (Incident incident : finding.incidents()) {
                respondTo(incident, stages.copy(), record);
            }
        } catch (JournalUnavailable full) {
            recorded = false;
            notAnswered(full);
        } catch (RuntimeException | Error bug) {
            recorded = false;
            // With its key in the journal and no plan, an alert would be taken for answered when it is sent again
            if (alert.isPresent() && record.forget()) {
                finding.incidents().forEach(correlator::takeBack);
            }
            notAnswered(bug);
        } finally {
            turn.unlock();
            recorded &= writeRest(record);
        }
        return recorded;
    }

    /** Runs between two detections: what a detection is matched with and planned with are changed together. Any thread. */
    void between(Runnable change) {
        turn.lock();
        try {
            change.run();
        } finally {
            turn.unlock();
        }
    }

    /** To be called now and then: what was counted rather than written is written when nothing follows, too. Any thread. */
    void writeWhatWasCounted() {
        Recording record = new Recording(journal);
        turn.lock();
        try {
            repetitions.over(clock.instant()).forEach(record::note);
        } finally {
            turn.unlock();
            writeRest(record);
        }
    }

    /** To be called once a second: that something did not happen is an incident, too. Any thread. */
    void passTime() {
        Recording record = new Recording(journal);
        turn.lock();
        try {
            Instant now = clock.instant();
            for (Incident incident : correlator.elapsed(now)) {
                try {
                    respondTo(incident, StageClock.since(now, now), record);
                } catch (RuntimeException | Error bug) { // the others are answered all the same, or taken back
                    notAnswered(bug);
                }
            }
        } catch (RuntimeException bug) {
            notAnswered(bug);
        } finally {
            turn.unlock();
            writeRest(record);
        }
    }

    /**
     * Steps that were planned before a restart and whose turn had not come. Any thread.
     *
     * @param turnsTaken ids of the others
     * @param failed ids of those among them that failed, or of which nobody knows how they ended
     * @param done ids of those among them that changed the world, oldest first
     */
    void goOnWith(ResponsePlan plan, Set<String> turnsTaken, Set<String> failed, List<String> done) {
        Instant now = clock.instant();
        Recording record = new Recording(journal);
        try {
            StageClock stages = StageClock.since(now, now);
            ResponseRun run = ResponseRun.after(plan, turnsTaken, done);
            for (ResponsePlan.Step step : plan.steps()) {
                if (failed.contains(step.id())
                        && speaksAgainstWhatComesAfter(step, new Outcome.Failed("its end is not known", false))) {
                    run.stopBehind(step).forEach(left -> record.note(leftOut(plan, left, step, stages)));
                }
            }
            undo(plan, run.takeToUndo(), record);
            goOn(run, stages, record);
        } catch (RuntimeException bug) {
            notAnswered(bug);
        } finally {
            boolean ignored = writeRest(record);
        }
    }

    private void respondTo(Incident incident, StageClock stages, Recording record) {
        ResponsePlan plan = planner.planFor(incident);
        stages.planned();
        record.note(new JournalEntry.Planned(plan));
        try {
            goOn(new ResponseRun(plan), stages, record);
        } catch (JournalUnavailable full) {
            correlator.takeBack(incident); // what was never answered must not cool down
            throw full;
        }
    }

    /** Tries every step whose turn has come. Steps that do not wait for each other are under way side by side. */
    private void goOn(ResponseRun run, StageClock stages, Recording record) {
        for (ResponsePlan.Step step : run.takeReady()) {
            tryStep(run, step, stages.copy(), record);
        }
        record.write();
    }

    /** What the guards have to ask for first is waited for elsewhere: the thread that is here has other signals to send. */
    private void tryStep(ResponseRun run, ResponsePlan.Step step, StageClock stages, Recording record) {
        CompletableFuture<Void> known = guards.prepare(step);
        if (known.isDone()) {
            judge(run, step, stages, record);
            return;
        }
        record.write(); // in this order
        known.minimalCompletionStage().thenRun(() -> tryLater(run, step, stages));
    }

    private void tryLater(ResponseRun run, ResponsePlan.Step step, StageClock stages) {
        if (ending) {
            return; // the next start goes on
        }
        Recording record = new Recording(journal);
        try {
            judge(run, step, stages, record);
        } catch (RuntimeException bug) {
            notAnswered(bug);
        } finally {
            writeRest(record);
        }
    }

    private void judge(ResponseRun run, ResponsePlan.Step step, StageClock stages, Recording record) {
        ResponsePlan plan = run.plan();
        Verdict verdict = guards.judge(step);
        stages.judged();
        record.note(new JournalEntry.Judged(plan.id(), step.id(), verdict));
        CompletionStage<Outcome> ending = actOn(plan, step, verdict, record);
        stages.sent();
        record.write();
        ending.thenAccept(outcome -> ended(run, step, verdict, outcome, stages));
    }

    private void ended(ResponseRun run, ResponsePlan.Step step, Verdict verdict, Outcome end, StageClock stages) {
        ResponsePlan plan = run.plan();
        // What a step finds there that had come so far before a crash is its own work, and is to be taken back with it
        Outcome outcome =
                end instanceof Outcome.AlreadySo(String observed) && containments.isFromBefore(plan.id(), step.id())
                        ? new Outcome.Done(observed)
                        : end;
        if (ending
                && step.action().type().isRepeatable()
                && outcome instanceof Outcome.Failed failed
                && failed.retryable()) {
            return; // it was cut short by our end: the next start looks whether it happened, and goes on
        }
        stages.observed();
        if (verdict instanceof Verdict.Allow) {
            containments.ended(plan.id(), step.id(), step.action(), outcome);
        }
        Recording record = new Recording(journal);
        try {
            record.note(new JournalEntry.Ended(plan.id(), step.id(), outcome, stages.timings()));
            run.ended(step, outcome instanceof Outcome.Done);
            onlooker.ended(plan, step, verdict, outcome, stages.timings());
            if (speaksAgainstWhatComesAfter(step, outcome)) {
                run.stopBehind(step).forEach(left -> record.note(leftOut(plan, left, step, stages)));
            }
            undo(plan, run.takeToUndo(), record);
            goOn(run, stages.again(), record);
        } catch (RuntimeException bug) {
            notAnswered(bug);
        } finally {
            writeRest(record);
        }
    }

    /**
     * Takes back what steps have done, without asking the guards: it restores what was there before us. All of it is written
     * before the first is begun, so that a crash in between forgets none.
     */
    private void undo(ResponsePlan plan, List<ResponsePlan.Step> steps, Recording record) {
        Map<ResponsePlan.Step, Action> undoable = new LinkedHashMap<>();
        for (ResponsePlan.Step step : steps) {
            inverseOf(plan, step).ifPresent(inverse -> undoable.put(step, inverse));
        }
        if (undoable.isEmpty()) {
            return;
        }
        Instant now = clock.instant();
        undoable.forEach(
                (step, inverse) -> record.note(new JournalEntry.UndoScheduled(plan.id(), step.id(), inverse, now)));
        long ignored = record.writeAhead();
        undoable.forEach((step, inverse) -> {
            if (inverse instanceof Action.TakeBack) {
                containments.takeBack(plan.id(), step.id());
            } else {
                actuators
                        .takeBack(inverse, now.plus(step.patience()))
                        .thenAccept(outcome -> undone(plan, step, outcome));
            }
        });
        record.write();
    }

    private Optional<Action> inverseOf(ResponsePlan plan, ResponsePlan.Step step) {
        return step.action()
                .inverse()
                .or(() -> containments.undoOf(plan.id(), step.id()).map(Action.class::cast));
    }

    private void undone(ResponsePlan plan, ResponsePlan.Step done, Outcome outcome) {
        Recording record = new Recording(journal);
        record.note(new JournalEntry.Undone(plan.id(), done.id(), outcome));
        writeRest(record);
    }

    private CompletionStage<Outcome> actOn(
            ResponsePlan plan, ResponsePlan.Step step, Verdict verdict, Recording record) {
        return switch (verdict) {
            case Verdict.Allow allowed -> {
                Instant deadline = clock.instant().plus(step.patience());
                record.note(new JournalEntry.Intended(plan.id(), step.id(), step.action(), deadline));
                long written = record.writeAhead(); // before the act, and throws when it cannot be
                yield mustBeOnDisk(step.action())
                        ? onDisk(written, () -> carryOut(plan, step, deadline))
                        : carryOut(plan, step, deadline);
            }
            case Verdict.Rehearse rehearse ->
                actuators.rehearse(
                        step.action(),
                        circumstances(plan, step),
                        clock.instant().plus(step.patience()));
            case Verdict.Deny(String guard, String reason) ->
                CompletableFuture.completedStage(new Outcome.Withheld(guard + ": " + reason));
        };
    }

    private CompletionStage<Outcome> carryOut(ResponsePlan plan, ResponsePlan.Step step, Instant deadline) {
        return actuators.carryOut(
                step.action(),
                circumstances(plan, step),
                deadline,
                undo -> containments.prepare(plan.id(), step.id(), undo));
    }

    /**
     * What outlives this machine is on its disk before it is done (decision 3); what can be taken back waits for that by itself,
     * once it is known how.
     */
    private static boolean mustBeOnDisk(Action action) {
        return switch (action) {
            case Action.OnProcess process -> false;
            case Action.OnCluster cluster ->
                cluster.type().undo().isEmpty() && Containments.outlivesThisMachine(cluster.target());
            case Action.TakeBack undo -> false;
        };
    }

    private CompletionStage<Outcome> onDisk(long written, Supplier<CompletionStage<Outcome>> act) {
        return journal.durable(written)
                .handle((never, failure) -> failure == null
                        ? act.get()
                        : CompletableFuture.<Outcome>completedStage(new Outcome.Failed(
                                "nothing was done, because it could not be put on the disk: " + failure.getMessage(),
                                true)))
                .thenCompose(Function.identity());
    }

    private Circumstances circumstances(ResponsePlan plan, ResponsePlan.Step step) {
        Optional<Detection> last = plan.incident().lastFor(step.actionSet());
        return new Circumstances(
                plan.id(),
                step.id(),
                last.map(Detection::time).orElse(plan.incident().time()),
                last.flatMap(Detection::container),
                () -> Report.of(plan, step, node));
    }

    /** From here on a step that is cut short is left to the next start. Any thread. */
    void ending() {
        ending = true;
    }

    /**
     * A step whose turn came too late or that was refused does not speak against the next. One that failed does, unless
     * its set goes on all the same; but for a process that could not be held: whoever can keep himself from being
     * seen stopped must not thereby escape what comes after.
     */
    private static boolean speaksAgainstWhatComesAfter(ResponsePlan.Step step, Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done d -> false;
            case Outcome.AlreadySo a -> false;
            case Outcome.TargetGone g -> false;
            case Outcome.WouldAct w -> false;
            case Outcome.Withheld w -> false;
            case Outcome.Failed f ->
                switch (step.onFailure()) {
                    case STOP -> !(step.action() instanceof Action.SuspendProcess);
                    case UNDO -> true;
                    case CONTINUE -> false;
                };
        };
    }

    private static JournalEntry leftOut(
            ResponsePlan plan, ResponsePlan.Step rest, ResponsePlan.Step failed, StageClock stages) {
        return new JournalEntry.Ended(
                plan.id(),
                rest.id(),
                new Outcome.Withheld("step " + failed.id() + " before it failed"),
                stages.timings());
    }

    /** Whatever happened on the way, what was noted is not forgotten. */
    private boolean writeRest(Recording record) {
        try {
            record.write();
            return true;
        } catch (JournalUnavailable full) {
            notAnswered(full);
            return false;
        }
    }

    /**
     * What cannot be recorded is not done. Said loudly, but not once per event: a full disk fills the log as well. Anything
     * else that is thrown here is a bug of ours, and no reason to stop.
     */
    private void notAnswered(Throwable why) {
        if (!(why instanceof JournalUnavailable)) {
            LOG.error("A detection is not answered because of a bug in the engine", why);
            return;
        }
        unrecorded.increment();
        if (Long.bitCount(unrecorded.sum()) == 1) {
            LOG.errorv(
                    why,
                    "Enforcement has stopped: the journal cannot be written, and nothing is done unrecorded ({0} so far)",
                    unrecorded.sum());
        }
    }

    /** Detections and outcomes that could not be written down since the start. */
    long unrecorded() {
        return unrecorded.sum();
    }
}
