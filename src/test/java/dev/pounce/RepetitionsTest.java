package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.JournalEntry;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RepetitionsTest {

    private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
    private final Repetitions repetitions = new Repetitions();

    @Test
    void whatAPatternRemembersIsWrittenEvenWhenItIsOneAmongMany() {
        // Given
        repetitions.over(NOW);
        int written = 0;

        // When
        for (int i = 0; i < 3 * Repetitions.PER_RULE_REMEMBERED; i++) {
            written += repetitions.isWorthAnEntry(detection("Flood", 7), true) ? 1 : 0;
        }

        // Then: more than of others, and a flood is a flood all the same
        assertThat(written).isEqualTo(Repetitions.PER_RULE_REMEMBERED);
    }

    @Test
    void oneProcessThatTripsARuleEndlesslyIsWrittenAFewTimesAndThenCounted() {
        // Given
        assertThat(repetitions.over(NOW)).isEmpty();

        // When
        long written = 0;
        for (int i = 0; i < 100_000; i++) {
            written += repetitions.isWorthAnEntry(detection("Flood", 7), false) ? 1 : 0;
        }
        List<JournalEntry> summary = repetitions.over(NOW.plusMillis(1_100));

        // Then
        assertThat(written).isEqualTo(Repetitions.PER_SUBJECT);
        assertThat(summary)
                .containsExactly(new JournalEntry.DetectionsRepeated(
                        "Flood", "process/7", 100_000 - Repetitions.PER_SUBJECT, NOW, NOW.plusMillis(1_100)));
    }

    @Test
    void manyProcessesOfOneRuleAreLimitedTogetherAndNoneIsLost() {
        // Given
        assertThat(repetitions.over(NOW)).isEmpty();

        // When
        long written = 0;
        for (int pid = 2; pid < 30_002; pid++) {
            written += repetitions.isWorthAnEntry(detection("Flood", pid), false) ? 1 : 0;
        }
        long counted = repetitions.over(NOW.plusSeconds(2)).stream()
                .mapToLong(entry -> ((JournalEntry.DetectionsRepeated) entry).count())
                .sum();

        // Then
        assertThat(written).isEqualTo(Repetitions.PER_RULE);
        assertThat(written + counted).isEqualTo(30_000);
    }

    @Test
    void aFloodOfOneRuleDoesNotHideAnother() {
        // Given
        for (int pid = 2; pid < 20_002; pid++) {
            repetitions.isWorthAnEntry(detection("Flood", pid), false);
        }

        // When, Then
        assertThat(repetitions.isWorthAnEntry(detection("The one that matters", 7), false))
                .isTrue();
    }

    @Test
    void withTheNextSecondItBeginsAnew() {
        // Given
        assertThat(repetitions.over(NOW)).isEmpty();
        for (int i = 0; i < 100; i++) {
            repetitions.isWorthAnEntry(detection("Flood", 7), false);
        }

        // When
        assertThat(repetitions.over(NOW.plusMillis(500))).isEmpty();
        boolean inTheSameSecond = repetitions.isWorthAnEntry(detection("Flood", 7), false);
        assertThat(repetitions.over(NOW.plusMillis(1_000))).hasSize(1);
        boolean inTheNext = repetitions.isWorthAnEntry(detection("Flood", 7), false);

        // Then
        assertThat(inTheSameSecond).isFalse();
        assertThat(inTheNext).isTrue();
    }

    private static Detection detection(String rule, int pid) {
        List<Asset> assets = List.of(new ProcessRef(new NodeRef("here"), pid, 1));
        return new Detection("id", NOW, "syscall", rule, Priority.WARNING, List.of(), "", Map.of(), assets);
    }
}
