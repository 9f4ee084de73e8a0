package dev.pounce.action;

import java.time.Instant;
import java.util.concurrent.CompletionStage;

/**
 * Does what takes its time: steps that go to the cluster, the node's network, a store or another service.
 *
 * <p>No call blocks its caller; the work is done on threads of the actuator's own, and no answer is ever exceptional. The
 * answer comes by the deadline, with whatever is known by then. What is done for one target is done in the order in which it
 * was asked for, and different targets do not wait for each other.
 *
 * <p>Anything may be asked for again after a restart: what is there already is {@link Outcome.AlreadySo}.
 */
public interface RemoteActuator extends AutoCloseable {

    /** Does it, and completes when its effect was observed. */
    CompletionStage<Outcome> carryOut(
            Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange);

    /**
     * The same path with everything asked and nothing changed, by server-side dry-run where there is one: {@link
     * Outcome.WouldAct}, or what would have become of it.
     */
    CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline);

    /**
     * Restores what was there before. What somebody else has changed since stays as it is, and that is said with {@link
     * Outcome.Withheld}; a target that is gone needs nothing.
     */
    CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline);

    /**
     * Looks at the world after a crash, and touches nothing: is the effect of this action there? {@link Outcome.AlreadySo} says
     * that it is, {@link Outcome.Failed} that it is not or cannot be seen, retryable if it might be done again.
     */
    CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline);

    /** Ends what is under way as soon as it can; what it answers is still true. */
    @Override
    void close();

    /** Told what would take the step back, before anything is changed. */
    @FunctionalInterface
    interface BeforeChange {
        /**
         * Returns when it is written down. Blocks for milliseconds.
         *
         * @throws RuntimeException when it cannot be; then nothing may be changed
         */
        void canBeTakenBackBy(Action.TakeBack undo);
    }
}
