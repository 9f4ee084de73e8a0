package dev.pounce.action.kubernetes;

import static dev.pounce.action.kubernetes.Trial.action;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.BadWeather;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.RealCluster;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Answers that are lost and refusals that pass, for steps that need more than one request. */
class BadWeatherContainmentIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private final ClusterAccess access = weather.access(Clock.systemUTC());
    private final Trial trial = new Trial(access);

    @AfterEach
    void end() {
        weather.clearsUp();
        trial.close();
        access.close();
        weather.close();
    }

    private static PodRef pod(String name) {
        return new PodRef(CLUSTER.namespace(), name, Optional.of(CLUSTER.unscheduled(name, "app=" + name)));
    }

    private static String policies() {
        return CLUSTER.kubectl("get", "networkpolicies", "-o", "name");
    }

    @Test
    void aPolicyWhoseAnswerIsLostIsMadeOnce() {
        // Given
        PodRef pod = pod("lost");
        weather.on("POST", "/networkpolicies").times(1).losesAnswers();
        weather.on("PATCH", "/pods/lost").times(2).answers(500, "InternalError", "not now");

        // When
        Outcome outcome = trial.carryOut(action(ActionType.POD_ISOLATE, pod, Map.of()));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(policies()).hasLineCount(1);
        assertThat(CLUSTER.kubectl("get", "pod", "lost", "-o", "jsonpath={.metadata.labels}"))
                .contains("pounce.dev/isolated");
        assertThat(trial.takeBack(trial.undo())).isInstanceOf(Outcome.Done.class);
        assertThat(policies()).isEmpty();
    }

    @Test
    void aPodThatIsAnotherWhenItIsToBeLabelledIsLeftAloneAndNoPolicyStays() {
        // Given
        PodRef pod = pod("replaced");
        weather.on("PATCH", "/pods/replaced").answers(409, "Conflict", "the UID in the precondition differs");

        // When
        Outcome outcome = trial.carryOut(action(ActionType.POD_ISOLATE, pod, Map.of()));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(policies()).isEmpty();
    }

    @Test
    void nothingIsMadeInANamespaceThatIsEnding() {
        // Given
        String ending = CLUSTER.namespace() + "-ending";
        RealCluster.kubectlAnywhere("create", "namespace", ending);
        RealCluster.kubectlAnywhere(
                "-n",
                ending,
                "run",
                "kept",
                "--image=none",
                "--overrides",
                "{\"metadata\":{\"finalizers\":[\"example.com/kept\"]},\"spec\":{\"schedulerName\":\"nobody\"}}");
        RealCluster.kubectlAnywhere("delete", "namespace", ending, "--wait=false");

        // When
        Outcome outcome =
                trial.carryOut(action(ActionType.POD_ISOLATE, new PodRef(ending, "kept", Optional.empty()), Map.of()));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("being terminated"));
        RealCluster.kubectlAnywhere(
                "-n", ending, "patch", "pod", "kept", "--type=merge", "-p", "{\"metadata\":{\"finalizers\":null}}");
    }

    @Test
    void aNodeThatOthersChangeAllTheTimeIsCordonedAndTainted() {
        try (FakeNode node = FakeNode.named(CLUSTER, "busy")) {
            // Given
            weather.on("PATCH", "/nodes/").times(2).answers(409, "Conflict", "the object has been modified");

            // When
            Outcome cordoned = trial.carryOut(action(ActionType.NODE_CORDON, node.ref(), Map.of()));
            weather.on("PATCH", "/nodes/").times(1).losesAnswers();
            Outcome tainted = trial.carryOut(action(ActionType.NODE_TAINT, node.ref(), Map.of("key", "suspect")));

            // Then
            assertThat(cordoned).isInstanceOf(Outcome.Done.class);
            assertThat(tainted).isInstanceOf(Outcome.Done.class);
            assertThat(trial.undos()).hasSize(2);
            assertThat(node.json(".spec.taints[*].key")).contains("suspect");
        }
    }

    @Test
    void anObjectThatWasDeletedWithoutAnAnswerIsGone() {
        // Given
        CLUSTER.kubectl("create", "configmap", "lost");
        weather.on("DELETE", "/configmaps/lost").times(1).losesAnswers();

        // When
        Outcome outcome = trial.carryOut(action(
                ActionType.OBJECT_DELETE,
                new ObjectRef("configmaps", Optional.of(CLUSTER.namespace()), "lost"),
                Map.of()));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void aWorkloadWhoseAnswerIsLostIsScaledAndCanBeScaledBack() {
        // Given
        CLUSTER.kubectl("create", "deployment", "lost", "--image=none", "--replicas=2");
        weather.on("PATCH", "/scale").times(1).losesAnswers();
        ObjectRef workload = new ObjectRef("deployments.apps", Optional.of(CLUSTER.namespace()), "lost");

        // When
        Outcome outcome = trial.carryOut(action(ActionType.WORKLOAD_SCALE, workload, Map.of("replicas", "0")));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(trial.takeBack(trial.undo())).isInstanceOf(Outcome.Done.class);
        assertThat(CLUSTER.kubectl("get", "deployment", "lost", "-o", "jsonpath={.spec.replicas}"))
                .isEqualTo("2");
    }
}
