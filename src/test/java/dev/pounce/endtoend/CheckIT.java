package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code pounce check} on what people get wrong. */
class CheckIT {

    /** By file: its text, in which the place of the mistake is marked. */
    private static final Map<String, String> MISTAKES = new TreeMap<>(Map.of(
            "broken-yaml.yaml",
            """
            - rule: Never closed
              tags: [one, two
              priority«:» INFO
            """,
            "key.yaml",
            rule("Key", "evt.type = open") + "  «prioritty»: INFO\n",
            "field.yaml",
            rule("Field", "evt.type = open and «proc.nmae» = sh"),
            "regex.yaml",
            rule("Regex", "evt.type = open and proc.name regex «\"(\"»"),
            "macro.yaml",
            rule("Macro", "evt.type = open and «spawned_proces»"),
            "mode.yaml",
            actionSet("mode", "  mode: «enfroce»\n", "process.suspend: {}"),
            "duration.yaml",
            actionSet("duration", "", "process.suspend: {}\n      within: «5 parsecs»"),
            "verb.yaml",
            actionSet("verb", "", "«process.kil»: {}")));

    @TempDir
    Path folder;

    @BeforeEach
    void needsTheEngine() {
        Machine.assumeItCanRunHere();
    }

    @Test
    void everyErrorOfAFolderIsToldAtOnceWithItsPlace() {
        // Given
        List<String> places = writeMistakes();

        // When
        Machine.Ran check = Machine.pounce("check", folder.toString());

        // Then
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out().lines().filter(line -> line.contains(": error: ")))
                .hasSameSizeAs(places)
                .allSatisfy(line -> assertThat(places).anyMatch(line::startsWith));
        assertThat(check.out())
                .contains("did you mean 'priority'?")
                .contains("did you mean 'proc.name'?")
                .contains("did you mean 'enforce'?")
                .contains("did you mean 'process.kill'?")
                .contains("8 files, 8 errors, 0 warnings: nothing of this would be loaded");
    }

    @Test
    void asJsonEachErrorIsALineWithItsPlace() throws IOException {
        // Given
        List<String> places = writeMistakes();

        // When
        Machine.Ran check = Machine.pounce("check", "-o", "json", folder.toString());

        // Then
        assertThat(check.exit()).isEqualTo(1);
        List<String> found = new ArrayList<>();
        for (String line : check.out().lines().toList()) {
            JsonNode problem = new ObjectMapper().readTree(line);
            assertThat(problem.path("severity").asText()).isEqualTo("error");
            assertThat(problem.path("found").asText()).isNotEmpty();
            assertThat(problem.path("expected").asText()).isNotEmpty();
            found.add(problem.path("file").asText() + ":" + problem.path("line") + ":" + problem.path("column") + ":");
        }
        assertThat(found).containsExactlyInAnyOrderElementsOf(places);
    }

    @Test
    void theFilesThatWeShipAreRight() {
        Machine.Ran check = Machine.pounce(
                "check",
                Machine.home().resolve("rules").toString(),
                Machine.home().resolve("actionsets").toString());

        assertThat(check.exit()).as(check.out()).isZero();
        assertThat(check.out()).contains("0 errors, 0 warnings");
    }

    @Test
    void anEngineDoesNotStartOnFilesWithErrors() {
        // Given
        List<String> places = writeMistakes();

        // When
        try (RunningEngine engine = RunningEngine.start(
                List.of(),
                folder.resolve("state"),
                "--rules",
                folder.resolve("field.yaml").toString())) {
            // Then
            assertThat(engine.awaitEnd()).isEqualTo(1);
            engine.awaitMessage("nothing was started");
            engine.awaitMessage(places.stream()
                    .filter(place -> place.contains("field.yaml"))
                    .findFirst()
                    .orElseThrow());
        }
    }

    /** Answers {@code file:line:column:} of each. */
    private List<String> writeMistakes() {
        List<String> places = new ArrayList<>();
        MISTAKES.forEach((name, marked) -> {
            Path file = folder.resolve(name);
            PolicyFiles.write(file, marked.replace("«", "").replace("»", ""));
            String before = marked.substring(0, marked.indexOf('«'));
            long line = before.chars().filter(c -> c == '\n').count() + 1;
            int column = before.length() - before.lastIndexOf('\n');
            places.add(file + ":" + line + ":" + column + ":");
        });
        return places;
    }

    /** Of different names: of two rules of one name only the later is read, as with Falco. */
    private static String rule(String name, String condition) {
        return """
                - rule: %s
                  desc: A test's own.
                  condition: %s
                  output: It happened
                  priority: INFO
                """.formatted(name, condition);
    }

    private static String actionSet(String name, String mode, String step) {
        return """
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: %s }
                spec:
                %s  when: { detection: { tags: [a] } }
                  steps:
                    - id: answer
                      %s
                """.formatted(name, mode, step);
    }
}
