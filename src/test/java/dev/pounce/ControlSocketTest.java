package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlSocketTest {

    @TempDir
    Path state;

    @Test
    void aQuestionIsAnsweredWithOneLine() throws IOException {
        // Given
        try (ControlSocket socket = ControlSocket.listen(state, Map.of("how", () -> "{\"well\":true}"))) {
            // When, Then
            assertThat(ControlSocket.ask(state, "how")).contains("{\"well\":true}");
            assertThat(ControlSocket.ask(state, "why")).contains("{\"error\":\"unknown question\"}");
        }
    }

    @Test
    void withoutAnEngineThereIsNoAnswer() throws IOException {
        // Given
        ControlSocket.listen(state, Map.of()).close();

        // When, Then
        assertThat(ControlSocket.ask(state, "how")).isEmpty();
    }

    @Test
    void aSocketLeftBehindByAKilledEngineIsReplaced() throws IOException {
        // Given: bound, and never closed, as after a kill -9
        ControlSocket.listen(state, Map.of("how", () -> "1"));

        // When
        try (ControlSocket socket = ControlSocket.listen(state, Map.of("how", () -> "2"))) {
            // Then
            assertThat(ControlSocket.ask(state, "how")).contains("2");
        }
    }
}
