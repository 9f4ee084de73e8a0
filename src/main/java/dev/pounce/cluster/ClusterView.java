package dev.pounce.cluster;

import dev.pounce.asset.Answer;
import io.fabric8.kubernetes.client.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Follows a cluster's pods, what makes them, their budgets and its nodes, and keeps of each the little that is asked for here:
 * about a kilobyte of a pod. The rights that this takes are {@link #NEEDED}.
 *
 * <p>An answer is {@link Answer.Unknown} until the first list is complete, and when nothing was heard for longer than {@link
 * #STALE}. Each kind is followed by itself: without the right to watch one of them, the others are known all the same.
 */
public final class ClusterView implements ClusterFacts, AutoCloseable {

    /** Older than that is not known any more. */
    public static final Duration STALE = Duration.ofSeconds(60);

    /** What is followed; all of it is listed and watched. */
    public static final List<ApiPath> NEEDED = List.of(
            ApiPath.core("pods"),
            ApiPath.core("nodes"),
            ApiPath.of("apps", "v1", "replicasets"),
            ApiPath.of("apps", "v1", "deployments"),
            ApiPath.of("apps", "v1", "statefulsets"),
            ApiPath.of("apps", "v1", "daemonsets"),
            ApiPath.of("policy", "v1", "poddisruptionbudgets"));

    /** Of any kind; a heap that is made for less must not be filled by somebody who makes pods. */
    private static final int MOST = 150_000;

    private final ClusterStore store;
    private final Feed<Pod> pods;
    private final Feed<Node> nodes;
    private final Feed<Controller> replicaSets;
    private final Feed<Controller> deployments;
    private final Feed<Controller> statefulSets;
    private final Feed<Controller> daemonSets;
    private final Feed<Budget> budgets;
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("cluster-watchdog").factory());

    /** Empty for all of them. */
    private final Optional<String> onlyNode;

    private ClusterView(
            HttpClient http, String master, LongSupplier nanos, Optional<String> onlyNode, Consumer<Pod> seen) {
        this.onlyNode = onlyNode;
        Slim slim = new Slim();
        ClusterStore kept = new ClusterStore();
        store = kept;
        pods = new Feed<>(
                http,
                master,
                NEEDED.get(0),
                onlyNode.map(node -> "spec.nodeName=" + node),
                json -> {
                    Pod pod = slim.pod(json);
                    seen.accept(pod);
                    return pod;
                },
                Feed.Sink.of(kept::replacePods, kept::put, kept::remove),
                MOST,
                nanos);
        nodes = new Feed<>(
                http,
                master,
                NEEDED.get(1),
                onlyNode.map(node -> "metadata.name=" + node),
                slim::node,
                Feed.Sink.of(kept::replaceNodes, kept::put, kept::remove),
                MOST,
                nanos);
        replicaSets = controllers("ReplicaSet", NEEDED.get(2), http, master, slim, nanos);
        deployments = controllers("Deployment", NEEDED.get(3), http, master, slim, nanos);
        statefulSets = controllers("StatefulSet", NEEDED.get(4), http, master, slim, nanos);
        daemonSets = controllers("DaemonSet", NEEDED.get(5), http, master, slim, nanos);
        budgets = new Feed<>(
                http,
                master,
                NEEDED.get(6),
                Optional.empty(),
                slim::budget,
                Feed.Sink.of(kept::replaceBudgets, kept::put, kept::remove),
                MOST,
                nanos);
    }

    private Feed<Controller> controllers(
            String kind, ApiPath path, HttpClient http, String master, Slim slim, LongSupplier nanos) {
        ClusterStore kept = store;
        return new Feed<>(
                http,
                master,
                path,
                Optional.empty(),
                json -> slim.controller(kind, json),
                Feed.Sink.of(all -> kept.replaceControllers(kind, all), kept::put, kept::remove),
                MOST,
                nanos);
    }

    /** Begins to follow; returns at once. */
    public static ClusterView follow(ClusterAccess access) {
        return follow(access, System::nanoTime);
    }

    static ClusterView follow(ClusterAccess access, LongSupplier nanos) {
        return follow(access, nanos, Optional.empty(), pod -> {});
    }

    /**
     * Follows one node and its pods, and nothing else: of what makes them nothing is known.
     *
     * @param seen told of each pod that is listed or has changed, on the feed's thread
     */
    static ClusterView followNode(ClusterAccess access, LongSupplier nanos, String node, Consumer<Pod> seen) {
        return follow(access, nanos, Optional.of(node), seen);
    }

    private static ClusterView follow(
            ClusterAccess access, LongSupplier nanos, Optional<String> onlyNode, Consumer<Pod> seen) {
        ClusterView view = new ClusterView(
                access.client().getHttpClient(),
                access.client().getConfiguration().getMasterUrl(),
                nanos,
                onlyNode,
                seen);
        view.feeds().forEach(Feed::start);
        @SuppressWarnings("unused") // ends with the executor
        Object regular = view.watchdog.scheduleWithFixedDelay(
                () -> view.feeds().forEach(Feed::endWhenSilent), 5, 5, TimeUnit.SECONDS);
        return view;
    }

    private Stream<Feed<?>> feeds() {
        return onlyNode.isPresent()
                ? Stream.of(pods, nodes)
                : Stream.of(pods, nodes, replicaSets, deployments, statefulSets, daemonSets, budgets);
    }

    /**
     * How one kind fares.
     *
     * @param synced whether all of them were listed
     * @param objects as of the last list
     * @param silence since the server was last heard of
     * @param problem empty while there is none
     */
    public record Health(String resource, boolean synced, int objects, Duration silence, String problem) {}

    public List<Health> health() {
        return feeds().map(feed ->
                        new Health(feed.resource(), feed.isSynced(), feed.objects(), feed.silence(), feed.problem()))
                .toList();
    }

    public int podCount() {
        return store.podCount();
    }

    @Override
    public void close() {
        watchdog.shutdownNow();
        feeds().forEach(Feed::close);
    }

    /** Why nothing of these kinds is known, or null. */
    private static @Nullable String whyUnknown(Feed<?>... feeds) {
        for (Feed<?> feed : feeds) {
            Duration silence = feed.silence();
            String because = feed.problem().isEmpty() ? "" : ": " + feed.problem();
            if (!feed.isSynced()) {
                return "the cluster's " + feed.resource() + " are not known yet" + because;
            }
            if (silence.compareTo(STALE) > 0) {
                return "nothing was heard of the cluster's " + feed.resource() + " for " + silence.toSeconds()
                        + " seconds" + because;
            }
        }
        return null;
    }

    private static <T> Answer<T> knownOrGone(@Nullable T value) {
        return value == null ? new Answer.Gone<>() : new Answer.Known<>(value);
    }

    private static <T> Answer<T> onlyOne(List<T> found, String what) {
        return switch (found.size()) {
            case 0 -> new Answer.Gone<>();
            case 1 -> new Answer.Known<>(found.getFirst());
            default -> new Answer.Unknown<>("more than one pod has " + what);
        };
    }

    @Override
    public Answer<Pod> pod(String namespace, String name) {
        String why = whyUnknown(pods);
        return why == null ? knownOrGone(store.pod(namespace, name)) : new Answer.Unknown<>(why);
    }

    @Override
    public Answer<Pod> lastKnownPod(String namespace, String name) {
        return pods.isSynced() ? knownOrGone(store.pod(namespace, name)) : pod(namespace, name);
    }

    @Override
    public boolean knowsPods() {
        return pods.isSynced();
    }

    @Override
    public Answer<Pod> podWithUid(String uid) {
        String why = whyUnknown(pods);
        Optional<Pod> there = Optional.ofNullable(pods.isSynced() ? store.podWithUid(uid) : null);
        if (there.isPresent()) {
            return new Answer.Known<>(there.get()); // a uid does not become another's while nothing is heard
        }
        return why == null ? new Answer.Gone<>() : new Answer.Unknown<>(why);
    }

    @Override
    public Answer<Pod> podOfContainer(String id) {
        String why = whyUnknown(pods);
        if (pods.isSynced() && id.length() >= 12 && store.podsWithContainer(id).size() == 1) {
            return new Answer.Known<>(store.podsWithContainer(id).getFirst());
        }
        if (why == null && id.length() < 12) {
            why = "'" + id + "' is too short for a container's id";
        }
        return why == null ? onlyOne(store.podsWithContainer(id), "a container " + id) : new Answer.Unknown<>(why);
    }

    @Override
    public Answer<Pod> podByIp(String ip) {
        String why = whyUnknown(pods);
        return why == null ? onlyOne(store.podsWithIp(ip), "the address " + ip) : new Answer.Unknown<>(why);
    }

    @Override
    public Answer<List<Pod>> podsOfNode(String node) {
        String why = whyUnknown(pods, nodes);
        if (why != null) {
            return new Answer.Unknown<>(why);
        }
        return store.node(node) == null ? new Answer.Gone<>() : new Answer.Known<>(store.podsOfNode(node));
    }

    @Override
    public Answer<Node> node(String name) {
        String why = whyUnknown(nodes);
        return why == null ? knownOrGone(store.node(name)) : new Answer.Unknown<>(why);
    }

    @Override
    public Answer<Workload> workloadOf(Pod pod) {
        if (pod.owner().isEmpty()) {
            return new Answer.Gone<>();
        }
        Owner first = pod.owner().get();
        String why = whyUnknown(pods);
        Optional<Feed<Controller>> ofFirst = followed(first.kind());
        if (why == null && ofFirst.isPresent()) {
            why = whyUnknown(ofFirst.get());
        }
        if (why != null) {
            return new Answer.Unknown<>(why);
        }
        Controller direct = store.controller(first.uid());
        if (direct == null && ofFirst.isPresent()) {
            return new Answer.Unknown<>(Pod.small(first.kind()) + "/" + pod.namespace() + "/" + first.name() + " of "
                    + pod.display() + " is not known");
        }
        Owner last = direct == null ? first : direct.owner().orElse(first);
        OptionalInt desired = direct == null ? OptionalInt.empty() : OptionalInt.of(direct.desired());
        if (!last.equals(first)) {
            String unknown = followed(last.kind()).map(ClusterView::whyUnknown).orElse(null);
            if (unknown != null) {
                return new Answer.Unknown<>(unknown);
            }
            Controller above = store.controller(last.uid());
            desired = above == null ? OptionalInt.empty() : OptionalInt.of(above.desired());
        }
        return new Answer.Known<>(new Workload(
                last.kind(), pod.namespace(), last.name(), last.uid(), desired, store.podsOfOwner(last.uid())));
    }

    @Override
    public Answer<Workload> workload(String resource, String namespace, String name) {
        int dot = resource.indexOf('.');
        String kind =
                switch (dot < 0 ? resource : resource.substring(0, dot)) {
                    case "replicasets" -> "ReplicaSet";
                    case "deployments" -> "Deployment";
                    case "statefulsets" -> "StatefulSet";
                    case "daemonsets" -> "DaemonSet";
                    default -> "";
                };
        Optional<Feed<Controller>> feed = followed(kind);
        String why = feed.isEmpty() ? resource + " are not followed" : whyUnknown(pods, feed.get());
        if (why != null) {
            return new Answer.Unknown<>(why);
        }
        Controller found = store.controller(kind, namespace, name);
        return found == null
                ? new Answer.Gone<>()
                : new Answer.Known<>(new Workload(
                        kind,
                        namespace,
                        name,
                        found.uid(),
                        OptionalInt.of(found.desired()),
                        store.podsOfOwner(found.uid())));
    }

    private Optional<Feed<Controller>> followed(String kind) {
        return switch (kind) {
            case "ReplicaSet" -> Optional.of(replicaSets);
            case "Deployment" -> Optional.of(deployments);
            case "StatefulSet" -> Optional.of(statefulSets);
            case "DaemonSet" -> Optional.of(daemonSets);
            default -> Optional.empty();
        };
    }

    @Override
    public Answer<List<Budget>> budgetsOf(Pod pod) {
        String why = whyUnknown(budgets);
        return why == null ? new Answer.Known<>(store.budgetsOf(pod)) : new Answer.Unknown<>(why);
    }

    @Override
    public Answer<Integer> readyPodsIn(String namespace) {
        String why = whyUnknown(pods);
        return why == null ? new Answer.Known<>(store.readyPodsIn(namespace)) : new Answer.Unknown<>(why);
    }
}
