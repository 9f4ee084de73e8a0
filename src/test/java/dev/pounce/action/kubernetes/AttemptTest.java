package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.MissingNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import dev.pounce.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** How often and until when a request is repeated, by a clock that only its pauses move. */
class AttemptTest {

    private static final Instant START = Instant.parse("2026-11-23T21:00:00Z");
    private static final PodRef POD = new PodRef("shop", "cart-0", Optional.of("uid-1"));
    private static final Request PATCH = Request.patch(Attempt.path(POD), Request.MERGE_PATCH, "{}");

    private final MutableClock clock = new MutableClock(START);
    private final List<Instant> asked = new ArrayList<>();

    @Test
    void aServerThatIsGoneForAMinuteIsAskedUntilItIsBack() throws StepEnds {
        // Given
        Instant back = START.plusSeconds(60);
        Attempt attempt = attempt(Duration.ofMinutes(2), at -> at.isBefore(back) ? new Reply.Unheard("refused") : ok());

        // When
        attempt.change(PATCH);

        // Then
        assertThat(asked.getLast()).isBetween(back, back.plusSeconds(5));
        assertThat(asked).hasSizeBetween(10, 40);
        assertThat(attempt.lostAnswer()).isTrue();
    }

    @Test
    void aServerThatStaysAwayIsGivenUpWithTimeLeftForALook() {
        // Given
        Attempt attempt = attempt(Duration.ofSeconds(60), at -> new Reply.Unheard("refused"));

        // When
        assertThatThrownBy(() -> attempt.change(PATCH)).isInstanceOfSatisfying(StepEnds.class, ends -> {
            assertThat(ends.isUnheard()).isTrue();
            assertThat(ends.outcome()).isEqualTo(new Outcome.Failed("refused", true));
        });

        // Then
        assertThat(asked.getLast()).isBeforeOrEqualTo(START.plusSeconds(58));
    }

    @Test
    void noPauseIsShorterThanTheServerAsksFor() throws StepEnds {
        // Given
        Attempt attempt = attempt(
                Duration.ofMinutes(2),
                at -> asked.size() < 3 ? refused(429, Optional.of(Duration.ofSeconds(7))) : ok());

        // When
        attempt.change(PATCH);

        // Then
        assertThat(asked).hasSize(3);
        assertThat(Duration.between(asked.get(0), asked.get(1))).isGreaterThan(Duration.ofSeconds(7));
        assertThat(Duration.between(asked.get(1), asked.get(2))).isGreaterThan(Duration.ofSeconds(7));
    }

    @Test
    void whatMustNotBeDoneTwiceIsNotAskedForTwice() {
        // Given
        Attempt attempt = attempt(Duration.ofMinutes(2), at -> new Reply.Unheard("cut"));

        // When
        assertThatThrownBy(() -> attempt.changeOnce(PATCH)).isInstanceOf(StepEnds.class);

        // Then
        assertThat(asked).hasSize(1);
    }

    @Test
    void whatIsForbiddenIsNotAskedForAgain() {
        // Given
        Attempt attempt = attempt(Duration.ofMinutes(2), at -> refused(403, Optional.empty()));

        // When
        assertThatThrownBy(() -> attempt.change(PATCH))
                .isInstanceOfSatisfying(StepEnds.class, ends -> assertThat(ends.outcome())
                        .isEqualTo(new Outcome.Failed("the API server refused (403): no", false)));

        // Then
        assertThat(asked).hasSize(1);
    }

    @Test
    void nothingIsChangedWhenTheUndoCannotBeWrittenDown() {
        // Given
        Action.OnCluster action = action();
        Attempt attempt = Attempt.toCarryOut(means(at -> ok()), action, why(), START.plusSeconds(60), undo -> {
            throw new IllegalStateException("disk full");
        });

        // When / Then
        assertThatThrownBy(() -> attempt.changes(POD, Map.of()))
                .isInstanceOfSatisfying(
                        StepEnds.class, ends -> assertThat(ends.outcome().toString())
                                .contains("nothing was changed")
                                .contains("disk full"));
    }

    @Test
    void aRehearsalAsksTheServerToKeepNothing() throws StepEnds {
        // Given
        List<Request> requests = new ArrayList<>();
        Attempt.Means means = new Attempt.Means(
                (request, until) -> {
                    requests.add(request);
                    return ok();
                },
                clock,
                new Random(1),
                time -> true);

        // When
        Attempt attempt = Attempt.toRehearse(means, action(), why(), START.plusSeconds(60));
        attempt.change(PATCH);
        attempt.read(ApiPath.core("pods"));

        // Then
        assertThat(requests)
                .extracting(request -> request.query().get("dryRun"))
                .containsExactly("All", null);
        assertThat(attempt.changed()).isFalse();
    }

    private Attempt attempt(Duration time, Function<Instant, Reply> server) {
        return Attempt.toCarryOut(means(server), action(), why(), START.plus(time), undo -> {});
    }

    private Attempt.Means means(Function<Instant, Reply> server) {
        return new Attempt.Means(
                (request, until) -> {
                    asked.add(clock.instant());
                    return server.apply(clock.instant());
                },
                clock,
                new Random(1),
                time -> {
                    clock.advance(time);
                    return true;
                });
    }

    private static Action.OnCluster action() {
        return new Action.OnCluster(
                ActionType.POD_LABEL, POD, ActionType.POD_LABEL.read(Map.of("labels", Map.of("a", "b"))));
    }

    private static Circumstances why() {
        return new Circumstances("response-1", "step-1", START, Optional.empty(), () -> "{}");
    }

    private static Reply ok() {
        return new Reply.Ok(200, MissingNode.getInstance());
    }

    private static Reply refused(int code, Optional<Duration> after) {
        return new Reply.Refused(code, "", "no", after, MissingNode.getInstance());
    }
}
