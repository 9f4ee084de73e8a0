package dev.pounce.action.kubernetes;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With policies that the cluster really enforces. */
class PodIsolationIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static Acting acting;
    private static String peer;

    private String uid = "";

    @BeforeAll
    static void startsAPeerThatListens() {
        acting = new Acting(CLUSTER);
        listening("peer", "app=peer");
        peer = address("peer");
    }

    @AfterAll
    static void closesTheActuator() {
        acting.close();
    }

    @BeforeEach
    void forgetsWhatOtherTestsDid() {
        acting.undos().clear();
    }

    private static void listening(String name, String labels) {
        CLUSTER.kubectl(
                "run",
                name,
                "--image=" + RealCluster.IMAGE,
                "--image-pull-policy=Never",
                "--labels=" + labels,
                "--command",
                "--",
                "nc",
                "-ll",
                "-p",
                "8080",
                "-e",
                "echo",
                "hello");
        CLUSTER.kubectl("wait", "--for=condition=Ready", "pod/" + name, "--timeout=20s");
    }

    private PodRef victim(String name, String labels) {
        listening(name, labels);
        uid = CLUSTER.kubectl("get", "pod", name, "-o", "jsonpath={.metadata.uid}");
        return new PodRef(CLUSTER.namespace(), name, Optional.of(uid));
    }

    private static String address(String pod) {
        return CLUSTER.kubectl("get", "pod", pod, "-o", "jsonpath={.status.podIP}");
    }

    /** Whether a new connection from one pod to an address is answered. */
    private static boolean reaches(String pod, String address) {
        try {
            Process process = new ProcessBuilder(
                            "kubectl", "-n", CLUSTER.namespace(), "exec", pod, "--", "nc", "-w", "1", address, "8080")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            return new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .contains("hello");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private String policies() {
        return CLUSTER.kubectl("get", "networkpolicies", "-o", "name");
    }

    private String policyName() {
        return "pounce-isolate-" + uid.replace("-", "").substring(0, 12);
    }

    @Test
    void aConnectionIsRefusedInBothDirectionsAndWorksAgainWhenItIsTakenBack() {
        // Given
        PodRef victim = victim("both", "app=both");
        String address = address("both");
        until("in before", () -> reaches("peer", address));
        until("out before", () -> reaches("both", peer));

        // When
        Outcome outcome = acting.carryOut(ActionType.POD_ISOLATE, victim, Map.of());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(((Outcome.Done) outcome).observed())
                .contains(policyName())
                .containsAnyOf("if the network plug-in enforces policies", "there to enforce it")
                .contains("connections that are open may stay open");
        until("no way in", () -> !reaches("peer", address));
        until("no way out", () -> !reaches("both", peer));
        assertThat(acting.observe(ActionType.POD_ISOLATE, victim, Map.of())).isInstanceOf(Outcome.AlreadySo.class);

        // When
        Outcome back = acting.takeBack(acting.undos().getFirst());

        // Then
        assertThat(back).isInstanceOf(Outcome.Done.class);
        until("in again", () -> reaches("peer", address));
        until("out again", () -> reaches("both", peer));
        assertThat(policies()).doesNotContain(policyName());
        assertThat(CLUSTER.kubectl("get", "pod", "both", "-o", "jsonpath={.metadata.labels}"))
                .isEqualTo("{\"app\":\"both\"}");
        assertThat(acting.takeBack(acting.undos().getFirst())).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void onlyThatPodOfAWorkloadIsCutOffUnlessTheWorkloadIsMeant() {
        // Given
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: twins}
                spec:
                  replicas: 2
                  selector: {matchLabels: {app: twins}}
                  template:
                    metadata: {labels: {app: twins}}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers:
                      - {name: c, image: "%s", imagePullPolicy: Never, command: [nc, -ll, -p, "8080", -e, echo, hello]}
                """.formatted(RealCluster.IMAGE));
        CLUSTER.kubectl("rollout", "status", "deployment/twins", "--timeout=20s");
        List<String> names =
                List.of(CLUSTER.kubectl("get", "pods", "-l", "app=twins", "-o", "jsonpath={.items[*].metadata.name}")
                        .split(" "));
        PodRef one = new PodRef(CLUSTER.namespace(), names.getFirst(), Optional.empty());
        String first = address(names.get(0));
        String second = address(names.get(1));

        // When
        Outcome outcome = acting.carryOut(ActionType.POD_ISOLATE, one, Map.of());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        until("the one is cut off", () -> !reaches("peer", first));
        assertThat(reaches("peer", second)).isTrue();

        // When
        Outcome all = acting.carryOut(ActionType.POD_ISOLATE, one, Map.of("scope", "workload"));

        // Then
        assertThat(all).isInstanceOf(Outcome.Done.class);
        until("so is the other", () -> !reaches("peer", second));
        acting.undos().forEach(undo -> assertThat(acting.takeBack(undo)).isInstanceOf(Outcome.Done.class));
        until("both are back", () -> reaches("peer", first) && reaches("peer", second));
        CLUSTER.kubectl("delete", "deployment", "twins");
    }

    @Test
    void whoIsOnTheAllowListIsStillReachedAndReaches() {
        // Given
        PodRef victim = victim("listed", "app=listed");
        String address = address("listed");
        Map<String, ?> one = Map.of("allow", Map.of("cidrs", List.of(peer), "dns", "true"));

        // When
        Outcome outcome = acting.carryOut(ActionType.POD_ISOLATE, victim, one);

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        victim("stranger", "app=stranger");
        until("a stranger does not", () -> !reaches("stranger", address));
        assertThat(reaches("peer", address)).isTrue();
        assertThat(reaches("listed", peer)).isTrue();

        // When
        Outcome again = acting.carryOut(
                ActionType.POD_ISOLATE, new PodRef(victim.namespace(), victim.name(), Optional.empty()), one);
        Outcome narrower = acting.carryOut("another-response", ActionType.POD_ISOLATE, victim, Map.of("for", "2h"));

        // Then
        assertThat(again).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(narrower).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void podsOfANamespaceOnTheListAreStillReached() {
        // Given
        PodRef victim = victim("inside", "app=inside");
        String address = address("inside");

        // When
        acting.carryOut(ActionType.POD_ISOLATE, victim, Map.of("allow", Map.of("namespaces", List.of("kube-system"))));
        until("those of another are not", () -> !reaches("peer", address));
        acting.takeBack(acting.undos().getFirst());
        Outcome own = acting.carryOut(
                ActionType.POD_ISOLATE, victim, Map.of("allow", Map.of("namespaces", List.of(CLUSTER.namespace()))));

        // Then
        assertThat(own).isInstanceOf(Outcome.Done.class);
        until("its own is", () -> reaches("peer", address) && reaches("inside", peer));
    }

    @Test
    void whoIsReleasedWhileAnotherHoldsThePolicyIsNotHandedItBack() {
        // Given: the second took over from the first
        PodRef victim = victim("handed", "app=handed");
        acting.carryOut(
                "first", ActionType.POD_ISOLATE, victim, Map.of("for", "2h", "allow", Map.of("cidrs", List.of(peer))));
        acting.carryOut("second", ActionType.POD_ISOLATE, victim, Map.of("for", "1h"));

        // When
        Outcome first = acting.takeBack(acting.undos().get(0));
        Outcome second = acting.takeBack(acting.undos().get(1));

        // Then
        assertThat(first).as("the second holds it").isInstanceOf(Outcome.Withheld.class);
        assertThat(second).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "networkpolicies", "-o", "name")).doesNotContain(policyName());
    }

    @Test
    void aPolicyThatIsThereIsMadeNarrowerForAnotherResponseAndNeverWider() {
        // Given
        PodRef victim = victim("narrow", "app=narrow");
        String address = address("narrow");
        acting.carryOut(
                "first", ActionType.POD_ISOLATE, victim, Map.of("for", "2h", "allow", Map.of("cidrs", List.of(peer))));

        // When
        Outcome narrower = acting.carryOut("second", ActionType.POD_ISOLATE, victim, Map.of("for", "1h"));
        Outcome wider = acting.carryOut(
                "third",
                ActionType.POD_ISOLATE,
                victim,
                Map.of("for", "30m", "allow", Map.of("cidrs", List.of("0.0.0.0/0"))));

        // Then
        assertThat(narrower).isInstanceOf(Outcome.Done.class);
        assertThat(wider).isInstanceOf(Outcome.AlreadySo.class);
        until("nobody any more", () -> !reaches("peer", address));
        assertThat(acting.undos()).hasSize(2);

        // When
        Outcome back = acting.takeBack(acting.undos().get(1));

        // Then
        assertThat(back)
                .asInstanceOf(type(Outcome.Done.class))
                .extracting(Outcome.Done::observed)
                .asString()
                .contains("for response first");
        until("the first's list again", () -> reaches("peer", address));
        assertThat(acting.takeBack(acting.undos().get(0))).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "networkpolicies", "-o", "name")).doesNotContain(policyName());
    }

    @Test
    void whatAnotherPolicyAllowsStaysOpenAndThatIsNoSuccess() {
        // Given
        PodRef victim = victim("served", "app=served");
        String address = address("served");
        CLUSTER.apply("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: served}
                spec:
                  podSelector: {matchLabels: {app: served}}
                  policyTypes: [Ingress]
                  ingress: [{from: [{podSelector: {matchLabels: {app: peer}}}], ports: [{port: 8080}]}]
                """);

        // When
        Outcome outcome =
                acting.carryOut(ActionType.POD_ISOLATE, victim, Map.of("allow", Map.of("cidrs", List.of("0.0.0.0/0"))));

        // Then
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("policy served lets in from pods of its namespace (TCP 8080)");
        victim("other", "app=other");
        assertThat(reaches("peer", address)).as("theirs holds").isTrue();
        assertThat(reaches("other", address)).as("ours has not loosened it").isFalse();
        assertThat(CLUSTER.kubectl(
                        "get",
                        "networkpolicy",
                        "pounce-isolate-"
                                + victim.uid().orElseThrow().replace("-", "").substring(0, 12),
                        "-o",
                        "jsonpath={.spec.ingress}"))
                .isEmpty();
        acting.takeBack(acting.undos().getFirst());
        CLUSTER.kubectl("delete", "networkpolicy", "served");
    }

    @Test
    void aPolicyThatIsNotOursKeepsItsName() {
        // Given
        PodRef victim = victim("taken", "app=taken");
        CLUSTER.apply("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: %s}
                spec: {podSelector: {matchLabels: {app: nobody}}, policyTypes: [Egress]}
                """.formatted(policyName()));

        // When
        Outcome outcome = acting.carryOut(ActionType.POD_ISOLATE, victim, Map.of());

        // Then
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("taken by a policy that is not ours");
        assertThat(acting.undos()).isEmpty();
        assertThat(CLUSTER.kubectl("get", "networkpolicy", policyName(), "-o", "jsonpath={.spec.podSelector}"))
                .contains("nobody");
        assertThat(CLUSTER.kubectl("get", "pod", "taken", "-o", "jsonpath={.metadata.labels}"))
                .isEqualTo("{\"app\":\"taken\"}");
    }

    @Test
    void whatSomebodyHasChangedSinceIsNotTakenBack() {
        // Given
        PodRef victim = victim("changed", "app=changed");
        acting.carryOut(ActionType.POD_ISOLATE, victim, Map.of());
        CLUSTER.kubectl(
                "patch",
                "networkpolicy",
                policyName(),
                "--type=merge",
                "-p",
                "{\"spec\":{\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]}]}}");

        // When
        Outcome back = acting.takeBack(acting.undos().getFirst());

        // Then
        assertThat(back).isInstanceOf(Outcome.Withheld.class);
        assertThat(policies()).contains(policyName());
        CLUSTER.kubectl("delete", "networkpolicy", policyName());
    }

    @Test
    void aRehearsalChangesNothing() {
        // Given
        PodRef victim = victim("rehearsed", "app=rehearsed");

        // When
        Outcome outcome = acting.rehearse(ActionType.POD_ISOLATE, victim, Map.of("allow", Map.of("dns", "true")));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.WouldAct.class);
        assertThat(policies()).doesNotContain(policyName());
        assertThat(CLUSTER.kubectl("get", "pod", "rehearsed", "-o", "jsonpath={.metadata.labels}"))
                .isEqualTo("{\"app\":\"rehearsed\"}");
        assertThat(acting.undos()).isEmpty();
    }

    @Test
    void theNextPodOfTheSameNameIsNotCutOffAndThePolicyGoesWithItsPod() {
        // Given
        PodRef before = victim("replaced", "app=replaced");
        acting.carryOut(ActionType.POD_ISOLATE, before, Map.of());
        String name = policyName();
        CLUSTER.kubectl("delete", "pod", "replaced", "--grace-period=0", "--force");
        until("the policy goes, too", () -> !policies().contains(name));
        victim("replaced", "app=replaced");

        // When
        Outcome outcome = acting.carryOut(ActionType.POD_ISOLATE, before, Map.of());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(reaches("peer", address("replaced"))).isTrue();
        assertThat(acting.takeBack(acting.undos().getFirst())).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void aPodInItsNodesNetworkCannotBeCutOffByAPolicy() {
        // Given
        CLUSTER.kubectl(
                "run",
                "inhost",
                "--image=" + RealCluster.IMAGE,
                "--overrides",
                "{\"spec\":{\"hostNetwork\":true,\"schedulerName\":\"nobody\"}}");

        // When
        Outcome outcome = acting.carryOut(
                ActionType.POD_ISOLATE, new PodRef(CLUSTER.namespace(), "inhost", Optional.empty()), Map.of());

        // Then
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("node's own network");
    }
}
