package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WorkloadStepsIT {

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

    private static void workload(String kind, String name) {
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: %1$s
                metadata: {name: %2$s}
                spec:
                  replicas: 2
                  selector: {matchLabels: {app: %2$s}}
                  template:
                    metadata: {labels: {app: %2$s}}
                    spec: {schedulerName: nobody, containers: [{name: c, image: none}]}
                """.formatted(kind, name));
        // A StatefulSet waits for its first pod to be ready before it makes another
        int expected = kind.equals("StatefulSet") ? 1 : 2;
        RealCluster.until(
                "its pods", () -> pods(name).size() == expected && !pods(name).contains(""));
    }

    private static List<String> pods(String app) {
        return List.of(CLUSTER.kubectl("get", "pods", "-l", "app=" + app, "-o", "jsonpath={.items[*].metadata.name}")
                .split(" "));
    }

    private static String replicas(String object) {
        return CLUSTER.kubectl("get", object, "-o", "jsonpath={.spec.replicas}");
    }

    private static ObjectRef object(String resource, String name) {
        return new ObjectRef(resource, Optional.of(CLUSTER.namespace()), name);
    }

    @Test
    void theDeploymentOfAPodIsScaledAndScaledBack() {
        // Given
        workload("Deployment", "front");
        PodRef pod = new PodRef(CLUSTER.namespace(), pods("front").getFirst(), Optional.empty());

        // When
        Outcome rehearsed = acting.rehearse(ActionType.WORKLOAD_SCALE, pod, Map.of("replicas", "0"));
        Outcome outcome = acting.carryOut(ActionType.WORKLOAD_SCALE, pod, Map.of("replicas", "0"));

        // Then
        assertThat(rehearsed).isInstanceOf(Outcome.WouldAct.class);
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(replicas("deployment/front")).isEqualTo("0");
        assertThat(acting.undos())
                .singleElement()
                .extracting(undo -> undo.target())
                .isEqualTo(object("deployments.apps", "front"));
        RealCluster.until("no pods", () -> pods("front").equals(List.of("")));

        // When
        Outcome again =
                acting.carryOut(ActionType.WORKLOAD_SCALE, object("deployments", "front"), Map.of("replicas", "0"));
        Outcome back = acting.takeBack(acting.undos().getFirst());
        Outcome twice = acting.takeBack(acting.undos().getFirst());

        // Then
        assertThat(again).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(back).isInstanceOf(Outcome.Done.class);
        assertThat(twice).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(replicas("deployment/front")).isEqualTo("2");
    }

    @Test
    void aReplicaSetOfADeploymentIsScaledByItsDeployment() {
        // Given
        workload("Deployment", "above");
        String set =
                CLUSTER.kubectl("get", "replicaset", "-l", "app=above", "-o", "jsonpath={.items[0].metadata.name}");

        // When
        Outcome outcome =
                acting.carryOut(ActionType.WORKLOAD_SCALE, object("replicasets.apps", set), Map.of("replicas", "1"));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(replicas("deployment/above")).isEqualTo("1");
    }

    @Test
    void whatSomebodyHasScaledSinceStays() {
        // Given
        workload("StatefulSet", "kept");
        acting.carryOut(ActionType.WORKLOAD_SCALE, object("statefulsets.apps", "kept"), Map.of("replicas", "1"));
        CLUSTER.kubectl("scale", "statefulset/kept", "--replicas=5");

        // When
        Outcome back = acting.takeBack(acting.undos().getFirst());

        // Then
        assertThat(back).isInstanceOf(Outcome.Withheld.class);
        assertThat(replicas("statefulset/kept")).isEqualTo("5");
    }

    @Test
    void anAutoscalerIsTold() {
        // Given
        workload("Deployment", "scaled");
        CLUSTER.kubectl("autoscale", "deployment/scaled", "--min=1", "--max=9");

        // When
        Outcome outcome = acting.carryOut(
                ActionType.WORKLOAD_SCALE, object("deployments.apps", "scaled"), Map.of("replicas", "1"));

        // Then
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Done.class))
                .extracting(Outcome.Done::observed)
                .asString()
                .contains("HorizontalPodAutoscaler scaled may change that again");
    }

    @Test
    void aPodThatNothingScalesIsNotScaled() {
        // Given
        CLUSTER.unscheduled("alone", "app=alone");

        // When
        Outcome outcome = acting.carryOut(
                ActionType.WORKLOAD_SCALE,
                new PodRef(CLUSTER.namespace(), "alone", Optional.empty()),
                Map.of("replicas", "0"));

        // Then
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("belongs to nothing that could be scaled");
    }

    @Test
    void anObjectIsDeletedAndThenItIsGone() {
        // Given
        CLUSTER.kubectl("create", "secret", "generic", "stolen", "--from-literal=a=b");
        ObjectRef secret = object("secrets", "stolen");

        // When
        Outcome rehearsed = acting.rehearse(ActionType.OBJECT_DELETE, secret, Map.of());
        Outcome outcome = acting.carryOut(ActionType.OBJECT_DELETE, secret, Map.of());
        Outcome again = acting.carryOut(ActionType.OBJECT_DELETE, secret, Map.of());

        // Then
        assertThat(rehearsed).isInstanceOf(Outcome.WouldAct.class);
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Done.class))
                .extracting(Outcome.Done::observed)
                .asString()
                .contains("is gone");
        assertThat(again).isInstanceOf(Outcome.TargetGone.class);
        assertThat(CLUSTER.kubectl("get", "secrets", "-o", "name")).doesNotContain("stolen");
    }

    @Test
    void whatOthersKeepIsStillThereAndThatIsSaid() {
        // Given
        CLUSTER.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: kept, finalizers: [example.com/kept]}
                """);

        // When
        Outcome outcome = acting.carryOut(ActionType.OBJECT_DELETE, object("configmaps", "kept"), Map.of());
        Outcome again = acting.carryOut(ActionType.OBJECT_DELETE, object("configmaps", "kept"), Map.of());

        // Then
        assertThat(outcome)
                .asInstanceOf(type(Outcome.Done.class))
                .extracting(Outcome.Done::observed)
                .asString()
                .contains("still there, kept by example.com/kept");
        assertThat(again).isInstanceOf(Outcome.AlreadySo.class);
        CLUSTER.kubectl("patch", "configmap", "kept", "--type=merge", "-p", "{\"metadata\":{\"finalizers\":null}}");
    }

    @Test
    void theOwnedGoOrStayAsIsAskedFor() {
        // Given
        workload("Deployment", "orphaning");

        // When
        Outcome outcome = acting.carryOut(
                ActionType.OBJECT_DELETE, object("deployments.apps", "orphaning"), Map.of("propagation", "orphan"));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "replicaset", "-l", "app=orphaning", "-o", "name"))
                .isNotEmpty();
        CLUSTER.kubectl("delete", "replicaset", "-l", "app=orphaning");
    }

    @Test
    void everyKindThatMayBeDeletedHasItsPlace() {
        // Given
        List<List<String>> kinds = List.of(
                List.of("roles.rbac.authorization.k8s.io", "role", "--verb=get", "--resource=pods"),
                List.of("rolebindings.rbac.authorization.k8s.io", "rolebinding", "--role=a", "--user=b"),
                List.of("jobs.batch", "job", "--image=none"),
                List.of("cronjobs.batch", "cronjob", "--image=none", "--schedule=@yearly"),
                List.of("serviceaccounts", "serviceaccount"));
        for (List<String> kind : kinds) {
            List<String> create = new ArrayList<>(List.of("create", kind.get(1), "deleted"));
            create.addAll(kind.subList(2, kind.size()));
            CLUSTER.kubectl(create.toArray(String[]::new));

            // When
            Outcome outcome = acting.carryOut(ActionType.OBJECT_DELETE, object(kind.getFirst(), "deleted"), Map.of());

            // Then
            assertThat(outcome).as(kind.getFirst()).isInstanceOf(Outcome.Done.class);
        }
    }

    @Test
    void otherKindsAreNobodysToDelete() {
        assertThat(acting.carryOut(ActionType.OBJECT_DELETE, object("nodes", "node1"), Map.of()))
                .isInstanceOf(Outcome.Failed.class);
        assertThat(acting.carryOut(ActionType.OBJECT_DELETE, object("secrets.example.com", "a"), Map.of()))
                .isInstanceOf(Outcome.Failed.class);
    }
}
