package dev.pounce.testing;

import dev.pounce.asset.Answer;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Budget;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.Node;
import dev.pounce.cluster.Owner;
import dev.pounce.cluster.Pod;
import dev.pounce.cluster.Workload;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** Facts as a test wants them; what nobody put in is not there. */
public final class ACluster implements ClusterFacts {

    public static final Instant MORNING = Instant.parse("2026-11-23T08:00:00Z");

    private final List<Pod> pods = new ArrayList<>();
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final List<String> lookedUp = new ArrayList<>();
    private Optional<String> unheardOf = Optional.empty();

    /** What was asked for, in order: the pod, or "workload of" it. */
    public List<String> lookedUp() {
        return lookedUp;
    }

    @Override
    public CompletableFuture<Void> lookUp(PodRef pod) {
        lookedUp.add(pod.display());
        return KNOWN;
    }

    @Override
    public CompletableFuture<Void> lookUpWorkload(Pod pod) {
        lookedUp.add("workload of " + pod.display());
        return KNOWN;
    }

    /** Nothing is known any more, and this is why. */
    public ACluster isUnheardOf(String why) {
        unheardOf = Optional.of(why);
        return this;
    }

    public ACluster isHeardOf() {
        unheardOf = Optional.empty();
        return this;
    }

    public ACluster has(Pod pod) {
        without(pod.namespace(), pod.name());
        pods.add(pod);
        return this;
    }

    public ACluster without(String namespace, String name) {
        pods.removeIf(pod -> pod.namespace().equals(namespace) && pod.name().equals(name));
        return this;
    }

    public ACluster has(Node node) {
        nodes.put(node.name(), node);
        return this;
    }

    /** {@code deployment/shop/web} with so many pods {@code web-0}…, all ready, on {@code node-1}. */
    public ACluster running(String namespace, String deployment, int replicas) {
        for (int i = 0; i < replicas; i++) {
            has(pod(namespace, deployment + "-" + i, owner(deployment)));
        }
        return this;
    }

    public static Optional<Owner> owner(String deployment) {
        return Optional.of(new Owner("Deployment", deployment, "uid-of-" + deployment));
    }

    /** Ready, made in the {@link #MORNING}, with one container whose id begins with its name. */
    public static Pod pod(String namespace, String name, Optional<Owner> owner) {
        return pod(namespace, name, owner, MORNING);
    }

    public static Pod pod(String namespace, String name, Optional<Owner> owner, Instant made) {
        return new Pod(
                namespace,
                name,
                "uid-of-" + name,
                "node-1",
                made.getEpochSecond(),
                owner,
                Map.of("app", owner.map(Owner::name).orElse(name)),
                List.of(new Pod.Container("main", containerOf(name))),
                "",
                "Running",
                "default",
                true,
                false,
                false,
                false);
    }

    public static String containerOf(String pod) {
        return (pod + "-" + "0".repeat(64)).substring(0, 64);
    }

    /** The same, which has left its Services. */
    public static Pod notReady(Pod pod) {
        return new Pod(
                pod.namespace(),
                pod.name(),
                pod.uid(),
                pod.node(),
                pod.createdSeconds(),
                pod.owner(),
                pod.labels(),
                pod.containers(),
                pod.ip(),
                pod.phase(),
                pod.serviceAccount(),
                false,
                pod.deleting(),
                pod.mirror(),
                pod.onHostNetwork());
    }

    /** The same, run by the kubelet from a file of its own. */
    public static Pod mirror(Pod pod) {
        return new Pod(
                pod.namespace(),
                pod.name(),
                pod.uid(),
                pod.node(),
                pod.createdSeconds(),
                pod.owner(),
                pod.labels(),
                pod.containers(),
                pod.ip(),
                pod.phase(),
                pod.serviceAccount(),
                pod.ready(),
                pod.deleting(),
                true,
                pod.onHostNetwork());
    }

    private <T> Answer<T> only(List<T> found) {
        if (unheardOf.isPresent()) {
            return new Answer.Unknown<>(unheardOf.get());
        }
        return switch (found.size()) {
            case 0 -> new Answer.Gone<>();
            case 1 -> new Answer.Known<>(found.getFirst());
            default -> new Answer.Unknown<>("more than one");
        };
    }

    private List<Pod> those(Predicate<Pod> wanted) {
        return pods.stream().filter(wanted).toList();
    }

    @Override
    public Answer<Pod> pod(String namespace, String name) {
        return only(those(pod -> pod.namespace().equals(namespace) && pod.name().equals(name)));
    }

    @Override
    public Answer<Pod> podWithUid(String uid) {
        return only(those(pod -> pod.uid().equals(uid)));
    }

    @Override
    public Answer<Pod> podOfContainer(String id) {
        return only(those(pod -> pod.holds(id)));
    }

    @Override
    public Answer<Pod> podByIp(String ip) {
        return only(those(pod -> pod.ip().equals(ip)));
    }

    @Override
    public Answer<List<Pod>> podsOfNode(String node) {
        if (unheardOf.isPresent()) {
            return new Answer.Unknown<>(unheardOf.get());
        }
        return nodes.containsKey(node)
                ? new Answer.Known<>(those(pod -> pod.node().equals(node)))
                : new Answer.Gone<>();
    }

    @Override
    public Answer<Node> node(String name) {
        return only(nodes.containsKey(name) ? List.of(nodes.get(name)) : List.of());
    }

    @Override
    public Answer<Workload> workloadOf(Pod pod) {
        if (unheardOf.isPresent()) {
            return new Answer.Unknown<>(unheardOf.get());
        }
        if (pod.owner().isEmpty()) {
            return new Answer.Gone<>();
        }
        Owner owner = pod.owner().get();
        List<Pod> all = those(one -> one.owner().equals(pod.owner()));
        return new Answer.Known<>(new Workload(
                owner.kind(), pod.namespace(), owner.name(), owner.uid(), OptionalInt.of(all.size()), all));
    }

    @Override
    public Answer<Workload> workload(String resource, String namespace, String name) {
        List<Pod> all = those(pod -> pod.namespace().equals(namespace)
                && pod.owner().map(Owner::name).filter(name::equals).isPresent());
        return unheardOf.isEmpty() && all.isEmpty()
                ? new Answer.Gone<>()
                : workloadOf(all.isEmpty() ? pod("", "", owner("")) : all.getFirst());
    }

    @Override
    public Answer<List<Budget>> budgetsOf(Pod pod) {
        return unheardOf.isPresent() ? new Answer.Unknown<>(unheardOf.get()) : new Answer.Known<>(List.of());
    }

    @Override
    public Answer<Integer> readyPodsIn(String namespace) {
        return unheardOf.isPresent()
                ? new Answer.Unknown<>(unheardOf.get())
                : new Answer.Known<>(those(pod -> pod.namespace().equals(namespace) && pod.ready())
                        .size());
    }
}
