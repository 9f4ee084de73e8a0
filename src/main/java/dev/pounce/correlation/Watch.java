package dev.pounce.correlation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One trigger with a memory, as the rules of {@link PatternRules} see it. Outlives the book that it was made for when
 * the next book's trigger waits for the same.
 */
final class Watch {

    private final Shape shape;
    private final long within;
    private final List<String> by;
    private final int kinds;
    private final int atLeast;
    private final @Nullable String field;
    private final int number;
    private int place;

    private Watch(
            int place, Shape shape, Duration window, List<String> by, int kinds, int atLeast, @Nullable String field) {
        this.number = place;
        this.place = place;
        this.shape = shape;
        this.within = Moments.length(window);
        this.by = by;
        this.kinds = kinds;
        this.atLeast = atLeast;
        this.field = field;
    }

    /** Empty for a trigger whose detections are each a matter of its own. */
    static Optional<Watch> of(Trigger trigger, int place) {
        Pattern pattern = trigger.pattern();
        int kinds = pattern.selectors().size();
        return switch (pattern) {
            case Pattern.One one -> Optional.empty();
            case Pattern.Any any -> Optional.empty();
            case Pattern.All all ->
                Optional.of(new Watch(place, Shape.ALL, all.within(), all.by(), kinds, kinds, null));
            case Pattern.Sequence sequence ->
                Optional.of(new Watch(place, Shape.SEQUENCE, sequence.within(), sequence.by(), kinds, kinds, null));
            case Pattern.Count count ->
                Optional.of(new Watch(place, Shape.COUNT, count.within(), count.by(), kinds, count.atLeast(), null));
            case Pattern.ValueCount count ->
                Optional.of(new Watch(
                        place, Shape.VALUE_COUNT, count.within(), count.by(), kinds, count.atLeast(), count.field()));
            case Pattern.Absence absence ->
                Optional.of(new Watch(place, Shape.ABSENCE, absence.within(), absence.by(), kinds, kinds, null));
        };
    }

    /** Stays what it is, so that it can be part of a hash. */
    int number() {
        return number;
    }

    /** In the book that holds now. */
    int place() {
        return place;
    }

    void moveTo(int placeInTheNextBook) {
        place = placeInTheNextBook;
    }

    Shape shape() {
        return shape;
    }

    /** Nanoseconds. */
    long within() {
        return within;
    }

    List<String> by() {
        return by;
    }

    /** How many selectors it has. */
    int kinds() {
        return kinds;
    }

    int atLeast() {
        return atLeast;
    }

    /** Of which different values are counted. */
    @Nullable
    String field() {
        return field;
    }
}
