package dev.pounce.detection;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FalcoJsonTest {

    private static final FalcoJson JSON = new FalcoJson("node-1", ZoneId.of("Europe/Berlin"));

    @Test
    void writesFalcosKeysInTheirOrder() {
        // Given
        Map<String, @Nullable Object> fields = new HashMap<>();
        fields.put("user.uid", 0L);
        fields.put("proc.name", "bash");
        fields.put("k8s.ns.name", null);
        fields.put("fd.types", List.of("file", "pipe"));
        fields.put("evt.failed", false);

        // When
        String line = JSON.line(detection("a shell", fields));

        // Then
        assertThat(line)
                .isEqualTo("{\"hostname\":\"node-1\",\"output\":\"12:15:02.123456789: Notice a shell\","
                        + "\"output_fields\":{\"evt.failed\":false,\"evt.time\":1785579302123456789,"
                        + "\"fd.types\":[\"file\",\"pipe\"],\"k8s.ns.name\":null,\"proc.name\":\"bash\",\"user.uid\":0},"
                        + "\"priority\":\"Notice\",\"rule\":\"r\",\"source\":\"syscall\",\"tags\":[\"a\",\"b\"],"
                        + "\"time\":\"2026-08-01T10:15:02.123456789Z\"}");
    }

    @Test
    void whatItWritesIsReadBackAsItWas() throws IOException {
        // Given
        StringBuilder all = new StringBuilder();
        for (char c = 0; c < 300; c++) {
            all.append(c);
        }
        all.append("\u2028 grin \ud83d\ude00 end");

        // When
        JsonNode read =
                new ObjectMapper().readTree(JSON.line(detection(all.toString(), Map.of("proc.args", all.toString()))));

        // Then
        assertThat(read.get("output_fields").get("proc.args").asText()).isEqualTo(all.toString());
        assertThat(read.get("output").asText()).endsWith(all.toString());
    }

    @Test
    void halvesOfCharactersBecomeTheReplacementCharacter() throws IOException {
        // Given
        String broken = "a\ud83d b\ude00 \ud83d\ud83d\ude00\ude00\udcff";

        // When
        String line =
                JSON.line(detection("o", Map.of("proc.args", broken, "evt.buffer", new byte[] {'x', (byte) 0xff})));

        // Then
        assertThat(new String(line.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                .isEqualTo(line);
        JsonNode fields = new ObjectMapper().readTree(line).get("output_fields");
        assertThat(fields.get("proc.args").asText()).isEqualTo("a\ufffd b\ufffd \ufffd\ud83d\ude00\ufffd\ufffd");
        assertThat(fields.get("evt.buffer").asText()).isEqualTo("x\ufffd");
    }

    private static Detection detection(String output, Map<String, @Nullable Object> fields) {
        return new Detection(
                "id", MapKind.TIME, "syscall", "r", Priority.NOTICE, List.of("b", "a"), output, fields, List.of());
    }
}
