package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.action.Share;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * {@code node.drain}: no new pods first, then an eviction for each pod, with its uid, so that disruption budgets are asked;
 * what a budget refuses is asked again until the end. Pods of one ReplicaSet go one after the other when some have to stay
 * ready, and all others beside each other.
 */
final class NodeDrain implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MIRROR = "kubernetes.io/config.mirror";

    /** Evictions and looks that are under way at once, for one node. */
    private static final int AT_ONCE = 16;

    private static final Duration FIRST_LOOK = Duration.ofMillis(100);
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final int MOST_NAMED = 10;

    private final Optional<String> ownNamespace;
    private final Replicas replicas;

    /** @param ownNamespace of our own pods, which stay; empty if we are in no cluster */
    NodeDrain(Optional<String> ownNamespace, Replicas replicas) {
        this.ownNamespace = ownNamespace;
        this.replicas = replicas;
    }

    /** What became of one pod. */
    private sealed interface Fate {
        record Gone() implements Fate {}

        /** Evicted, and on its way. */
        record Leaving() implements Fate {}

        record Stays(String name, String why) implements Fate {}
    }

    /** @param skipped how many, by why */
    private record Choice(List<JsonNode> toGo, Map<String, Integer> skipped) {
        String skippedText() {
            List<String> parts = new ArrayList<>();
            skipped.forEach((why, count) -> parts.add(count + " " + why));
            return parts.isEmpty() ? "" : "; left where they are: " + String.join(", ", parts);
        }
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        NodeRef node = NodeTarget.of(attempt);
        Outcome cordon = NodeCordon.cordon(attempt, node);
        if (cordon instanceof Outcome.Failed || cordon instanceof Outcome.TargetGone) {
            return cordon;
        }
        Choice choice = choice(attempt, node);
        if (choice.toGo().isEmpty()) {
            String text = node.display() + " takes no new pods and has none to evict" + choice.skippedText();
            return cordon instanceof Outcome.AlreadySo ? new Outcome.AlreadySo(text) : attempt.done(text);
        }
        Collection<Fate> fates = evict(attempt, choice.toGo());
        List<Fate.Stays> stay = fates.stream()
                .filter(Fate.Stays.class::isInstance)
                .map(Fate.Stays.class::cast)
                .toList();
        long leaving = fates.stream().filter(Fate.Leaving.class::isInstance).count();
        long gone = fates.size() - stay.size() - leaving;
        String text = node.display() + " takes no new pods; of " + fates.size() + " "
                + (attempt.rehearsal() ? "would be evicted " + leaving : "gone " + gone)
                + (leaving > 0 && !attempt.rehearsal() ? ", leaving " + leaving : "")
                + choice.skippedText();
        if (stay.isEmpty()) {
            return attempt.done(text);
        }
        text += "; not evicted " + stay.size() + ": " + named(stay);
        return attempt.parameters().flag("ignoreErrors") ? attempt.done(text) : new Outcome.Failed(text, true);
    }

    private static String named(List<Fate.Stays> stay) {
        List<String> names = stay.stream()
                .sorted(Comparator.comparing(Fate.Stays::name))
                .limit(MOST_NAMED)
                .map(one -> one.name() + " (" + one.why() + ")")
                .toList();
        return String.join(", ", names)
                + (stay.size() > MOST_NAMED ? " and " + (stay.size() - MOST_NAMED) + " more" : "");
    }

    private Choice choice(Attempt attempt, NodeRef node) throws StepEnds {
        JsonNode list = attempt.read(
                        Request.get(ApiPath.core("pods")).with("fieldSelector", "spec.nodeName=" + node.name()))
                .orElseThrow(() -> StepEnds.failedForNow("the API server lists no pods"));
        List<JsonNode> toGo = new ArrayList<>();
        Map<String, Integer> skipped = new TreeMap<>();
        for (JsonNode pod : list.path("items")) {
            Optional<String> why = whyItStays(attempt, pod);
            if (why.isPresent()) {
                skipped.merge(why.get(), 1, Integer::sum);
            } else {
                toGo.add(pod);
            }
        }
        return new Choice(toGo, skipped);
    }

    private Optional<String> whyItStays(Attempt attempt, JsonNode pod) {
        JsonNode metadata = pod.path("metadata");
        String namespace = metadata.path("namespace").asText();
        String owner = Owner.of(pod).map(Owner::kind).orElse("");
        if (metadata.path("annotations").has(MIRROR)) {
            return Optional.of("static");
        }
        if (owner.equals("DaemonSet") && attempt.parameters().flag("ignoreDaemonSets")) {
            return Optional.of("of DaemonSets");
        }
        if (owner.equals("StatefulSet") && attempt.parameters().flag("ignoreStatefulSets")) {
            return Optional.of("of StatefulSets");
        }
        // By its namespace too: any pod can have a label
        if (ownNamespace.filter(namespace::equals).isPresent()
                && metadata.path("labels")
                        .path("app.kubernetes.io/name")
                        .asText()
                        .equals(Ours.POUNCE)) {
            return Optional.of("our own");
        }
        if (attempt.parameters().words("excludeNamespaces").contains(namespace)) {
            return Optional.of("of excluded namespaces");
        }
        String phase = pod.path("status").path("phase").asText();
        return phase.equals("Succeeded") || phase.equals("Failed") ? Optional.of("ended") : Optional.empty();
    }

    private Collection<Fate> evict(Attempt attempt, List<JsonNode> pods) {
        Optional<Share> least = attempt.parameters().share("minHealthy");
        Map<String, List<JsonNode>> lanes = new LinkedHashMap<>();
        for (JsonNode pod : pods) {
            String uid = pod.path("metadata").path("uid").asText();
            String lane = least.isPresent() ? replicaSet(pod).map(Owner::uid).orElse(uid) : uid;
            lanes.computeIfAbsent(lane, none -> new ArrayList<>()).add(pod);
        }
        Collection<Fate> fates = new ConcurrentLinkedQueue<>();
        Semaphore atOnce = new Semaphore(AT_ONCE);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            lanes.values()
                    .forEach(lane -> threads.execute(() -> lane.forEach(pod -> {
                        try {
                            fates.add(fate(attempt, pod, least, atOnce));
                        } catch (StepEnds ends) {
                            fates.add(new Fate.Stays(
                                    name(pod),
                                    ends.outcome() instanceof Outcome.Failed failed ? failed.reason() : "unknown"));
                        } catch (RuntimeException bug) {
                            fates.add(new Fate.Stays(name(pod), "a bug of ours: " + bug));
                        }
                    })));
        }
        return fates;
    }

    private static Optional<Owner> replicaSet(JsonNode pod) {
        return Owner.of(pod).filter(owner -> owner.isOf("apps", "ReplicaSet"));
    }

    private static String name(JsonNode pod) {
        return pod.path("metadata").path("namespace").asText() + "/"
                + pod.path("metadata").path("name").asText();
    }

    private Fate fate(Attempt attempt, JsonNode pod, Optional<Share> least, Semaphore atOnce) throws StepEnds {
        PodRef ref = new PodRef(
                pod.path("metadata").path("namespace").asText(),
                pod.path("metadata").path("name").asText(),
                Optional.of(pod.path("metadata").path("uid").asText()));
        if (PodTerminate.deletion(pod).isEmpty()) {
            Optional<Fate> early = evicted(attempt, pod, ref, least, atOnce);
            if (early.isPresent()) {
                return early.get();
            }
        }
        return attempt.rehearsal() || !attempt.parameters().flag("wait") ? new Fate.Leaving() : awaitGone(attempt, ref);
    }

    /** What asking once for an eviction came to. */
    private sealed interface Asked {
        record Accepted() implements Asked {}

        record NoMore() implements Asked {}

        record Later(String why, Duration pause) implements Asked {}
    }

    /** Empty when it was accepted. */
    private Optional<Fate> evicted(Attempt attempt, JsonNode pod, PodRef ref, Optional<Share> least, Semaphore atOnce)
            throws StepEnds {
        Request request = eviction(attempt, ref);
        Optional<Owner> counted = least.flatMap(share -> replicaSet(pod));
        while (true) {
            Asked asked = counted.isEmpty()
                    ? asked(attempt, ref, request, atOnce)
                    : replicas.alone(attempt, counted.get(), () -> {
                        Optional<Asked> few = tooFew(attempt, pod, counted.get(), least.orElseThrow());
                        return few.isPresent() ? few.get() : asked(attempt, ref, request, atOnce);
                    });
            switch (asked) {
                case Asked.Accepted accepted -> {
                    return Optional.empty();
                }
                case Asked.NoMore gone -> {
                    return Optional.of(new Fate.Gone());
                }
                case Asked.Later(String why, Duration pause) -> {
                    // Without holding a place or a turn: one that a budget keeps shall not keep others
                    if (attempt.rehearsal() || !attempt.pause(pause)) {
                        return Optional.of(new Fate.Stays(ref.namespace() + "/" + ref.name(), why));
                    }
                }
            }
        }
    }

    private static Request eviction(Attempt attempt, PodRef ref) {
        ObjectNode eviction =
                JSON.createObjectNode().put("apiVersion", "policy/v1").put("kind", "Eviction");
        eviction.putObject("metadata").put("name", ref.name()).put("namespace", ref.namespace());
        ObjectNode options = eviction.putObject("deleteOptions");
        options.putObject("preconditions").put("uid", ref.uid().orElseThrow());
        attempt.parameters()
                .time("grace")
                .ifPresent(grace -> options.put(
                        "gracePeriodSeconds", Math.max(1, grace.plusMillis(999).toSeconds())));
        return Request.create(Attempt.path(ref).sub("eviction"), eviction.toString());
    }

    private static Asked asked(Attempt attempt, PodRef ref, Request request, Semaphore atOnce) throws StepEnds {
        Reply reply;
        atOnce.acquireUninterruptibly();
        try {
            reply = attempt.tryChangeNow(request);
        } finally {
            atOnce.release();
        }
        return switch (reply) {
            case Reply.Ok ok -> new Asked.Accepted();
            case Reply.Refused refused when refused.isNotFound() -> new Asked.NoMore();
            case Reply.Refused refused
            when refused.isPassing() || refused.isConflict() ->
                refused.isConflict() && PodTerminate.isGone(attempt, ref)
                        ? new Asked.NoMore()
                        : new Asked.Later(why(refused), refused.retryAfter().orElse(LONGEST_BETWEEN_LOOKS));
            case Reply.Refused refused -> throw attempt.refusal(refused);
            case Reply.Unheard unheard -> new Asked.Later(unheard.why(), LONGEST_BETWEEN_LOOKS);
        };
    }

    private static String why(Reply.Refused refused) {
        for (JsonNode cause : refused.details().path("causes")) {
            if (cause.path("reason").asText().equals("DisruptionBudget")) {
                return cause.path("message").asText();
            }
        }
        return refused.message();
    }

    private static Optional<Asked> tooFew(Attempt attempt, JsonNode pod, Owner owner, Share least) throws StepEnds {
        // One that is gone is going with all that it has
        return Replicas.without(attempt, pod, owner)
                .filter(left -> left.stay() < least.atLeastOf(left.wanted()))
                .map(left -> new Asked.Later(
                        "of " + owner.display() + " " + left.stay() + " would stay ready, and "
                                + least.atLeastOf(left.wanted()) + " have to",
                        LONGEST_BETWEEN_LOOKS));
    }

    private static Fate awaitGone(Attempt attempt, PodRef ref) throws StepEnds {
        Duration pause = FIRST_LOOK;
        while (true) {
            if (PodTerminate.isGone(attempt, ref)) {
                return new Fate.Gone();
            }
            if (!attempt.pause(pause)) {
                return new Fate.Stays(ref.namespace() + "/" + ref.name(), "evicted and still ending");
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_BETWEEN_LOOKS) > 0
                    ? LONGEST_BETWEEN_LOOKS
                    : pause.multipliedBy(2);
        }
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        return new NodeCordon().takeBack(undo, attempt);
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        NodeRef node = NodeTarget.of(attempt);
        Outcome cordon = new NodeCordon().observe(attempt);
        if (!(cordon instanceof Outcome.AlreadySo)) {
            return cordon;
        }
        Choice left = choice(attempt, node);
        return left.toGo().isEmpty()
                ? new Outcome.AlreadySo(node.display() + " takes no new pods and has none to evict")
                : new Outcome.Failed(node.display() + " has " + left.toGo().size() + " pods to evict", true);
    }
}
