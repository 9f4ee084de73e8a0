package dev.pounce.detection.language;

import dev.pounce.detection.Priority;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import java.util.List;
import java.util.Set;

/** A detection rule as it was loaded: complete, its macros and lists put in. Immutable. */
public final class Rule {

    private final String name;
    private final String description;
    private final Priority priority;
    private final String source;
    private final List<String> tags;
    private final boolean enabled;
    private final OutputTemplate output;
    private final Expression condition;
    private final Place place;

    Rule(
            String name,
            String description,
            Priority priority,
            String source,
            List<String> tags,
            boolean enabled,
            OutputTemplate output,
            Expression condition,
            Place place) {
        this.name = name;
        this.description = description;
        this.priority = priority;
        this.source = source;
        this.tags = tags.stream().distinct().sorted().toList();
        this.enabled = enabled;
        this.output = output;
        this.condition = condition;
        this.place = place;
    }

    public String name() {
        return name;
    }

    /** Why the rule is there, in its author's words. */
    public String description() {
        return description;
    }

    public Priority priority() {
        return priority;
    }

    /** What kind of event it judges: {@code syscall}, {@code k8s_audit}, … */
    public String source() {
        return source;
    }

    /** In alphabetical order. */
    public List<String> tags() {
        return tags;
    }

    public boolean enabled() {
        return enabled;
    }

    public OutputTemplate output() {
        return output;
    }

    /** Where it was first defined. */
    public Place place() {
        return place;
    }

    Expression condition() {
        return condition;
    }

    /** The event types on which it can fire: nothing of it needs to be asked about any other. */
    public EventTypeSet eventTypes() {
        return EventTypeSet.of(condition);
    }

    public <E> CompiledCondition<E> compile(FieldBinder<E> binder) {
        return ConditionText.compile(condition, binder, new Problems());
    }

    /**
     * Whether the condition can be true at all when these fields are never there and only these event types are
     * reported. What it says of the values of other fields is not looked at.
     */
    public boolean canFire(Set<FieldUse> unsupported, Set<String> reportedTypes) {
        return eventTypes().containsAny(reportedTypes) && canBe(condition, true, unsupported);
    }

    private static boolean canBe(Expression expression, boolean truth, Set<FieldUse> unsupported) {
        return switch (expression) {
            case Expression.And and ->
                truth
                        ? and.parts().stream().allMatch(part -> canBe(part, true, unsupported))
                        : and.parts().stream().anyMatch(part -> canBe(part, false, unsupported));
            case Expression.Or or ->
                truth
                        ? or.parts().stream().anyMatch(part -> canBe(part, true, unsupported))
                        : or.parts().stream().allMatch(part -> canBe(part, false, unsupported));
            case Expression.Not not -> canBe(not.part(), !truth, unsupported);
            case Expression.MacroUse ignored -> true;
            case Expression.Check check -> {
                boolean[] there = {true};
                Expression.forEachField(check.left(), field -> there[0] &= !unsupported.contains(field.use()));
                if (check.right() instanceof Expression.Right.Computed computed) {
                    Expression.forEachField(
                            computed.operand(), field -> there[0] &= !unsupported.contains(field.use()));
                }
                yield !truth || there[0];
            }
        };
    }

    /** All fields that its condition reads. */
    public Set<FieldUse> conditionFields() {
        return compile(use -> java.util.Optional.empty()).fields();
    }

    @Override
    public String toString() {
        return name;
    }
}
