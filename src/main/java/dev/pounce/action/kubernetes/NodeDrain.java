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

    /** @param ownNamespace of our own pods, which stay; empty if we are in no cluster */
    NodeDrain(Optional<String> ownNamespace) {
        this.ownNamespace = ownNamespace;
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

    private static Collection<Fate> evict(Attempt attempt, List<JsonNode> pods) {
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

    private static Fate fate(Attempt attempt, JsonNode pod, Optional<Share> least, Semaphore atOnce) throws StepEnds {
        PodRef ref = new PodRef(
                pod.path("metadata").path("namespace").asText(),
                pod.path("metadata").path("name").asText(),
                Optional.of(pod.path("metadata").path("uid").asText()));
        if (PodTerminate.deletion(pod).isEmpty()) {
            if (least.isPresent()) {
                Optional<String> few = awaitEnough(attempt, pod, least.get());
                if (few.isPresent()) {
                    return new Fate.Stays(name(pod), few.get());
                }
            }
            Optional<Fate> early = evicted(attempt, ref, atOnce);
            if (early.isPresent()) {
                return early.get();
            }
        }
        return attempt.rehearsal() || !attempt.parameters().flag("wait") ? new Fate.Leaving() : awaitGone(attempt, ref);
    }

    /** Empty when it was accepted. */
    private static Optional<Fate> evicted(Attempt attempt, PodRef ref, Semaphore atOnce) throws StepEnds {
        ObjectNode eviction =
                JSON.createObjectNode().put("apiVersion", "policy/v1").put("kind", "Eviction");
        eviction.putObject("metadata").put("name", ref.name()).put("namespace", ref.namespace());
        ObjectNode options = eviction.putObject("deleteOptions");
        options.putObject("preconditions").put("uid", ref.uid().orElseThrow());
        attempt.parameters()
                .time("grace")
                .ifPresent(grace -> options.put(
                        "gracePeriodSeconds", Math.max(1, grace.plusMillis(999).toSeconds())));
        Request request = Request.create(Attempt.path(ref).sub("eviction"), eviction.toString());
        while (true) {
            Reply reply;
            atOnce.acquireUninterruptibly();
            try {
                reply = attempt.tryChangeNow(request);
            } finally {
                atOnce.release();
            }
            switch (reply) {
                case Reply.Ok ok -> {
                    return Optional.empty();
                }
                case Reply.Refused refused
                when refused.isNotFound() -> {
                    return Optional.of(new Fate.Gone());
                }
                case Reply.Refused refused
                when refused.isPassing() || refused.isConflict() -> {
                    if (refused.isConflict() && isGone(attempt, ref)) {
                        return Optional.of(new Fate.Gone());
                    }
                    // Without holding a place: one that a budget keeps shall not keep others
                    Duration pause = refused.retryAfter().orElse(LONGEST_BETWEEN_LOOKS);
                    if (attempt.rehearsal() || !attempt.pause(pause)) {
                        return Optional.of(new Fate.Stays(ref.namespace() + "/" + ref.name(), why(refused)));
                    }
                }
                case Reply.Refused refused -> throw attempt.refusal(refused);
                case Reply.Unheard unheard -> {
                    if (!attempt.pause(LONGEST_BETWEEN_LOOKS)) {
                        return Optional.of(new Fate.Stays(ref.namespace() + "/" + ref.name(), unheard.why()));
                    }
                }
            }
        }
    }

    private static String why(Reply.Refused refused) {
        for (JsonNode cause : refused.details().path("causes")) {
            if (cause.path("reason").asText().equals("DisruptionBudget")) {
                return cause.path("message").asText();
            }
        }
        return refused.message();
    }

    /** Why it stays, if it does until the end. */
    private static Optional<String> awaitEnough(Attempt attempt, JsonNode pod, Share least) throws StepEnds {
        Optional<Owner> owner = replicaSet(pod);
        if (owner.isEmpty()) {
            return Optional.empty();
        }
        while (true) {
            Optional<JsonNode> set = attempt.read(owner.get().path());
            if (set.isEmpty()) {
                return Optional.empty(); // it is going with all that it has
            }
            int wanted = set.get().path("spec").path("replicas").asInt(1);
            int ready = set.get().path("status").path("readyReplicas").asInt(0);
            int stay = PodTerminate.isReady(pod) ? ready - 1 : ready;
            int needed = least.atLeastOf(wanted);
            if (stay >= needed) {
                return Optional.empty();
            }
            if (attempt.rehearsal() || !attempt.pause(LONGEST_BETWEEN_LOOKS)) {
                return Optional.of("of " + owner.get().display() + " " + Math.max(stay, 0) + " would stay ready, and "
                        + needed + " have to");
            }
        }
    }

    private static Fate awaitGone(Attempt attempt, PodRef ref) throws StepEnds {
        Duration pause = FIRST_LOOK;
        while (true) {
            if (isGone(attempt, ref)) {
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

    private static boolean isGone(Attempt attempt, PodRef ref) throws StepEnds {
        return attempt.read(Attempt.path(ref))
                .filter(now -> ref.uid()
                        .orElseThrow()
                        .equals(now.path("metadata").path("uid").asText()))
                .isEmpty();
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
