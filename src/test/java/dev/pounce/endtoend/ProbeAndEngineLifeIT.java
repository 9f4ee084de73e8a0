package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How engine and probe begin and end, and what is said when one of them cannot. */
class ProbeAndEngineLifeIT {

    private static final String NOBODY = "65534";

    @TempDir
    Path folder;

    private HostProcesses host = new HostProcesses(Path.of("/"));
    private Path state = Path.of("/");

    @BeforeEach
    void prepare() {
        Machine.assumeItCanRunHere();
        host = new HostProcesses(folder.resolve("host"));
        state = folder.resolve("state");
    }

    @AfterEach
    void endHostProcesses() {
        host.close();
    }

    @Test
    void aProbeThatIsKilledIsNoticedAndReplaced() {
        String program = host.endsAtOnce("program");
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy")).ruleForExecutionOf(program, "Program");

        try (RunningEngine engine = RunningEngine.armed(state, files.arguments("dry-run"))) {
            assertThat(engine.probeStatus().exit()).isZero();
            ProcessHandle first = engine.probe();

            // When
            first.destroyForcibly();

            // Then
            engine.awaitMessage("the engine is blind: ");
            engine.awaitMessage("The probe is gone: ");
            engine.until("second 'armed'", () -> engine.timesArmed() == 2);
            assertThat(engine.probe().pid()).isNotEqualTo(first.pid());
            Machine.Ran status = engine.probeStatus();
            assertThat(status.exit()).isZero();
            assertThat(status.out()).contains("The probe is armed.").contains("started 2 time(s)");

            Process seen = host.start(program);
            engine.awaitDetection(
                    "Program",
                    detection ->
                            detection.path("output_fields").path("proc.pid").asLong() == seen.pid());
            assertThat(new JournalFiles(state).entries("probe").stream().map(entry -> entry.path("state")
                            .asText()))
                    .containsExactly("armed", "blind", "armed");
        }
    }

    @Test
    void aProbeThatHangsIsNoticedAndReplaced() {
        try (RunningEngine engine = armed()) {
            ProcessHandle first = engine.probe();

            // When
            Machine.run("kill", "-STOP", Long.toString(first.pid()));

            // Then
            engine.until(
                    "status that says so",
                    () -> engine.probeStatus().out().contains("The engine is blind: the probe has said nothing for"));
            assertThat(engine.probeStatus().exit()).isEqualTo(1);
            engine.until("second 'armed'", () -> engine.timesArmed() == 2);
            assertThat(first.isAlive()).isFalse();
            assertThat(engine.probeStatus().exit()).isZero();
        }
    }

    @Test
    void withoutRightsTheEngineStaysUpAndSaysWhatItNeeds() {
        // Given: root, and none of root's capabilities
        List<String> withoutCapabilities = List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all");

        try (RunningEngine engine = RunningEngine.start(withoutCapabilities, state)) {
            assertSaysThatItNeedsRights(engine);
        }
    }

    @Test
    void anOrdinaryUserIsToldWhatIsMissing() {
        // Given
        List<String> asNobody = List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
        Machine.run("chmod", "755", folder.toString());
        Machine.run("install", "-d", "-o", NOBODY, "-g", NOBODY, state.toString());
        List<String> canStart = new ArrayList<>(asNobody);
        canStart.addAll(List.of(Machine.home().resolve("bin/pounce").toString(), "version"));
        if (Machine.run(canStart).exit() != 0) {
            System.out.println(
                    "left out: the engine of an ordinary user, because he may not read target/pounce or Java");
            Assumptions.abort("not readable for others");
        }

        try (RunningEngine engine = RunningEngine.start(asNobody, state)) {
            assertSaysThatItNeedsRights(engine);
        }
    }

    private static void assertSaysThatItNeedsRights(RunningEngine engine) {
        engine.awaitMessage("the engine is blind: the probe cannot work here: ");
        engine.awaitMessage("CAP_BPF");
        Machine.Ran status = engine.probeStatus();
        assertThat(status.exit()).isEqualTo(1);
        assertThat(status.out())
                .startsWith("The engine is blind: the probe cannot work here: ")
                .contains("lacks CAP_BPF or CAP_PERFMON: run the probe as root or grant both");
        assertThat(engine.isRunning()).isTrue();
        assertThat(engine.timesArmed()).isZero();
        assertThat(engine.terminate()).isZero();
    }

    @Test
    void withoutAProbeTheEngineStaysUpAndSaysWhereItLooked() {
        try (RunningEngine engine = RunningEngine.start(List.of(), state, "--probe", "/nowhere/pounce-probe")) {
            engine.awaitMessage("the engine is blind: there is no probe at /nowhere/pounce-probe");
            Machine.Ran status = engine.probeStatus();
            assertThat(status.exit()).isEqualTo(1);
            assertThat(status.out()).startsWith("The engine is blind: there is no probe at /nowhere/pounce-probe");
            assertThat(engine.terminate()).isZero();
        }
    }

    @Test
    void sigtermEndsItCleanly() {
        try (RunningEngine engine = armed()) {
            long probe = engine.probe().pid();

            // When
            int exit = engine.terminate();

            // Then
            assertThat(exit).isZero();
            assertThat(Machine.isAlive(probe)).as("probe").isFalse();
            List<JsonNode> entries = new JournalFiles(state).entries();
            assertThat(entries.getFirst().path("type").asText()).isEqualTo("engine-started");
            assertThat(entries.getLast().path("type").asText()).isEqualTo("engine-stopped");
            assertThat(new JournalFiles(state).entries("probe").stream().map(entry -> entry.path("state")
                            .asText()))
                    .as("a probe that ends as asked is no news")
                    .containsExactly("armed");
            assertThat(engine.verify().exit()).isZero();
            assertThat(engine.probeStatus().exit()).isEqualTo(1);
        }
    }

    @Test
    void aSecondEngineOnTheSameStateSaysSoAndLeavesTheFirstAlone() {
        try (RunningEngine first = armed()) {
            // When
            try (RunningEngine second = RunningEngine.start(List.of(), state)) {
                // Then
                assertThat(second.awaitEnd()).isEqualTo(1);
                second.awaitMessage("another engine is running on the state directory " + state);
            }
            assertThat(first.probeStatus().exit()).isZero();
            assertThat(first.terminate()).isZero();
            assertThat(new JournalFiles(state).entries("engine-started")).hasSize(1);
        }
    }

    private RunningEngine armed() {
        return RunningEngine.armed(state);
    }
}
