package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Action;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EntryJsonTest {

    private static final ObjectMapper JACKSON = new ObjectMapper();

    private static JsonNode written(JournalEntry entry) {
        JsonLine json = new JsonLine();
        json.beginObject();
        EntryJson.write(entry, json);
        json.endObject();
        try {
            return JACKSON.readTree(new String(json.bytes(), 0, json.length(), StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode written(Map<String, @Nullable Object> fields, String output) {
        return written(new JournalEntry.DetectionSeen(Entries.detection("d", fields, output)))
                .path("detection");
    }

    @Test
    void anyTextComesBackAsItWas() {
        Random random = new Random(42);
        for (int round = 0; round < 2_000; round++) {
            // Given
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(50); i > 0; i--) {
                int point = random.nextInt(0x110000);
                if (point < 0xd800 || point > 0xdfff) {
                    text.appendCodePoint(round % 2 == 0 ? point % 0x180 : point);
                }
            }

            // When
            JsonNode json = written(new JournalEntry.EngineStopped(text.toString()));

            // Then
            assertThat(json.path("reason").asText()).isEqualTo(text.toString());
        }
    }

    @Test
    void halfACharacterBecomesTheReplacementCharacter() {
        assertThat(written(new JournalEntry.EngineStopped("a\ud83dz"))
                        .path("reason")
                        .asText())
                .isEqualTo("a\ufffdz");
    }

    @Test
    void aLongCommandLineIsCutAndSaysSo() {
        // Given
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("proc.cmdline", "x".repeat(10_000));

        // When
        String cut = written(fields, "out")
                .path("output_fields")
                .path("proc.cmdline")
                .asText();

        // Then
        assertThat(cut).isEqualTo("x".repeat(4096) + "…[cut: 5904 more characters]");
    }

    @Test
    void anActionIsReadBackAsItWas() {
        for (JournalEntry entry : Entries.ofEveryKind()) {
            if (entry instanceof JournalEntry.Intended intended) {
                assertThat(ActionJson.read(written(entry).path("action"))).contains(intended.action());
            }
        }
        JsonNode kill = written(new JournalEntry.Intended("r", "s", Entries.KILL, Entries.NOON));
        assertThat(ActionJson.read(kill.path("action"))).contains(Entries.KILL);
    }

    @ParameterizedTest
    @EnumSource
    void everyKindOfActionIsReadBackAsItWas(ActionType type) {
        Random random = new Random(type.verb().hashCode());
        for (int round = 0; round < 100; round++) {
            // Given
            Action action = ActionSamples.action(type, random);

            // When
            JsonNode written = written(new JournalEntry.Intended("r", "s", action, Entries.NOON))
                    .path("action");

            // Then
            assertThat(ActionJson.read(written)).contains(action);
        }
    }

    @Test
    void anActionThatThisReleaseDoesNotKnowIsNotGuessedAt() throws JsonProcessingException {
        String pod = "\"target\":{\"kind\":\"pod\",\"namespace\":\"a\",\"name\":\"b\"}";

        assertThat(ActionJson.read(JACKSON.readTree("{\"verb\":\"pod.levitate\"," + pod + "}")))
                .isEmpty();
        assertThat(ActionJson.read(JACKSON.readTree("{\"verb\":\"node.isolate-container\"," + pod + "}")))
                .isEmpty();
        assertThat(ActionJson.read(
                        JACKSON.readTree("{\"verb\":\"pod.terminate\"," + pod + ",\"parameters\":{\"speed\":\"9\"}}")))
                .isEmpty();
    }

    @Test
    void theInodeOfATargetIsReadBackAndNotWrittenWhenUnknown() {
        // Given
        Action identified = new Action.SuspendProcess(Entries.MINER_SINCE_6_9);
        Action unknown = new Action.SuspendProcess(Entries.MINER);

        // When
        JsonNode written = written(new JournalEntry.Intended("r", "s", identified, Entries.NOON))
                .path("action");
        JsonNode without = written(new JournalEntry.Intended("r", "s", unknown, Entries.NOON))
                .path("action");

        // Then
        assertThat(written.path("target").path("inode").asLong()).isEqualTo(Entries.MINER_SINCE_6_9.inode());
        assertThat(ActionJson.read(written)).contains(identified);
        assertThat(without.path("target").has("inode")).isFalse();
        assertThat(ActionJson.read(without)).contains(unknown);
    }

    @Test
    void detectionsHaveFalcosKeys() {
        JsonNode detection =
                written(new JournalEntry.DetectionSeen(Entries.detection("d1"))).path("detection");

        assertThat(detection.path("time").asText()).isEqualTo("2026-11-23T12:00:00.123456Z");
        assertThat(detection.path("priority").asText()).isEqualTo("Critical");
        assertThat(detection.path("output_fields").path("proc.pid").asLong()).isEqualTo(4711);
        assertThat(detection.path("output_fields").path("fd.sport").isNull()).isTrue();
        assertThat(detection.path("output_fields").path("proc.aname").get(1).asText())
                .isEqualTo("node");
    }

    @ParameterizedTest(name = "{0} is withheld: {1}")
    @CsvSource({
        "proc.env, true",
        "'proc.env[AWS_SECRET_ACCESS_KEY]', true",
        "'proc.aenv[2]', true",
        "evt.buffer, true",
        "evt.arg.data, true",
        "'jevt.value[/requestObject/data/password]', true",
        "'jevt.value[/objectRef/name]', false",
        "proc.envious, false",
        "proc.cmdline, false",
        "evt.arg.flags, false"
    })
    void environmentsAndContentsNeverEnter(String field, boolean withheld) {
        // Given
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(field, "hunter2-and-more");

        // When
        JsonNode detection = written(fields, "seen: hunter2-and-more.");

        // Then
        assertThat(detection.toString().contains("hunter2")).isEqualTo(!withheld);
        assertThat(detection.path("output").asText())
                .isEqualTo(withheld ? "seen: [withheld]." : "seen: hunter2-and-more.");
    }
}
