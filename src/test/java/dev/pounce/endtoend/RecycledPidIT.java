package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.probe.ProcSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pid is not a process: who has inherited one is not punished for the last owner's deeds. */
class RecycledPidIT {

    private static final Path LAST_PID = Path.of("/proc/sys/kernel/ns_last_pid");

    private static final ProcSnapshot PROC = new ProcSnapshot(Path.of("/proc"));

    @TempDir
    Path folder;

    private HostProcesses host = new HostProcesses(Path.of("/"));

    @BeforeEach
    void prepare() {
        Machine.assumeItCanRunHere();
        host = new HostProcesses(folder.resolve("host"));
    }

    @AfterEach
    void endHostProcesses() {
        host.close();
    }

    @Test
    void whoeverHasThePidByNowSurvives() {
        String harmless = host.sleeps("harmless");
        String evil = host.endsAtOnce("evil");
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy"))
                .ruleForExecutionOf(evil, "Evil")
                .answer("Evil", "enforce", "process.kill: { scope: process }");

        try (RunningEngine engine = RunningEngine.armed(folder.resolve("state"), files.arguments("enforce"))) {
            // Given: the engine hears of the evil program when somebody else has its pid
            List<Process> inherited = new ArrayList<>();
            engine.whileHeld(() -> {
                // At best within one tick, so that the start time in /proc is the last owner's
                boolean sameTick = false;
                for (int tries = 0; !sameTick && tries < 10; tries++) {
                    long tick = beginningOfATick();
                    Process shortLived = host.start(evil);
                    while (shortLived.isAlive()) {
                        Thread.onSpinWait(); // and not a few milliseconds' sleep
                    }
                    Optional<Process> heir = withPid(shortLived.pid(), harmless);
                    heir.ifPresent(inherited::add);
                    sameTick = heir.isPresent() && PROC.startOf((int) shortLived.pid()) == tick;
                }
            });
            if (inherited.isEmpty()) {
                System.out.println(
                        "left out: a recycled pid survives, because this machine did not give out a pid twice");
                Assumptions.abort("no pid could be had twice");
            }
            Process heir = inherited.getLast();

            // When
            JsonNode step = engine.awaitStep(heir.pid(), "target gone");

            // Then
            assertThat(step.path("verdict").path("verdict").asText()).isEqualTo("allow");
            assertThat(step.path("outcome").path("detail").asText()).contains("belongs to another process by now");
            assertThat(inherited).allMatch(Process::isAlive);
            assertThat(Machine.programOf(heir.pid())).isEqualTo(harmless);
        }
    }

    /** Of the clock that start times are counted by, in nanoseconds. */
    private static long beginningOfATick() {
        long now = PROC.boottimeNanos();
        long next = now;
        while (next == now) {
            next = PROC.boottimeNanos();
        }
        return next;
    }

    /** Starts a process with a certain pid, if nobody else is quicker a hundred times. */
    private Optional<Process> withPid(long pid, String program) {
        for (int tries = 0; tries < 100 && !ProcessHandle.of(pid).isPresent(); tries++) {
            try {
                Files.writeString(LAST_PID, Long.toString(pid - 1));
            } catch (IOException notAllowed) {
                return Optional.empty();
            }
            Process process = host.start(program, "600");
            if (process.pid() == pid) {
                return Optional.of(process);
            }
            process.destroyForcibly();
        }
        return Optional.empty();
    }
}
