package dev.pounce.action.kubernetes;

import static dev.pounce.action.kubernetes.Trial.action;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PodQuarantineIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private Trial trial = new Trial(CLUSTER.access());

    @BeforeEach
    void aWebServer() {
        trial.close();
        trial = new Trial(CLUSTER.access());
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  replicas: 1
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web, tier: front}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                        - name: web
                          image: registry.local/busybox:1
                          imagePullPolicy: Never
                          command: [httpd, -f, -p, "8080", -h, /etc]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
                """);
        CLUSTER.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        CLUSTER.kubectl("delete", "networkpolicies", "--all");
        CLUSTER.kubectl("delete", "pod", "-l", "app!=web", "--grace-period=1");
        RealCluster.until("one pod", () -> !pods().contains(" "));
    }

    @AfterEach
    void end() {
        trial.close();
    }

    @Test
    void itLeavesItsServiceAndWorkloadIsReplacedAndCutOff() {
        // Given
        PodRef pod = pod();
        String address = CLUSTER.kubectl("get", "pod", pod.name(), "-o", "jsonpath={.status.podIP}");
        CLUSTER.pod("client", "app=client");
        assertThat(canReach(address)).isTrue();

        // When
        Outcome rehearsed = trial.rehearse(quarantine(pod));
        Outcome outcome = trial.carryOut(quarantine(pod));

        // Then
        assertThat(rehearsed).isInstanceOf(Outcome.WouldAct.class);
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("ReplicaSet web-"));
        RealCluster.until("a replacement in the service", () -> {
            String behind = endpoints();
            return !behind.isEmpty() && !behind.contains(address);
        });
        RealCluster.until("cut off", () -> !canReach(address));
        assertThat(CLUSTER.kubectl(
                        "get", "pod", pod.name(), "-o", "jsonpath={.status.phase}{.metadata.ownerReferences}"))
                .isEqualTo("Running");
        assertThat(trial.carryOut(quarantine(pod))).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(trial.observe(quarantine(pod))).isInstanceOf(Outcome.AlreadySo.class);
    }

    @Test
    void withinItsTimeItGoesBackToItsWorkload() {
        // Given
        PodRef pod = pod();
        trial.carryOut(quarantine(pod));

        // When
        Outcome outcome = trial.takeBack(trial.undo());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "networkpolicies", "-o", "name")).isEmpty();
        // The ReplicaSet takes it back, or has one too many and ends one of them: that is its choice
        RealCluster.until("one pod of the workload", () -> CLUSTER.kubectl(
                        "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.ownerReferences[0].kind}")
                .equals("ReplicaSet"));
    }

    @Test
    void whenItsTimeIsOverItIsDeleted() {
        // Given
        PodRef pod = pod();
        trial.carryOut(quarantine(pod));

        // When
        Outcome outcome = trial.takeBack(overNow(trial.undo()));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.uid}"))
                .doesNotContain(pod.uid().orElseThrow());
        assertThat(CLUSTER.kubectl("get", "networkpolicies", "-o", "name")).isEmpty();
        assertThat(trial.takeBack(overNow(trial.undo()))).isInstanceOf(Outcome.TargetGone.class);
    }

    @Test
    void whatNothingWouldStartAgainStaysCutOffWhenItsTimeIsOver() {
        // Given
        PodRef pod = new PodRef(CLUSTER.namespace(), "alone", Optional.of(CLUSTER.unscheduled("alone", "app=alone")));
        trial.carryOut(quarantine(pod));

        // When
        Outcome outcome = trial.takeBack(overNow(trial.undo()));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        assertThat(CLUSTER.kubectl("get", "pod", "alone", "-o", "jsonpath={.metadata.labels}"))
                .contains(PodQuarantine.LABEL)
                .doesNotContain("app");
        assertThat(trial.takeBack(trial.undo())).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "pod", "alone", "-o", "jsonpath={.metadata.labels}"))
                .isEqualTo("{\"app\":\"alone\"}");
    }

    @Test
    void whoWasTakenOutByHandStaysAsHeIs() {
        // Given
        PodRef pod = new PodRef(CLUSTER.namespace(), "freed", Optional.of(CLUSTER.unscheduled("freed", "app=freed")));
        trial.carryOut(quarantine(pod));
        CLUSTER.kubectl("label", "pod", "freed", PodQuarantine.LABEL + "-", "mine=yes");

        // When
        Outcome outcome = trial.takeBack(trial.undo());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Withheld.class);
        assertThat(CLUSTER.kubectl("get", "pod", "freed", "-o", "jsonpath={.metadata.labels}"))
                .isEqualTo("{\"mine\":\"yes\"}");
    }

    private static Action.TakeBack overNow(Action.TakeBack undo) {
        Map<String, String> before = new HashMap<>(undo.before());
        before.put("until", Instant.now().toString());
        return new Action.TakeBack(undo.taken(), before);
    }

    private static boolean canReach(String address) {
        return CLUSTER.kubectl(
                        "exec",
                        "client",
                        "--",
                        "sh",
                        "-c",
                        "nc -w 1 " + address + " 8080 </dev/null && echo open || true")
                .contains("open");
    }

    private static String endpoints() {
        return CLUSTER.kubectl(
                "get",
                "endpointslices",
                "-l",
                "kubernetes.io/service-name=web",
                "-o",
                "jsonpath={.items[*].endpoints[*].addresses}");
    }

    private static String pods() {
        return CLUSTER.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}");
    }

    private static PodRef pod() {
        String name = pods();
        return new PodRef(
                CLUSTER.namespace(),
                name,
                Optional.of(CLUSTER.kubectl("get", "pod", name, "-o", "jsonpath={.metadata.uid}")));
    }

    private static Action.OnCluster quarantine(PodRef pod) {
        return action(ActionType.POD_QUARANTINE, pod, Map.of());
    }
}
