package dev.pounce.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {

    private static final List<String> KNOWN =
            List.of("process.kill", "process.suspend", "proc.name", "proc.pname", "mode");

    @ParameterizedTest(name = "{0} was meant to be {1}")
    @CsvSource({
        "process.kil, process.kill",
        "proces.kill, process.kill",
        "porc.name, proc.name",
        "proc.nmae, proc.name",
        "moed, mode",
        "something.else, ''",
        "x, ''"
    })
    void theNearestKnownWordIsSuggestedIfOneIsNear(String word, String expected) {
        assertThat(Spelling.closest(word, KNOWN).orElse("")).isEqualTo(expected);
    }
}
