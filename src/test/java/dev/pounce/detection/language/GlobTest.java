package dev.pounce.detection.language;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {

    @ParameterizedTest
    @CsvSource({
        "/var/*, /var/run/file.txt, true",
        "*, '', true",
        "?, '', false",
        "a?c, abc, true",
        "a?c, ac, false",
        "[a-c]x, bx, true",
        "[!a-c]x, bx, false",
        "[^a-c]x, dx, true",
        "[]]x, ]x, true",
        "[[:digit:]]*, 7z, true",
        "[[:alpha:]]*, 7z, false",
        "a[, a[, true",
        "'\\*', '*', true",
        "'\\*', 'x', false",
        "??, é, true",
        "*.txt, .txt, true",
        "a*b*c, aXbYc, true",
        "a*b*c, aXbY, false",
    })
    void matchesAsFnmatchWithoutFlags(String pattern, String text, boolean matches) {
        assertThat(Glob.compile(pattern, false).matches(text)).isEqualTo(matches);
    }

    @Test
    void ignoresTheCaseOfAsciiOnRequest() {
        assertThat(Glob.compile("/ETC/[S]hadow*", true).matches("/etc/sHADOW-")).isTrue();
        assertThat(Glob.compile("/ETC/*", false).matches("/etc/shadow")).isFalse();
    }

    @Test
    void manyStarsDoNotTakeForever() {
        // Given a pattern on which backtracking would need more steps than there are atoms
        Glob glob = Glob.compile("*a".repeat(40) + "b", false);

        // When and then
        assertThat(glob.matches("a".repeat(2000))).isFalse();
    }
}
