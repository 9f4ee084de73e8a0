package dev.pounce.guard;

import static dev.pounce.testing.ACluster.containerOf;
import static dev.pounce.testing.ACluster.mirror;
import static dev.pounce.testing.ACluster.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Node;
import dev.pounce.cluster.OwnPlace;
import dev.pounce.cluster.Pod;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.testing.ACluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterObjectsTest {

    private final ACluster cluster = new ACluster()
            .has(pod("shop", "web", Optional.empty()))
            .has(mirror(pod("shop", "static", Optional.empty())))
            .has(pod("kube-system", "dns", Optional.empty()))
            .has(pod("security", "agent", Optional.empty()))
            .has(new Node("node-1", "u", true, false, false))
            .has(new Node("boss", "u", true, false, true));

    private static ResponsePlan.Step step(ActionType type, Asset target) {
        return AStep.of(
                new Action.OnCluster(type, target, type.read(ActionSamples.given(type, new Random(1)))), Mode.ENFORCE);
    }

    private Verdict judged(ActionType type, Asset target, OwnPlace own) {
        return new ProtectedSetGuard(new FakeProcesses(), cluster, own).judge(step(type, target));
    }

    private Verdict judged(ActionType type, Asset target) {
        return judged(type, target, OwnPlace.OUTSIDE);
    }

    private static PodRef ref(String namespace, String name) {
        return new PodRef(namespace, name, Optional.of("uid-of-" + name));
    }

    @Test
    void aPodThatTheClusterDoesNotStandOnMayBeTouched() {
        assertThat(judged(ActionType.POD_TERMINATE, ref("shop", "web"))).isInstanceOf(Verdict.Allow.class);
    }

    @Test
    void beforehandAPodIsAskedForIfTheStepWouldChangeSomethingAndNothingElseIs() {
        // Given
        Guard guard = new ProtectedSetGuard(new FakeProcesses(), cluster, OwnPlace.OUTSIDE);
        Asset container = new ContainerRef(new NodeRef("node-1"), containerOf("web"));

        // When
        List.of(
                        step(ActionType.POD_TERMINATE, ref("shop", "web")),
                        step(ActionType.NODE_CORDON, ref("shop", "static")),
                        step(ActionType.EVIDENCE_LOGS, ref("shop", "web")),
                        step(ActionType.NODE_ISOLATE_CONTAINER, container),
                        AStep.suspend(7))
                .forEach(step -> guard.prepare(step).join());

        // Then
        assertThat(cluster.lookedUp()).containsExactly("pod/shop/web", "pod/shop/static");
    }

    @Test
    void whatAKubeletRunsFromAFileIsLeftAlone() {
        assertThat(judged(ActionType.POD_TERMINATE, ref("shop", "static")))
                .isEqualTo(new Verdict.Deny(
                        "protected",
                        "pod/shop/static is run by its node's kubelet from a file, as the control plane is"));
        assertThat(judged(ActionType.POD_TERMINATE, new PodRef("shop", "static", Optional.of("its-hash-on-the-node"))))
                .isInstanceOf(Verdict.Deny.class);
    }

    @Test
    void aContainerOfTheClustersOwnIsLeftAlone() {
        assertThat(judged(
                        ActionType.NODE_ISOLATE_CONTAINER, new ContainerRef(new NodeRef("node-1"), containerOf("dns"))))
                .isEqualTo(new Verdict.Deny(
                        "protected", "pod/kube-system/dns is in namespace kube-system, which is protected"));
        assertThat(judged(
                        ActionType.NODE_ISOLATE_CONTAINER, new ContainerRef(new NodeRef("node-1"), containerOf("web"))))
                .isInstanceOf(Verdict.Allow.class);
    }

    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource({
        "NODE_CORDON, node-1, Allow",
        "NODE_DRAIN, boss, Deny",
        "NODE_CORDON, boss, Deny",
        "NODE_TAINT, boss, Deny",
        "NODE_LABEL, boss, Allow",
        "NODE_DRAIN, none, Allow"
    })
    void nobodyIsDrivenAwayFromTheControlPlane(ActionType type, String node, String expected) {
        assertThat(judged(type, new NodeRef(node)).getClass().getSimpleName()).isEqualTo(expected);
    }

    @Test
    void theNodeOfAPodIsLookedUp() {
        assertThat(judged(ActionType.NODE_DRAIN, ref("shop", "web"))).isInstanceOf(Verdict.Allow.class);
        assertThat(judged(ActionType.NODE_DRAIN, ref("shop", "gone"))).isInstanceOf(Verdict.Deny.class);
    }

    @Test
    void thePartsOfThisEngineAreLeftAlone() {
        // Given
        OwnPlace sameAccount = new OwnPlace("security", "default", "");
        OwnPlace anotherAccount = new OwnPlace("security", "pounce", "");
        OwnPlace elsewhere = new OwnPlace("shop-floor", "default", "uid-of-agent");

        // When // Then
        assertThat(judged(ActionType.POD_TERMINATE, ref("security", "agent"), sameAccount))
                .isEqualTo(new Verdict.Deny("protected", "pod/security/agent is a part of this engine"));
        assertThat(judged(ActionType.POD_TERMINATE, ref("security", "agent"), anotherAccount))
                .isInstanceOf(Verdict.Allow.class);
        assertThat(judged(ActionType.POD_TERMINATE, ref("security", "agent"), elsewhere))
                .isInstanceOf(Verdict.Deny.class);
        assertThat(judged(ActionType.POD_TERMINATE, ref("shop", "web"), sameAccount))
                .isInstanceOf(Verdict.Allow.class);
    }

    @Test
    void whatCannotBeFoundOutIsRefused() {
        // Given
        cluster.isUnheardOf("nobody knows");

        // When // Then
        assertThat(judged(ActionType.POD_TERMINATE, ref("shop", "web")))
                .isEqualTo(new Verdict.Deny(
                        "protected", "whether the cluster stands on pod/shop/web is not known: nobody knows"));
        assertThat(judged(ActionType.NODE_CORDON, new NodeRef("node-1"))).isInstanceOf(Verdict.Deny.class);
        assertThat(judged(ActionType.EVIDENCE_LOGS, ref("shop", "web"))).isInstanceOf(Verdict.Allow.class);
    }

    @Test
    void whatIsBesideThisEngineIsNeitherDeletedNorScaled() {
        // Given
        OwnPlace place = new OwnPlace("security", "watcher", "uid-of-watcher");
        ObjectRef ours = new ObjectRef("daemonsets.apps", Optional.of("security"), "watcher");
        ObjectRef others = new ObjectRef("daemonsets.apps", Optional.of("shop"), "watcher");

        // When
        Verdict deleted = judged(ActionType.OBJECT_DELETE, ours, place);
        Verdict elsewhere = judged(ActionType.OBJECT_DELETE, others, place);
        Verdict outside = judged(ActionType.OBJECT_DELETE, ours, OwnPlace.OUTSIDE);

        // Then
        assertThat(deleted).isInstanceOfSatisfying(Verdict.Deny.class, deny -> assertThat(deny.reason())
                .contains("in which this engine runs"));
        assertThat(elsewhere).isInstanceOf(Verdict.Allow.class);
        assertThat(outside).isInstanceOf(Verdict.Allow.class);
    }

    @Test
    void whereThisEngineRunsStandsInItsToken(@TempDir Path directory) throws IOException {
        // Given
        String claims = "{\"sub\":\"x\",\"kubernetes.io\":{\"namespace\":\"security\",\"pod\":{\"name\":\"agent\","
                + "\"uid\":\"u-1\"},\"serviceaccount\":{\"name\":\"pounce-agent\",\"uid\":\"u-2\"}}}";
        Path token = directory.resolve("token");
        Files.writeString(
                token,
                "e30." + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                        + ".c2ln");
        Files.writeString(directory.resolve("other"), "no token");

        // When
        OwnPlace place = OwnPlace.of(token);

        // Then
        assertThat(place).isEqualTo(new OwnPlace("security", "pounce-agent", "u-1"));
        assertThat(OwnPlace.of(directory.resolve("other"))).isEqualTo(OwnPlace.OUTSIDE);
        assertThat(OwnPlace.of(directory.resolve("none"))).isEqualTo(OwnPlace.OUTSIDE);
        Pod ownPod = pod("security", "agent", Optional.empty());
        assertThat(OwnPlace.OUTSIDE.isOurs(ownPod)).isFalse();
    }
}
