package dev.pounce.detection.language;

/** A compiled condition. Immutable, safe for any thread, never throws. */
@FunctionalInterface
public interface Condition<E> {
    boolean test(E event);
}
