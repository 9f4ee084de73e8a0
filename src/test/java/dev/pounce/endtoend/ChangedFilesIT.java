package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are edited while the engine runs. */
class ChangedFilesIT {

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
    void aBrokenFileKeepsTheOldRulesAndAGoodOneReplacesThem() {
        String first = host.endsAtOnce("first");
        String second = host.endsAtOnce("second");
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy")).ruleForExecutionOf(first, "First");
        Path file = files.ruleFile("First");

        try (RunningEngine engine = RunningEngine.armed(folder.resolve("state"), files.arguments("dry-run"))) {
            // When: the file is broken, in place
            PolicyFiles.write(file, PolicyFiles.ruleText("First", "evt.type = execve and proc.nmae = x"));

            // Then: it is said, and the old rule goes on
            engine.awaitMessage(file + ":4:27: error: found unknown field 'proc.nmae'");
            engine.awaitMessage("loaded before stay in force");
            long pid = ranToItsEnd(first);
            engine.awaitDetection("First", detection -> pidOf(detection) == pid);

            // When: another rule takes its place
            PolicyFiles.replace(file, PolicyFiles.ruleText("Second", PolicyFiles.executionOf(second)));

            // Then: that one is in force, and the old one is not
            engine.awaitMessage("Files have changed");
            ranToItsEnd(first);
            long other = ranToItsEnd(second);
            engine.awaitDetection("Second", detection -> pidOf(detection) == other);
            assertThat(engine.detections()).hasSize(2);
            assertThat(new JournalFiles(engine.state()).entries("configuration-loaded"))
                    .hasSize(1);
        }
    }

    @Test
    void anActionSetThatIsAddedAnswersFromThenOn() {
        String program = host.endsAtOnce("program");
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy")).ruleForExecutionOf(program, "Program");

        try (RunningEngine engine = RunningEngine.armed(folder.resolve("state"), files.arguments("dry-run"))) {
            // When
            files.answer("Program", "observe", "process.kill: { scope: process }");

            // Then
            engine.awaitMessage("Files have changed");
            engine.awaitStep(ranToItsEnd(program), "withheld");
        }
    }

    private long ranToItsEnd(String program) {
        Process process = host.start(program);
        HostProcesses.awaitEndOf(process);
        return process.pid();
    }

    private static long pidOf(JsonNode detection) {
        return detection.path("output_fields").path("proc.pid").asLong();
    }
}
