package dev.pounce.action.kubernetes;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;

/**
 * What one verb, or a few like it, means to the cluster. Knows nothing from one call to the next, and is called by many
 * threads at once; blocks.
 */
interface ClusterStep {

    /**
     * Does it, or rehearses it: {@link Attempt#change} knows which. Whatever is not {@link Outcome.Done} may be thrown.
     *
     * @return {@link Attempt#done} once the effect was seen
     */
    Outcome carryOut(Attempt attempt) throws StepEnds;

    /** @param undo what {@link Attempt#changes} wrote down; {@link Attempt#action} is what was done */
    Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds;

    /**
     * Looks and changes nothing: {@link Outcome.AlreadySo} when the effect is there, {@link Outcome.TargetGone}, or {@link
     * Outcome.Failed} (retryable) when it is not there or cannot be seen.
     */
    Outcome observe(Attempt attempt) throws StepEnds;
}
