package dev.pounce.detection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TimeOrderedIdsTest {

    @Test
    void theAlphabeticalOrderIsTheOrderOfGivingAlsoWhenTheClockIsSetBack() {
        // Given
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
        TimeOrderedIds ids = new TimeOrderedIds(now::get, new Random(1));
        List<String> given = new ArrayList<>();

        // When
        for (int i = 0; i < 1000; i++) {
            given.add(ids.get());
            now.updateAndGet(time -> given.size() % 3 == 0 ? time.minusMillis(5) : time.plusMillis(2));
        }

        // Then
        assertThat(given).isSorted().doesNotHaveDuplicates().allMatch(id -> id.matches("[0-7][0-9A-HJKMNP-TV-Z]{25}"));
    }

    @Test
    void anIdBeginsWithItsMillisecondAsAnUlidDoes() {
        // The first ten characters of ULID's own example: 01ARYZ6S41 is 1469918176385
        TimeOrderedIds ids =
                new TimeOrderedIds(InstantSource.fixed(Instant.ofEpochMilli(1469918176385L)), new Random(1));

        assertThat(ids.get()).startsWith("01ARYZ6S41");
    }

    @Test
    void twoMachinesDoNotGiveTheSame() {
        InstantSource clock = InstantSource.fixed(Instant.EPOCH);

        assertThat(new TimeOrderedIds(clock, new Random(1)).get())
                .isNotEqualTo(new TimeOrderedIds(clock, new Random(2)).get());
    }
}
