package dev.pounce.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.asset.Answer;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What an engine knows that follows its own node: the node, its pods, and the names of what makes them. A thousand of them
 * follow each pod once, and not a thousand times. The pods of a whole workload, and a pod that is not here, are asked for by
 * {@link #lookUpWorkload} and {@link #lookUp}, and known for {@link #FRESH} from then on. All else is unknown.
 *
 * <p>All of it is asked for by lists, and no answer is taken out of the API server's cache that may be older than the question:
 * the rights are among those of {@link ClusterView#NEEDED}.
 */
public final class NodeView implements ClusterFacts, AutoCloseable {

    /** Guards judge as soon as the answers are there. */
    static final Duration FRESH = Duration.ofSeconds(3);

    private static final Duration LONGEST = Duration.ofSeconds(2);

    /** Requests on their way, so that a burst of detections is none of requests. */
    private static final int MOST_AT_ONCE = 8;

    static final int PAGE = 200;

    private static final int MOST_OBJECTS = 10_000;
    private static final int MOST_NAMES = 1_000;
    private static final Duration PAUSE = Duration.ofMillis(200);

    private static final ApiPath PODS = ApiPath.core("pods");

    /** Why something was not found out. */
    private static final class NotAnswered extends Exception {
        private static final long serialVersionUID = 1;

        NotAnswered(String why) {
            super(why);
        }
    }

    /** @param nanos when it was asked for */
    private record Found<T>(Answer<T> answer, long nanos) {}

    private final ClusterView own;
    private final String node;
    private final Api api;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final Slim slim = new Slim();
    private final Semaphore atOnce = new Semaphore(MOST_AT_ONCE, true);
    private final ExecutorService asking = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("looks-up-", 0).factory());

    private final Map<String, CompletableFuture<Void>> underWay = new ConcurrentHashMap<>();
    private final Map<String, Found<Pod>> pods = new ConcurrentHashMap<>(); // by name, and by uid
    private final Map<String, Found<Workload>> workloads = new ConcurrentHashMap<>(); // by the uid of a pod's owner
    private final Map<String, WorkloadRef> names = new ConcurrentHashMap<>(); // by the uid of a pod's owner

    private NodeView(ClusterAccess access, String node, InstantSource clock, LongSupplier nanos) {
        this.node = node;
        this.api = access.api();
        this.clock = clock;
        this.nanos = nanos;
        this.own = ClusterView.followNode(access, nanos, node, this::nameItsWorkload);
    }

    /**
     * Begins to follow; returns at once.
     *
     * @param node as the cluster calls it
     */
    public static NodeView follow(ClusterAccess access, String node, InstantSource clock) {
        return follow(access, node, clock, System::nanoTime);
    }

    static NodeView follow(ClusterAccess access, String node, InstantSource clock, LongSupplier nanos) {
        return new NodeView(access, node, clock, nanos);
    }

    @Override
    public CompletableFuture<Void> lookUp(PodRef pod) {
        boolean here = pod.uid().map(own::podWithUid).orElseGet(() -> own.pod(pod.namespace(), pod.name()))
                instanceof Answer.Known<Pod>;
        return here
                ? KNOWN
                : once(pod.toString(), until -> {
                    long now = nanos.getAsLong();
                    Answer<Pod> named =
                            answer(() -> knownOrGone(one(PODS, pod.namespace(), pod.name(), slim::pod, until)));
                    pods.put(key(pod.namespace(), pod.name()), new Found<>(named, now));
                    pod.uid()
                            .ifPresent(uid -> pods.put(
                                    uid, new Found<>(isAnother(named, uid) ? new Answer.Gone<>() : named, now)));
                });
    }

    private static boolean isAnother(Answer<Pod> named, String uid) {
        return named instanceof Answer.Known<Pod>(Pod pod) && !pod.uid().equals(uid);
    }

    @Override
    public CompletableFuture<Void> lookUpWorkload(Pod pod) {
        return pod.owner()
                .map(owner -> once(owner.uid(), until -> {
                    long now = nanos.getAsLong();
                    Answer<Workload> whole = answer(() -> new Answer.Known<>(workload(owner, pod.namespace(), until)));
                    workloads.put(owner.uid(), new Found<>(whole, now));
                }))
                .orElse(KNOWN);
    }

    /** So that a detection, which does not wait, names it. */
    private void nameItsWorkload(Pod pod) {
        Owner owner = pod.owner().orElse(null);
        if (owner == null || names.containsKey(owner.uid())) {
            return;
        }
        if (pathOf(owner.kind()).isEmpty()) {
            names.put(owner.uid(), name(owner, pod.namespace()));
            return;
        }
        @SuppressWarnings("unused") // nobody waits
        Object later = once("name of " + owner.uid(), until -> {
            try {
                Owner last = made(owner, pod.namespace(), until)
                        .flatMap(made -> made.controller().owner())
                        .orElse(owner);
                names.put(owner.uid(), name(last, pod.namespace()));
            } catch (NotAnswered trouble) {
                return; // it is asked again when somebody wants to know
            }
        });
    }

    private static WorkloadRef name(Owner owner, String namespace) {
        return new WorkloadRef(Pod.small(owner.kind()), namespace, owner.name(), Optional.of(owner.uid()));
    }

    /** Whoever comes while the same is asked waits for that answer. */
    private CompletableFuture<Void> once(String key, Consumer<Instant> question) {
        CompletableFuture<Void> answered = new CompletableFuture<>();
        CompletableFuture<Void> before = underWay.putIfAbsent(key, answered);
        if (before != null) {
            return before;
        }
        forgetOld();
        try {
            asking.execute(() -> {
                try {
                    question.accept(clock.instant().plus(LONGEST));
                } finally {
                    underWay.remove(key);
                    answered.complete(null);
                }
            });
        } catch (RejectedExecutionException closed) {
            underWay.remove(key); // and never completed: what is not judged any more is left to the next start
        }
        return answered;
    }

    private void forgetOld() {
        pods.values().removeIf(this::isOld);
        workloads.values().removeIf(this::isOld);
        if (names.size() > MOST_NAMES && own.podsOfNode(node) instanceof Answer.Known<List<Pod>>(List<Pod> here)) {
            names.keySet()
                    .retainAll(here.stream()
                            .flatMap(pod -> pod.owner().stream())
                            .map(Owner::uid)
                            .collect(Collectors.toSet()));
        }
    }

    private boolean isOld(Found<?> found) {
        return nanos.getAsLong() - found.nanos() > FRESH.toNanos();
    }

    @FunctionalInterface
    private interface Question<T> {
        Answer<T> ask() throws NotAnswered;
    }

    private static <T> Answer<T> answer(Question<T> question) {
        try {
            return question.ask();
        } catch (NotAnswered trouble) {
            return new Answer.Unknown<>(String.valueOf(trouble.getMessage()));
        }
    }

    private static <T> Answer<T> knownOrGone(Optional<T> found) {
        return found.<Answer<T>>map(Answer.Known::new).orElseGet(Answer.Gone::new);
    }

    /** As {@link ClusterView} finds it: what has made the pod, or that one's owner, and no further. */
    private Workload workload(Owner first, String namespace, Instant until) throws NotAnswered {
        Optional<Made> direct = made(first, namespace, until);
        Owner last = direct.flatMap(made -> made.controller().owner()).orElse(first);
        Optional<Made> whole = last.equals(first) ? direct : made(last, namespace, until);
        String labels = whole.map(Made::labels).orElse("");
        Set<String> makers = new HashSet<>(Set.of(last.uid()));
        for (String kind : between(last.kind())) {
            all(
                            pathOf(kind).orElseThrow(),
                            namespace,
                            Map.of("labelSelector", labels),
                            json -> slim.controller(kind, json),
                            controller -> isOwnedBy(Set.of(last.uid()), controller.owner()),
                            until)
                    .forEach(controller -> makers.add(controller.uid()));
        }
        List<Pod> itsPods = all(
                PODS,
                namespace,
                Map.of("labelSelector", labels),
                slim::pod,
                pod -> isOwnedBy(makers, pod.owner()),
                until);
        return new Workload(
                last.kind(),
                namespace,
                last.name(),
                last.uid(),
                whole.map(made -> OptionalInt.of(made.controller().desired())).orElse(OptionalInt.empty()),
                itsPods);
    }

    private static boolean isOwnedBy(Set<String> uids, Optional<Owner> owner) {
        return owner.filter(one -> uids.contains(one.uid())).isPresent();
    }

    /** The kinds that may be between a workload and its pods. */
    private static List<String> between(String kind) {
        return switch (kind) {
            case "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job" -> List.of();
            case "Deployment" -> List.of("ReplicaSet");
            default -> List.of("ReplicaSet", "StatefulSet", "DaemonSet");
        };
    }

    private static Optional<ApiPath> pathOf(String kind) {
        return switch (kind) {
            case "ReplicaSet" -> Optional.of(ApiPath.of("apps", "v1", "replicasets"));
            case "Deployment" -> Optional.of(ApiPath.of("apps", "v1", "deployments"));
            case "StatefulSet" -> Optional.of(ApiPath.of("apps", "v1", "statefulsets"));
            case "DaemonSet" -> Optional.of(ApiPath.of("apps", "v1", "daemonsets"));
            default -> Optional.empty();
        };
    }

    /**
     * A controller.
     *
     * @param labels which its pods have at least, as a selector; what else its own selector asks for makes it narrower, and whose
     *     a pod is its owner says
     */
    private record Made(Controller controller, String labels) {}

    /** Empty for a kind that nobody here knows. */
    private Optional<Made> made(Owner owner, String namespace, Instant until) throws NotAnswered {
        Optional<ApiPath> path = pathOf(owner.kind());
        if (path.isEmpty()) {
            return Optional.empty();
        }
        Optional<Made> found = one(
                        path.get(),
                        namespace,
                        owner.name(),
                        json -> new Made(slim.controller(owner.kind(), json), labels(json)),
                        until)
                .filter(made -> made.controller().uid().equals(owner.uid()));
        if (found.isEmpty()) {
            throw new NotAnswered(Pod.small(owner.kind()) + "/" + namespace + "/" + owner.name() + " is not there");
        }
        return found;
    }

    private static String labels(JsonNode controller) {
        return controller.path("spec").path("selector").path("matchLabels").properties().stream()
                .map(label -> label.getKey() + "=" + label.getValue().asText())
                .collect(Collectors.joining(","));
    }

    private <T> Optional<T> one(
            ApiPath path, String namespace, String name, Function<JsonNode, T> reader, Instant until)
            throws NotAnswered {
        return all(path, namespace, Map.of("fieldSelector", "metadata.name=" + name), reader, any -> true, until)
                .stream()
                .findFirst();
    }

    private <T> List<T> all(
            ApiPath path,
            String namespace,
            Map<String, String> selector,
            Function<JsonNode, T> reader,
            Predicate<T> wanted,
            Instant until)
            throws NotAnswered {
        List<T> found = new ArrayList<>();
        String next = "";
        do {
            Request request = Request.get(path.in(namespace))
                    .with("limit", Integer.toString(PAGE))
                    .with("continue", next);
            for (Map.Entry<String, String> one : selector.entrySet()) {
                request = request.with(one.getKey(), one.getValue());
            }
            JsonNode metadata = send(request, path.resource(), until, item -> {
                T one = reader.apply(item);
                if (wanted.test(one) && found.size() <= MOST_OBJECTS) {
                    found.add(one);
                }
            });
            if (found.size() > MOST_OBJECTS) {
                throw new NotAnswered("there are more than " + MOST_OBJECTS + " " + path.resource());
            }
            next = metadata.path("continue").asText("");
        } while (!next.isEmpty());
        return found;
    }

    private JsonNode send(Request request, String what, Instant until, Consumer<JsonNode> items) throws NotAnswered {
        try {
            if (!atOnce.tryAcquire(Duration.between(clock.instant(), until).toMillis(), TimeUnit.MILLISECONDS)) {
                throw new NotAnswered("too much was to be asked of the API server at once");
            }
            try {
                Reply reply = api.list(request, until, items);
                if (reply instanceof Reply.Refused busy && busy.isPassing()) {
                    Duration pause = busy.retryAfter().orElse(PAUSE);
                    if (clock.instant().plus(pause).isBefore(until)) {
                        Thread.sleep(pause);
                        reply = api.list(request, until, items);
                    }
                }
                return switch (reply) {
                    case Reply.Ok ok -> ok.body();
                    case Reply.Refused refused ->
                        throw new NotAnswered("the API server does not list " + what + ": " + refused.message());
                    case Reply.Unheard unheard -> throw new NotAnswered(unheard.why());
                };
            } finally {
                atOnce.release();
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new NotAnswered("the engine ends");
        }
    }

    private static String key(String namespace, String name) {
        return namespace + "/" + name;
    }

    private <T> Answer<T> found(Map<String, Found<T>> where, String key, String what) {
        Found<T> found = where.get(key);
        return found == null || isOld(found) ? new Answer.Unknown<>(what + notFollowed()) : found.answer();
    }

    private String notFollowed() {
        return " is not known to this engine, which follows the pods of node " + node;
    }

    /** A node that is not there has no pods, which says nothing of what is here. */
    private <T> Answer<T> unlessNodeIsUnknown(Answer<T> answer) {
        return answer instanceof Answer.Gone<T> && !(own.node(node) instanceof Answer.Known)
                ? new Answer.Unknown<>("node " + node + ", whose pods this engine follows, is not known")
                : answer;
    }

    @Override
    public boolean knowsPods() {
        return own.knowsPods();
    }

    @Override
    public Answer<Pod> pod(String namespace, String name) {
        return own.pod(namespace, name) instanceof Answer.Known<Pod> known
                ? known
                : found(pods, key(namespace, name), "pod/" + key(namespace, name));
    }

    @Override
    public Answer<Pod> lastKnownPod(String namespace, String name) {
        return own.lastKnownPod(namespace, name) instanceof Answer.Known<Pod> known ? known : pod(namespace, name);
    }

    @Override
    public Answer<Pod> podWithUid(String uid) {
        return own.podWithUid(uid) instanceof Answer.Known<Pod> known ? known : found(pods, uid, "the pod");
    }

    /** Nobody acts on another node's containers. */
    @Override
    public Answer<Pod> podOfContainer(String id) {
        return unlessNodeIsUnknown(own.podOfContainer(id));
    }

    @Override
    public Answer<Pod> podByIp(String ip) {
        return own.podByIp(ip) instanceof Answer.Known<Pod> known
                ? known
                : new Answer.Unknown<>("the pod at " + ip + notFollowed());
    }

    @Override
    public Answer<List<Pod>> podsOfNode(String name) {
        return name.equals(node)
                ? unlessNodeIsUnknown(own.podsOfNode(name))
                : new Answer.Unknown<>("node " + name + notFollowed());
    }

    @Override
    public Answer<Node> node(String name) {
        return name.equals(node)
                ? unlessNodeIsUnknown(own.node(name))
                : new Answer.Unknown<>("node " + name + notFollowed());
    }

    @Override
    public Answer<Workload> workloadOf(Pod pod) {
        return pod.owner()
                .map(owner -> found(workloads, owner.uid(), "the workload of " + pod.display()))
                .orElseGet(Answer.Gone::new);
    }

    @Override
    public Answer<WorkloadRef> workloadNameOf(Pod pod) {
        if (pod.owner().isEmpty()) {
            return new Answer.Gone<>();
        }
        nameItsWorkload(pod);
        WorkloadRef name = names.get(pod.owner().get().uid());
        return name == null
                ? new Answer.Unknown<>("the workload of " + pod.display() + " is not known yet")
                : new Answer.Known<>(name);
    }

    @Override
    public Answer<Workload> workload(String resource, String namespace, String name) {
        return new Answer.Unknown<>(resource + "/" + key(namespace, name) + notFollowed());
    }

    @Override
    public Answer<List<Budget>> budgetsOf(Pod pod) {
        return new Answer.Unknown<>("the disruption budgets of " + pod.display() + " are not followed");
    }

    @Override
    public Answer<Integer> readyPodsIn(String namespace) {
        return new Answer.Unknown<>("namespace " + namespace + notFollowed());
    }

    /** Who waits for an answer is not interrupted: he may be writing by now. */
    @Override
    public void close() {
        own.close();
        asking.shutdown();
    }
}
