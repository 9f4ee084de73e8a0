package dev.pounce.action.evidence;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.Turns;
import dev.pounce.asset.Answer;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Api;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Keeps what will be gone soon. One thing that cannot be had does not lose the others; what was kept and what was not is told by
 * name, with bytes and hash, and never by content. Changes nothing in the cluster, so that nothing is ever taken back.
 */
public final class EvidenceActuator implements RemoteActuator {

    private static final int MOST_STEPS = 10_000;

    /** Each may hold a part of an upload in memory. */
    private static final int MOST_AT_ONCE = 8;

    /** Of these: a recording lasts for minutes, and what a pod that dies leaves behind does not wait. */
    private static final int MOST_RECORDINGS = 4;

    private static final String NO_CLUSTER = "this engine has no way to a cluster";

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final Optional<Api> api; // empty on a machine that belongs to no cluster
    private final Collectors collectors;
    private final EvidenceStores stores;
    private final Function<ContainerRef, Answer<PodRef>> pods;
    private final InstantSource clock;
    private final Turns turns;
    private final Semaphore atOnce = new Semaphore(MOST_AT_ONCE, true);
    private final Semaphore recordings = new Semaphore(MOST_RECORDINGS, true);

    /**
     * @param node what this machine can tell of the containers on it
     * @param pods whose container this is, for detections that name no pod
     */
    public EvidenceActuator(
            Api api,
            ContainerStreams streams,
            NodeEvidence node,
            EvidenceStores stores,
            Function<ContainerRef, Answer<PodRef>> pods,
            InstantSource clock) {
        this(Optional.of(api), new Collectors(Optional.of(streams), node), stores, pods, clock);
    }

    /** For a machine that belongs to no cluster: of its containers, what it can tell by itself. */
    public static EvidenceActuator withoutCluster(NodeEvidence node, EvidenceStores stores, InstantSource clock) {
        return new EvidenceActuator(
                Optional.empty(),
                new Collectors(Optional.empty(), node),
                stores,
                container -> new Answer.Unknown<>(NO_CLUSTER),
                clock);
    }

    private EvidenceActuator(
            Optional<Api> api,
            Collectors collectors,
            EvidenceStores stores,
            Function<ContainerRef, Answer<PodRef>> pods,
            InstantSource clock) {
        this.api = api;
        this.collectors = collectors;
        this.stores = stores;
        this.pods = pods;
        this.clock = clock;
        this.turns = new Turns("evidence", MOST_STEPS, clock);
    }

    @Override
    public CompletionStage<Outcome> carryOut(
            Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
        Supplier<Outcome> collecting = () -> among(atOnce, deadline, () -> collect(action, why, deadline, false));
        return Collectors.isRecording(action)
                ? turns.take(
                        "recordings of " + action.target().display(),
                        deadline,
                        () -> among(recordings, deadline, collecting))
                : turns.take(action.target().display(), deadline, collecting);
    }

    @Override
    public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
        return turns.take(
                action.target().display(),
                deadline,
                () -> among(atOnce, deadline, () -> collect(action, why, deadline, true)));
    }

    @Override
    public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
        return turns.take(
                undo.target().display(),
                deadline,
                () -> new Outcome.Withheld("what was kept is not thrown away again"));
    }

    @Override
    public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
        return turns.take(
                action.target().display(),
                deadline,
                () -> new Outcome.Failed(
                        "whether all of it was kept is not known; what has a description beside it is whole", false));
    }

    private Outcome among(Semaphore few, Instant deadline, Supplier<Outcome> work) {
        try {
            if (!few.tryAcquire(Duration.between(clock.instant(), deadline).toMillis(), TimeUnit.MILLISECONDS)) {
                return new Outcome.Failed("nothing was begun: too much is being kept at once", true);
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return new Outcome.Failed("nothing was begun: the engine ends", true);
        }
        try {
            return work.get();
        } finally {
            few.release();
        }
    }

    private Outcome collect(Action.OnCluster action, Circumstances why, Instant deadline, boolean rehearsal) {
        Optional<Outcome> notYet = Collectors.objection(action);
        if (notYet.isPresent()) {
            return notYet.get();
        }
        EvidenceStore store;
        try {
            store = stores.named(action.parameters().text("to"));
        } catch (IllegalArgumentException wrong) {
            return new Outcome.Failed(String.valueOf(wrong.getMessage()), false);
        }
        Optional<ContainerRef> seen =
                action.target() instanceof ContainerRef container ? Optional.of(container) : why.container();
        return switch (find(action, why, deadline)) {
            case Found.Nothing(Outcome outcome) -> outcome;
            case Found.Pod(PodInSight pod) -> {
                Collection collection = new Collection(action, why, deadline, pod, seen, store, this::look, clock);
                yield rehearsal ? rehearsed(collection, store, deadline) : collectors.collect(collection);
            }
        };
    }

    private Outcome rehearsed(Collection collection, EvidenceStore store, Instant deadline) {
        Outcome would = collectors.rehearse(collection);
        if (!(would instanceof Outcome.WouldAct(String what))) {
            return would;
        }
        return switch (store.readiness(deadline)) {
            case EvidenceStore.Readiness.Ready ready ->
                new Outcome.WouldAct("would keep " + what + " in " + store.at(collection.folder()));
            case EvidenceStore.Readiness.Unsure(String doubt) ->
                new Outcome.WouldAct("would keep " + what + " in " + store.at(collection.folder())
                        + "; whether it may be written there shows then: " + doubt);
            case EvidenceStore.Readiness.Unusable(String trouble, boolean retryable) ->
                new Outcome.Failed("nothing could be kept: " + trouble, retryable);
        };
    }

    private sealed interface Found {
        record Pod(PodInSight pod) implements Found {}

        record Nothing(Outcome outcome) implements Found {}
    }

    private Found find(Action.OnCluster action, Circumstances why, Instant deadline) {
        PodRef ref;
        if (action.target() instanceof NodeRef node) {
            return new Found.Pod(PodInSight.ofNode(node));
        }
        if (action.target() instanceof ContainerRef container) {
            switch (pods.apply(container)) {
                case Answer.Known<PodRef>(PodRef known) -> ref = known;
                // What the node tells by itself needs no pod
                case Answer.Gone<PodRef> gone
                when Collectors.isOfNode(action) -> {
                    return new Found.Pod(PodInSight.unknown(container));
                }
                case Answer.Unknown<PodRef> unknown
                when Collectors.isOfNode(action) -> {
                    return new Found.Pod(PodInSight.unknown(container));
                }
                case Answer.Gone<PodRef> gone -> {
                    return nothing(new Outcome.TargetGone("no pod has " + container.display() + " any more"));
                }
                case Answer.Unknown<PodRef>(String unknown) -> {
                    return nothing(new Outcome.Withheld(
                            "whose " + container.display() + " is could not be found out: " + unknown));
                }
            }
        } else {
            ref = (PodRef) action.target();
        }
        if (api.isEmpty()) {
            return nothing(new Outcome.Withheld(NO_CLUSTER));
        }
        return switch (ask(ref, deadline)) {
            case Reply.Ok ok -> found(ref, ok.body(), why);
            case Reply.Refused refused
            when refused.isNotFound() -> nothing(new Outcome.TargetGone("there is no " + ref.display() + " any more"));
            case Reply.Refused refused ->
                nothing(new Outcome.Failed(
                        "the API server refused (" + refused.code() + "): " + refused.message(), refused.isPassing()));
            case Reply.Unheard(String unheard) -> nothing(new Outcome.Failed(unheard, true));
        };
    }

    private static Found found(PodRef ref, JsonNode body, Circumstances why) {
        PodInSight pod = PodInSight.of(body);
        boolean another = ref.uid().isPresent()
                ? !ref.uid().equals(pod.ref().uid())
                // The server writes whole seconds, rounded down
                : created(body).map(at -> at.isAfter(why.seen())).orElse(true);
        return another
                ? nothing(new Outcome.TargetGone("another pod has the name of " + ref.display() + " now"))
                : new Found.Pod(pod);
    }

    private static Optional<Instant> created(JsonNode pod) {
        try {
            return Optional.of(
                    Instant.parse(pod.path("metadata").path("creationTimestamp").asText()));
        } catch (DateTimeException odd) {
            return Optional.empty();
        }
    }

    private static Found nothing(Outcome outcome) {
        return new Found.Nothing(outcome);
    }

    /** Empty when nobody can say at the moment. */
    private Optional<PodInSight> look(PodRef ref, Instant deadline) {
        return ask(ref, deadline) instanceof Reply.Ok ok ? Optional.of(PodInSight.of(ok.body())) : Optional.empty();
    }

    private Reply ask(PodRef ref, Instant deadline) {
        Request request = Request.get(ApiPath.core("pods").in(ref.namespace()).named(ref.name()));
        Duration pause = FIRST_PAUSE;
        while (true) {
            Reply reply = api.orElseThrow().send(request, deadline);
            boolean again =
                    switch (reply) {
                        case Reply.Ok ok -> false;
                        case Reply.Refused refused -> refused.isPassing();
                        case Reply.Unheard unheard -> true;
                    };
            Duration wait = reply instanceof Reply.Refused refused
                    ? refused.retryAfter().orElse(pause)
                    : pause;
            if (!again || !clock.instant().plus(wait).isBefore(deadline)) {
                return reply;
            }
            try {
                Thread.sleep(wait);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                return reply;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /** The actions that this is for. */
    public static Set<ActionType> types() {
        return Collectors.TYPES;
    }

    @Override
    public void close() {
        turns.close();
    }
}
