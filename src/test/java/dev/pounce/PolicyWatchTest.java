package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.planning.Mode;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyWatchTest {

    @TempDir
    Path directory;

    private final ArrayDeque<Runnable> due = new ArrayDeque<>();
    private final List<String> used = new ArrayList<>();
    private Path file = Path.of("");

    @BeforeEach
    void watchOneGoodRule() throws IOException {
        file = directory.resolve("rules.yaml");
        Files.writeString(file, rule("First"));
        EngineSettings settings = new EngineSettings(
                directory,
                List.of(file),
                List.of(),
                List.of(),
                Mode.DRY_RUN,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Duration.ofDays(90),
                "test",
                "here");
        Policy inForce = Policy.read(settings.rules(), settings.actionSets(), new Problems())
                .orElseThrow();
        new PolicyWatch(
                        settings,
                        inForce.files(),
                        policy -> used.add(policy.rules().rules().getFirst().name()),
                        (delay, task) -> due.add(task))
                .start();
    }

    @Test
    void whatDoesNotChangeIsNotLoadedAgain() {
        // When
        lookTimes(3);

        // Then
        assertThat(used).isEmpty();
    }

    @Test
    void aChangeIsTakenOnceItHasSettled() throws IOException {
        // When
        Files.writeString(file, rule("Second"));
        lookTimes(1);
        List<String> afterOneLook = List.copyOf(used);
        lookTimes(3);

        // Then
        assertThat(afterOneLook).isEmpty();
        assertThat(used).containsExactly("Second");
    }

    @Test
    void aFileThatWasCaughtTruncatedIsNotTakenForARuleSetWithoutRules() throws IOException {
        // When: the look falls between the truncation and the writing of a plain save
        Files.writeString(file, "");
        lookTimes(1);
        Files.writeString(file, rule("Second"));
        lookTimes(2);

        // Then
        assertThat(used).containsExactly("Second");
    }

    @Test
    void aFileThatWasTruncatedAndNeverWrittenTakesNothingAway() throws IOException {
        // When
        Files.writeString(file, "");
        lookTimes(4);
        List<String> whileEmpty = List.copyOf(used);
        Files.writeString(file, rule("Second"));
        lookTimes(3);

        // Then
        assertThat(whileEmpty).isEmpty();
        assertThat(used).containsExactly("Second");
    }

    @Test
    void aFileReplacedByRenameIsSeen() throws IOException {
        // When
        Path other = directory.resolve("other");
        Files.writeString(other, rule("Renamed"));
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        lookTimes(2);

        // Then
        assertThat(used).containsExactly("Renamed");
    }

    @Test
    void aSwappedLinkIsSeenAsAConfigMapChangesIts() throws IOException {
        // Given
        Path one = Files.writeString(directory.resolve("one"), rule("First"));
        Path two = Files.writeString(directory.resolve("two"), rule("Second"));
        Files.delete(file);
        Files.createSymbolicLink(file, one);
        lookTimes(2);

        // When
        Path link = Files.createSymbolicLink(directory.resolve("link"), two);
        Files.move(link, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        lookTimes(2);

        // Then
        assertThat(used).containsExactly("Second");
    }

    @Test
    void aBrokenFileChangesNothingAndAMendedOneIsTaken() throws IOException {
        // When
        Files.writeString(file, rule("Second").replace("condition", "conditoin"));
        lookTimes(3);
        List<String> whileBroken = List.copyOf(used);
        Files.writeString(file, rule("Third"));
        lookTimes(2);

        // Then
        assertThat(whileBroken).isEmpty();
        assertThat(used).containsExactly("Third");
    }

    private void lookTimes(int times) {
        for (int i = 0; i < times; i++) {
            due.remove().run();
        }
    }

    private static String rule(String name) {
        return """
                - rule: %s
                  desc: for a test
                  condition: evt.type = execve and proc.name = bad
                  output: "%%proc.cmdline"
                  priority: WARNING
                """.formatted(name);
    }
}
