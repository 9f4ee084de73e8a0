package dev.pounce.detection.language;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.source.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Loads the rule files that users of Falco have, where a copy of them is at hand. */
class FalcoRuleFilesTest {

    @Test
    void rulesOfFalcoLoadUnchanged() {
        // Given
        Path falco =
                Path.of(Optional.ofNullable(System.getenv("POUNCE_FALCO_RULES")).orElse("../shared/data/falco-rules"));
        if (!Files.isDirectory(falco)) {
            String sentence = "left out: Falco's rule files are not at " + falco;
            System.out.println(sentence);
            Assumptions.abort(sentence);
        }

        // When
        RuleFileReader.Outcome outcome = RuleFileReader.load(List.of(falco));

        // Then
        assertThat(outcome.problems().stream().filter(Problem::isError).map(Problem::render))
                .isEmpty();
        assertThat(outcome.rules().orElseThrow().rules()).hasSizeGreaterThan(90);
        assertThat(outcome.rules().orElseThrow().enabledRules())
                .allSatisfy(rule -> assertThat(rule.eventTypes()).isNotEqualTo(EventTypeSet.NONE));
    }
}
