package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlertKeysTest {

    @TempDir
    Path state;

    private final List<String> read = new ArrayList<>();

    @Test
    void keysOfAlertsAreReadBackInTheirOrderAsFarAsTheyAreYoungEnough() {
        // Given: some segments, and entries of an hour
        for (int minute = 0; minute < 60; minute++) {
            Clock clock = Clock.fixed(Entries.NOON.plus(Duration.ofMinutes(minute)), ZoneOffset.UTC);
            try (FileJournal journal =
                    FileJournal.open(state, clock, new FileJournal.Limits(3_000, Duration.ofMillis(5)))) {
                journal.append(List.of(
                        new JournalEntry.DetectionSeen(Entries.detection("d" + minute), Optional.of("key-" + minute)),
                        new JournalEntry.DetectionSeen(Entries.detection("own" + minute)),
                        new JournalEntry.EngineStopped("\",\"type\":\"detection\",\"alert\":\"forged\"")));
            }
        }

        // When
        AlertKeys.since(state, Entries.NOON.plus(Duration.ofMinutes(57)), this::take);

        // Then
        assertThat(read)
                .containsExactly(
                        "key-57 " + Entries.NOON.plus(Duration.ofMinutes(57)),
                        "key-58 " + Entries.NOON.plus(Duration.ofMinutes(58)),
                        "key-59 " + Entries.NOON.plus(Duration.ofMinutes(59)));
        read.clear();
        AlertKeys.since(state, Instant.EPOCH, this::take);
        assertThat(read).hasSize(60);
    }

    @Test
    void whatASenderWritesCannotPassForAKey() {
        // Given
        try (FileJournal journal = FileJournal.open(state, Clock.systemUTC())) {
            journal.append(new JournalEntry.DetectionSeen(
                    Entries.detection("d", Map.of("alert", "\",\"alert\":\"forged\""), "\"alert\":\"forged\"")));
        }

        // When
        AlertKeys.since(state, Instant.EPOCH, this::take);

        // Then
        assertThat(read).isEmpty();
    }

    @Test
    void aStateDirectoryWithoutAJournalHasNone() {
        AlertKeys.since(state, Instant.EPOCH, this::take);
        assertThat(read).isEmpty();
    }

    private void take(String key, Instant time) {
        read.add(key + " " + time);
    }
}
