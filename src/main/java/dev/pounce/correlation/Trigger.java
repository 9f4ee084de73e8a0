package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.detection.language.Condition;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Which detections one action set answers. All criteria that are given must hold, and at least one must be
 * given: a set that answers everything by accident is worse than one that does not load.
 *
 * @param name the action set's
 * @param rules the detection's rule is one of these; empty for any
 * @param tags the detection carries at least one of these; empty for any
 * @param minimum the detection is at least as bad as this
 * @param cooldown after an answer the set holds still for the same key; empty to answer every time
 */
public record Trigger(
        String name,
        List<String> rules,
        List<String> tags,
        Optional<Priority> minimum,
        Optional<String> source,
        Optional<Where> where,
        Optional<Cooldown> cooldown) {

    /** A condition over the detection's fields, with the text it was compiled from. */
    public record Where(String text, Condition<Detection> condition) {}

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
     * next narrower thing it has: without a container by its process, without a process by its rule.
     */
    public enum Per {
        PROCESS,
        CONTAINER,
        RULE,
        NODE
    }

    public Trigger {
        rules = List.copyOf(rules);
        tags = List.copyOf(tags);
        if (rules.isEmpty() && tags.isEmpty() && minimum.isEmpty() && source.isEmpty() && where.isEmpty()) {
            throw new IllegalArgumentException("trigger '" + name + "' has no criterion and would match everything");
        }
    }

    /** Whether it asks for the same as before; conditions are compared by their text. */
    boolean isUnchangedFrom(Trigger earlier) {
        return name.equals(earlier.name)
                && rules.equals(earlier.rules)
                && tags.equals(earlier.tags)
                && minimum.equals(earlier.minimum)
                && source.equals(earlier.source)
                && where.map(Where::text).equals(earlier.where.map(Where::text))
                && cooldown.equals(earlier.cooldown);
    }
}
