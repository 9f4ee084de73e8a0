package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.detection.language.Condition;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which detections are meant. All criteria that are given must hold, and at least one must be given: a set that
 * answers everything by accident is worse than one that does not load.
 *
 * @param rules the detection's rule is one of these; empty for any
 * @param tags the detection carries all tags of at least one of these lists; empty for any
 * @param priorities the detection's is one of these; empty for any
 */
public record Selector(
        List<String> rules,
        List<List<String>> tags,
        Set<Priority> priorities,
        Optional<String> source,
        Optional<Where> where) {

    /** A condition over the detection's fields, with the text it was compiled from. */
    public record Where(String text, Condition<Detection> condition) {}

    public Selector {
        rules = List.copyOf(rules);
        tags = tags.stream().map(List::copyOf).toList();
        priorities = Set.copyOf(priorities);
        if (rules.isEmpty() && tags.isEmpty() && priorities.isEmpty() && source.isEmpty() && where.isEmpty()) {
            throw new IllegalArgumentException("a selector without any criterion would match everything");
        }
        if (tags.stream().anyMatch(List::isEmpty)) {
            throw new IllegalArgumentException("a list of no tags is carried by everything");
        }
    }

    /** At least as bad as this. */
    public static Set<Priority> atLeast(Priority minimum) {
        EnumSet<Priority> wanted = EnumSet.noneOf(Priority.class);
        for (Priority priority : Priority.values()) {
            if (priority.isAtLeast(minimum)) {
                wanted.add(priority);
            }
        }
        return wanted;
    }

    /** Whether it asks for the same as another; conditions are compared by their text. */
    boolean asksTheSameAs(Selector other) {
        return rules.equals(other.rules)
                && tags.equals(other.tags)
                && priorities.equals(other.priorities)
                && source.equals(other.source)
                && where.map(Where::text).equals(other.where.map(Where::text));
    }
}
