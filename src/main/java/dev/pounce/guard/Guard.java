package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.planning.ResponsePlan;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/**
 * One reason why a step might not happen.
 *
 * <p>Asked on the thread that is about to act, just before it does; should answer within a millisecond.
 */
@FunctionalInterface
public interface Guard {

    /** Never throws for what the world does to it: a guard that cannot find out denies. */
    Verdict judge(ResponsePlan.Step step);

    /**
     * Begins to find out what {@link #judge} will have to know and what nobody follows; completed when there is nothing to wait
     * for, and never exceptionally.
     */
    default CompletableFuture<Void> prepare(ResponsePlan.Step step) {
        return ClusterFacts.KNOWN;
    }

    /** What was just judged does not happen, because a guard behind this one denies it: as if it had not been asked. */
    default void takeBack(ResponsePlan.Step step) {}

    /** What an engine before this one has begun: a restart is no way around a limit. */
    default void recall(Action action, Instant begun) {}
}
