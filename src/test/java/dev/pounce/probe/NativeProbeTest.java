package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.testing.ProbeEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NativeProbeTest {

    private static final ProbeFilter NOTHING = new ProbeFilter(false, Set.of(), false, false, false, false, false);
    private static final Duration TICK = Duration.ofSeconds(1);

    private record Planned(Duration delay, Runnable task) {}

    private final Path directory;
    private final Path binary;
    private final Path socket;
    private final HeardNews heard = new HeardNews();
    private final BlockingQueue<Planned> restarts = new LinkedBlockingQueue<>();
    private final BlockingQueue<Runnable> ticks = new LinkedBlockingQueue<>();
    private volatile Instant now = Instant.parse("2026-11-23T12:00:00Z");
    private @Nullable NativeProbe probe;

    NativeProbeTest(@TempDir Path directory) {
        this.directory = directory;
        this.binary = directory.resolve("pounce-probe");
        this.socket = directory.resolve("private").resolve("probe.sock");
    }

    @AfterEach
    void stop() {
        if (probe != null) {
            probe.close();
        }
    }

    @Test
    void aProbeThatConnectsAndArmsIsHealthy() throws Exception {
        // Given
        program("exec sleep 1000");
        NativeProbe started = start();
        assertThat(started.health().state().sentence()).isEqualTo("The probe is starting.");

        // When
        try (FakeProbe fake = FakeProbe.connect(socket)) {
            arm(fake);
            fake.send(FrameWriter.of(ProbeEvents.exit(1, ProbeEvents.subject())));
            fake.send(FrameWriter.heartbeat(1));
            heard.next();
            heard.next();

            // Then
            ProbeHealth health = started.health();
            assertThat(health.isArmed()).isTrue();
            assertThat(health.hello())
                    .hasValueSatisfying(hello -> assertThat(hello.kernel()).isEqualTo("6.18"));
            assertThat(health.tiers()).containsExactly(ProbeFrame.Tier.OBSERVE);
            assertThat(health.hooks()).containsExactly("sched_process_exec", "sys_exit");
            assertThat(health.generation()).isEqualTo(1);
            assertThat(health.lastHeartbeat()).contains(now);
            assertThat(health.counters().sent()).containsEntry(EventKind.OPEN, 400L);
            assertThat(health.counters().lost()).containsEntry(EventKind.OPEN, 40L);
            assertThat(health.received()).containsEntry(EventKind.EXIT, 1L).containsEntry(EventKind.EXEC, 0L);
            assertThat(health.starts()).isEqualTo(1);
        }
    }

    @Test
    void aProbeThatDiesIsStartedAgainLaterAndLaterAndTheEngineSaysThatItIsBlind() throws Exception {
        // Given
        program("echo started >> " + directory.resolve("starts") + "; echo 'it hurts' >&2; exit 4");

        // When
        NativeProbe started = start();
        List<Duration> delays = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            Planned restart = nextRestart();
            delays.add(restart.delay());
            assertThat(started.health().state().sentence())
                    .startsWith("The engine is blind: the probe ended (status 4, its last words \"it hurts\")");
            restart.task().run();
        }

        // Then
        assertThat(delays)
                .extracting(Duration::toMillis)
                .containsExactly(250L, 500L, 1000L, 2000L, 4000L, 8000L, 16000L, 30000L, 30000L);
        nextRestart();
        assertThat(Files.readAllLines(directory.resolve("starts"))).hasSize(10);
        assertThat(started.health().starts()).isEqualTo(10);
        assertThat(started.health().lastWords()).hasSize(10);
    }

    @Test
    void aProbeThatWasSteadyIsStartedAgainAtOnce() throws Exception {
        // Given two quick deaths
        program("read line < " + fifo("die") + "; exit 4");
        NativeProbe started = start();
        for (int i = 0; i < 2; i++) {
            Files.writeString(directory.resolve("die"), "x\n");
            nextRestart().task().run();
        }

        // When it is armed for a minute and then dies
        try (FakeProbe fake = FakeProbe.connect(socket)) {
            arm(fake);
            now = now.plusSeconds(60);
            Files.writeString(directory.resolve("die"), "x\n");

            // Then
            assertThat(nextRestart().delay()).isEqualTo(Duration.ofMillis(250));
            assertThat(started.health().isArmed()).isFalse();
        }
    }

    @Test
    void aMissingProbeIsSaidSoAndLookedForAgain() throws Exception {
        // When
        NativeProbe started = start();

        // Then
        assertThat(started.health().state().sentence())
                .isEqualTo("The engine is blind: there is no probe at " + binary
                        + "; install it there, or say where it is.");
        Planned again = nextRestart();
        assertThat(again.delay()).isEqualTo(Duration.ofSeconds(30));

        // When somebody installs it
        program("exec sleep 1000");
        again.task().run();

        // Then
        assertThat(started.health().state()).isInstanceOf(ProbeHealth.Starting.class);
    }

    @Test
    void aProbeThatMayNotBeExecutedIsSaidSo() throws Exception {
        // Given
        Files.writeString(binary, "#!/bin/sh\n");

        // When
        NativeProbe started = start();

        // Then
        assertThat(started.health().state().sentence()).contains("may not be executed; chmod 755 it");
    }

    @Test
    void aFileThatIsNoProgramIsSaidSo() throws Exception {
        // Given
        Files.writeString(binary, "#!/nonexistent/interpreter\n");
        Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwx------"));

        // When
        NativeProbe started = start();

        // Then
        assertThat(started.health().state().sentence()).contains("could not be started");
        assertThat(nextRestart().delay()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void anErrorWhileTheProbeIsStartedIsSaidSoAndItIsTriedAgain() throws Exception {
        // Given
        program("exec sleep 1000");
        AtomicInteger asked = new AtomicInteger();
        NativeProbe started = start(() -> {
            if (asked.incrementAndGet() == 2) { // when the process is there, and before anybody waits for it
                throw new OutOfMemoryError("unable to create native thread");
            }
            return now;
        });

        // Then
        assertThat(started.health().state().sentence())
                .startsWith("The engine is blind: the engine could not start the probe")
                .contains("unable to create native thread");
        Planned again = nextRestart();
        assertThat(again.delay()).isEqualTo(Duration.ofSeconds(30));

        // When
        again.task().run();

        // Then
        assertThat(started.health().state()).isInstanceOf(ProbeHealth.Starting.class);
    }

    @Test
    void aRefusalSaysWhatToDoAndIsTriedAgainInAMinute() throws Exception {
        // Given
        program("read line < " + fifo("die") + "; exit 1");
        NativeProbe started = start();
        try (FakeProbe fake = FakeProbe.connect(socket)) {
            fake.send(FrameWriter.hello(5, 6));
            heard.next();

            // When
            fake.send(FrameWriter.refused(2, "uid 1000 lacks CAP_BPF"));
            heard.next();

            // Then
            String expected = "The engine is blind: the probe cannot work here: uid 1000 lacks CAP_BPF.";
            assertThat(started.health().state().sentence()).isEqualTo(expected);
            Files.writeString(directory.resolve("die"), "x\n");
            assertThat(nextRestart().delay()).isEqualTo(Duration.ofSeconds(60));
            assertThat(started.health().state().sentence()).isEqualTo(expected);
        }
    }

    @Test
    void aRefusalIsKnownByTheExitStatusBeforeItsReasonIsRead() throws Exception {
        // Given
        program("read line < " + fifo("die") + "; exit 3");
        NativeProbe started = start();
        try (FakeProbe fake = FakeProbe.connect(socket)) {
            fake.send(FrameWriter.hello(5, 6));
            heard.next();

            // When
            Files.writeString(directory.resolve("die"), "x\n");
            fake.send(FrameWriter.refused(1, "the kernel has no BTF"));

            // Then
            assertThat(nextRestart().delay()).isEqualTo(Duration.ofSeconds(60));
            assertThat(started.health().state().sentence())
                    .isEqualTo("The engine is blind: the probe cannot work here: the kernel has no BTF.");
        }
    }

    @Test
    void aRefusalWhoseReasonNeverComesIsOneAllTheSame() throws Exception {
        // Given
        program("echo 'pounce-probe: no BTF' >&2; exit 3");

        // When
        NativeProbe started = start();

        // Then
        assertThat(nextRestart().delay()).isEqualTo(Duration.ofSeconds(60));
        assertThat(started.health().state().sentence())
                .isEqualTo("The engine is blind: the probe cannot work here: pounce-probe: no BTF");
    }

    @Test
    void aSilentProbeIsBlindnessAfterThreeSecondsAndIsEndedAfterTenTicks() throws Exception {
        // Given
        program("exec sleep 1000");
        NativeProbe started = start();
        try (FakeProbe fake = FakeProbe.connect(socket)) {
            arm(fake);

            // When
            now = now.plusSeconds(3);

            // Then
            assertThat(started.health().isArmed()).isTrue();

            // When
            now = now.plusSeconds(1);

            // Then
            assertThat(started.health().state().sentence()).contains("has said nothing for 4 s");

            // When it is heard again
            fake.send(FrameWriter.heartbeat(1));
            heard.next();

            // Then
            assertThat(started.health().isArmed()).isTrue();

            // When it falls silent for good
            for (int i = 0; i < 10; i++) {
                tick();
            }

            // Then
            assertThat(nextRestart().delay()).isEqualTo(Duration.ofMillis(250));
            assertThat(started.health().state().sentence()).contains("the probe ended (signal 9)");
        }
    }

    @Test
    void aProbeThatSpeaksNonsenseIsEndedAndStartedAgain() throws Exception {
        // Given
        program("exec sleep 1000");
        NativeProbe started = start();
        try (FakeProbe fake = FakeProbe.connect(socket)) {
            arm(fake);
            fake.send(FrameWriter.heartbeat(1));
            heard.next();

            // When
            fake.send(new byte[16]);

            // Then
            assertThat(heard.next()).isEqualTo("it sent a frame of version 0, expected 1");
            assertThat(nextRestart().delay()).isEqualTo(Duration.ofMillis(250));
            ProbeHealth health = started.health();
            assertThat(health.state().sentence()).contains("blind");
            assertThat(health.hooks()).isEmpty();
            assertThat(health.counters().lost())
                    .as("what was lost stays counted")
                    .containsEntry(EventKind.OPEN, 40L);
        }
    }

    @Test
    void closingAsksTheProbeToEnd() throws Exception {
        // Given
        Path said = directory.resolve("said");
        program("trap 'kill $!; echo bye > " + said + "; exit 0' TERM; sleep 1000 & echo ready >&2; wait");
        NativeProbe started = start();
        while (started.health().lastWords().isEmpty()) {
            Thread.onSpinWait();
        }

        // When
        started.close();

        // Then
        assertThat(said).hasContent("bye");
        assertThat(restarts).isEmpty();
        assertThat(socket).doesNotExist();
    }

    @Test
    void theProbeDoesNotGetTheEnginesEnvironment() throws Exception {
        // Given
        Path said = directory.resolve("said");
        program("/usr/bin/env > " + said + "; echo \"$@\" >> " + said + "; exit 1");

        // When
        start();
        nextRestart();

        // Then
        assertThat(Files.readAllLines(said))
                .contains("run --socket " + socket)
                .noneMatch(line -> line.startsWith("JAVA_HOME=") || line.startsWith("HOME="));
    }

    @Test
    void controlCharactersOfTheProbeDoNotReachTheLog() throws Exception {
        // Given
        program("printf 'a\\033[31mb\\n' >&2; exit 1");

        // When
        NativeProbe started = start();
        nextRestart();

        // Then
        assertThat(started.health().lastWords()).containsExactly("a?[31mb");
    }

    private NativeProbe start() throws IOException {
        return start(() -> now);
    }

    private NativeProbe start(InstantSource clock) throws IOException {
        NativeProbe started = NativeProbe.start(binary, socket, NOTHING, heard, clock, (delay, task) -> {
            if (delay.equals(TICK) && ticks.isEmpty()) { // a restart may wait for a second, too
                ticks.add(task);
            } else {
                restarts.add(new Planned(delay, task));
            }
        });
        probe = started;
        return started;
    }

    private void tick() throws InterruptedException {
        Runnable tick = ticks.poll(20, TimeUnit.SECONDS);
        assertThat(tick).isNotNull();
        if (tick != null) {
            tick.run();
        }
    }

    private Planned nextRestart() throws InterruptedException {
        Planned restart = restarts.poll(20, TimeUnit.SECONDS);
        if (restart == null) {
            throw new AssertionError("no restart was planned");
        }
        return restart;
    }

    private void arm(FakeProbe fake) throws IOException, InterruptedException {
        fake.send(FrameWriter.hello(5, 6));
        assertThat(fake.filter().getInt()).isEqualTo(1);
        fake.send(FrameWriter.armed(1));
        assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
        assertThat(heard.next()).isInstanceOf(ProbeFrame.Armed.class);
    }

    private void program(String script) throws IOException {
        Files.writeString(binary, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwx------"));
    }

    /** A pipe to read from: a script that waits for something that a test decides. */
    private Path fifo(String name) throws IOException, InterruptedException {
        Path pipe = directory.resolve(name);
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }
}
