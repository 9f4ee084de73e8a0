package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a real containerd writes down. Needs the cluster that {@code ci/kube} brings up on this machine. */
class ContainerDescriptionsIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    @Test
    void aPodsContainersAreDescribedOnItsNode() throws IOException {
        // Given
        Path state = RealCluster.kubeconfig().orElseThrow().toRealPath().resolveSibling("containerd");
        assumeThat(state).isReadable();
        String uid = CLUSTER.pod("described", "app=described");
        String id = CLUSTER.kubectl(
                        "get", "pod", "described", "-o", "jsonpath={.status.containerStatuses[0].containerID}")
                .replaceFirst(".*//", "");

        // When
        Optional<ContainerDescription> found =
                ContainerDescriptions.under(Path.of("/nowhere"), List.of(state)).of(id);

        // Then
        assertThat(found).hasValueSatisfying(description -> assertThat(description)
                .returns(
                        Optional.of(new PodRef(CLUSTER.namespace(), "described", Optional.of(uid))),
                        ContainerDescription::pod)
                .returns("described", ContainerDescription::name)
                .returns(RealCluster.IMAGE, ContainerDescription::image));
        assertThat(ContainerDescriptions.under(Path.of("/nowhere"), List.of(state))
                        .of(found.orElseThrow().sandbox()))
                .isPresent();
    }
}
