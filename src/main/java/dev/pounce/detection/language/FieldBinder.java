package dev.pounce.detection.language;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Knows how to get fields out of one kind of event. Asked once per use of a field when a condition is
 * compiled, so that no name is looked up while events pass.
 */
public interface FieldBinder<E> {

    /** Empty when this kind of event can never supply the field. */
    Optional<Extractor<E>> bind(FieldUse use);

    /** The type of a field that only this kind of event has, beside those of Falco's table. */
    default Optional<FieldType> ownType(FieldUse use) {
        return Optional.empty();
    }

    /**
     * Gets one value out of one event: a {@code String}, {@code Long}, {@code Double}, {@code Boolean},
     * {@code byte[]} (buffers), a {@code List} of these, or null when this event does not have it. Text
     * that stands for an address (type IP or NET) is a string in its usual notation.
     */
    @FunctionalInterface
    interface Extractor<E> {
        @Nullable
        Object extract(E event);
    }
}
