package dev.pounce.action.kubernetes;

import static dev.pounce.action.kubernetes.Trial.action;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PodProgramIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static PodRef pod = new PodRef("", "", Optional.empty());

    private final Trial trial = new Trial(CLUSTER.access());

    @BeforeAll
    static void twoContainers() {
        CLUSTER.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: two}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - {name: web, image: "registry.local/busybox:1", imagePullPolicy: Never, command: [sleep, "3600"]}
                    - {name: side, image: "registry.local/busybox:1", imagePullPolicy: Never, command: [sleep, "3600"]}
                """);
        CLUSTER.kubectl("wait", "--for=condition=Ready", "pod/two", "--timeout=60s");
        pod = new PodRef(
                CLUSTER.namespace(),
                "two",
                Optional.of(CLUSTER.kubectl("get", "pod", "two", "-o", "jsonpath={.metadata.uid}")));
    }

    @AfterEach
    void end() {
        trial.close();
    }

    @Test
    void argumentsArriveAsTheyAreAndNoShellReadsThem() {
        // When
        Outcome outcome = trial.carryOut(exec(Map.of("argv", List.of("touch", "/tmp/$(id) ; `x` & 'y' é"))));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("web: exit code 0, no output"));
        assertThat(CLUSTER.kubectl("exec", "two", "-c", "web", "--", "stat", "-c", "%F", "/tmp/$(id) ; `x` & 'y' é"))
                .contains("regular");
        assertThat(CLUSTER.kubectl("exec", "two", "-c", "side", "--", "ls", "/tmp"))
                .doesNotContain("id");
    }

    @Test
    void whatItPrintsIsToldBySizeAndHashOnly() {
        // When
        Outcome outcome = trial.carryOut(exec(Map.of("argv", List.of("echo", "secret"), "container", "side")));
        Outcome cut = trial.carryOut(
                exec(Map.of("argv", List.of("seq", "1", "100000"), "container", "side", "outputLimit", "2")));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("side: exit code 0, 7 bytes of output (sha256 "
                        + "b37e50cedcd3e3f1ff64f4afc0422084ae694253cf399326868e07a35f4a45fb)")
                .doesNotContain("secret"));
        assertThat(cut).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                // printf '1\n' | sha256sum
                .contains("588895 bytes of output (sha256 "
                        + "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865 of the first 2)"));
    }

    @Test
    void anExitCodeIsTold() {
        // When
        Outcome failed = trial.carryOut(exec(Map.of("argv", List.of("ls", "/nowhere"))));
        Outcome missing = trial.carryOut(exec(Map.of("argv", List.of("/bin/nothing"))));
        Outcome nobody = trial.carryOut(exec(Map.of("argv", List.of("id"), "container", "third")));

        // Then
        assertThat(failed).isInstanceOfSatisfying(Outcome.Failed.class, one -> {
            assertThat(one.reason()).contains("exit code 1");
            assertThat(one.retryable()).isFalse();
        });
        assertThat(missing).isInstanceOfSatisfying(Outcome.Failed.class, one -> assertThat(one.reason())
                .contains("/bin/nothing"));
        assertThat(nobody).isInstanceOfSatisfying(Outcome.Failed.class, one -> assertThat(one.reason())
                .contains("has no container third, but web, side"));
    }

    @Test
    void whatTakesTooLongIsNotCalledDone() {
        // When
        Outcome outcome = trial.carryOut(exec(Map.of("argv", List.of("sleep", "20"), "timeLimit", "500ms")));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.reason()).contains("may still run");
            assertThat(failed.retryable()).isFalse();
        });
    }

    @Test
    void theContainerInWhichItWasSeenIsTheOne() {
        // Given
        String id = CLUSTER.kubectl(
                        "get",
                        "pod",
                        "two",
                        "-o",
                        "jsonpath={.status.containerStatuses[?(@.name=='side')].containerID}")
                .replaceFirst(".*://", "");

        // When
        Outcome outcome =
                trial.carryOutIn(new ContainerRef(new NodeRef("node1"), id), exec(Map.of("argv", List.of("true"))));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("side: exit code 0"));
    }

    @Test
    void aScriptRunsInEveryContainerAndLeavesNoFile() {
        // When
        Outcome outcome = trial.carryOut(script(Map.of(
                "container",
                "*",
                "script",
                "for i in 1 2; do\n  echo \"$WHAT\" >> /tmp/got\ndone\ncat <<'E' >> /tmp/got\n'it'\\n\nE\ncat\nexit 0\n",
                "env",
                Map.of("WHAT", "$(reboot) \"x\"; `y`"))));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("web: exit code 0, no output; side: exit code 0"));
        for (String container : List.of("web", "side")) {
            assertThat(CLUSTER.kubectl("exec", "two", "-c", container, "--", "cat", "/tmp/got"))
                    .isEqualTo("$(reboot) \"x\"; `y`\n$(reboot) \"x\"; `y`\n'it'\\n");
            assertThat(CLUSTER.kubectl("exec", "two", "-c", container, "--", "ls", "/tmp"))
                    .doesNotContain("pounce");
        }
    }

    @Test
    void aScriptsExitCodeIsTold() {
        // When
        Outcome outcome = trial.carryOut(script(Map.of("script", "echo no >&2\nfalse || exit 7\n")));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("web: exit code 7, 3 bytes of output"));
    }

    @Test
    void aRehearsalRunsNothing() {
        // When
        Outcome outcome = trial.rehearse(exec(Map.of("argv", List.of("touch", "/tmp/rehearsed"))));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.WouldAct.class);
        assertThat(CLUSTER.kubectl("exec", "two", "-c", "web", "--", "ls", "/tmp"))
                .doesNotContain("rehearsed");
    }

    @Test
    void anotherPodIsNotRunIn() {
        // Given
        PodRef former = new PodRef(pod.namespace(), pod.name(), Optional.of("00000000-0000-0000-0000-000000000000"));

        // When
        Outcome outcome =
                trial.carryOut(action(ActionType.POD_EXEC, former, Map.of("argv", List.of("touch", "/tmp/another"))));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(CLUSTER.kubectl("exec", "two", "-c", "web", "--", "ls", "/tmp"))
                .doesNotContain("another");
    }

    private static Action.OnCluster exec(Map<String, ?> parameters) {
        return action(ActionType.POD_EXEC, pod, parameters);
    }

    private static Action.OnCluster script(Map<String, ?> parameters) {
        return action(ActionType.POD_SCRIPT, pod, parameters);
    }
}
