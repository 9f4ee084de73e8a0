package dev.pounce.correlation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * When one action set answers.
 *
 * @param name the action set's
 * @param cooldown after an answer the set holds still for the same key; empty to answer every time
 */
public record Trigger(String name, Pattern pattern, Optional<Cooldown> cooldown) {

    /** How long a set holds still after an answer, and for whom. */
    public record Cooldown(Per per, Duration length) {
        public Cooldown {
            if (length.isNegative() || length.isZero()) {
                throw new IllegalArgumentException("a cooldown must be longer than nothing, was " + length);
            }
        }
    }

    /**
     * What two detections must have in common to share a cooldown. A detection that lacks it is keyed by the
     * next narrower thing it has: without a namespace by its pod, without a pod by its container, without a container by
     * its process, without a process by its rule.
     */
    public enum Per {
        PROCESS,
        CONTAINER,
        POD,
        NAMESPACE,
        RULE,
        NODE
    }

    /** Whether it waits for the same as before, so that what it has half seen is still worth something. */
    boolean hasThePatternOf(Trigger earlier) {
        List<Selector> selectors = pattern.selectors();
        List<Selector> before = earlier.pattern.selectors();
        if (!pattern.getClass().equals(earlier.pattern.getClass()) || selectors.size() != before.size()) {
            return false;
        }
        for (int i = 0; i < selectors.size(); i++) {
            if (!selectors.get(i).asksTheSameAs(before.get(i))) {
                return false;
            }
        }
        return switch (pattern) {
            case Pattern.One one -> true;
            case Pattern.Any any -> true;
            case Pattern.All all ->
                earlier.pattern instanceof Pattern.All other
                        && all.within().equals(other.within())
                        && all.by().equals(other.by());
            case Pattern.Sequence sequence ->
                earlier.pattern instanceof Pattern.Sequence other
                        && sequence.within().equals(other.within())
                        && sequence.by().equals(other.by());
            case Pattern.Count count ->
                earlier.pattern instanceof Pattern.Count other
                        && count.atLeast() == other.atLeast()
                        && count.within().equals(other.within())
                        && count.by().equals(other.by());
            case Pattern.ValueCount count ->
                earlier.pattern instanceof Pattern.ValueCount other
                        && count.field().equals(other.field())
                        && count.atLeast() == other.atLeast()
                        && count.within().equals(other.within())
                        && count.by().equals(other.by());
            case Pattern.Absence absence ->
                earlier.pattern instanceof Pattern.Absence other
                        && absence.within().equals(other.within())
                        && absence.by().equals(other.by());
        };
    }

    /** Whether it asks for the same as before, with the same cooldown. */
    boolean isUnchangedFrom(Trigger earlier) {
        return name.equals(earlier.name) && cooldown.equals(earlier.cooldown) && hasThePatternOf(earlier);
    }
}
