package dev.pounce.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code pounce plan} and {@code pounce replay} on files, as people type them. */
class OfflineCommandsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String SETS = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: stop-miner }
            spec:
              mode: enforce
              when: { detection: { rules: [Miner], where: is_container } }
              steps:
                - { id: hold, process.suspend: {} }
                - { id: stop, after: [hold], process.kill: { scope: tree } }
              guards: { cooldown: { per: process, for: 10m } }
            ---
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: hold-all }
            spec:
              when: { detection: { priority: Critical } }
              steps: [{ id: hold, process.suspend: {} }]
            """;
    private static final String RULES = """
            - macro: is_container
              condition: container.id != host
            """;

    @TempDir
    Path folder;

    private record Ran(int exit, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        Files.writeString(folder.resolve("sets.yaml"), SETS);
        Files.writeString(folder.resolve("rules.yaml"), RULES);
    }

    private Ran run(Object command, Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((problem, line, parsed) -> {
                    line.getErr().println(problem.getMessage());
                    return 1;
                })
                .execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
        return new Ran(exit, out.toString(), err.toString());
    }

    private Ran plan(Path detection, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of(
                "--sets",
                folder.resolve("sets.yaml"),
                "--rules",
                folder.resolve("rules.yaml"),
                "--detection",
                detection));
        arguments.addAll(List.of(more));
        return run(new PlanCommand(), arguments.toArray());
    }

    private Ran replay(Path recording, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of(
                "--actionsets",
                folder.resolve("sets.yaml"),
                "--rules",
                folder.resolve("rules.yaml"),
                "--from",
                recording));
        arguments.addAll(List.of(more));
        return run(new ReplayCommand(), arguments.toArray());
    }

    private static String alert(String rule, String priority, int pid, String time) {
        return """
                {"hostname":"n1","output":"12:00:00.000000000: %2$s %1$s ran","priority":"%2$s","rule":"%1$s","source":"syscall",\
                "tags":["process"],"time":"%4$s","output_fields":{"container.id":"0123456789ab","k8s.ns.name":"shop",\
                "k8s.pod.name":"cart-7d4b9c6f5d-xbz2k","proc.pid":%3$d}}
                """.formatted(rule, priority, pid, time);
    }

    private Path file(String... lines) throws IOException {
        return Files.writeString(folder.resolve("alerts.jsonl"), String.join("", lines));
    }

    private static JsonNode tree(String json) throws JsonProcessingException {
        return JSON.readTree(json);
    }

    @Test
    void oneDetectionGivesOneObject() throws IOException {
        // When
        Ran ran = plan(file(alert("Miner", "Warning", 4711, "2026-11-23T12:00:00Z")), "-o", "json");

        // Then
        assertThat(ran.exit()).isZero();
        assertThat(ran.out().strip()).isEqualTo("""
                {"matched":["stop-miner"],"steps":[\
                {"action":"process.suspend","parameters":{},"target":"process/4711","mode":"enforce"},\
                {"action":"process.kill","parameters":{"scope":"tree"},"target":"process/4711","mode":"enforce"}]}""");
    }

    @Test
    void aDetectionMayBeWrittenOverSeveralLines() throws IOException {
        // Given
        String alert =
                tree(alert("Miner", "Warning", 4711, "2026-11-23T12:00:00Z")).toPrettyString();

        // When
        Ran ran = plan(file(alert), "-o", "json");

        // Then
        assertThat(tree(ran.out()).at("/matched/0").asText()).isEqualTo("stop-miner");
    }

    @Test
    void stateGoesOnFromLineToLineAndEachLineHasItsObject() throws IOException {
        // When
        Ran ran = plan(
                file(
                        alert("Miner", "Warning", 4711, "2026-11-23T12:00:00Z"),
                        "\n",
                        alert("Miner", "Warning", 4711, "2026-11-23T12:05:00Z"),
                        alert("Another", "Critical", 4711, "2026-11-23T12:06:00Z"),
                        alert("Another", "Notice", 4711, "2026-11-23T12:06:00Z"),
                        alert("Miner", "Critical", 4711, "2026-11-23T12:20:00Z")),
                "-o",
                "json");

        // Then
        assertThat(ran.out().lines().map(line -> line.replaceAll(",\"steps.*", "")))
                .containsExactly(
                        "{\"matched\":[\"stop-miner\"]",
                        "{\"matched\":[]",
                        "{\"matched\":[\"hold-all\"]",
                        "{\"matched\":[]",
                        "{\"matched\":[\"stop-miner\",\"hold-all\"]");
    }

    private static String over(String when) {
        return """
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: over-time }
                spec:
                  when: %s
                  steps: [{ id: hold, process.suspend: {} }]
                """.formatted(when);
    }

    private List<Integer> whichLinesMatch(String when, String... lines) throws IOException {
        Files.writeString(folder.resolve("sets.yaml"), over(when));
        List<String> objects = plan(file(lines), "-o", "json").out().lines().toList();
        assertThat(objects).hasSameSizeAs(lines);
        List<Integer> matched = new ArrayList<>();
        for (int i = 0; i < objects.size(); i++) {
            if (tree(objects.get(i)).at("/matched/0").asText().equals("over-time")) {
                matched.add(i + 1);
            }
        }
        return matched;
    }

    @Test
    void patternsOverTimeAreFollowedByTheClockOfTheRecording() throws IOException {
        assertThat(whichLinesMatch(
                        "{ sequence: [{ rules: [A] }, { rules: [B] }], within: 5m, by: container.id }",
                        alert("A", "Notice", 1001, "2026-11-23T12:00:00Z"),
                        alert("B", "Notice", 1002, "2026-11-23T12:05:00Z"),
                        alert("A", "Notice", 1003, "2026-11-23T12:10:00Z"),
                        alert("B", "Notice", 1004, "2026-11-23T12:15:00.000000001Z")))
                .containsExactly(2);
        assertThat(whichLinesMatch(
                        "{ count: { of: { rules: [A] }, atLeast: 3 }, within: 1m, by: container.id }",
                        alert("A", "Notice", 1001, "2026-11-23T12:00:00Z"),
                        alert("A", "Notice", 1002, "2026-11-23T12:00:30Z"),
                        alert("A", "Notice", 1003, "2026-11-23T12:01:10Z"),
                        alert("A", "Notice", 1004, "2026-11-23T12:01:20Z")))
                .containsExactly(4);
    }

    @Test
    void whatIsCompleteBecauseTimePassedIsToldWithTheDetectionBeforeWhichItPassed() throws IOException {
        assertThat(whichLinesMatch(
                        "{ absence: { seen: { rules: [A] }, missing: { rules: [B] } }, within: 1m, by: container.id }",
                        alert("A", "Notice", 1001, "2026-11-23T12:00:00Z"),
                        alert("B", "Notice", 1002, "2026-11-23T12:00:50Z"),
                        alert("A", "Notice", 1003, "2026-11-23T13:00:00Z"),
                        alert("C", "Notice", 1004, "2026-11-23T13:00:59Z"),
                        alert("C", "Notice", 1004, "2026-11-23T14:00:00Z")))
                .containsExactly(5);
    }

    @Test
    void inWordsAPlanSaysWhy() throws IOException {
        // When
        Ran ran = plan(file(
                alert("Another", "Notice", 4711, "2026-11-23T12:00:00Z"),
                alert("Another", "Critical", 4711, "2026-11-23T12:00:00Z")));

        // Then
        assertThat(ran.out())
                .startsWith("line-000000001  Another: no action set answers\n")
                .contains("line-000000002  Another: matched by hold-all")
                .contains("speaks of process/4711, container/0123456789ab, pod/shop/cart-7d4b9c6f5d-xbz2k, node/n1")
                .contains("1. process.suspend on process/4711  [dry-run");
    }

    @Test
    void unreadableDetectionsAreAllNamedAndNothingIsPlanned() throws IOException {
        // When
        Ran ran = plan(
                file(alert("Miner", "Warning", 101, "2026-11-23T12:00:00Z"), "rubbish\n", "{\"rule\":\"x\"}\n"),
                "-o",
                "json");

        // Then
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("alerts.jsonl:2: found ").contains("alerts.jsonl:3: found no priority");
    }

    @Test
    void withoutADetectionOrWithoutSetsThereIsNothingToPlan() throws IOException {
        assertThat(plan(file("\n")).err()).contains("there is no detection in");
        assertThat(plan(folder.resolve("none.json")).err()).contains("none.json is no file that can be read");
        assertThat(run(new PlanCommand(), "--detection", file("")).exit()).isEqualTo(2);
    }

    @Test
    void setsWithAnErrorAreNamedWithTheirPlace() throws IOException {
        // Given
        Files.writeString(folder.resolve("sets.yaml"), SETS.replace("process.kill", "process.kil"));

        // When
        Ran ran = plan(file(alert("Miner", "Warning", 101, "2026-11-23T12:00:00Z")));

        // Then
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("sets.yaml:9:").contains("did you mean 'process.kill'?");
    }

    @Test
    void aReplayIsAPageOfText() throws IOException {
        // Given
        Files.writeString(folder.resolve("more.yaml"), SETS.replace("rules: [Miner]", "rules: [Miner, Another]"));
        Path recording = file(
                alert("Miner", "Warning", 4711, "2026-11-23T12:00:00Z"),
                alert("Another", "Critical", 4712, "2026-11-23T12:00:01Z"),
                "rubbish\n",
                alert("Another", "Notice", 4712, "2026-11-23T12:30:00Z"));

        // When
        Ran ran = replay(recording, "--with", folder.resolve("more.yaml"));

        // Then
        assertThat(ran.exit()).isZero();
        assertThat(ran.err()).contains("alerts.jsonl:3: found").contains("1 line could not be read");
        assertThat(ran.out().replace(folder.toString(), "FOLDER")).isEqualTo("""
                Replayed 3 detections of FOLDER/alerts.jsonl, from 2026-11-23T12:00:00Z to 2026-11-23T12:30:00Z
                1 line could not be read
                3 responses with 6 steps: 6 would be carried out, 0 rehearsed, 0 refused
                Of 6 steps the guard 'protected' cannot know afterwards

                ACTION SET  MODE     RESPONSES  STEP  ACTION           STEPS  ACT  REHEARSE  REFUSED  LEFT OUT
                stop-miner  enforce  3          hold  process.suspend  3      3    0         0        0
                                                stop  process.kill     3      3    0         0        0
                hold-all    dry-run  1          hold  process.suspend  0      0    0         0        1

                Targets that steps would have been aimed at: 2
                         4  process/4712
                         2  process/4711

                Workloads that steps would have been aimed at: 1
                         6  pod/shop/cart-*

                Difference to the action sets that are loaded: 1 new, 0 gone, 1 changed, 1 the same
                  +1  stop-miner/hold process.suspend
                  +2  stop-miner/stop process.kill
                  ~1  stop-miner/hold dry-run → enforce

                These are
                  changed  2026-11-23T12:00:01Z  detection line-000000002  Another
                    + process.kill {"scope":"tree"} on process/4712  [stop-miner/stop, enforce]
                    ~ process.suspend on process/4712  [stop-miner/hold, dry-run → enforce]
                  new  2026-11-23T12:30:00Z  detection line-000000004  Another
                    + process.suspend on process/4712  [stop-miner/hold, enforce]
                    + process.kill {"scope":"tree"} on process/4712  [stop-miner/stop, enforce]
                """);
    }

    @Test
    void theSameReplayGivesTheSameBytes() throws IOException {
        // Given
        Path recording = file(
                alert("Miner", "Warning", 4711, "2026-11-23T12:00:00Z"),
                alert("Another", "Critical", 4712, "2026-11-23T12:00:01Z"));

        // When
        String once = replay(recording, "-o", "json").out();
        String again = replay(recording, "-o", "json").out();

        // Then
        assertThat(again).isEqualTo(once);
        assertThat(tree(once).at("/action_sets/0/steps/1/allowed").asLong()).isEqualTo(1);
    }

    @Test
    void onlyTheTimeThatIsAskedForIsReplayed() throws IOException {
        // Given
        Path recording = file(
                alert("Miner", "Warning", 101, "2026-11-23T12:00:00Z"),
                alert("Miner", "Warning", 102, "2026-11-23T13:00:00Z"),
                alert("Miner", "Warning", 103, "2026-11-23T14:00:00Z"));

        // When
        Ran ran = replay(recording, "-o", "json", "--since", "2026-11-23T12:30:00Z", "--until", "2026-11-23T13:30:00Z");

        // Then
        assertThat(tree(ran.out()).at("/detections").asLong()).isEqualTo(1);
        assertThat(tree(ran.out()).at("/targets/most/0/name").asText()).isEqualTo("process/102");
    }
}
