package dev.pounce.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterStoreTest {

    private static final String CONTAINER_7 = "%064x".formatted(7);

    private final Slim slim = new Slim();
    private final ClusterStore store = new ClusterStore();

    private Pod pod(String name, String uid, int number) {
        return slim.pod(Objects.slim(Objects.pod("shop", name, uid, "web-5d4f", number)));
    }

    @Test
    void ofAPodWhatIsAskedForIsKept() {
        // When
        Pod pod = pod("web-5d4f-x", "u1", 7);

        // Then
        assertThat(pod)
                .returns("shop", Pod::namespace)
                .returns("u1", Pod::uid)
                .returns("node-7", Pod::node)
                .returns(Instant.parse("2026-11-23T12:00:00Z"), Pod::created)
                .returns("10.1.7.0", Pod::ip)
                .returns("Running", Pod::phase)
                .returns("default", Pod::serviceAccount)
                .returns(true, Pod::ready)
                .returns(false, Pod::deleting)
                .returns(false, Pod::mirror)
                .returns(List.of(new Pod.Container("web", CONTAINER_7)), Pod::containers)
                .returns(Map.of("app", "web", "pod-template-hash", "5d4f", "template", "kept"), Pod::labels);
        assertThat(pod.owner()).contains(new Owner("ReplicaSet", "web-5d4f", "rs-web-5d4f"));
    }

    @Test
    void aPodThatIsBeingDeletedIsNotReady() {
        // Given
        String json = Objects.pod("shop", "web", "u1", "web-5d4f", 7)
                .replace("\"resourceVersion\":\"1\"", "\"deletionTimestamp\":\"2026-11-23T12:00:00Z\"");

        // When
        Pod pod = slim.pod(Objects.slim(json));

        // Then
        assertThat(pod.deleting()).isTrue();
        assertThat(pod.ready()).isFalse();
    }

    @Test
    void whatAKubeletRunsFromAFileIsKnownAsThat() {
        // Given
        String json = Objects.pod("kube-system", "etcd-node1", "u1", "none", 7)
                .replace("kubectl.kubernetes.io/last-applied-configuration", "kubernetes.io/config.mirror");

        // When
        Pod pod = slim.pod(Objects.slim(json));

        // Then
        assertThat(pod.mirror()).isTrue();
    }

    @Test
    void aContainerOfBeforeARestartIsThePodsStill() {
        // Given
        String json = Objects.pod("shop", "web", "u1", "web-5d4f", 7)
                .replace(
                        "{\"name\":\"web\",\"containerID\":",
                        "{\"name\":\"web\",\"lastState\":{\"terminated\":{\"containerID\":\"containerd://aaaabbbbccccdddd\"}},"
                                + "\"containerID\":");

        // When
        Pod pod = slim.pod(Objects.slim(json));

        // Then
        assertThat(pod.holds("aaaabbbbcccc")).isTrue();
        assertThat(pod.holds(CONTAINER_7.substring(0, 12))).isTrue();
        assertThat(pod.holds("ffff00000000")).isFalse();
    }

    @Test
    void aPodIsFoundByEverythingItIsKnownBy() {
        // Given
        Pod pod = pod("web-5d4f-x", "u1", 7);

        // When
        store.put(pod);

        // Then
        assertThat(store.pod("shop", "web-5d4f-x")).isEqualTo(pod);
        assertThat(store.podWithUid("u1")).isEqualTo(pod);
        assertThat(store.podsWithContainer(CONTAINER_7)).containsExactly(pod);
        assertThat(store.podsWithContainer(CONTAINER_7.substring(0, 12))).containsExactly(pod);
        assertThat(store.podsWithIp("10.1.7.0")).containsExactly(pod);
        assertThat(store.podsOfNode("node-7")).containsExactly(pod);
        assertThat(store.podsOfOwner("rs-web-5d4f")).containsExactly(pod);
    }

    @Test
    void twoContainersThatBeginAlikeAreTwoAnswers() {
        // Given
        store.put(pod("a", "u1", 7));
        store.put(pod("b", "u2", 8));

        // When
        List<Pod> found = store.podsWithContainer("000000000000");

        // Then
        assertThat(found).hasSize(2);
    }

    @Test
    void ofAPodThatIsReplacedByAnotherOfItsNameNothingIsLeft() {
        // Given
        store.put(pod("web-0", "old", 7));

        // When
        Pod fresh = pod("web-0", "new", 8);
        store.put(fresh);

        // Then
        assertThat(store.podWithUid("old")).isNull();
        assertThat(store.podsWithContainer(CONTAINER_7)).isEmpty();
        assertThat(store.podsOfNode("node-7")).isEmpty();
        assertThat(store.podsOfOwner("rs-web-5d4f")).containsExactly(fresh);
        assertThat(store.podCount()).isEqualTo(1);
    }

    @Test
    void theLateNewsOfAnEndDoesNotTakeTheReplacementAway() {
        // Given
        Pod old = pod("web-0", "old", 7);
        Pod fresh = pod("web-0", "new", 8);
        store.put(old);
        store.put(fresh);

        // When
        store.remove(old);

        // Then
        assertThat(store.pod("shop", "web-0")).isEqualTo(fresh);
    }

    @Test
    void whoIsNotInANewListIsGone() {
        // Given
        store.put(pod("a", "u1", 7));
        store.put(pod("b", "u2", 8));

        // When
        store.replacePods(List.of(pod("b", "u2", 8)));

        // Then
        assertThat(store.pod("shop", "a")).isNull();
        assertThat(store.podsWithIp("10.1.7.0")).isEmpty();
        assertThat(store.podCount()).isEqualTo(1);
    }

    @Test
    void theAddressOfAnEndedPodIsNotItsOwn() {
        // Given
        String ended = Objects.pod("shop", "job", "u1", "none", 7).replace("Running", "Succeeded");

        // When
        store.put(slim.pod(Objects.slim(ended)));

        // Then
        assertThat(store.podsWithIp("10.1.7.0")).isEmpty();
    }

    @Test
    void thePodsOfAllItsTemplatesAreADeployments() {
        // Given
        for (String set : List.of("web-1", "web-2")) {
            store.put(slim.controller("ReplicaSet", Objects.slim("""
                    {"metadata":{"namespace":"shop","name":"%1$s","uid":"rs-%1$s","ownerReferences":[
                      {"kind":"Deployment","name":"web","uid":"d1","controller":true}]},"spec":{"replicas":1}}
                    """.formatted(set))));
        }
        Pod one = slim.pod(Objects.slim(Objects.pod("shop", "web-1-a", "u1", "web-1", 1)));
        Pod two = slim.pod(Objects.slim(Objects.pod("shop", "web-2-a", "u2", "web-2", 2)));

        // When
        store.put(one);
        store.put(two);

        // Then
        assertThat(store.podsOfOwner("d1")).containsExactlyInAnyOrder(one, two);
    }

    @Test
    void aBudgetCountsThePodsThatItSelects() {
        // Given
        Budget about = slim.budget(Objects.slim("""
                {"metadata":{"namespace":"shop","name":"web","generation":2},
                 "spec":{"selector":{"matchLabels":{"app":"web"},"matchExpressions":[
                   {"key":"template","operator":"Exists"},{"key":"app","operator":"NotIn","values":["db"]}]}},
                 "status":{"disruptionsAllowed":1,"observedGeneration":2}}
                """));
        Budget ofAnother = slim.budget(Objects.slim("""
                {"metadata":{"namespace":"shop","name":"db"},
                 "spec":{"selector":{"matchLabels":{"app":"db"}}},"status":{"disruptionsAllowed":1}}
                """));
        Budget ofNobody = slim.budget(Objects.slim("""
                {"metadata":{"namespace":"shop","name":"none"},"spec":{},"status":{"disruptionsAllowed":1}}
                """));
        List.of(about, ofAnother, ofNobody).forEach(store::put);

        // When
        List<Budget> budgets = store.budgetsOf(pod("web", "u1", 1));

        // Then
        assertThat(budgets).containsExactly(about);
        assertThat(about.disruptionsAllowed()).isEqualTo(1);
    }

    @Test
    void aBudgetThatTheClusterHasNotCountedYetAllowsNothing() {
        // When
        Budget budget = slim.budget(Objects.slim("""
                {"metadata":{"namespace":"shop","name":"web","generation":3},"spec":{"selector":{}},
                 "status":{"disruptionsAllowed":1,"observedGeneration":2}}
                """));

        // Then
        assertThat(budget.disruptionsAllowed()).isZero();
        assertThat(budget.pods().means(Map.of("any", "thing"))).isTrue();
    }

    @Test
    void equalValuesAreKeptOnce() {
        // When
        Pod one = pod("a", "u1", 7);
        Pod two = pod("b", "u2", 257);

        // Then
        assertThat(one.labels()).isSameAs(two.labels());
        assertThat(one.owner()).isSameAs(two.owner());
        assertThat(one.namespace()).isSameAs(two.namespace());
    }
}
