package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.audit.StageTimings;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StageClockTest {

    private static final Instant EVENT = Instant.parse("2026-11-23T10:00:00Z");

    @Test
    void detectionCountsFromTheKernelsEvent() {
        // When
        StageClock clock = StageClock.since(EVENT, EVENT.plusNanos(1_234_567));

        // Then
        assertThat(clock.timings().detected()).isEqualTo(1_234);
    }

    @Test
    void aWallClockThatWasSetBackMakesNoNegativeTime() {
        // When
        StageClock clock = StageClock.since(EVENT, EVENT.minusSeconds(1));

        // Then
        assertThat(clock.timings().detected()).isZero();
    }

    @Test
    void aStageThatWasNotReachedIsUnknownAndNotZero() {
        // Given
        StageClock clock = StageClock.since(EVENT, EVENT);

        // When
        clock.planned();
        clock.judged();

        // Then
        assertThat(clock.timings().planned()).isNotEqualTo(StageTimings.UNKNOWN);
        assertThat(clock.timings().judged()).isNotEqualTo(StageTimings.UNKNOWN);
        assertThat(clock.timings().sent()).isEqualTo(StageTimings.UNKNOWN);
        assertThat(clock.timings().observed()).isEqualTo(StageTimings.UNKNOWN);
    }
}
