package dev.pounce.action;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TurnsTest {

    private final Turns turns = new Turns("test", 3, Clock.systemUTC());
    private final CountDownLatch gate = new CountDownLatch(1);
    private final List<String> ran = new CopyOnWriteArrayList<>();

    @AfterEach
    void end() {
        gate.countDown();
        turns.close();
    }

    @Test
    void oneTargetsWorkIsDoneInTheOrderOfAskingAndOthersDoNotWait() {
        // Given
        CompletionStage<Outcome> first = turns.take("a", soon(), () -> {
            await(gate);
            return done("a1");
        });
        CompletionStage<Outcome> second = turns.take("a", soon(), () -> done("a2"));

        // When
        join(turns.take("b", soon(), () -> done("b1")));
        gate.countDown();

        // Then
        assertThat(List.of(join(first), join(second))).containsExactly(new Outcome.Done("a1"), new Outcome.Done("a2"));
        assertThat(ran).containsExactly("b1", "a1", "a2");
    }

    @Test
    void noMoreIsAcceptedThanThereIsRoomFor() {
        // Given
        for (int i = 0; i < 3; i++) {
            waiting(i == 0 ? "a" : "b");
        }

        // When
        Outcome fourth = join(turns.take("c", soon(), () -> done("c")));

        // Then
        assertThat(fourth)
                .isEqualTo(new Outcome.Failed("nothing was begun: the engine ends, or has too much to do", true));
        assertThat(turns.accepted()).isEqualTo(3);
    }

    @Test
    void whatIsNotBegunByItsDeadlineIsAnsweredAndNotBegunLater() {
        // Given
        CompletionStage<Outcome> first = waiting("a");

        // When
        Outcome late = join(turns.take("a", Instant.now(), () -> done("late")));
        gate.countDown();
        join(first);

        // Then
        assertThat(late)
                .isEqualTo(new Outcome.Failed(
                        "nothing was begun: an earlier step for the same target was still under way", true));
        assertThat(join(turns.take("a", soon(), () -> done("next")))).isEqualTo(new Outcome.Done("next"));
        assertThat(ran).containsExactly("next");
    }

    @Test
    void atTheEndWhatIsUnderWayHasItsTimeAndWhatWaitsIsNotBegun() {
        // Given
        CountDownLatch begun = new CountDownLatch(1);
        CompletionStage<Outcome> underWay = turns.take("a", soon(), () -> {
            begun.countDown();
            await(gate);
            return new Outcome.Done("waited");
        });
        CompletionStage<Outcome> waits = turns.take("a", soon(), () -> done("a2"));
        await(begun);

        // When
        turns.end(Duration.ZERO);
        Outcome later = join(turns.take("b", soon(), () -> done("b1")));
        gate.countDown();

        // Then
        assertThat(later).isInstanceOf(Outcome.Failed.class);
        assertThat(join(underWay)).isEqualTo(new Outcome.Done("waited"));
        assertThat(join(waits)).isEqualTo(new Outcome.Failed("nothing was begun: the engine ends", true));
        assertThat(ran).isEmpty();
    }

    private CompletionStage<Outcome> waiting(String target) {
        return turns.take(target, soon(), () -> {
            await(gate);
            return new Outcome.Done("waited");
        });
    }

    private Outcome done(String what) {
        ran.add(what);
        return new Outcome.Done(what);
    }

    private static Instant soon() {
        return Instant.now().plusSeconds(10);
    }

    private static Outcome join(CompletionStage<Outcome> stage) {
        return stage.toCompletableFuture().join();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
