package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A set that has used up its budget stays stopped until a person says otherwise, whatever happens to the engine. */
class BudgetIT {

    private static final String SET = "kill-twice";

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
    void aStoppedSetIsStoppedAfterAKillAndActsAgainOnceItIsRearmed() {
        String program = host.sleeps("victim");
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy")).ruleForExecutionOf(program, "Victim");
        PolicyFiles.write(files.actionSets().resolve(SET + ".yaml"), """
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: %s }
                spec:
                  mode: enforce
                  when: { detection: { rules: [Victim] } }
                  steps:
                    - id: stop
                      process.kill: { scope: process }
                  guards:
                    budget: { steps: 2, per: 1h }
                """.formatted(SET));

        try (RunningEngine engine = RunningEngine.armed(state, files.arguments("enforce"))) {
            // When: more than it may
            engine.awaitStep(host.start(program, "600").pid(), "done");
            engine.awaitStep(host.start(program, "600").pid(), "done");
            Process third = host.start(program, "600");

            // Then
            assertRefused(engine, third);
            engine.kill();
        }

        try (RunningEngine next = RunningEngine.armed(state, files.arguments("enforce"))) {
            // Then: the restart has changed nothing
            assertRefused(next, host.start(program, "600"));

            // When
            Machine.Ran rearmed = rearm();

            // Then
            assertThat(rearmed.exit()).as(rearmed.err()).isZero();
            assertThat(rearmed.out()).contains("'" + SET + "' may act again");
            next.awaitStep(host.start(program, "600").pid(), "done");
            assertThat(rearm().exit()).as("re-armed, and not stopped any more").isEqualTo(1);
            assertThat(next.terminate()).isZero();
            assertThat(next.verify().exit()).isZero();
        }
        assertThat(new JournalFiles(state).entries("rearmed")).hasSize(1);
        assertThat(rearm().err()).contains("no engine runs");
    }

    private static void assertRefused(RunningEngine engine, Process process) {
        JsonNode step = engine.awaitStep(process.pid(), "withheld");
        assertThat(step.path("verdict").path("guard").asText()).isEqualTo("budget");
        assertThat(step.path("verdict").path("reason").asText()).contains("pounce rearm " + SET);
        assertThat(process.isAlive()).isTrue();
    }

    private Machine.Ran rearm() {
        return Machine.pounce("rearm", SET, "--state", state.toString());
    }
}
