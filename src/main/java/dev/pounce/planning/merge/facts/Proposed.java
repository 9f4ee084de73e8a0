package dev.pounce.planning.merge.facts;

import dev.pounce.planning.Mode;
import org.jspecify.annotations.Nullable;

/**
 * A step that an action set wants. What it acts on is named by values of any type, of which only equality counts.
 *
 * @param place in the order in which sets were loaded, and steps written; no two of a merge have the same
 * @param step its id within the set
 * @param doing the whole action with its target and parameters: equal for steps that do the same to the same
 * @param repetition how many steps of the same set, further up, do the same; 0 for the first
 * @param process on which it acts, or null when it acts on something larger
 * @param container on which it acts, or in which the process lives
 * @param pod on which it acts, or in which the container runs
 * @param named for a person, such as {@code process.kill of process/7}
 */
public record Proposed(
        int place,
        String set,
        String step,
        Mode mode,
        Deed deed,
        Object doing,
        int repetition,
        @Nullable Object process,
        @Nullable Object container,
        @Nullable Object pod,
        String named) {

    /** A rehearsal stands in for no action. */
    public boolean goesAsFarAs(Proposed other) {
        return mode.compareTo(other.mode) >= 0;
    }

    /** Of two that want the same, the bolder one speaks; of two equally bold, the one that was loaded first. */
    public boolean speaksFor(Proposed other) {
        int bolder = mode.compareTo(other.mode);
        return bolder > 0 || (bolder == 0 && place < other.place);
    }

    /** Whether some rule could speak of both; saves the rules the many plans where none does. */
    public boolean mayTouch(Proposed other) {
        if (set.equals(other.set)) {
            Proposed earlier = place < other.place ? this : other;
            return earlier.deed.destroys() && sharesTarget(other);
        }
        return sharesTarget(other) || doing.equals(other.doing);
    }

    private boolean sharesTarget(Proposed other) {
        return (process != null && process.equals(other.process))
                || (container != null && container.equals(other.container))
                || (pod != null && pod.equals(other.pod));
    }
}
