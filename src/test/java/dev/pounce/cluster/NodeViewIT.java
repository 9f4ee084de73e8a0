package dev.pounce.cluster;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Answer;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.cluster.AnAccount.Rule;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An engine's own node is node1; what is on no node, or on another, is not followed. */
class NodeViewIT {

    private static final String HERE = "node1";

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final AtomicLong ahead = new AtomicLong();
    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private final ClusterAccess access = weather.access(Clock.systemUTC());
    private final NodeView view = follow(HERE);

    private NodeView follow(String node) {
        return NodeView.follow(access, node, Clock.systemUTC(), () -> System.nanoTime() + ahead.get());
    }

    @BeforeEach
    void theNodesPodsAreListed() {
        until("pods of this node", view::knowsPods);
        until("this node", () -> view.node(HERE) instanceof Answer.Known);
    }

    @AfterEach
    void close() {
        view.close();
        access.close();
        weather.close();
    }

    private static PodRef ref(String name, String uid) {
        return new PodRef(CLUSTER.namespace(), name, Optional.of(uid));
    }

    /** As the view knows it. */
    private Pod known(String name) {
        until(name, () -> view.pod(CLUSTER.namespace(), name) instanceof Answer.Known);
        return ((Answer.Known<Pod>) view.pod(CLUSTER.namespace(), name)).value();
    }

    private static void apply(String deployment, int replicas, String scheduler) {
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %1$s}
                spec:
                  replicas: %2$d
                  selector: {matchLabels: {app: %1$s}, matchExpressions: [{key: app, operator: Exists}]}
                  template:
                    metadata: {labels: {app: %1$s}}
                    spec:
                      schedulerName: %3$s
                      terminationGracePeriodSeconds: 0
                      nodeSelector: {kubernetes.io/hostname: node1}
                      containers: [{name: web, image: "registry.local/pause:1", imagePullPolicy: Never}]
                """.formatted(deployment, replicas, scheduler));
    }

    /** One pod of a new deployment on this node, which has so many more that are on none. */
    private Pod oneOf(String deployment, int more) {
        apply(deployment, 1, "default-scheduler");
        CLUSTER.kubectl("rollout", "status", "deployment/" + deployment, "--timeout=60s");
        String name =
                CLUSTER.kubectl("get", "pods", "-l", "app=" + deployment, "-o", "jsonpath={.items[0].metadata.name}");
        if (more > 0) {
            apply(deployment, 1 + more, "nobody");
        }
        return known(name);
    }

    private void lookUpWorkload(Pod pod) {
        view.lookUpWorkload(pod).join();
    }

    private Workload workloadOf(Pod pod) {
        return ((Answer.Known<Workload>) view.workloadOf(pod)).value();
    }

    @Test
    void onlyItsOwnNodeIsFollowed() {
        // Given
        CLUSTER.unscheduled("elsewhere", "app=elsewhere");
        String uid = CLUSTER.pod("here", "app=here");

        // When
        until("pod of this node", () -> view.podWithUid(uid) instanceof Answer.Known);

        // Then
        assertThat(view.pod(CLUSTER.namespace(), "elsewhere"))
                .isEqualTo(new Answer.Unknown<>("pod/" + CLUSTER.namespace()
                        + "/elsewhere is not known to this engine, which follows the pods of node node1"));
        assertThat(view.lookUp(ref("here", uid))).isDone();
        assertThat(weather.seen().stream().map(BadWeather.Seen::target).filter(target -> target.contains("watch=true")))
                .isNotEmpty()
                .allMatch(target -> (target.startsWith("/api/v1/pods?") && target.contains("spec.nodeName%3D" + HERE))
                        || (target.startsWith("/api/v1/nodes?") && target.contains("metadata.name%3D" + HERE)));
        assertThat(weather.seen().stream().map(BadWeather.Seen::target))
                .allMatch(target -> target.contains("fieldSelector="));
    }

    @Test
    void aPodThatIsNotHereIsKnownForAMomentAfterItWasAskedFor() {
        // Given
        String uid = CLUSTER.unscheduled("asked", "app=asked");

        // When
        view.lookUp(ref("asked", uid)).join();

        // Then
        assertThat(view.podWithUid(uid)).isInstanceOf(Answer.Known.class);
        assertThat(view.lastKnownPod(CLUSTER.namespace(), "asked")).isInstanceOf(Answer.Known.class);

        // When
        ahead.set(NodeView.FRESH.plusSeconds(1).toNanos());

        // Then
        assertThat(view.podWithUid(uid)).isInstanceOf(Answer.Unknown.class);
    }

    @Test
    void onePodOfTheNameOfAnotherIsNotThatOther() {
        // Given
        String uid = CLUSTER.unscheduled("namesake", "app=namesake");

        // When
        view.lookUp(ref("namesake", "the-uid-of-one-before")).join();
        view.lookUp(ref("nobody", "no-uid")).join();

        // Then
        assertThat(view.podWithUid("the-uid-of-one-before")).isInstanceOf(Answer.Gone.class);
        assertThat(view.podWithUid("no-uid")).isInstanceOf(Answer.Gone.class);
        assertThat(view.pod(CLUSTER.namespace(), "namesake"))
                .isInstanceOfSatisfying(Answer.Known.class, known -> assertThat(((Pod) known.value()).uid())
                        .isEqualTo(uid));
    }

    @Test
    void theWorkloadOfAPodIsNamedAtOnceAndKnownAsAWholeWhenItWasAskedFor() {
        // Given
        Pod pod = oneOf("web", 2);
        CLUSTER.unscheduled("stranger", "app=web"); // the same labels, and nobody's
        String uid = CLUSTER.kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.uid}");

        // Then
        until("name", () -> view.workloadNameOf(pod) instanceof Answer.Known);
        assertThat(view.workloadNameOf(pod))
                .isEqualTo(new Answer.Known<>(
                        new WorkloadRef("deployment", CLUSTER.namespace(), "web", Optional.of(uid))));
        assertThat(view.workloadOf(pod)).isInstanceOf(Answer.Unknown.class);

        // When / Then: as one who follows everything knows it
        try (ClusterView all = ClusterView.follow(CLUSTER.access())) {
            until(
                    "one of its pods is on no node",
                    () -> all.workloadOf(pod) instanceof Answer.Known<Workload>(Workload one)
                            && one.desired().equals(OptionalInt.of(3))
                            && one.pods().stream().anyMatch(any -> any.node().isEmpty()));
            until(
                    "both know the same",
                    () -> { // some time: each hears of what changes when it does
                        lookUpWorkload(pod);
                        Workload expected = ((Answer.Known<Workload>) all.workloadOf(pod)).value();
                        Workload found = workloadOf(pod);
                        return found.ref().equals(expected.ref())
                                && found.desired().equals(expected.desired())
                                && found.pods().size() == expected.pods().size()
                                && found.pods().containsAll(expected.pods());
                    });
        }
    }

    @Test
    void aLargeWorkloadIsReadPageByPage() {
        // Given
        int more = NodeView.PAGE + 1;
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: ReplicaSet
                metadata: {name: large}
                spec:
                  replicas: %d
                  selector: {matchLabels: {app: large}}
                  template:
                    metadata: {labels: {app: large}}
                    spec:
                      schedulerName: nobody
                      containers: [{name: web, image: "registry.local/pause:1"}]
                """.formatted(more));
        until("all its pods are there", () -> CLUSTER.kubectl(
                        "get", "replicaset", "large", "-o", "jsonpath={.status.replicas}")
                .equals(Integer.toString(more)));
        String name = CLUSTER.kubectl("get", "pods", "-l", "app=large", "-o", "jsonpath={.items[0].metadata.name}");
        view.lookUp(new PodRef(CLUSTER.namespace(), name, Optional.empty())).join();
        Pod pod = known(name);

        // When
        lookUpWorkload(pod);

        // Then
        assertThat(workloadOf(pod).pods()).extracting(Pod::uid).hasSize(more).doesNotHaveDuplicates();
    }

    @Test
    void whatIsMadeByNobodyHasNoWorkload() {
        // Given
        CLUSTER.pod("alone", "app=alone");
        Pod pod = known("alone");

        // When
        CompletableFuture<Void> asked = view.lookUpWorkload(pod);

        // Then
        assertThat(asked).isDone();
        assertThat(view.workloadOf(pod)).isInstanceOf(Answer.Gone.class);
        assertThat(view.workloadNameOf(pod)).isInstanceOf(Answer.Gone.class);
    }

    @Test
    void ofOtherNodesNothingIsKnown() {
        // When / Then
        assertThat(view.node("kwok-1")).isInstanceOf(Answer.Unknown.class);
        assertThat(view.podsOfNode("kwok-1")).isInstanceOf(Answer.Unknown.class);
        assertThat(view.podsOfNode(HERE)).isInstanceOf(Answer.Known.class);
    }

    @Test
    void withTheNameOfNoNodeNothingIsKnown() {
        // Given
        String uid = CLUSTER.pod("misplaced", "app=misplaced");
        String container = known("misplaced").containers().getFirst().id();

        // When
        try (NodeView lost = follow("nowhere")) {
            until("its pods are listed", lost::knowsPods);

            // Then
            assertThat(lost.node("nowhere")).isInstanceOf(Answer.Unknown.class);
            assertThat(lost.podsOfNode("nowhere")).isInstanceOf(Answer.Unknown.class);
            assertThat(lost.podOfContainer(container)).isInstanceOf(Answer.Unknown.class);
            assertThat(lost.podWithUid(uid)).isInstanceOf(Answer.Unknown.class);
        }
    }

    @Test
    void whatCannotBeFoundOutInTimeStaysUnknownAndIsAskedForOnce() {
        // Given
        BadWeather.Rule silent = weather.on("GET", "metadata.name%3Dslow").holds();

        // When
        CompletableFuture<Void> first = view.lookUp(ref("slow", "some-uid"));
        CompletableFuture<Void> second = view.lookUp(ref("slow", "some-uid"));
        first.join();
        second.join();
        silent.release();

        // Then
        assertThat(silent.met()).isEqualTo(1);
        assertThat(view.podWithUid("some-uid"))
                .isEqualTo(new Answer.Unknown<>("the API server did not answer in time"));
    }

    @Test
    void aServerThatIsBusyIsAskedAgain() {
        // Given
        String uid = CLUSTER.unscheduled("busy", "app=busy");
        BadWeather.Rule busy = weather.on("GET", "metadata.name%3Dbusy")
                .times(1)
                .answers(429, "TooManyRequests", "not now", Optional.of(Duration.ofSeconds(1)));

        // When
        view.lookUp(ref("busy", uid)).join();

        // Then
        assertThat(busy.met()).isEqualTo(1);
        assertThat(view.podWithUid(uid)).isInstanceOf(Answer.Known.class);
    }

    /** Not for gone: who is told that a pod is not there takes it for one on which nothing stands. */
    @Test
    void anAnswerThatIsNoListIsTakenForNone() {
        // Given
        String uid = CLUSTER.unscheduled("garbled", "app=garbled");
        weather.on("GET", "metadata.name%3Dgarbled").answers(200, "OK", "not what was asked for");

        // When
        view.lookUp(ref("garbled", uid)).join();

        // Then
        assertThat(view.podWithUid(uid)).isEqualTo(new Answer.Unknown<>("the API server's answer is no list"));
    }

    @Test
    void aWorkloadOfWhichAPartIsNotToldIsUnknown() {
        // Given
        Pod pod = oneOf("partly", 0);
        weather.on(seen ->
                        seen.target().contains("/replicasets?") && seen.target().contains("labelSelector=app"))
                .answers(500, "InternalError", "it has a bad day");

        // When
        lookUpWorkload(pod);

        // Then
        assertThat(view.workloadOf(pod))
                .isEqualTo(new Answer.Unknown<>("the API server does not list replicasets: it has a bad day"));
    }

    @Test
    void itTakesNoRightToWatchWhatIsOnlyAskedFor() {
        // Given
        Pod pod = oneOf("narrow", 0);
        List<Rule> rules = List.of(
                new Rule("", "pods", "list"),
                new Rule("", "pods", "watch"),
                new Rule("", "nodes", "list"),
                new Rule("", "nodes", "watch"),
                new Rule("apps", "replicasets", "list"),
                new Rule("apps", "deployments", "list"));

        // When
        try (AnAccount account = new AnAccount(CLUSTER, "agent", rules);
                NodeView narrow = NodeView.follow(account.access(), HERE, Clock.systemUTC())) {
            until("its pods are listed", narrow::knowsPods);
            narrow.lookUpWorkload(pod).join();

            // Then
            assertThat(narrow.workloadOf(pod)).isInstanceOf(Answer.Known.class);
        }
    }
}
