package dev.pounce.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.planning.Mode;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtectedSetGuardTest {

    private final FakeProcesses node = FakeProcesses.aNode();
    private final ProtectedSetGuard guard = new ProtectedSetGuard(node);

    private static String word(Verdict verdict) {
        return verdict instanceof Verdict.Deny deny ? deny.guard() + ": " + deny.reason() : "allow";
    }

    @ParameterizedTest(name = "process {0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            1   | protected: process 1 is the first process of this machine
            20  | protected: process 20 (kworker/0:1) is a thread of the kernel
            700 | protected: process 700 is an ancestor of this engine
            800 | protected: process 800 is an ancestor of this engine
            900 | protected: process 900 is this engine
            901 | protected: process 901 is a child of this engine, such as its probe
            """)
    void theEngineAndWhatItStandsOnIsRefused(int pid, String expected) {
        assertThat(word(guard.judge(AStep.suspend(pid)))).isEqualTo(expected);
        assertThat(word(guard.judge(AStep.kill(pid, Action.Scope.PROCESS)))).isEqualTo(expected);
        assertThat(word(guard.judge(AStep.kill(pid, Action.Scope.TREE)))).isEqualTo(expected);
        assertThat(word(guard.judge(AStep.killContainer(pid, "c1")))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} on the host is protected: {1}")
    @CsvSource({
        "/usr/bin/containerd, true",
        "/usr/bin/containerd-shim-runc-v2, true",
        "/usr/local/bin/containerd-shim, true",
        "/usr/bin/dockerd, true",
        "/usr/sbin/runc, true",
        "/usr/bin/crun, true",
        "/usr/bin/crio, true",
        "/usr/bin/conmon, true",
        "/usr/libexec/podman/conmon, true",
        "/usr/bin/kubelet, true",
        "/var/lib/rancher/k3s/data/0123abcd/bin/k3s, true",
        "/usr/sbin/sshd, true",
        "/usr/lib/openssh/sshd-session, true",
        "/lib/systemd/systemd-journald, true",
        "/usr/bin/dbus-daemon, true",
        "/sbin/init, true",
        "/usr/lib/systemd/systemd-logind, true",
        "/usr/bin/systemd-tty-ask-password-agent, false",
        "/usr/local/lib/systemd/systemd-logind, false",
        "/usr/bin/bash, false",
        "/usr/bin/python3, false",
        "/usr/bin/containerdx, false",
        "/tmp/containerd, false",
        "/home/eve/kubelet, false",
        "/dev/shm/systemd-journald, false",
        "/memfd:sshd, false"
    })
    void theNodesOwnProgramsAreRefusedByTheirPath(String program, boolean isProtected) {
        // Given
        node.onHost(50, 1, program);

        // When
        String verdict = word(guard.judge(AStep.suspend(50)));

        // Then
        assertThat(verdict)
                .isEqualTo(
                        isProtected
                                ? "protected: process 50 is the host's own " + program
                                        + ", which the node needs to work"
                                : "allow");
    }

    @ParameterizedTest(name = "{0} run by {1} is protected: {2}")
    @CsvSource({
        "/usr/sbin/sshd, 0, true",
        "/usr/sbin/sshd, 33, false",
        "/usr/sbin/sshd, 1000, false",
        "/usr/lib/systemd/systemd-logind, 0, true",
        "/usr/lib/systemd/systemd-logind, 65534, false",
        "/usr/lib/systemd/systemd-resolved, 991, true",
        "/usr/bin/dbus-daemon, 101, true",
        "/usr/bin/dbus-daemon, 1000, false",
        "/usr/bin/dbus-daemon, 65534, false",
        "/usr/bin/dbus-daemon, , true"
    })
    void aProgramOfTheNodeShieldsNobodyWhoMerelyStartsIt(String program, Long user, boolean isProtected) {
        // Given
        node.onHost(50, 1, "/tmp/miner").onHost(51, 50, program).runBy(51, Optional.ofNullable(user));

        // When
        Verdict alone = guard.judge(AStep.suspend(51));
        Verdict tree = guard.judge(AStep.kill(50, Action.Scope.TREE));

        // Then
        assertThat(alone instanceof Verdict.Deny).isEqualTo(isProtected);
        assertThat(tree instanceof Verdict.Deny).isEqualTo(isProtected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/usr/bin/kubelet", "/usr/bin/containerd", "/usr/sbin/sshd", "/sbin/init"})
    void aProgramOfTheRightNameInAContainerIsNotProtected(String program) {
        // Given
        node.inContainer(50, 40, program, "c1");

        // When
        String verdict = word(guard.judge(AStep.kill(50, Action.Scope.PROCESS)));

        // Then
        assertThat(verdict).isEqualTo("allow");
    }

    @Test
    void aProcessThatIsGoneIsTheActuatorsAffair() {
        assertThat(word(guard.judge(AStep.kill(4711, Action.Scope.TREE)))).isEqualTo("allow");
    }

    @Test
    void aProcessThatHasEndedAndWaitsForItsParentIsNotProtected() {
        // Given
        node.ended(50, 1);

        // When
        String verdict = word(guard.judge(AStep.suspend(50)));

        // Then
        assertThat(verdict).isEqualTo("allow");
    }

    @ParameterizedTest
    @EnumSource(Action.Scope.class)
    void aProcessAboutWhichNothingCanBeFoundOutIsRefused(Action.Scope scope) {
        // Given
        node.unreadable(50, 1);

        // When
        String verdict = word(guard.judge(AStep.kill(50, scope)));

        // Then
        assertThat(verdict).isEqualTo("protected: facts about process 50 cannot be read");
    }

    @Test
    void aTreeWithoutAnythingProtectedIsAllowed() {
        // Given
        node.onHost(50, 1, "/usr/bin/bash").onHost(51, 50, "/tmp/miner").inContainer(52, 51, "/usr/bin/runc", "c1");

        // When
        String verdict = word(guard.judge(AStep.kill(50, Action.Scope.TREE)));

        // Then
        assertThat(verdict).isEqualTo("allow");
    }

    @Test
    void aTreeThatContainsAProtectedProcessIsRefusedAndTheProcessAloneIsNot() {
        // Given
        node.onHost(50, 1, "/usr/bin/bash").onHost(51, 50, "/usr/bin/sudo").onHost(52, 51, "/usr/bin/dockerd");

        // When
        String tree = word(guard.judge(AStep.kill(50, Action.Scope.TREE)));
        String alone = word(guard.judge(AStep.kill(50, Action.Scope.PROCESS)));

        // Then
        assertThat(tree)
                .isEqualTo("protected: the tree of process 50 contains it: process 52 is the host's own"
                        + " /usr/bin/dockerd, which the node needs to work");
        assertThat(alone).isEqualTo("allow");
    }

    @Test
    void whoFindsAMemberLaterMayAskAboutItAlone() {
        // Given
        node.onHost(52, 1, "/usr/bin/dockerd").onHost(53, 1, "/usr/bin/bash").unreadable(54, 1);

        // Then
        assertThat(guard.objectionTo(52))
                .hasValueSatisfying(why -> assertThat(why).contains("/usr/bin/dockerd"));
        assertThat(guard.objectionTo(53)).isEmpty();
        assertThat(guard.objectionTo(54)).contains("facts about process 54 cannot be read");
        assertThat(guard.objectionTo(4711)).isEmpty();
    }

    @Test
    void aTreeThatCannotBeLookedThroughIsRefused() {
        // Given
        node.onHost(50, 1, "/usr/bin/bash").unreadable(51, 50);

        // When
        String verdict = word(guard.judge(AStep.kill(50, Action.Scope.TREE)));

        // Then
        assertThat(verdict)
                .isEqualTo("protected: the tree of process 50 contains it: facts about process 51 cannot be read");
    }

    @Test
    void aTreeTooLargeToLookThroughIsRefused() {
        // Given
        node.onHost(50, 1, "/usr/bin/bash");
        for (int pid = 1000; pid < 6000; pid++) {
            node.onHost(pid, 50, "/usr/bin/sleep");
        }

        // When
        String verdict = word(guard.judge(AStep.kill(50, Action.Scope.TREE)));

        // Then
        assertThat(verdict).isEqualTo("protected: process 50 has more than 4096 descendants");
    }

    @ParameterizedTest(name = "engine in {0}, kill container {1}: {2}")
    @CsvSource({"c1, c1, false", "c1, c2, true", "c1234567890abcdef, c1234567890a, false", ", c1, true"})
    void theContainerInWhichTheEngineRunsIsRefused(String engines, String killed, boolean allowed) {
        // Given
        if (engines != null) {
            node.inContainer(FakeProcesses.ENGINE, 800, "/usr/bin/java", engines);
        }
        node.inContainer(50, 40, "/usr/bin/sh", killed);

        // When
        Verdict verdict = guard.judge(AStep.killContainer(50, killed));

        // Then
        assertThat(verdict instanceof Verdict.Allow).isEqualTo(allowed);
    }

    @Test
    void aProtectedProcessThatWasStoppedMayGoOn() {
        assertThat(guard.judge(AStep.of(new Action.ResumeProcess(AStep.process(700)), Mode.ENFORCE)))
                .isEqualTo(new Verdict.Allow());
    }
}
