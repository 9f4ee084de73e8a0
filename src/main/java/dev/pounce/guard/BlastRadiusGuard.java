package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Share;
import dev.pounce.asset.Answer;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.Pod;
import dev.pounce.cluster.Workload;
import dev.pounce.planning.Guards;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a set that limits itself from taking too much of a workload or namespace out of service. What it cannot find out it
 * denies.
 *
 * <p>Of a workload, whatever is not ready is out of service, whoever did that; and whatever was taken out by us, whichever set
 * wanted it, also when the cluster does not show it (yet): a pod that is isolated stays ready. In a namespace the pods count
 * that we have taken out in the last {@link #WINDOW}, or for as long as they are to stay out.
 *
 * <p>What an engine before this one took is found out again from the cluster. Where that cannot be told any more, it may be
 * more than anybody allows.
 *
 * <p>Rehearsals are counted apart. What it allows it takes for done. Any thread.
 */
public final class BlastRadiusGuard implements Guard {

    public static final Duration WINDOW = Duration.ofMinutes(10);

    private static final String NAME = "blast-radius";
    private static final int REMEMBERED = 10_000;

    private static final Set<String> PODS_GO_WITH = Set.of(
            "pods",
            "namespaces",
            "deployments.apps",
            "replicasets.apps",
            "statefulsets.apps",
            "daemonsets.apps",
            "replicationcontrollers",
            "jobs.batch",
            "cronjobs.batch");

    private record Key(String uid, boolean rehearsal) {}

    /** @param by null for what an engine before this one took */
    private record Taken(String namespace, Instant from, Instant until, ResponsePlan.@Nullable Step by) {}

    private record Recalled(Action action, Instant begun) {}

    /** Pods that a step takes out of service, or why that is not known. */
    private record Reach(List<Pod> pods, @Nullable String unknown) {
        static Reach unknown(String why) {
            return new Reach(List.of(), why);
        }
    }

    private final ClusterFacts facts;
    private final InstantSource clock;

    // Guarded by this
    private final LinkedHashMap<Key, Taken> taken = new LinkedHashMap<>();

    /** Whose pods are not known yet: the cluster is heard of some time after the start. */
    private final List<Recalled> recalled = new ArrayList<>();

    /** Of whose pods there is no telling which there were: they are gone by now. */
    private final List<Recalled> untold = new ArrayList<>();

    public BlastRadiusGuard(ClusterFacts facts, InstantSource clock) {
        this.facts = facts;
        this.clock = clock;
    }

    @Override
    public CompletableFuture<Void> prepare(ResponsePlan.Step step) {
        Action action = step.action();
        if (!takesOutOfService(action)) {
            return ClusterFacts.KNOWN;
        }
        boolean whole = isAboutWorkload(action);
        boolean ofEach = step.guards()
                .blastRadius()
                .flatMap(Guards.BlastRadius::shareOfWorkload)
                .isPresent();
        if (!whole && !ofEach) {
            return ClusterFacts.KNOWN;
        }
        CompletableFuture<Void> target = action.target() instanceof PodRef pod ? facts.lookUp(pod) : ClusterFacts.KNOWN;
        return target.thenCompose(known -> CompletableFuture.allOf((whole ? one(action.target()) : reachOf(action))
                .pods().stream().map(facts::lookUpWorkload).toArray(CompletableFuture[]::new)));
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        if (!takesOutOfService(step.action())) {
            return new Verdict.Allow();
        }
        Reach reach = reachOf(step.action());
        boolean limited = step.guards().blastRadius().isPresent();
        if (reach.unknown() != null) {
            return limited ? new Verdict.Deny(NAME, notKnown(step, reach.unknown())) : new Verdict.Allow();
        }
        Instant now = clock.instant();
        boolean rehearsal = step.mode() != Mode.ENFORCE;
        synchronized (this) {
            identify();
            forgetEnded(now);
            String reason = limited
                    ? objectionTo(step, step.guards().blastRadius().orElseThrow(), reach.pods(), rehearsal)
                    : null;
            if (reason != null) {
                return new Verdict.Deny(NAME, reason);
            }
            for (Pod pod : reach.pods()) {
                taken.putIfAbsent(
                        new Key(pod.uid(), rehearsal),
                        new Taken(pod.namespace(), now, until(step.action(), now), step));
            }
            makeRoom();
        }
        return new Verdict.Allow();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // this very step, and not one that is like it
    public synchronized void takeBack(ResponsePlan.Step step) {
        taken.values().removeIf(one -> one.by() == step);
    }

    @Override
    public synchronized void recall(Action action, Instant begun) {
        if (!takesOutOfService(action) || isOver(action, begun)) {
            return;
        }
        if (isOnOnePod(action)
                && action.target() instanceof PodRef pod
                && pod.uid().isPresent()) {
            take(pod.uid().get(), pod.namespace(), action, begun);
        } else {
            recalled.add(new Recalled(action, begun));
        }
        makeRoom();
    }

    private void identify() {
        recalled.removeIf(one -> {
            Reach reach = reachOf(one.action());
            // A pod that was made since has only taken the name
            List<Pod> theirs = reach.pods().stream()
                    .filter(pod -> !pod.created().isAfter(one.begun()))
                    .toList();
            theirs.forEach(pod -> take(pod.uid(), pod.namespace(), one.action(), one.begun()));
            if (reach.unknown() == null && (theirs.isEmpty() || !isTargetAllOfIt(one.action()))) {
                untold.add(one);
            }
            return reach.unknown() == null;
        });
        recalled.removeIf(one -> isOver(one.action(), one.begun()));
        untold.removeIf(one -> isOver(one.action(), one.begun()));
    }

    private boolean isOver(Action action, Instant begun) {
        return !clock.instant().isBefore(until(action, begun));
    }

    private void take(String uid, String namespace, Action action, Instant begun) {
        taken.putIfAbsent(new Key(uid, false), new Taken(namespace, begun, until(action, begun), null));
    }

    private static Instant until(Action action, Instant from) {
        Instant window = from.plus(WINDOW);
        Instant lease = from.plus(action.parameters().time("for").orElse(Duration.ZERO));
        return lease.isAfter(window) ? lease : window;
    }

    private static String notKnown(ResponsePlan.Step step, String what) {
        return what + ", and action set '" + step.actionSet() + "' limits how many pods may be taken out of service";
    }

    private @Nullable String objectionTo(
            ResponsePlan.Step step, Guards.BlastRadius limits, List<Pod> pods, boolean rehearsal) {
        String bySet = ", more than action set '" + step.actionSet() + "' allows: ";
        Set<String> namespaces = new LinkedHashSet<>();
        pods.stream().filter(pod -> !isTaken(pod, rehearsal)).forEach(pod -> namespaces.add(pod.namespace()));
        for (String namespace : namespaces) {
            Optional<Recalled> uncounted = fromBefore(namespace)
                    .filter(one -> !isOnOnePod(one.action())
                            // What is isolated looks as ready as before
                            && (limits.podsPerNamespace().isPresent()
                                    || one.action().type() == ActionType.POD_ISOLATE))
                    .findFirst();
            if (uncounted.isPresent()) {
                Action action = uncounted.get().action();
                return notKnown(
                        step,
                        "how many pods of namespace " + namespace + " are out of service since before the restart"
                                + " is not known (" + action.verb() + " of "
                                + action.target().display() + ")");
            }
        }
        if (limits.podsPerNamespace().isPresent()) {
            int most = limits.podsPerNamespace().get();
            for (String namespace : namespaces) {
                long before = fromBefore(namespace).count()
                        + taken.entrySet().stream()
                                .filter(one -> one.getValue().namespace().equals(namespace)
                                        && (rehearsal || !one.getKey().rehearsal()))
                                .map(one -> one.getKey().uid())
                                .distinct()
                                .count();
                long more = pods.stream()
                        .filter(pod -> pod.namespace().equals(namespace) && !isTaken(pod, rehearsal))
                        .count();
                if (before + more > most) {
                    return (before + more) + " pods of namespace " + namespace + " would be taken out of service in "
                            + WINDOW.toMinutes() + " minutes" + bySet + most;
                }
            }
        }
        return limits.shareOfWorkload().isPresent()
                ? aboutWorkloads(pods, limits.shareOfWorkload().get(), rehearsal, bySet)
                : null;
    }

    private @Nullable String aboutWorkloads(List<Pod> pods, Share share, boolean rehearsal, String bySet) {
        Set<String> lookedAt = new LinkedHashSet<>();
        for (Pod pod : pods) {
            String owner = pod.owner().map(one -> one.uid()).orElse(pod.uid());
            if (isTaken(pod, rehearsal) || !pod.ready() || !lookedAt.add(owner)) {
                continue; // it is out already: nothing changes
            }
            switch (facts.workloadOf(pod)) {
                case Answer.Unknown<Workload>(String why) -> {
                    return "how much of its workload is ready is not known (" + why + ")" + bySet + share.display();
                }
                case Answer.Gone<Workload> alone -> {
                    if (share.atMostOf(1) < 1) {
                        return pod.display() + " is all there is of it, and would be out of service" + bySet
                                + share.display();
                    }
                }
                case Answer.Known<Workload>(Workload workload) -> {
                    String reason = aboutWorkload(workload, pods, share, rehearsal, bySet);
                    if (reason != null) {
                        return reason;
                    }
                }
            }
        }
        return null;
    }

    private @Nullable String aboutWorkload(
            Workload workload, List<Pod> pods, Share share, boolean rehearsal, String bySet) {
        int whole = workload.desired()
                .orElseGet(() -> Math.toIntExact(
                        workload.pods().stream().filter(pod -> !pod.hasEnded()).count()));
        long serving = workload.pods().stream()
                .filter(pod -> pod.ready()
                        && !isTaken(pod, rehearsal)
                        && pods.stream().noneMatch(one -> one.uid().equals(pod.uid())))
                .count();
        long out = Math.max(0, whole - serving);
        int most = share.atMostOf(whole);
        return out > most
                ? out + " of " + whole + " pods of " + workload.display() + " would be out of service" + bySet
                        + share.display() + (share.percent() ? ", which is " + most : "")
                : null;
    }

    /** A rehearsal finds out what would be, beside what is. */
    private boolean isTaken(Pod pod, boolean rehearsal) {
        return taken.containsKey(new Key(pod.uid(), false))
                || (rehearsal && taken.containsKey(new Key(pod.uid(), true)));
    }

    private void forgetEnded(Instant now) {
        // A clock that was set back must not make it last longer
        taken.values().removeIf(one -> !now.isBefore(one.until()) || now.isBefore(one.from()));
    }

    private void makeRoom() {
        Iterator<Taken> oldest = taken.values().iterator();
        while (taken.size() > REMEMBERED) {
            oldest.next();
            oldest.remove();
        }
        while (recalled.size() > REMEMBERED) {
            recalled.removeFirst();
        }
    }

    /** Whose pods are, or may have been, of this namespace, and are not among {@link #taken}. */
    private Stream<Recalled> fromBefore(String namespace) {
        return Stream.concat(recalled.stream(), untold.stream())
                .filter(one -> namespaceOf(one.action()).map(namespace::equals).orElse(true));
    }

    private static Optional<String> namespaceOf(Action action) {
        if (action.type() == ActionType.NODE_DRAIN || action.type() == ActionType.NODE_TAINT) {
            return Optional.empty(); // also when aimed at one of its pods
        }
        return switch (action.target()) {
            case PodRef pod -> Optional.of(pod.namespace());
            case ObjectRef object when object.resource().equals("namespaces") -> Optional.of(object.name());
            case ObjectRef object -> object.namespace();
            default -> Optional.empty();
        };
    }

    private static boolean isOnOnePod(Action action) {
        return switch (action.type()) {
            case POD_TERMINATE, POD_QUARANTINE, NODE_ISOLATE_CONTAINER -> true;
            case POD_ISOLATE -> !isOnWorkload(action);
            default -> false;
        };
    }

    private static boolean isOnWorkload(Action action) {
        return action.parameters().text("scope").filter("workload"::equals).isPresent();
    }

    /** Whom it took is still to be seen, as long as its target is there; of the others, those are gone by now. */
    private static boolean isTargetAllOfIt(Action action) {
        return isOnOnePod(action) || action.type() == ActionType.POD_ISOLATE;
    }

    private static boolean isAboutWorkload(Action action) {
        return action.type() == ActionType.WORKLOAD_SCALE
                || (action.type() == ActionType.POD_ISOLATE && isOnWorkload(action));
    }

    private Reach reachOf(Action action) {
        return switch (action.type()) {
            case POD_TERMINATE, POD_QUARANTINE, NODE_ISOLATE_CONTAINER -> one(action.target());
            case POD_ISOLATE -> isOnWorkload(action) ? workload(action.target()) : one(action.target());
            case NODE_DRAIN -> onNode(action.target(), false);
            case NODE_TAINT -> onNode(action.target(), true);
            case OBJECT_DELETE -> deleted(action.target());
            case WORKLOAD_SCALE ->
                scaled(action.target(), action.parameters().number("replicas").orElse(0L));
            default -> new Reach(List.of(), null);
        };
    }

    private Reach one(Asset target) {
        return switch (podOf(target)) {
            case Answer.Known<Pod>(Pod pod) -> new Reach(List.of(pod), null);
            case Answer.Gone<Pod> gone ->
                Reach.unknown(target.display() + " is not (or not yet) among the cluster's pods");
            case Answer.Unknown<Pod>(String why) -> Reach.unknown(why);
        };
    }

    private Answer<Pod> podOf(Asset target) {
        return switch (target) {
            case PodRef pod ->
                pod.uid().isPresent() ? facts.podWithUid(pod.uid().get()) : facts.pod(pod.namespace(), pod.name());
            case ContainerRef container -> facts.podOfContainer(container.id());
            default -> new Answer.Unknown<>(target.display() + " is no pod");
        };
    }

    private Reach workload(Asset target) {
        Answer<Workload> found =
                switch (target) {
                    case ObjectRef object ->
                        facts.workload(object.resource(), object.namespace().orElse(""), object.name());
                    default ->
                        switch (podOf(target)) {
                            case Answer.Known<Pod>(Pod pod) -> facts.workloadOf(pod);
                            case Answer.Gone<Pod> gone ->
                                new Answer.Unknown<>(
                                        target.display() + " is not (or not yet) among the cluster's pods");
                            case Answer.Unknown<Pod>(String why) -> new Answer.Unknown<>(why);
                        };
                };
        return switch (found) {
            case Answer.Known<Workload>(Workload workload) -> new Reach(workload.pods(), null);
            case Answer.Gone<Workload> none ->
                target instanceof ObjectRef ? Reach.unknown(target.display() + " is not known") : one(target);
            case Answer.Unknown<Workload>(String why) -> Reach.unknown(why);
        };
    }

    /** Its pods go with it. */
    private Reach deleted(Asset target) {
        String resource = target instanceof ObjectRef object ? object.resource() : "";
        return switch (resource) {
            case "pods" -> {
                ObjectRef pod = (ObjectRef) target;
                yield one(new PodRef(pod.namespace().orElse(""), pod.name(), Optional.empty()));
            }
            case "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps" -> workload(target);
            default -> Reach.unknown("how many pods " + target.display() + " has is not known");
        };
    }

    /** Which ones the workload gives up is its own choice; here it is the ones that serve. */
    private Reach scaled(Asset target, long replicas) {
        Reach all = workload(target);
        List<Pod> serving = all.pods().stream().filter(Pod::ready).toList();
        return all.unknown() != null || serving.size() <= replicas
                ? new Reach(List.of(), all.unknown())
                : new Reach(serving.subList(0, serving.size() - Math.toIntExact(replicas)), null);
    }

    /** @param daemonSets whether their pods go, too */
    private Reach onNode(Asset target, boolean daemonSets) {
        String node =
                switch (target) {
                    case NodeRef named -> named.name();
                    case PodRef pod -> podOf(pod) instanceof Answer.Known<Pod>(Pod known) ? known.node() : "";
                    default -> "";
                };
        if (node.isEmpty()) {
            return Reach.unknown("the node of " + target.display() + " is not known");
        }
        return switch (facts.podsOfNode(node)) {
            case Answer.Known<List<Pod>>(List<Pod> pods) -> {
                List<Pod> go = new ArrayList<>(pods);
                go.removeIf(pod -> pod.mirror()
                        || pod.hasEnded()
                        || (!daemonSets
                                && pod.owner()
                                        .filter(owner -> Objects.equals(owner.kind(), "DaemonSet"))
                                        .isPresent()));
                yield new Reach(go, null);
            }
            case Answer.Gone<List<Pod>> gone -> Reach.unknown("node " + node + " is not known");
            case Answer.Unknown<List<Pod>>(String why) -> Reach.unknown(why);
        };
    }

    private static boolean takesOutOfService(Action action) {
        return switch (action.type()) {
            case POD_TERMINATE, POD_QUARANTINE, POD_ISOLATE, NODE_ISOLATE_CONTAINER, NODE_DRAIN, WORKLOAD_SCALE -> true;
            case OBJECT_DELETE ->
                action.target() instanceof ObjectRef object && PODS_GO_WITH.contains(object.resource());
            case NODE_TAINT ->
                action.parameters().text("effect").filter("NoExecute"::equals).isPresent();
            case PROCESS_KILL,
                    PROCESS_SUSPEND,
                    PROCESS_RESUME,
                    POD_LABEL,
                    POD_ANNOTATE,
                    POD_EXEC,
                    POD_SCRIPT,
                    NODE_CORDON,
                    NODE_LABEL,
                    NODE_ANNOTATE,
                    EVIDENCE_LOGS,
                    EVIDENCE_FILES,
                    EVIDENCE_PROCESSES,
                    EVIDENCE_CAPTURE,
                    EVIDENCE_TRACE,
                    EVIDENCE_CHECKPOINT,
                    CALL_WEBHOOK,
                    CALL_LAMBDA,
                    CALL_FUNCTION -> false;
        };
    }
}
