package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.testing.Eventually;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An engine that is killed leaves a journal that says so, and the next one acts on nothing twice. */
class CrashIT {

    private static final String RULE = "Watched program";

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
    void anIntentWithoutASignalIsFoundNotDoneAndNotTriedAgain() {
        // Given
        Process victim = host.start("/bin/sleep", "600");
        PolicyFiles files = policyFor("/nothing/starts/this");
        dieOver(victim, files, "before");
        assertThat(victim.isAlive()).isTrue();

        // When
        try (RunningEngine next = RunningEngine.armed(state, files.arguments("enforce"))) {
            // Then
            JsonNode step = next.awaitStep(victim.pid(), "not done");
            assertThat(step.path("recovered").path("reason").asText()).contains("is alive");
            next.awaitMessage("was under way when the engine was killed: not done");
            assertThat(next.terminate()).isZero();
        }
        assertThat(victim.isAlive()).isTrue();
        assertOneIntentAndAWholeJournal();
    }

    @Test
    void anIntentWhoseSignalHadBeenSentIsFoundDone() {
        // Given
        Process victim = host.start("/bin/sleep", "600");
        PolicyFiles files = policyFor("/nothing/starts/this");
        dieOver(victim, files, "after");
        HostProcesses.awaitEndOf(victim);

        // When
        try (RunningEngine next = RunningEngine.armed(state, files.arguments("enforce"))) {
            // Then
            next.awaitStep(victim.pid(), "done");
            assertThat(next.terminate()).isZero();
        }
        assertThat(victim.exitValue()).isEqualTo(137);
        assertThat(new JournalFiles(state).entries("recovered")).singleElement().satisfies(entry -> assertThat(
                        entry.path("resolution").asText())
                .isEqualTo("done"));
        assertOneIntentAndAWholeJournal();
    }

    @Test
    void anEngineKilledInTheMiddleOfItsWorkIsFollowedByOneThatSeesAgain() throws InterruptedException {
        // Given: an engine that kills one process after the other
        String victims = host.sleeps("victim");
        PolicyFiles files = policyFor(victims);
        AtomicBoolean over = new AtomicBoolean();
        try (RunningEngine engine = RunningEngine.armed(state, files.arguments("enforce"))) {
            Thread attacker = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    host.start(victims, "600");
                }
            });
            ProcessHandle probe = engine.probe();
            try {
                engine.until("twenty responses", () -> new JournalFiles(state).count("ended") >= 20);

                // When
                engine.kill();
            } finally {
                over.set(true);
                attacker.join();
            }

            // Then
            Eventually.until("end of the killed engine's probe", () -> !Machine.isAlive(probe.pid()));
        }
        try (RunningEngine next = RunningEngine.armed(state, files.arguments("enforce"))) {
            Process victim = host.start(victims, "600");
            HostProcesses.awaitEndOf(victim);
            next.awaitStep(victim.pid(), "done");
            assertThat(next.probeStatus().exit()).isZero();
            assertThat(next.terminate()).isZero();
            assertThat(next.verify().exit()).isZero();
        }
        JournalFiles journal = new JournalFiles(state);
        assertThat(journal.entries("engine-started")).hasSize(2);
        assertThat(stepsOf(journal, "intended")).isEqualTo(stepsOf(journal, "ended", "recovered"));
        assertThat(journal.entries("intended")).hasSameSizeAs(stepsOf(journal, "intended"));
    }

    /** The first engine: gone with exit code 137 between the intent and its end. */
    private void dieOver(Process victim, PolicyFiles files, String when) {
        Machine.Ran died = Machine.run(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                EngineThatDiesBeforeTheSignal.class.getName(),
                state.toString(),
                files.rules().toString(),
                files.actionSets().toString(),
                RULE,
                Long.toString(victim.pid()),
                when);
        assertThat(died.exit()).as(died.err()).isEqualTo(EngineThatDiesBeforeTheSignal.AS_BY_KILL_9);
        JournalFiles journal = new JournalFiles(state);
        assertThat(journal.entries("intended")).hasSize(1);
        assertThat(journal.entries("ended")).isEmpty();
    }

    private void assertOneIntentAndAWholeJournal() {
        JournalFiles journal = new JournalFiles(state);
        assertThat(journal.entries("intended")).hasSize(1);
        assertThat(journal.entries("recovered")).hasSize(1);
        Machine.Ran verified = Machine.pounce("audit", "verify", "--state", state.toString());
        assertThat(verified.exit()).as(verified.out()).isZero();
    }

    private PolicyFiles policyFor(String program) {
        return PolicyFiles.in(folder.resolve("policy"))
                .ruleForExecutionOf(program, RULE)
                .answer(RULE, "enforce", "process.kill: { scope: process }");
    }

    private static Set<String> stepsOf(JournalFiles journal, String... types) {
        Set<String> steps = new HashSet<>();
        for (String type : types) {
            journal.entries(type).stream()
                    // A step that was refused or rehearsed has an end without an intent
                    .filter(entry ->
                            !entry.path("outcome").path("outcome").asText().equals("withheld"))
                    .forEach(entry -> steps.add(entry.path("response").asText() + " "
                            + entry.path("step").asText()));
        }
        return steps;
    }
}
