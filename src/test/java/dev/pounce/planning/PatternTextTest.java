package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.detection.Priority;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PatternTextTest {

    private static final Selector SHELL =
            new Selector(List.of("Shell"), List.of(), Set.of(), Optional.empty(), Optional.empty());
    private static final Selector TAGGED = new Selector(
            List.of(),
            List.of(List.of("network", "mitre_exfiltration"), List.of("c2")),
            Selector.atLeast(Priority.CRITICAL),
            Optional.of("syscall"),
            Optional.of(new Selector.Where("fd.sport in (3333,\n  4444)", detection -> true)));
    private static final String TAGGED_WORDS =
            "tags network + mitre_exfiltration | c2, priority Emergency | Alert | Critical,"
                    + " source syscall, where fd.sport in (3333, 4444)";
    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final List<String> BY = List.of("container.id");

    @Test
    void everyPatternIsSaidInWords() {
        assertThat(PatternText.of(new Pattern.One(SHELL))).isEqualTo("rule Shell");
        assertThat(PatternText.of(new Pattern.One(TAGGED))).isEqualTo(TAGGED_WORDS);
        assertThat(PatternText.of(new Pattern.Any(List.of(SHELL, TAGGED))))
                .isEqualTo("any of [rule Shell] or [" + TAGGED_WORDS + "]");
        assertThat(PatternText.of(new Pattern.All(List.of(SHELL, SHELL), WINDOW, List.of())))
                .isEqualTo("all of [rule Shell] and [rule Shell], within 5m");
        assertThat(PatternText.of(new Pattern.Sequence(List.of(SHELL, SHELL), WINDOW, BY)))
                .isEqualTo("a sequence of [rule Shell], then [rule Shell], within 5m, by container.id");
        assertThat(PatternText.of(new Pattern.Count(SHELL, 3, WINDOW, BY)))
                .isEqualTo("at least 3 of [rule Shell], within 5m, by container.id");
        assertThat(PatternText.of(new Pattern.ValueCount(SHELL, "fd.rip", 3, WINDOW, BY)))
                .isEqualTo("at least 3 different fd.rip of [rule Shell], within 5m, by container.id");
        assertThat(PatternText.of(new Pattern.Absence(SHELL, SHELL, WINDOW, BY)))
                .isEqualTo("[rule Shell] without [rule Shell], within 5m, by container.id");
    }
}
