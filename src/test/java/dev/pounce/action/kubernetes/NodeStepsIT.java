package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class NodeStepsIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static Acting acting;

    @BeforeAll
    static void opensTheActuator() {
        acting = new Acting(CLUSTER);
    }

    @AfterAll
    static void closesTheActuator() {
        acting.close();
    }

    @BeforeEach
    void forgetsWhatOtherTestsDid() {
        acting.undos().clear();
    }

    @Test
    void aCordonedNodeIsUncordonedAgainAndOneThatSomebodyElseCordonedStaysSo() {
        try (FakeNode node = FakeNode.named(CLUSTER, "cordon")) {
            // When
            Outcome outcome = acting.carryOut(ActionType.NODE_CORDON, node.ref(), Map.of());
            Outcome again = acting.carryOut(ActionType.NODE_CORDON, node.ref(), Map.of());

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(again).isInstanceOf(Outcome.AlreadySo.class);
            assertThat(node.json(".spec.unschedulable")).isEqualTo("true");
            assertThat(acting.undos()).hasSize(1);

            // When
            Outcome back = acting.takeBack(acting.undos().getFirst());

            // Then
            assertThat(back).isInstanceOf(Outcome.Done.class);
            assertThat(node.json(".spec.unschedulable")).isEmpty();
            assertThat(node.json(".metadata.annotations")).doesNotContain("pounce.dev/");

            // When
            acting.carryOut(ActionType.NODE_CORDON, node.ref(), Map.of());
            RealCluster.kubectlAnywhere("uncordon", node.name());
            RealCluster.kubectlAnywhere("cordon", node.name());
            Outcome theirs = acting.takeBack(acting.undos().getLast());

            // Then
            assertThat(theirs).isInstanceOf(Outcome.Withheld.class);
            assertThat(node.json(".spec.unschedulable")).isEqualTo("true");
        }
    }

    @Test
    void theNodeOfAPodIsMeantAndOfNoOtherPodOfThatName() {
        try (FakeNode node = FakeNode.named(CLUSTER, "ofpod")) {
            // Given
            node.pod("here", "app: here", "");
            String uid = CLUSTER.kubectl("get", "pod", "here", "-o", "jsonpath={.metadata.uid}");

            // When
            Outcome outcome = acting.carryOut(
                    ActionType.NODE_LABEL,
                    new PodRef(CLUSTER.namespace(), "here", Optional.of(uid)),
                    Map.of("labels", Map.of("seen", "yes", "group", "")));
            Outcome another = acting.carryOut(
                    ActionType.NODE_CORDON, new PodRef(CLUSTER.namespace(), "here", Optional.of("another")), Map.of());

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(another).isInstanceOf(Outcome.TargetGone.class);
            assertThat(node.json(".metadata.labels"))
                    .contains("\"seen\":\"yes\"")
                    .doesNotContain("group");
            assertThat(acting.undos())
                    .singleElement()
                    .extracting(undo -> undo.target())
                    .isEqualTo(node.ref());

            // When
            CLUSTER.kubectl("delete", "pod", "here");
            Outcome back = acting.takeBack(acting.undos().getFirst());

            // Then
            assertThat(back).isInstanceOf(Outcome.Done.class);
            assertThat(node.json(".metadata.labels")).contains("group").doesNotContain("seen");
        }
    }

    @Test
    void annotationsOfANodeAreRestoredUnlessSomebodyHasChangedThemSince() {
        try (FakeNode node = FakeNode.named(CLUSTER, "annotate")) {
            // Given
            Outcome outcome = acting.carryOut(
                    ActionType.NODE_ANNOTATE, node.ref(), Map.of("annotations", Map.of("a", "1", "b", "2")));
            RealCluster.kubectlAnywhere("annotate", "--overwrite", "node", node.name(), "b=theirs");

            // When
            Outcome back = acting.takeBack(acting.undos().getFirst());

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(back).isInstanceOf(Outcome.Withheld.class);
            assertThat(node.json(".metadata.annotations.a")).isEmpty();
            assertThat(node.json(".metadata.annotations.b")).isEqualTo("theirs");
        }
    }

    @Test
    void aTaintGoesAgainAndTheOthersStay() {
        try (FakeNode node = FakeNode.named(CLUSTER, "taint")) {
            Map<String, ?> taint = Map.of("key", "pounce.dev/suspect", "value", "yes", "effect", "NoSchedule");

            // When
            Outcome rehearsed = acting.rehearse(ActionType.NODE_TAINT, node.ref(), taint);
            Outcome outcome = acting.carryOut(ActionType.NODE_TAINT, node.ref(), taint);
            Outcome other = acting.carryOut(
                    ActionType.NODE_TAINT, node.ref(), Map.of("key", "pounce.dev/suspect", "value", "no"));

            // Then
            assertThat(rehearsed).isInstanceOf(Outcome.WouldAct.class);
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(other).isInstanceOf(Outcome.Failed.class);
            assertThat(node.json(".spec.taints[*].key")).isEqualTo("kwok.x-k8s.io/node pounce.dev/suspect");

            // When
            Outcome back = acting.takeBack(acting.undos().getFirst());

            // Then
            assertThat(back).isInstanceOf(Outcome.Done.class);
            assertThat(node.json(".spec.taints[*].key")).isEqualTo("kwok.x-k8s.io/node");
        }
    }

    @Test
    void podsAreEvictedAndThoseThatStayAreCounted() {
        try (FakeNode node = FakeNode.named(CLUSTER, "drain")) {
            // Given
            for (int i = 0; i < 12; i++) {
                node.pod("drained-" + i, "app: drained", "");
            }
            CLUSTER.apply("""
                    apiVersion: apps/v1
                    kind: DaemonSet
                    metadata: {name: everywhere}
                    spec:
                      selector: {matchLabels: {app: everywhere}}
                      template:
                        metadata: {labels: {app: everywhere}}
                        spec:
                          nodeSelector: {kubernetes.io/hostname: %s}
                          tolerations: [{operator: Exists}]
                          containers: [{name: c, image: none}]
                    """.formatted(node.name()));
            CLUSTER.kubectl("rollout", "status", "daemonset/everywhere", "--timeout=30s");

            // When
            Outcome rehearsed = acting.rehearse(ActionType.NODE_DRAIN, node.ref(), Map.of());

            // Then
            assertThat(rehearsed).isInstanceOf(Outcome.WouldAct.class);
            assertThat(pods("app=drained")).hasSize(12);
            assertThat(node.json(".spec.unschedulable")).isEmpty();

            // When
            Outcome outcome = acting.carryOut(ActionType.NODE_DRAIN, node.ref(), Map.of());

            // Then
            assertThat(outcome)
                    .asInstanceOf(type(Outcome.Done.class))
                    .extracting(Outcome.Done::observed)
                    .asString()
                    .contains("of 12 gone 12")
                    .contains("1 of DaemonSets");
            assertThat(pods("app=drained")).isEmpty();
            assertThat(pods("app=everywhere")).hasSize(1);
            assertThat(acting.carryOut(ActionType.NODE_DRAIN, node.ref(), Map.of()))
                    .isInstanceOf(Outcome.AlreadySo.class);

            // When
            Outcome back = acting.takeBack(acting.undos().getFirst());

            // Then
            assertThat(back).isInstanceOf(Outcome.Done.class);
            assertThat(node.json(".spec.unschedulable")).isEmpty();
            CLUSTER.kubectl("delete", "daemonset", "everywhere");
        }
    }

    @Test
    void aDisruptionBudgetIsRespectedAndWhoStaysIsNamed() {
        try (FakeNode node = FakeNode.named(CLUSTER, "budget")) {
            // Given
            node.pod("kept", "app: kept", "");
            node.pod("free", "app: free", "");
            CLUSTER.kubectl("create", "poddisruptionbudget", "kept", "--selector=app=kept", "--min-available=1");
            RealCluster.until("the budget is counted", () -> CLUSTER.kubectl(
                            "get", "pdb", "kept", "-o", "jsonpath={.status.currentHealthy}")
                    .equals("1"));

            // When
            Outcome outcome = acting.within(Duration.ofSeconds(6), ActionType.NODE_DRAIN, node.ref(), Map.of());
            Outcome ignoring = acting.within(
                    Duration.ofSeconds(4), ActionType.NODE_DRAIN, node.ref(), Map.of("ignoreErrors", "true"));

            // Then
            assertThat(outcome)
                    .asInstanceOf(type(Outcome.Failed.class))
                    .extracting(Outcome.Failed::reason)
                    .asString()
                    .contains("of 2 gone 1")
                    .contains("not evicted 1: " + CLUSTER.namespace() + "/kept (The disruption budget kept needs 1");
            assertThat(ignoring).isInstanceOf(Outcome.Done.class);
            assertThat(pods("app=kept")).hasSize(1);
            assertThat(pods("app=free")).isEmpty();

            // When
            CLUSTER.kubectl("delete", "pdb", "kept");
            Outcome freed = acting.carryOut(ActionType.NODE_DRAIN, node.ref(), Map.of());

            // Then
            assertThat(freed).isInstanceOf(Outcome.Done.class);
            assertThat(pods("app=kept")).isEmpty();
        }
    }

    @Test
    void enoughOfAReplicaSetStayReadyAllTheWay() throws InterruptedException {
        try (FakeNode node = FakeNode.named(CLUSTER, "healthy");
                FakeNode other = FakeNode.named(CLUSTER, "refuge")) {
            // Given
            RealCluster.kubectlAnywhere("cordon", other.name());
            CLUSTER.apply("""
                    apiVersion: apps/v1
                    kind: ReplicaSet
                    metadata: {name: replicated}
                    spec:
                      replicas: 4
                      selector: {matchLabels: {app: replicated}}
                      template:
                        metadata: {labels: {app: replicated}}
                        spec:
                          nodeSelector: {group: %s}
                          tolerations: [{key: kwok.x-k8s.io/node, operator: Exists}]
                          terminationGracePeriodSeconds: 0
                          containers: [{name: c, image: none}]
                    """.formatted(CLUSTER.namespace()));
            RealCluster.until("all ready", () -> ready().equals("4"));

            // When
            Outcome none =
                    acting.within(Duration.ofSeconds(4), ActionType.NODE_DRAIN, node.ref(), Map.of("minHealthy", "3"));

            // Then
            assertThat(none)
                    .as("nowhere else to go: one may go, and three stay")
                    .asInstanceOf(type(Outcome.Failed.class))
                    .extracting(Outcome.Failed::reason)
                    .asString()
                    .contains("of 4 gone 1")
                    .contains("2 would stay ready, and 3 have to");
            assertThat(ready()).isEqualTo("3");

            // When
            RealCluster.kubectlAnywhere("uncordon", other.name());
            Outcome outcome = acting.carryOut(ActionType.NODE_DRAIN, node.ref(), Map.of("minHealthy", "75%"));

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(CLUSTER.kubectl(
                            "get", "pods", "-l", "app=replicated", "-o", "jsonpath={.items[*].spec.nodeName}"))
                    .doesNotContain(node.name());
            CLUSTER.kubectl("delete", "replicaset", "replicated");
        }
    }

    private static String ready() {
        return CLUSTER.kubectl("get", "replicaset", "replicated", "-o", "jsonpath={.status.readyReplicas}");
    }

    private static List<String> pods(String selector) {
        String names = CLUSTER.kubectl("get", "pods", "-l", selector, "-o", "name");
        return names.lines().toList();
    }

    @Test
    void aNodeThatIsNotThereIsGone() {
        assertThat(acting.carryOut(ActionType.NODE_CORDON, new NodeRef("nobody"), Map.of()))
                .isInstanceOf(Outcome.TargetGone.class);
        assertThat(acting.carryOut(ActionType.NODE_DRAIN, new NodeRef("nobody"), Map.of()))
                .isInstanceOf(Outcome.TargetGone.class);
    }
}
