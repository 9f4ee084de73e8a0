package dev.pounce.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenTest {

    @TempDir
    Path state;

    @Test
    void isMadeOnceForItsOwnersEyes() throws IOException {
        // When
        Token token = Token.in(state);

        // Then
        Path file = state.resolve("token");
        String secret = Files.readString(file).strip();
        assertThat(secret).matches("[0-9a-f]{64}");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(token.isIn("Bearer " + secret)).isTrue();
        assertThat(Token.in(state).isIn("bearer " + secret)).isTrue();
        try (Stream<Path> files = Files.list(state)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void nothingElseWillDo() {
        // Given
        Token token = new Token("0123456789abcdef");

        // Then
        assertThat(token.isIn(null)).isFalse();
        assertThat(token.isIn("")).isFalse();
        assertThat(token.isIn("0123456789abcdef")).isFalse();
        assertThat(token.isIn("Basic 0123456789abcdef")).isFalse();
        assertThat(token.isIn("Bearer ")).isFalse();
        assertThat(token.isIn("Bearer 0123456789abcdee")).isFalse();
        assertThat(token.isIn("Bearer 0123456789abcdef0")).isFalse();
    }

    @Test
    void oneThatOthersMayReadOrThatIsTooShortIsRefused() throws IOException {
        // Given
        Token.in(state);
        Path file = state.resolve("token");

        // Then
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> Token.in(state))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("others");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(file, "");
        assertThatThrownBy(() -> Token.in(state))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has 0 characters");
    }
}
