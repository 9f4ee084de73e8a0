package dev.pounce.cluster;

import static dev.pounce.testing.ACluster.MORNING;
import static dev.pounce.testing.ACluster.containerOf;
import static dev.pounce.testing.ACluster.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.testing.ACluster;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AssetCompletionTest {

    private static final NodeRef SENDER = new NodeRef("sender");
    private static final Instant NOON = MORNING.plusSeconds(4 * 3600);
    private static final PodRef BY_NAME = new PodRef("shop", "web-0", Optional.empty());
    private static final PodRef WHOLE = new PodRef("shop", "web-0", Optional.of("uid-of-web-0"));
    private static final NodeRef NODE = new NodeRef("node-1");
    private static final WorkloadRef WORKLOAD = new WorkloadRef("deployment", "shop", "web", Optional.of("uid-of-web"));

    private final ACluster cluster = new ACluster().running("shop", "web", 2);

    private List<Asset> completed(Asset... assets) {
        return new AssetCompletion(cluster).complete(List.of(assets), NOON);
    }

    @Test
    void aPodThatIsToldByNameGetsItsUidNodeAndWorkload() {
        assertThat(completed(BY_NAME)).containsExactly(WHOLE, NODE, WORKLOAD);
    }

    @Test
    void theShortIdOfItsContainerIsProofEnough() {
        // Given
        ContainerRef container = new ContainerRef(SENDER, containerOf("web-0").substring(0, 12));

        // When
        List<Asset> completed = completed(container, BY_NAME);

        // Then
        assertThat(completed).containsExactly(container, WHOLE, NODE, WORKLOAD);
    }

    @Test
    void aPodOfThatNameThatHoldsAnotherContainerIsAnother() {
        // Given
        ContainerRef container = new ContainerRef(SENDER, containerOf("before"));

        // When
        List<Asset> completed = completed(container, BY_NAME);

        // Then
        assertThat(completed).containsExactly(container, BY_NAME);
    }

    @Test
    void aPodThatIsYoungerThanTheDetectionIsAnother() {
        // When
        List<Asset> completed = new AssetCompletion(cluster).complete(List.of(BY_NAME), MORNING.minusSeconds(1));

        // Then
        assertThat(completed).containsExactly(BY_NAME);
    }

    @Test
    void withinTheSecondOfItsMakingOnlyItsContainerIsProof() {
        // Given
        Instant seen = MORNING.plusMillis(500);
        ContainerRef container = new ContainerRef(SENDER, containerOf("web-0"));

        // When
        List<Asset> byName = new AssetCompletion(cluster).complete(List.of(BY_NAME), seen);
        List<Asset> byContainer = new AssetCompletion(cluster).complete(List.of(container, BY_NAME), seen);

        // Then
        assertThat(byName).containsExactly(BY_NAME);
        assertThat(byContainer).contains(WHOLE);
    }

    @Test
    void aUidThatIsToldIsNotExchanged() {
        // Given
        PodRef replaced = new PodRef("shop", "web-0", Optional.of("an-earlier-one"));

        // When
        List<Asset> completed = completed(replaced);

        // Then
        assertThat(completed).containsExactly(replaced);
    }

    @Test
    void aPodOfTheKubeletsOwnHasTheUidOfItsImageInTheApi() {
        // Given
        cluster.has(ACluster.mirror(pod("kube-system", "etcd-node-1", Optional.empty())));
        PodRef onTheNode = new PodRef("kube-system", "etcd-node-1", Optional.of("hash-of-the-file"));

        // When
        List<Asset> completed = completed(onTheNode);

        // Then
        assertThat(completed)
                .containsExactly(new PodRef("kube-system", "etcd-node-1", Optional.of("uid-of-etcd-node-1")), NODE);
    }

    @Test
    void aContainersPodIsFound() {
        // Given
        ProcessRef process = new ProcessRef(SENDER, 4711, 1);
        ContainerRef container = new ContainerRef(SENDER, containerOf("web-0"));

        // When
        List<Asset> completed = completed(process, container);

        // Then
        assertThat(completed).containsExactly(process, container, WHOLE, NODE, WORKLOAD);
    }

    @Test
    void theNodeIsThePodsAndNotTheSenders() {
        assertThat(completed(BY_NAME, SENDER)).containsExactly(WHOLE, NODE, WORKLOAD);
    }

    @Test
    void anAuditedObjectStaysTheFirstOfItsKind() {
        // Given
        ObjectRef object = new ObjectRef("pods", Optional.of("shop"), "web-0");

        // When
        List<Asset> completed = completed(BY_NAME, object, SENDER);

        // Then
        assertThat(completed).containsExactly(WHOLE, object, NODE, WORKLOAD);
    }

    @Test
    void aPodThatNobodyOwnsHasNoWorkload() {
        // Given
        cluster.has(pod("shop", "alone", Optional.empty()));

        // When
        List<Asset> completed = completed(new PodRef("shop", "alone", Optional.empty()));

        // Then
        assertThat(completed).containsExactly(new PodRef("shop", "alone", Optional.of("uid-of-alone")), NODE);
    }

    @Test
    void whatCannotBeFoundOutStaysAsItWasTold() {
        // Given
        cluster.isUnheardOf("it is away");

        // When
        List<Asset> completed = completed(new ContainerRef(SENDER, containerOf("web-0")), BY_NAME, SENDER);

        // Then
        assertThat(completed).containsExactly(new ContainerRef(SENDER, containerOf("web-0")), BY_NAME, SENDER);
        assertThat(new AssetCompletion(ClusterFacts.NO_CLUSTER).complete(List.of(BY_NAME), NOON))
                .containsExactly(BY_NAME);
    }
}
