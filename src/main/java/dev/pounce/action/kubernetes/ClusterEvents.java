package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jboss.logging.Logger;

/**
 * Tells the cluster what was done to its objects, as Events on them, for whoever looks there first.
 *
 * <p>On a thread of its own, one at a time, and behind the steps: while some are under way or have ended a moment ago, an Event
 * waits, for half a minute at most. The journal is what counts; an Event that cannot be sent is dropped and counted.
 *
 * <p>Format: {@code events.k8s.io/v1}, https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/.
 */
final class ClusterEvents implements AutoCloseable {

    private static final ApiPath EVENTS = ApiPath.of("events.k8s.io", "v1", "events");
    private static final String CONTROLLER = "pounce.dev/pounce";
    private static final int MOST_WAITING = 10_000;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    /** After a step there is often another; it should not have to share the server with what was said about the first. */
    static final Duration QUIET = Duration.ofMillis(200);

    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(5);

    /** The server takes six places, no fewer, where Java leaves out zeros at the end. */
    private static final DateTimeFormatter MICRO_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** The server takes no longer note; bytes. */
    private static final int LONGEST_NOTE = 1_024;

    private static final Logger LOG = Logger.getLogger(ClusterEvents.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Kinds of objects that a step can be about, by resource. */
    private static final Map<String, String> KINDS = Map.ofEntries(
            Map.entry("configmaps", "ConfigMap"),
            Map.entry("secrets", "Secret"),
            Map.entry("services", "Service"),
            Map.entry("serviceaccounts", "ServiceAccount"),
            Map.entry("namespaces", "Namespace"),
            Map.entry("replicationcontrollers", "ReplicationController"),
            Map.entry("daemonsets", "DaemonSet"),
            Map.entry("deployments", "Deployment"),
            Map.entry("replicasets", "ReplicaSet"),
            Map.entry("statefulsets", "StatefulSet"),
            Map.entry("cronjobs", "CronJob"),
            Map.entry("jobs", "Job"),
            Map.entry("clusterrolebindings", "ClusterRoleBinding"),
            Map.entry("clusterroles", "ClusterRole"),
            Map.entry("rolebindings", "RoleBinding"),
            Map.entry("roles", "Role"));

    private record Waiting(Asset target, String action, String reason, boolean warning, String note, Instant since) {}

    private final BiFunction<Request, Instant, Reply> api;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final BooleanSupplier busy;
    private final String instance;
    private final BlockingQueue<Waiting> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final AtomicLong dropped = new AtomicLong();
    private boolean losing; // the sender's own
    private final Thread sender;
    private volatile Instant lastEnd = Instant.EPOCH;
    private volatile boolean closed;

    /**
     * @param busy whether steps are under way
     * @param instance who we are, such as the name of our pod
     */
    ClusterEvents(
            BiFunction<Request, Instant, Reply> api,
            InstantSource clock,
            RandomGenerator random,
            BooleanSupplier busy,
            String instance) {
        this.api = api;
        this.clock = clock;
        this.random = random;
        this.busy = busy;
        this.instance = instance;
        this.sender = Thread.ofVirtual().name("pounce-cluster-events").start(this::send);
    }

    /** Of what was changed, or would have been; nothing of what was there already. Never blocks. */
    void tell(Attempt attempt, boolean takenBack, Outcome outcome) {
        if (attempt.rehearsal()) {
            return;
        }
        lastEnd = clock.instant();
        String verb = attempt.action().verb();
        String what = takenBack ? verb + " taken back" : verb;
        Optional<Waiting> event =
                switch (outcome) {
                    case Outcome.Done done -> Optional.of(event(attempt, what, "Done", false, done.observed()));
                    case Outcome.Failed failed -> Optional.of(event(attempt, what, "Failed", true, failed.reason()));
                    case Outcome.Withheld withheld ->
                        Optional.of(event(attempt, what, "Withheld", true, withheld.reason()));
                    case Outcome.AlreadySo already -> Optional.empty();
                    case Outcome.TargetGone gone -> Optional.empty();
                    case Outcome.WouldAct would -> Optional.empty();
                };
        event.filter(one -> !waiting.offer(one)).ifPresent(one -> dropped.incrementAndGet());
    }

    private Waiting event(Attempt attempt, String what, String reason, boolean warning, String said) {
        return new Waiting(
                attempt.resolved(),
                attempt.action().verb(),
                reason,
                warning,
                note(what + ": " + said, attempt.response()),
                clock.instant());
    }

    /** Shortened if it has to be, but never by the response: that is what leads into the journal. */
    static String note(String said, String response) {
        String end = response.isEmpty() ? "" : " (response " + response + ")";
        StringBuilder text = new StringBuilder(said);
        while ((text + end).getBytes(UTF_8).length > LONGEST_NOTE) {
            text.setLength(Math.min(text.length() - 1, LONGEST_NOTE));
        }
        return text + end;
    }

    /** Events that nobody was told of. */
    long dropped() {
        return dropped.get();
    }

    @SuppressWarnings("BusyWait")
    private void send() {
        while (!closed || !waiting.isEmpty()) {
            try {
                Waiting next = waiting.poll(closed ? 0 : 1_000, TimeUnit.MILLISECONDS);
                if (next == null) {
                    continue;
                }
                while (!closed && isOthersTurn(next)) {
                    Thread.sleep(20);
                }
                send(next);
            } catch (InterruptedException ending) {
                return;
            } catch (RuntimeException broken) {
                dropped.incrementAndGet();
            }
        }
    }

    private boolean isOthersTurn(Waiting event) {
        Instant now = clock.instant();
        return now.isBefore(event.since().plus(LONGEST_WAIT))
                && (busy.getAsBoolean() || now.isBefore(lastEnd.plus(QUIET)));
    }

    private void send(Waiting event) {
        Optional<String> failure =
                switch (api.apply(request(event), clock.instant().plus(LONGEST_REQUEST))) {
                    case Reply.Ok ok -> Optional.empty();
                    case Reply.Refused refused -> Optional.of(refused.message());
                    case Reply.Unheard unheard -> Optional.of(unheard.why());
                };
        failure.ifPresent(why -> dropped.incrementAndGet());
        if (failure.isPresent() && !losing) {
            LOG.warnv("Events on what steps change are lost: {0}", failure.get());
        } else if (failure.isEmpty() && losing) {
            LOG.infov("Events on what steps change arrive again; {0} were lost until now", dropped);
        }
        losing = failure.isPresent();
    }

    private Request request(Waiting event) {
        ObjectNode body = JSON.createObjectNode();
        body.put("apiVersion", "events.k8s.io/v1").put("kind", "Event");
        ObjectNode regarding = JSON.createObjectNode();
        // What belongs to no namespace has its Events in the default one
        String namespace =
                switch (event.target()) {
                    case PodRef pod -> {
                        about(regarding, "v1", "Pod", pod.name()).put("namespace", pod.namespace());
                        pod.uid().ifPresent(uid -> regarding.put("uid", uid));
                        yield pod.namespace();
                    }
                    case NodeRef node -> {
                        // The kubelet writes the name there too, and kubectl describe node looks for it
                        about(regarding, "v1", "Node", node.name()).put("uid", node.name());
                        yield "default";
                    }
                    case ObjectRef object -> {
                        int dot = object.resource().indexOf('.');
                        String plural =
                                dot < 0 ? object.resource() : object.resource().substring(0, dot);
                        about(
                                regarding,
                                dot < 0 ? "v1" : object.resource().substring(dot + 1) + "/v1",
                                KINDS.getOrDefault(plural, plural),
                                object.name());
                        object.namespace().ifPresent(in -> regarding.put("namespace", in));
                        yield object.namespace().orElse("default");
                    }
                    case Asset other -> throw new IllegalStateException("no object of the cluster: " + other.display());
                };
        String name = "pounce." + Long.toHexString(clock.instant().toEpochMilli()) + "."
                + Long.toHexString(random.nextLong());
        body.putObject("metadata").put("name", name).put("namespace", namespace);
        body.put("eventTime", microTime(event.since()));
        body.put("reportingController", CONTROLLER);
        body.put("reportingInstance", instance);
        body.put("action", event.action());
        body.put("reason", event.reason());
        body.set("regarding", regarding);
        body.put("note", event.note());
        body.put("type", event.warning() ? "Warning" : "Normal");
        return Request.create(EVENTS.in(namespace), body.toString()).metadataOnly();
    }

    static String microTime(Instant time) {
        return MICRO_TIME.format(time);
    }

    private static ObjectNode about(ObjectNode regarding, String version, String kind, String name) {
        return regarding.put("apiVersion", version).put("kind", kind).put("name", name);
    }

    /** What waits is still sent, if that takes no more than this long. */
    void close(Duration patience) {
        closed = true;
        try {
            if (!sender.join(patience)) {
                sender.interrupt();
            }
        } catch (InterruptedException ending) {
            sender.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        close(Duration.ofSeconds(1));
    }
}
