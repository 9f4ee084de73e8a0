package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.MissingNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Reply;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ClusterEventsTest {

    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

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
    void anEventWaitsUntilStepsHaveBeenOverForAMoment() throws Exception {
        // Given
        AtomicLong asked = new AtomicLong();
        InstantSource clock = () -> NOON.plusMillis(10 * asked.getAndIncrement()); // it passes by being looked at
        CompletableFuture<Instant> sent = new CompletableFuture<>();
        try (ClusterEvents events = new ClusterEvents(
                (request, until) -> {
                    sent.complete(clock.instant());
                    return new Reply.Ok(201, MissingNode.getInstance());
                },
                clock,
                new Random(1),
                () -> false,
                "test")) {

            // When
            events.tell(attempt(clock), false, new Outcome.Done("it has the labels a=b"));
            Instant told = clock.instant();

            // Then
            assertThat(sent.get(10, TimeUnit.SECONDS))
                    .isAfterOrEqualTo(told.plus(ClusterEvents.QUIET).minusMillis(50));
        }
    }

    private static Attempt attempt(InstantSource clock) {
        return Attempt.toCarryOut(
                new Attempt.Means(
                        (request, until) -> {
                            throw new AssertionError("nobody asked for it");
                        },
                        clock,
                        new Random(1),
                        time -> true),
                new Action.OnCluster(
                        ActionType.POD_LABEL,
                        new PodRef("shop", "web", Optional.of("u-1")),
                        ActionType.POD_LABEL.read(Map.of("labels", Map.of("a", "b")))),
                new Circumstances("r1", "set/label", NOON, Optional.empty(), () -> "{}"),
                NOON.plusSeconds(60),
                undo -> {});
    }

    @Test
    void aShortNoteIsAsItWasSaid() {
        assertThat(ClusterEvents.note("pod.label: done", "r1")).isEqualTo("pod.label: done (response r1)");
        assertThat(ClusterEvents.note("pod.label: done", "")).isEqualTo("pod.label: done");
    }
}
