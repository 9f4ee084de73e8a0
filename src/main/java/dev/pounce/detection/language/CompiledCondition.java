package dev.pounce.detection.language;

import java.util.Set;

/**
 * A condition that can be asked about events.
 *
 * @param fields all it reads
 * @param unsupported those of them that this kind of event can never supply; their checks are false
 */
public record CompiledCondition<E>(Condition<E> condition, Set<FieldUse> fields, Set<FieldUse> unsupported)
        implements Condition<E> {

    public CompiledCondition {
        fields = Set.copyOf(fields);
        unsupported = Set.copyOf(unsupported);
    }

    @Override
    public boolean test(E event) {
        return condition.test(event);
    }
}
