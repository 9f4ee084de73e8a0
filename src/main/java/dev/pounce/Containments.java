package dev.pounce;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Answer;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.ClusterView;
import dev.pounce.cluster.Pod;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jboss.logging.Logger;

/**
 * What steps have changed and can be taken back: each until its time is over, somebody releases it, or another step's failure
 * takes it back. Thread-safe; nothing here waits for the world.
 *
 * <p>An undo that fails is tried again, less and less often, for as long as the engine runs and at each start: what should
 * have ended and is still in force must not be forgotten.
 */
final class Containments {

    private static final Logger LOG = Logger.getLogger(Containments.class);

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(5);

    /**
     * One that is in force.
     *
     * @param since when it was prepared
     * @param due when it is taken back by itself; empty when only a person does that
     * @param trouble why it could not be taken back when that was tried last
     */
    record Containment(
            String response,
            String step,
            Action.TakeBack undo,
            Instant since,
            Optional<Instant> due,
            Optional<String> trouble) {}

    /** Hears how each ended, before it is forgotten. */
    interface Ends {
        /** Must not block. */
        void ended(String response, String step, Outcome outcome);
    }

    private record Key(String response, String step) {}

    private static final class Held {
        final Containment containment;
        boolean recalled; // from before a restart
        Instant nextTry;
        Duration retry = FIRST_RETRY;
        boolean underWay;

        Held(Containment containment) {
            this.containment = containment;
            this.nextTry = containment.due().orElse(Instant.MAX);
        }
    }

    private final Journal journal;
    private final Actuators actuators;
    private final InstantSource clock;
    private final Map<Key, Held> held = new HashMap<>(); // guarded by this
    private Ends ends = (response, step, outcome) -> {}; // guarded by this

    Containments(Journal journal, Actuators actuators, InstantSource clock) {
        this.journal = journal;
        this.actuators = actuators;
        this.clock = clock;
    }

    /** From now on. */
    synchronized void tellEnds(Ends to) {
        ends = to;
    }

    /**
     * Written down before a step changes anything; again when it changes more, and when it goes on after a restart: what it
     * has said before stays. Blocks until it is on the disk, for what outlives this machine (decision 3).
     *
     * @throws JournalUnavailable when it cannot be; then nothing may be changed
     * @throws IllegalStateException when it is to be taken back already; then nothing more may be changed
     */
    void prepare(String response, String step, Action.TakeBack prepared) {
        long written = written(response, step, prepared);
        if (outlivesThisMachine(prepared.target())) {
            try {
                journal.durable(written).toCompletableFuture().join();
            } catch (CompletionException failed) {
                throw new JournalUnavailable("it could not be put on the disk: " + failed.getMessage(), failed);
            }
        }
    }

    /** What is done to a process or a container of this machine ends with it at the latest. */
    static boolean outlivesThisMachine(Asset target) {
        return switch (target) {
            case ProcessRef process -> false;
            case ContainerRef container -> false;
            case PodRef pod -> true;
            case NodeRef node -> true;
            case ObjectRef object -> true;
            case WorkloadRef workload -> true;
            case EndpointRef endpoint -> true;
        };
    }

    private synchronized long written(String response, String step, Action.TakeBack prepared) {
        Held before = held.get(new Key(response, step));
        if (before != null && (before.underWay || isReleased(before.containment))) {
            // What is taken back now knows nothing of a further change, and would leave it in force for ever
            throw new IllegalStateException("it is being taken back already");
        }
        Instant now = clock.instant();
        Action.TakeBack undo = before == null ? prepared : withWhatWasSaid(before.containment.undo(), prepared);
        Optional<Instant> due = undo.parameters().time("for").map(now::plus);
        long last = journal.append(new JournalEntry.UndoPrepared(response, step, undo, due));
        remember(new Containment(response, step, undo, now, due, Optional.empty()));
        return last;
    }

    private static boolean isReleased(Containment one) {
        return one.undo().before().containsKey(Action.TakeBack.RELEASED);
    }

    private static Action.TakeBack withWhatWasSaid(Action.TakeBack before, Action.TakeBack now) {
        Map<String, String> all = new HashMap<>(before.before());
        all.putAll(now.before());
        return new Action.TakeBack(now.taken(), all);
    }

    private synchronized void remember(Containment containment) {
        Held before = held.get(new Key(containment.response(), containment.step()));
        Held now = new Held(containment);
        now.recalled = before != null && before.recalled;
        held.put(new Key(containment.response(), containment.step()), now);
    }

    /** One that was in force before a restart. */
    synchronized void recall(Containment containment) {
        Held before = new Held(containment);
        before.recalled = true;
        held.put(new Key(containment.response(), containment.step()), before);
    }

    /** Whether the step had come that far before a restart: what it finds there now is its own work. */
    synchronized boolean isFromBefore(String response, String step) {
        Held one = held.get(new Key(response, step));
        return one != null && one.recalled;
    }

    /** To be told of each end of a step that was carried out. One that changed nothing leaves nothing to take back. */
    void ended(String response, String step, Action action, Outcome outcome) {
        switch (outcome) {
            case Outcome.AlreadySo so -> {
                forget(response, step);
                putOff(action);
            }
            case Outcome.TargetGone gone -> forget(response, step);
            case Outcome.Withheld withheld -> {
                if (!isFromBefore(response, step)) {
                    forget(response, step);
                }
            }
            case Outcome.Done done -> {}
            case Outcome.Failed failed -> {} // who knows how far it came
            case Outcome.WouldAct would -> {}
        }
    }

    private void forget(String response, String step) {
        forget(new Key(response, step), new Outcome.AlreadySo("nothing had been changed"));
    }

    private synchronized void forget(Key key, Outcome end) {
        if (held.containsKey(key)) {
            ends.ended(key.response(), key.step(), end);
            held.remove(key);
        }
    }

    /** The same was wanted again while it was in force: it lasts as long as the last who wanted it says. */
    private void putOff(Action action) {
        Optional<Instant> due = action.parameters().time("for").map(clock.instant()::plus);
        List<Containment> longer = new ArrayList<>();
        synchronized (this) {
            for (Held one : List.copyOf(held.values())) {
                Containment is = one.containment;
                if (due.isPresent()
                        && !one.underWay
                        && is.undo().type() == action.type()
                        && is.undo().target().display().equals(action.target().display())
                        && is.due().isPresent()
                        && is.due().get().isBefore(due.get())) {
                    Containment later =
                            new Containment(is.response(), is.step(), is.undo(), is.since(), due, is.trouble());
                    remember(later);
                    longer.add(later);
                }
            }
        }
        for (Containment one : longer) {
            journal.append(new JournalEntry.UndoPrepared(one.response(), one.step(), one.undo(), one.due()));
        }
    }

    /** Oldest first. */
    synchronized List<Containment> all() {
        return held.values().stream()
                .map(one -> one.containment)
                .sorted(Comparator.comparing(Containment::since).thenComparing(Containment::step))
                .toList();
    }

    /** What takes this step back, as long as it is in force. */
    synchronized Optional<Action.TakeBack> undoOf(String response, String step) {
        return Optional.ofNullable(held.get(new Key(response, step))).map(one -> one.containment.undo());
    }

    /** To be called several times a second: what is over is taken back. */
    void passTime() {
        Instant now = clock.instant();
        List<Containment> over = new ArrayList<>();
        synchronized (this) {
            for (Held one : held.values()) {
                if (!one.underWay && !one.nextTry.isAfter(now)) {
                    over.add(one.containment);
                }
            }
        }
        over.forEach(this::takeBack);
    }

    /** To be called now and then: what was changed of a pod alone is over when that very pod is gone for certain. */
    void passPods(ClusterFacts cluster) {
        // A pod that is younger than what the cluster was heard of last is not among those that are known
        Instant heardOf = clock.instant().minus(ClusterView.STALE);
        for (Containment one : all()) {
            if (isOfPodAlone(one.undo().type())
                    && one.since().isBefore(heardOf)
                    && one.undo().target() instanceof PodRef pod
                    && pod.uid().map(cluster::podWithUid).orElse(null) instanceof Answer.Gone<Pod>) {
                end(one, new Outcome.TargetGone("there is no " + pod.display() + " any more"));
            }
        }
    }

    private static boolean isOfPodAlone(ActionType type) {
        return type == ActionType.POD_LABEL || type == ActionType.POD_ANNOTATE;
    }

    private synchronized void end(Containment one, Outcome outcome) {
        Key key = new Key(one.response(), one.step());
        Held now = held.get(key);
        if (now != null && now.containment.equals(one) && !now.underWay) {
            journal.append(new JournalEntry.Undone(one.response(), one.step(), outcome));
            forget(key, outcome);
        }
    }

    /** What is in force is written again, so that it does not expire with the journal's old segments. */
    void writeAgain() {
        for (Containment one : all()) {
            journal.append(new JournalEntry.UndoPrepared(one.response(), one.step(), one.undo(), one.due()));
        }
    }

    /**
     * Takes back what a response has changed, before its time.
     *
     * @param step empty for all of its steps
     * @param by the name of who wants it
     * @return what became of each, by step; empty when nothing of it is in force
     */
    CompletionStage<Map<String, Outcome>> release(String response, Optional<String> step, String by) {
        Map<String, CompletableFuture<Outcome>> ends = new HashMap<>();
        for (Containment one : all()) {
            if (one.response().equals(response) && step.map(one.step()::equals).orElse(true)) {
                journal.append(new JournalEntry.Released(response, one.step(), by));
                ends.put(one.step(), takeBack(asked(one)).toCompletableFuture());
            }
        }
        return CompletableFuture.allOf(ends.values().toArray(CompletableFuture[]::new))
                .thenApply(all -> {
                    Map<String, Outcome> outcomes = new HashMap<>();
                    ends.forEach((name, end) -> outcomes.put(name, end.join()));
                    return outcomes;
                });
    }

    /** Begins to take one back, unless that is under way. Completes when it ended, never exceptionally. */
    CompletionStage<Outcome> takeBack(String response, String step) {
        Held one;
        synchronized (this) {
            one = held.get(new Key(response, step));
        }
        return one == null
                ? CompletableFuture.completedStage(new Outcome.Withheld("nothing of it is in force"))
                : takeBack(asked(one.containment));
    }

    /**
     * Somebody wants it taken back: that does not wait for its time, is no end of its time either, and is not forgotten when it
     * fails now.
     */
    private Containment asked(Containment one) {
        Map<String, String> before = new HashMap<>(one.undo().before());
        before.put(Action.TakeBack.RELEASED, "true");
        Containment now = new Containment(
                one.response(),
                one.step(),
                new Action.TakeBack(one.undo().taken(), before),
                one.since(),
                Optional.of(clock.instant()),
                one.trouble());
        synchronized (this) {
            Held held = this.held.get(new Key(one.response(), one.step()));
            if (held == null || held.underWay || isReleased(one)) {
                return one;
            }
            remember(now);
        }
        journal.append(new JournalEntry.UndoPrepared(now.response(), now.step(), now.undo(), now.due()));
        return now;
    }

    private CompletionStage<Outcome> takeBack(Containment wanted) {
        Containment containment;
        synchronized (this) {
            Held one = held.get(new Key(wanted.response(), wanted.step()));
            if (one == null || one.underWay) {
                return CompletableFuture.completedStage(new Outcome.Withheld("it is being taken back already"));
            }
            one.underWay = true;
            containment = one.containment; // more may have been said since
        }
        return actuators
                .takeBack(containment.undo(), clock.instant().plus(PATIENCE))
                .thenApply(outcome -> tried(containment, outcome));
    }

    private Outcome tried(Containment containment, Outcome outcome) {
        boolean stays = outcome instanceof Outcome.Failed;
        boolean first = true;
        synchronized (this) {
            Key key = new Key(containment.response(), containment.step());
            Held one = held.get(key);
            if (one != null && stays) {
                first = one.containment.trouble().isEmpty();
                Held again = new Held(new Containment(
                        containment.response(),
                        containment.step(),
                        containment.undo(),
                        containment.since(),
                        containment.due(),
                        Optional.of(((Outcome.Failed) outcome).reason())));
                again.nextTry = clock.instant().plus(one.retry);
                again.retry = one.retry.multipliedBy(2).compareTo(LONGEST_RETRY) > 0
                        ? LONGEST_RETRY
                        : one.retry.multipliedBy(2);
                held.put(key, again);
            } else {
                forget(key, outcome);
            }
        }
        if (first) { // the same failure over and over is no news
            try {
                journal.append(new JournalEntry.Undone(containment.response(), containment.step(), outcome));
            } catch (JournalUnavailable full) {
                LOG.errorv(full, "What became of undoing step {0} could not be written down", containment.step());
            }
        }
        return outcome;
    }
}
