package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the engine does to a process in a container, and to whom it does nothing. */
class EnforcementIT {

    private static final String DROPPED = "Drop and execute new binary in container";
    private static final String KILL_TREE = "process.kill: { scope: tree }";

    private static @Nullable Containers started;

    @TempDir
    Path folder;

    private HostProcesses host = new HostProcesses(Path.of("/"));

    @BeforeAll
    static void startRuntime() {
        Machine.assumeItCanRunHere();
        started = Containers.start();
    }

    @AfterAll
    static void stopRuntime() {
        if (started != null) {
            started.close();
        }
    }

    @BeforeEach
    void prepare() {
        host = new HostProcesses(folder.resolve("host"));
    }

    @AfterEach
    void endHostProcesses() {
        host.close();
    }

    static List<String> idsAsRuntimesAndPeopleChooseThem() {
        return List.of(Containers.longId(), Containers.plainId("web"));
    }

    @ParameterizedTest
    @MethodSource("idsAsRuntimesAndPeopleChooseThem")
    void enforcedKillTakesTheRightProcessAndNoOther(String id) {
        // Given: one dropped program in the container, and others of the same name around it
        String other = Containers.longId();
        long first = containers().run(id);
        long firstOfOther = containers().run(other);
        Standby victim = droppedIn(id);
        Standby sameDropElsewhere = droppedIn(other).goAndBecome("/tmp/dropped/sleep");
        Standby ofTheImage = containers().standby(id, "exec /bin/sleep 600").goAndBecome("/bin/busybox");
        Process onTheHost = host.start(host.sleeps("sleep"), "600");

        try (RunningEngine engine = armed("enforce", answerIn(id, KILL_TREE))) {
            // When
            victim.go();

            // Then
            JsonNode done = engine.awaitStep(victim.pid(), "done");
            assertThat(done.path("verdict").path("verdict").asText()).isEqualTo("allow");
            assertThat(victim.awaitEnd()).isEqualTo(137);
            assertThat(engine.terminate()).isZero();
            assertThat(engine.steps()).hasSize(1);
        }
        assertThat(victim.isAlive()).isFalse();
        assertThat(ofTheImage.isAlive()).as("same name, from the image").isTrue();
        assertThat(onTheHost.isAlive()).as("same name, on the host").isTrue();
        assertThat(Machine.isAlive(first)).as("first process of the container").isTrue();
        assertThat(Machine.isAlive(firstOfOther)).as("other container").isTrue();
        assertThat(sameDropElsewhere.isAlive())
                .as("same drop, where no set answers")
                .isTrue();
    }

    @Test
    void whatTheDroppedProgramStartedDiesWithIt() {
        // Given: a dropped shell that starts a program of the image, which starts another
        String id = Containers.longId();
        containers().run(id);
        containers().exec(id, "/bin/sh", "-c", "mkdir /tmp/dropped; cp /bin/busybox /tmp/dropped/sh");
        Standby victim =
                containers().standby(id, "exec /tmp/dropped/sh -c \"/bin/sh -c \\\"/bin/sleep 4711; true\\\"; true\"");

        try (RunningEngine engine = armed("enforce", answerIn(id, KILL_TREE))) {
            // When
            victim.go();

            // Then
            engine.awaitStep(victim.pid(), "done");
            assertThat(victim.awaitEnd()).isEqualTo(137);
            assertThat(Stream.concat(
                                    Machine.processesWith("sleep 4711").stream(),
                                    Machine.processesWith("/tmp/dropped/sh").stream())
                            .filter(pid -> !Machine.sharesPidNamespace(pid))
                            .filter(Machine::isAlive))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("idsAsRuntimesAndPeopleChooseThem")
    void aKillOfTheContainerTakesAllOfItAndNothingOfTheNextOne(String id) {
        // Given
        String other = Containers.longId();
        long first = containers().run(id);
        long firstOfOther = containers().run(other);
        Standby ofTheImage = containers().standby(id, "exec /bin/sleep 600").goAndBecome("/bin/busybox");
        Standby victim = droppedIn(id);

        try (RunningEngine engine = armed("enforce", answerIn(id, "process.kill: { scope: container }"))) {
            // When
            victim.go();

            // Then
            engine.awaitStep(victim.pid(), "done");
            assertThat(List.of(victim.pid(), ofTheImage.pid(), first)).noneMatch(Machine::isAlive);
            assertThat(Machine.isAlive(firstOfOther)).as("other container").isTrue();
        }
    }

    @Test
    void aHeldProcessStandsStillAndCanGoOn() {
        // Given
        String id = Containers.longId();
        containers().run(id);
        containers().exec(id, "/bin/sh", "-c", "mkdir /tmp/dropped; cp /bin/busybox /tmp/dropped/sleep");
        Standby victim = containers().standby(id, "exec /tmp/dropped/sleep 5");

        try (RunningEngine engine = armed("enforce", answerIn(id, "process.suspend: {}"))) {
            // When
            victim.go();

            // Then
            engine.awaitStep(victim.pid(), "done");
            assertThat(Machine.isStopped(victim.pid())).isTrue();
        }
        assertThat(Machine.isStopped(victim.pid()))
                .as("also when the engine is gone")
                .isTrue();
        Machine.run("kill", "-CONT", Long.toString(victim.pid()));
        assertThat(victim.awaitEnd()).isZero();
    }

    @Test
    void dryRunLeavesItAliveAndRecordsWouldAct() {
        // Given: a set that would enforce, and an engine that was not allowed to
        String id = Containers.longId();
        containers().run(id);
        Standby victim = droppedIn(id);

        try (RunningEngine engine = armed("dry-run", answerIn(id, KILL_TREE))) {
            // When
            victim.go();

            // Then
            JsonNode step = engine.awaitStep(victim.pid(), "would act");
            assertThat(step.path("mode").asText()).isEqualTo("dry-run");
            assertThat(step.has("intended")).as("intent in the journal").isFalse();
        }
        assertThat(victim.isAlive()).isTrue();
        assertThat(Machine.isStopped(victim.pid())).as("stopped").isFalse();
    }

    @Test
    void aProcessThatEndedByItselfIsTargetGone() {
        String id = Containers.longId();
        containers().run(id);
        containers().exec(id, "/bin/sh", "-c", "mkdir /tmp/dropped; cp /bin/busybox /tmp/dropped/true");
        Standby victim = containers().standby(id, "exec /tmp/dropped/true");

        try (RunningEngine engine = armed("enforce", answerIn(id, KILL_TREE))) {
            // When
            engine.whileHeld(() -> assertThat(victim.go().awaitEnd()).isZero());

            // Then
            JsonNode step = engine.awaitStep(victim.pid(), "target gone");
            assertThat(step.path("outcome").path("detail").asText()).contains("process/" + victim.pid());
        }
    }

    @Test
    void theRuntimeIsProtectedWhateverTheRulesSay() {
        // Given: a rule that takes the shim of every container of ours for an intruder
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy"))
                .rule(
                        "Shim",
                        "evt.type in (execve, execveat) and evt.rawres >= 0 and proc.name startswith containerd-shim"
                                + " and proc.cmdline contains " + containers().namespace())
                .answer("Shim", "enforce", "process.kill: { scope: process }");
        String id = Containers.longId();

        try (RunningEngine engine = armed("enforce", files)) {
            // When
            long first = containers().run(id);

            // Then
            long shim = ProcessHandle.of(first)
                    .flatMap(ProcessHandle::parent)
                    .orElseThrow()
                    .pid();
            JsonNode refused = engine.awaitStep(shim, "withheld");
            assertThat(refused.path("verdict").path("verdict").asText()).isEqualTo("deny");
            assertThat(refused.path("verdict").path("guard").asText()).isEqualTo("protected");
            assertThat(engine.steps().stream().map(step -> step.path("result").asText()))
                    .doesNotContain("done", "failed");
            assertThat(Machine.isAlive(shim)).isTrue();
            containers().awaitAnswerFrom(id);
        }
    }

    /** Ready to run a program that was not in the image. */
    private static Standby droppedIn(String id) {
        containers().exec(id, "/bin/sh", "-c", "mkdir /tmp/dropped; cp /bin/busybox /tmp/dropped/sleep");
        return containers().standby(id, "exec /tmp/dropped/sleep 600");
    }

    /** The rule that we ship, enforced in one container only: other work may go on on this machine. */
    private PolicyFiles answerIn(String id, String action) {
        return PolicyFiles.in(folder.resolve("policy"))
                .shippedRules()
                .answer(DROPPED, "container.id = " + Containers.shown(id), "enforce", action);
    }

    private RunningEngine armed(String mode, PolicyFiles files) {
        return RunningEngine.armed(folder.resolve("state"), files.arguments(mode));
    }

    private static Containers containers() {
        if (started == null) {
            throw new AssertionError("the runtime was not started");
        }
        return started;
    }
}
