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

class ReasonTest {

    private static final Selector SHELL =
            new Selector(List.of("Shell"), List.of(), Set.of(), Optional.empty(), Optional.empty());
    private static final Selector TAGGED = new Selector(
            List.of(),
            List.of(List.of("network", "mitre_exfiltration"), List.of("c2")),
            Selector.atLeast(Priority.CRITICAL),
            Optional.of("syscall"),
            Optional.of(new Selector.Where("fd.sport in (3333,\n  4444)", detection -> true)));
    private static final String TAGGED_WORDS =
            "tagged network and mitre_exfiltration, or c2 priority Emergency, Alert, Critical"
                    + " source syscall where fd.sport in (3333, 4444)";
    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final List<String> BY = List.of("container.id");

    @Test
    void everyPatternIsSaidInWords() {
        assertThat(Reason.words(new Pattern.One(SHELL))).isEqualTo("rule Shell");
        assertThat(Reason.words(new Pattern.One(TAGGED))).isEqualTo(TAGGED_WORDS);
        assertThat(Reason.words(new Pattern.Any(List.of(SHELL, TAGGED))))
                .isEqualTo("any of: rule Shell; or " + TAGGED_WORDS);
        assertThat(Reason.words(new Pattern.All(List.of(SHELL, SHELL), WINDOW, List.of())))
                .isEqualTo("all of, in any order: rule Shell; and rule Shell; within 5m");
        assertThat(Reason.words(new Pattern.Sequence(List.of(SHELL, SHELL), WINDOW, BY)))
                .isEqualTo("in this order: rule Shell; then rule Shell; within 5m, same container.id");
        assertThat(Reason.words(new Pattern.Count(SHELL, 3, WINDOW, BY)))
                .isEqualTo("at least 3 times: rule Shell; within 5m, same container.id");
        assertThat(Reason.words(new Pattern.ValueCount(SHELL, "fd.rip", 3, WINDOW, BY)))
                .isEqualTo("at least 3 different values of fd.rip: rule Shell; within 5m, same container.id");
        assertThat(Reason.words(new Pattern.Absence(SHELL, SHELL, WINDOW, BY)))
                .isEqualTo("rule Shell; and then not: rule Shell; within 5m, same container.id");
    }
}
