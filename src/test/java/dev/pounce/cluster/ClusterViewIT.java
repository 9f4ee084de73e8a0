package dev.pounce.cluster;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ClusterViewIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final AtomicLong AHEAD = new AtomicLong();
    private static ClusterView view;

    @BeforeAll
    static void follow() {
        view = ClusterView.follow(CLUSTER.access(), () -> System.nanoTime() + AHEAD.get());
        until("all kinds are known", () -> view.health().stream().allMatch(ClusterView.Health::synced));
    }

    @AfterAll
    static void close() {
        view.close();
    }

    private static Pod known(String name) {
        until(name + " is known", () -> view.pod(CLUSTER.namespace(), name) instanceof Answer.Known);
        return ((Answer.Known<Pod>) view.pod(CLUSTER.namespace(), name)).value();
    }

    @Test
    void aPodOnTheNodeIsKnownByNameUidContainerAddressAndNode() {
        // Given
        Instant before = Instant.now().minusSeconds(1);
        String uid = CLUSTER.pod("seen", "app=seen");
        until("it is ready", () -> known("seen").ready());

        // When
        Pod pod = known("seen");

        // Then
        assertThat(pod.uid()).isEqualTo(uid);
        assertThat(pod.labels()).containsEntry("app", "seen");
        assertThat(pod.created())
                .isBetween(before.minusSeconds(1), Instant.now().plusSeconds(1));
        assertThat(view.podWithUid(uid)).isEqualTo(new Answer.Known<>(pod));
        assertThat(view.podOfContainer(pod.containers().getFirst().id())).isEqualTo(new Answer.Known<>(pod));
        assertThat(view.podOfContainer(pod.containers().getFirst().id().substring(0, 12)))
                .isEqualTo(new Answer.Known<>(pod));
        assertThat(view.podByIp(pod.ip())).isEqualTo(new Answer.Known<>(pod));
        assertThat(((Answer.Known<?>) view.podsOfNode(pod.node())).value())
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .contains(pod);
        assertThat(view.workloadOf(pod)).isInstanceOf(Answer.Gone.class);
        assertThat(((Answer.Known<Integer>) view.readyPodsIn(CLUSTER.namespace())).value())
                .isPositive();
    }

    @Test
    void aPodsWorkloadIsItsDeploymentWithAllItsPodsAndItsBudget() {
        // Given
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: { name: web }
                spec:
                  replicas: 3
                  selector: { matchLabels: { app: web } }
                  template:
                    metadata: { labels: { app: web } }
                    spec: { schedulerName: nobody, containers: [{ name: web, image: registry.local/pause:1 }] }
                ---
                apiVersion: policy/v1
                kind: PodDisruptionBudget
                metadata: { name: web }
                spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
                """);
        String[] names = new String[1];
        until("its pods are made", () -> {
            names[0] = CLUSTER.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}");
            return names[0].split(" ").length == 3;
        });
        Pod pod = known(names[0].split(" ")[0]);
        until(
                "the deployment is known with its pods",
                () -> view.workloadOf(pod) instanceof Answer.Known<Workload> w
                        && w.value().pods().size() == 3);
        until(
                "the budget is known",
                () -> view.budgetsOf(pod) instanceof Answer.Known<java.util.List<Budget>> known
                        && known.value().size() == 1);

        // When
        Workload workload = ((Answer.Known<Workload>) view.workloadOf(pod)).value();

        // Then
        assertThat(workload.display()).isEqualTo("deployment/" + CLUSTER.namespace() + "/web");
        assertThat(workload.desired()).isEqualTo(OptionalInt.of(3));
        assertThat(workload.ready()).isZero();
        assertThat(workload.uid())
                .isEqualTo(CLUSTER.kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.uid}"));
    }

    @Test
    void aDeletedPodIsGone() {
        // Given
        CLUSTER.unscheduled("short-lived", "app=short");
        Pod pod = known("short-lived");

        // When
        CLUSTER.kubectl("delete", "pod", "short-lived", "--now");

        // Then
        until("it is gone", () -> view.pod(CLUSTER.namespace(), "short-lived") instanceof Answer.Gone);
        assertThat(view.podWithUid(pod.uid())).isInstanceOf(Answer.Gone.class);
    }

    @Test
    void aNodeIsKnown() {
        // When
        Answer<Node> node = view.node("node1");

        // Then
        assertThat(node).isInstanceOfSatisfying(Answer.Known.class, known -> assertThat(((Node) known.value()).ready())
                .isTrue());
        assertThat(view.node("none")).isInstanceOf(Answer.Gone.class);
        assertThat(view.podsOfNode("none")).isInstanceOf(Answer.Gone.class);
    }

    @Test
    void whatWasNotHeardOfForAMinuteIsNotKnown() {
        // Given
        AHEAD.set(ClusterView.STALE.plusSeconds(1).toNanos());

        // When
        Answer<Pod> answer = view.pod("shop", "web");
        AHEAD.set(0);

        // Then
        assertThat(answer).isInstanceOfSatisfying(Answer.Unknown.class, unknown -> assertThat(unknown.why())
                .matches("nothing was heard of the cluster's pods for 6\\d seconds.*"));
    }

    @Test
    void aWatchOverWhichNothingComesAnyMoreIsOpenedAgain() {
        // Given
        AHEAD.set(Feed.SILENCE.plusSeconds(1).toNanos());

        // When
        until(
                "its watch is open again",
                () -> view.health().getFirst().silence().compareTo(Duration.ofSeconds(5)) < 0);
        AHEAD.set(0);

        // Then
        CLUSTER.unscheduled("after", "app=after");
        assertThat(known("after").name()).isEqualTo("after");
    }
}
