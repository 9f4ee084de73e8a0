package dev.pounce.action.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Outcome;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AwaitingTest {

    private final Children children = new Children();
    private final CompletableFuture<Outcome> result = new CompletableFuture<>();

    @AfterEach
    void end() {
        children.close();
    }

    private Resolved.Held aLivingProcess() {
        return (Resolved.Held) Resolved.resolve(Children.refOf(children.sleeping()), Untouchable.aroundThisProcess());
    }

    @Test
    void aProcessThatIsAliveAtTheDeadlineIsAFailureWorthRetrying() {
        // Given
        Awaiting.Exit exit = new Awaiting.Exit(aLivingProcess(), System.nanoTime(), result);

        // When
        boolean over = exit.look(false, true);
        exit.end();

        // Then
        assertThat(over).isTrue();
        assertThat(result.join()).isInstanceOf(Outcome.Failed.class);
        assertThat(((Outcome.Failed) result.join()).retryable()).isTrue();
        assertThat(((Outcome.Failed) result.join()).reason()).contains("(sleep)", "is still there in state");
    }

    @Test
    void aProcessThatRunsAtTheDeadlineWasNotSuspended() {
        // Given
        Awaiting.Holding holding = new Awaiting.Holding(aLivingProcess(), true, System.nanoTime(), result);

        // When
        boolean over = holding.look(false, true);
        holding.end();

        // Then
        assertThat(over).isTrue();
        assertThat(((Outcome.Failed) result.join()).reason()).contains("SIGSTOP was sent", "still running");
    }

    @Test
    void beforeTheDeadlineTheWaitingGoesOnWithLongerPauses() {
        // Given
        Awaiting.Holding holding =
                new Awaiting.Holding(aLivingProcess(), true, System.nanoTime() + 60_000_000_000L, result);
        long first = holding.nextLookNanos();

        // When
        boolean over = holding.look(false, false);
        long second = holding.nextLookNanos();
        holding.look(false, false);
        long third = holding.nextLookNanos();
        holding.end();

        // Then
        assertThat(over).isFalse();
        assertThat(result).isNotDone();
        assertThat(second).isGreaterThan(first);
        assertThat(third).isGreaterThan(second);
    }

    @ParameterizedTest(name = "threads in states {0}: stopped {1}, held {2}")
    @CsvSource({
        "T, true, true",
        "TTT, true, true",
        "TDt, true, true",
        "TZX, true, true",
        "D, false, true",
        "t, false, true",
        "TS, false, false",
        "DR, false, false",
        "Z, false, false"
    })
    void aThreadThatWaitsIsHeldOnceTheSignalWasSent(String states, boolean stopped, boolean held) {
        // Given
        List<ProcStat> threads = states.chars()
                .mapToObj(state -> new ProcStat(7, "x", (char) state, 1, 7, 7, 0, states.length(), 1, 0))
                .toList();

        // Then
        assertThat(Awaiting.allStopped(threads)).isEqualTo(stopped);
        assertThat(Awaiting.allHeld(threads)).isEqualTo(held);
    }

    @Test
    void aProcessThatExitsInsteadOfStoppingIsGone() {
        // Given
        Awaiting.Holding holding = new Awaiting.Holding(aLivingProcess(), true, Long.MAX_VALUE, result);

        // When
        holding.look(true, false);
        holding.end();

        // Then
        assertThat(result.join()).isInstanceOf(Outcome.TargetGone.class);
    }
}
