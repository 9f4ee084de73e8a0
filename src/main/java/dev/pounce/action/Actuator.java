package dev.pounce.action;

import java.time.Instant;
import java.util.concurrent.CompletionStage;

/**
 * Does one family of actions to the outside world.
 *
 * <p>A call may be repeated after a restart, so carrying out an action whose effect is already there must
 * report {@link Outcome.AlreadySo} or {@link Outcome.TargetGone} and change nothing.
 */
public interface Actuator<A extends Action> {

    /**
     * Sends the effect on its way before it returns (a signal is sent on the caller's thread, within
     * microseconds), and completes, on a thread of the actuator's own, once the effect was observed or
     * {@code deadline} has passed. Never completes exceptionally.
     */
    CompletionStage<Outcome> carryOut(A action, Instant deadline);

    /**
     * The same path up to the effect: resolves the target and compares its identity, then answers {@link
     * Outcome.WouldAct}, or what would have kept it from acting. Touches nothing. Blocks for microseconds.
     */
    Outcome rehearse(A action);

    /** Looks at the world after a crash: is the effect of this action there? Blocks for microseconds. */
    Outcome observe(A action);
}
