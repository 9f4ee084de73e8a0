package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ClusterEventsTest {

    @Test
    void aLongNoteIsShortenedButNamesItsResponse() {
        // When
        String note = ClusterEvents.note("pod.label: " + "\u00e4\u20ac".repeat(900), "01M85NKVN60000007JFWQ36SST");

        // Then
        assertThat(note).startsWith("pod.label: ").endsWith(" (response 01M85NKVN60000007JFWQ36SST)");
        assertThat(note.getBytes(UTF_8).length).isBetween(1_000, 1_024);
    }

    @Test
    void theTimeHasSixPlacesWhateverTheyAre() {
        assertThat(ClusterEvents.microTime(Instant.parse("2026-11-24T04:15:09.198Z")))
                .isEqualTo("2026-11-24T04:15:09.198000Z");
        assertThat(ClusterEvents.microTime(Instant.parse("2026-11-24T04:15:09.123456789Z")))
                .isEqualTo("2026-11-24T04:15:09.123456Z");
    }

    @Test
    void aShortNoteIsAsItWasSaid() {
        assertThat(ClusterEvents.note("pod.label: done", "r1")).isEqualTo("pod.label: done (response r1)");
        assertThat(ClusterEvents.note("pod.label: done", "")).isEqualTo("pod.label: done");
    }
}
