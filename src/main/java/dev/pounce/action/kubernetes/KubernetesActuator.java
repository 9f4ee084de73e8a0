package dev.pounce.action.kubernetes;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.Turns;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Carries out every step on pods, workloads and nodes by asking the API server.
 *
 * <p>Each target with something to do has a virtual thread; one that is slow delays no other. What bounds the load is the
 * number of requests on their way at once. What was asked for and not answered is looked for before an outcome is told. Holds
 * nothing from one step to the next; thread-safe.
 */
public final class KubernetesActuator implements RemoteActuator {

    private static final int MOST_STEPS = 50_000;
    private static final int MOST_REQUESTS = 256;

    /** More on their way at once get no more done: each has a connection of its own, and the server's time is divided. */
    private static final int MOST_PROMPT_REQUESTS = 32;

    /** What takes longer waits for something of its own, such as a webhook, and keeps no other from being asked. */
    private static final Duration PROMPT = Duration.ofMillis(300);

    private static final Duration END = Duration.ofSeconds(2);

    private final Map<ActionType, ClusterStep> steps;
    private final Attempt.Means means;
    private final InstantSource clock;
    private final Turns turns;
    private final Semaphore requests = new Semaphore(MOST_REQUESTS, true);
    private final Semaphore prompt = new Semaphore(MOST_PROMPT_REQUESTS, true);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ScheduledThreadPoolExecutor timer;
    private final ClusterEvents events;

    /**
     * @param random for the time between two tries, and names of Events
     * @param instance who we are, such as the name of our pod, for Events
     * @param knownLabels of a pod, as they were a moment ago; empty when that is not known, and then the server is asked
     * @param ownNode empty when this engine cannot ask its node's kernel
     */
    public KubernetesActuator(
            ClusterAccess cluster,
            InstantSource clock,
            RandomGenerator random,
            String instance,
            Function<PodRef, Optional<Map<String, String>>> knownLabels,
            Optional<OwnNode> ownNode) {
        this.clock = clock;
        this.turns = new Turns("cluster", MOST_STEPS, clock);
        BiFunction<Request, Instant, Reply> api = cluster.api()::send;
        this.means = new Attempt.Means((request, until) -> bounded(api, request, until), clock, random, this::pause);
        this.steps = ClusterSteps.all(cluster, knownLabels, ownNode);
        this.timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "pounce-cluster-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        this.events = new ClusterEvents(api, clock, random, () -> turns.accepted() > 0, instance);
    }

    /** The steps that it carries out. */
    public Set<ActionType> types() {
        return Set.copyOf(steps.keySet());
    }

    /** How many Events on what it changed could not be sent. */
    public long lostEvents() {
        return events.dropped();
    }

    @Override
    public CompletionStage<Outcome> carryOut(
            Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
        return turns.take(action.target().display(), deadline, () -> {
            Attempt attempt = Attempt.toCarryOut(means, action, why, deadline, beforeChange);
            return told(attempt, false, concluded(attempt, step(action)::carryOut));
        });
    }

    @Override
    public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
        return turns.take(
                action.target().display(),
                deadline,
                () -> concluded(Attempt.toRehearse(means, action, why, deadline), step(action)::carryOut));
    }

    @Override
    public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
        return turns.take(undo.target().display(), deadline, () -> {
            Attempt attempt = Attempt.toTakeBack(means, undo, deadline);
            return told(
                    attempt, true, concluded(attempt, same -> step(undo.taken()).takeBack(undo, same)));
        });
    }

    @Override
    public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
        return turns.take(
                action.target().display(),
                deadline,
                () -> concluded(Attempt.toObserve(means, action, deadline), step(action)::observe));
    }

    private ClusterStep step(Action.OnCluster action) {
        ClusterStep step = steps.get(action.type());
        if (step == null) {
            throw new IllegalStateException(action.verb() + " is not for the cluster's actuator");
        }
        return step;
    }

    @FunctionalInterface
    private interface Doing {
        Outcome on(Attempt attempt) throws StepEnds;
    }

    private Outcome concluded(Attempt attempt, Doing doing) {
        try {
            return doing.on(attempt);
        } catch (StepEnds ends) {
            return ends.isUnheard() && attempt.changed() ? looked(attempt, ends.outcome()) : ends.outcome();
        }
    }

    /** The server may have done what it did not answer. */
    private Outcome looked(Attempt attempt, Outcome unheard) {
        String why = unheard instanceof Outcome.Failed failed ? failed.reason() : unheard.toString();
        if (attempt.why().isEmpty()) {
            return new Outcome.Failed("it is not known whether it was taken back: " + why, true);
        }
        Outcome seen;
        try {
            seen = step(attempt.action()).observe(attempt);
        } catch (StepEnds blind) {
            seen = blind.outcome();
        }
        return switch (seen) {
            case Outcome.Done done -> new Outcome.Done(done.observed() + "; found by looking, no answer came");
            case Outcome.AlreadySo already ->
                new Outcome.Done(already.observed() + "; found by looking, no answer came");
            case Outcome.TargetGone gone -> gone;
            case Outcome.Failed failed ->
                new Outcome.Failed(
                        "it is not known whether it was carried out: " + why + "; looked for: " + failed.reason(),
                        true);
            case Outcome.Withheld withheld -> withheld;
            case Outcome.WouldAct notThere -> new Outcome.Failed("it was not carried out: " + why, true);
        };
    }

    private Outcome told(Attempt attempt, boolean takenBack, Outcome outcome) {
        events.tell(attempt, takenBack, outcome);
        return outcome;
    }

    private Reply bounded(BiFunction<Request, Instant, Reply> api, Request request, Instant until) {
        if (!taken(requests, until)) {
            return notSent();
        }
        try {
            return taken(prompt, until) ? prompt(api, request, until) : notSent();
        } finally {
            requests.release();
        }
    }

    private Reply prompt(BiFunction<Request, Instant, Reply> api, Request request, Instant until) {
        AtomicBoolean returned = new AtomicBoolean();
        Runnable giveBack = () -> {
            if (returned.compareAndSet(false, true)) {
                prompt.release();
            }
        };
        Future<?> slow = timer.schedule(giveBack, PROMPT.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return api.apply(request, until);
        } finally {
            slow.cancel(false);
            giveBack.run();
        }
    }

    private boolean taken(Semaphore permits, Instant until) {
        try {
            return permits.tryAcquire(Duration.between(clock.instant(), until).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static Reply notSent() {
        return new Reply.Unheard(
                Thread.currentThread().isInterrupted()
                        ? "the engine ends"
                        : "too many requests were on their way to the API server");
    }

    private boolean pause(Duration time) {
        try {
            return !closing.await(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What waits ends now; what is on its way to the server has two seconds to be answered. */
    @Override
    public void close() {
        closing.countDown();
        turns.end(END);
        turns.close();
        events.close();
        timer.shutdownNow();
    }
}
