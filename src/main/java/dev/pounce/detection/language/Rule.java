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

    /** All fields that its condition reads. */
    public Set<FieldUse> conditionFields() {
        return compile(use -> java.util.Optional.empty()).fields();
    }

    @Override
    public String toString() {
        return name;
    }
}
