package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that need no engine, on the journal of one that answered three alerts. */
class OfflineCommandsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SET = "contain-cryptominer";
    private static final String STORY =
            "src/test/scenarios/contain-cryptominer/a-dropped-binary-then-a-mining-pool/detections.jsonl";

    @TempDir
    static Path folder;

    private static String response = "";

    @BeforeAll
    static void letAnEngineAnswer() {
        Machine.assumeItIsPackaged();
        try (RunningEngine engine = RunningEngine.listening(state(), "--actionsets", shipped(SET))) {
            FalcoSender falco = FalcoSender.to(engine);
            falco.send(FalcoAlert.of("Drop and execute new binary in container", "a")
                    .in("cart-1")
                    .with("proc.exepath", "/tmp/kworkerd"));
            falco.send(FalcoAlert.of("Outbound connection from unexpected program in container", "b")
                    .in("cart-1")
                    .with("proc.exepath", "/tmp/kworkerd")
                    .with("fd.sport", 3333));
            falco.send(FalcoAlert.of("Terminal shell in container", "c").in("web-1"));
            assertThat(engine.responses()).hasSize(1);
            response = engine.responses().getFirst().path("response").asText();
            assertThat(engine.terminate()).isZero();
        }
    }

    @Test
    void aReplayOfTheSameJournalSaysTheSameTwiceAndThatNothingWouldDiffer() {
        // When
        Machine.Ran text = good("replay", "--actionsets", shipped(SET), "--state", state().toString());
        Machine.Ran json = replay("--actionsets", shipped(SET), "--mode", "dry-run");

        // Then
        assertThat(good("replay", "--actionsets", shipped(SET), "--state", state().toString())
                        .out())
                .isEqualTo(text.out());
        assertThat(replay("--actionsets", shipped(SET), "--mode", "dry-run").out())
                .isEqualTo(json.out());
        JsonNode report = read(json.out());
        assertThat(report.path("detections").asInt()).isEqualTo(3);
        assertThat(report.path("responses").asInt()).isEqualTo(1);
        JsonNode difference = report.path("difference");
        assertThat(difference.path("same").asInt()).as(json.out()).isEqualTo(1);
        assertThat(difference.path("changed").asInt()
                        + difference.path("only_now").asInt()
                        + difference.path("only_before").asInt())
                .isZero();
    }

    @Test
    void aReplayWithOtherSetsShowsWhatWouldChange() {
        // When
        Machine.Ran json = replay("--actionsets", shipped(SET), "--with", shipped("hold-terminal-shell"));

        // Then
        JsonNode difference = read(json.out()).path("difference");
        assertThat(difference.path("only_now").asInt()).as(json.out()).isEqualTo(1);
        assertThat(difference.path("only_before").asInt()).isEqualTo(1);
        assertThat(difference
                        .path("steps_removed")
                        .path(SET + "/isolate pod.isolate")
                        .asInt())
                .isEqualTo(1);
        assertThat(difference.path("examples").findValuesAsText("rule"))
                .containsExactly(
                        "Outbound connection from unexpected program in container", "Terminal shell in container");
    }

    @Test
    void anExplanationNamesWhatWasSeenWhatItLedToAndWhatWasLeftOut() {
        // When
        String text = good("explain", response, "--state", state().toString()).out();

        // Then
        assertThat(text)
                .contains("Drop and execute new binary in container")
                .contains("Outbound connection from unexpected program in container")
                .contains("fd.sport")
                .contains("3333")
                .contains("within 5m, by container.id")
                .contains("pod.isolate")
                .contains("/tmp/kworkerd")
                .contains("the detection names no process")
                .contains("this engine has nobody who could do that: pod.isolate");
        JsonNode json = read(good("explain", response, "-o", "json", "--state", state().toString())
                .out());
        assertThat(json.path("response").asText()).isEqualTo(response);
        assertThat(json.path("left_out").findValuesAsText("step")).containsExactly("hold", "stop");
    }

    @Test
    void aPlanIsMadeWithoutAnEngineAndIsTheSameTwice() {
        // When
        String plan = good("plan", "--sets", shipped(SET), "--detection", STORY, "-o", "json")
                .out();

        // Then
        assertThat(plan).isEqualTo(PolicyFiles.read(Path.of(STORY).resolveSibling("plan.jsonl")));
        assertThat(good("plan", "--sets", shipped(SET), "--detection", STORY, "-o", "json")
                        .out())
                .isEqualTo(plan);
    }

    @Test
    void whatIsImportedFromTalonPassesTheCheckAndPlansTheSame() {
        // Given
        String talon = "src/test/resources/talon/shop.yaml";
        Path imported = folder.resolve("imported");
        Path alert = folder.resolve("alert.json");
        PolicyFiles.write(
                alert,
                FalcoAlert.of("Unexpected outbound connection destination", "d")
                        .in("cart-1")
                        .with("fd.rip", "203.0.113.9")
                        .text());

        // When
        good("import", "talon", talon, "-o", imported.toString());

        // Then
        assertThat(good("check", imported.toString()).out()).contains("3 files, 0 errors");
        JsonNode before = read(good("plan", "--talon", talon, "--detection", alert.toString(), "-o", "json")
                .out());
        JsonNode after = read(good("plan", "--sets", imported.toString(), "--detection", alert.toString(), "-o", "json")
                .out());
        assertThat(before.path("steps")).isNotEmpty();
        assertThat(after.path("steps")).isEqualTo(before.path("steps"));

        // And: what is there already is not written over
        Machine.Ran again = Machine.pounce("import", "talon", talon, "-o", imported.toString());
        assertThat(again.exit()).isEqualTo(1);
        assertThat(again.err()).contains("is there already");
    }

    @Test
    void everyStepIsListedAndCanBeShown() {
        // When
        JsonNode all = read(good("actions", "list", "-o", "json").out());

        // Then
        assertThat(all.findValuesAsText("action")).contains("process.kill", "pod.isolate", "evidence.logs");
        String shown = good("actions", "show", "pod.isolate").out();
        assertThat(shown).contains("for: ", "default 1h", "remove the policy", "networkpolicies");
        assertThat(read(good("actions", "show", "pod.isolate", "-o", "json").out())
                        .path("action")
                        .asText())
                .isEqualTo("pod.isolate");
        Machine.Ran unknown = Machine.pounce("actions", "show", "pod.isolaet");
        assertThat(unknown.exit()).isNotZero();
        assertThat(unknown.err()).contains("pod.isolate");
    }

    @Test
    void theSchemaIsOneOfJsonAndTheSameInTheDistribution() {
        // When
        String schema = good("check", "--schema").out();

        // Then
        assertThat(read(schema).path("$schema").asText()).startsWith("https://json-schema.org/");
        assertThat(PolicyFiles.read(Machine.home().resolve("lib/actionset.schema.json")))
                .isEqualTo(schema);
    }

    private static Path state() {
        return folder.resolve("state");
    }

    private static String shipped(String set) {
        return Machine.home().resolve("actionsets/" + set + ".yaml").toString();
    }

    private static Machine.Ran replay(String firstOption, String first, String secondOption, String second) {
        return good("replay", "-o", "json", "--state", state().toString(), firstOption, first, secondOption, second);
    }

    private static Machine.Ran good(String... arguments) {
        Machine.Ran ran = Machine.pounce(arguments);
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        return ran;
    }

    private static JsonNode read(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException broken) {
            throw new AssertionError("not JSON: " + json, broken);
        }
    }
}
