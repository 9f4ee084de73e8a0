package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever changes the journal of a real run afterwards is found out. */
class JournalProofIT {

    @TempDir
    static Path folder = Path.of("/");

    private static @Nullable HostProcesses host;

    private static JournalFiles journal = new JournalFiles(Path.of("/"));

    @TempDir
    Path copy;

    @BeforeAll
    static void recordARun() {
        Machine.assumeItCanRunHere();
        HostProcesses processes = new HostProcesses(folder.resolve("host"));
        host = processes;
        String program = processes.sleeps("program");
        PolicyFiles files = PolicyFiles.in(folder.resolve("policy"))
                .ruleForExecutionOf(program, "Program")
                .answer("Program", "enforce", "process.kill: { scope: process }");
        try (RunningEngine engine = RunningEngine.armed(folder.resolve("state"), files.arguments("enforce"))) {
            for (int i = 0; i < 3; i++) {
                Process victim = processes.start(program, "600");
                engine.awaitStep(victim.pid(), "done");
            }
            assertThat(engine.terminate()).isZero();
        }
        journal = new JournalFiles(folder.resolve("state"));
    }

    @AfterAll
    static void endHostProcesses() {
        if (host != null) {
            host.close();
        }
    }

    @Test
    void theUntouchedJournalHolds() {
        Machine.Ran verified = verifyAfter(lines -> {});

        assertThat(verified.exit()).isZero();
        assertThat(verified.out())
                .contains("The chain holds: " + journal.entries().size() + " entries");
    }

    @Test
    void oneChangedByteIsFound() {
        Machine.Ran verified = verifyAfter(lines -> lines.set(6, withOneDigitChanged(lines.get(6))));

        assertThat(verified.exit()).isEqualTo(1);
        assertThat(verified.out()).contains(placeOf(7) + "entry 7 was changed");
    }

    @Test
    void aLineCutOutOfTheMiddleIsFound() {
        Machine.Ran verified = verifyAfter(lines -> lines.remove(6));

        assertThat(verified.exit()).isEqualTo(1);
        assertThat(verified.out()).contains(placeOf(7) + "expected entry 7, found 8");
    }

    @Test
    void aLineCutOffTheEndIsFound() {
        Machine.Ran verified = verifyAfter(List::removeLast);

        assertThat(verified.exit()).isEqualTo(1);
        assertThat(verified.out())
                .contains(journal.onlySegment().getFileName() + ": ends with entry "
                        + (journal.entries().size() - 1))
                .contains("the end was cut off");
    }

    @Test
    void twoSwappedLinesAreFound() {
        Machine.Ran verified = verifyAfter(lines -> Collections.swap(lines, 6, 7));

        assertThat(verified.exit()).isEqualTo(1);
        assertThat(verified.out()).contains(placeOf(7) + "expected entry 7, found 8");
    }

    @Test
    void aJournalThatIsGoneIsFound() throws IOException {
        // Given
        JournalFiles emptied = journal.copyTo(copy);
        Files.delete(emptied.onlySegment());

        // When
        Machine.Ran verified = verify(emptied);

        // Then
        assertThat(verified.exit()).isEqualTo(1);
    }

    private Machine.Ran verifyAfter(Consumer<List<String>> tampering) {
        JournalFiles tampered = journal.copyTo(copy);
        List<String> lines = new ArrayList<>(JournalFiles.lines(tampered.onlySegment()));
        tampering.accept(lines);
        try {
            Files.writeString(tampered.onlySegment(), String.join("\n", lines) + "\n");
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return verify(tampered);
    }

    private static Machine.Ran verify(JournalFiles files) {
        return Machine.pounce("audit", "verify", "--state", files.state().toString());
    }

    private static String placeOf(int line) {
        return journal.onlySegment().getFileName() + ":" + line + ": ";
    }

    /** A minute of its time: the line stays JSON, and nothing else about it changes. */
    private static String withOneDigitChanged(String line) {
        int minute = line.indexOf(':', line.indexOf("\"time\":\"") + 8) + 2;
        char other = line.charAt(minute) == '0' ? '1' : '0';
        return line.substring(0, minute) + other + line.substring(minute + 1);
    }
}
