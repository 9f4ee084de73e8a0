package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A detection that a trigger with a memory asks for. The rule that answers it takes it out of the session, so exactly
 * one does; what no rule answers is taken out by {@link Memory}.
 */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Sighting {

    private final long number;
    private final Subject subject;
    private final int[] kinds;
    private final @Nullable Detection detection;
    private final long moment;
    private final long now;
    private final @Nullable Object value;
    private final Report report;

    /**
     * @param number of the sighting, in the order of arrival
     * @param kinds which of the trigger's selectors it met, lowest first
     * @param moment when it happened; never later than now
     * @param now the engine's clock
     * @param value of the field of which different values are counted
     */
    Sighting(
            long number,
            Subject subject,
            int[] kinds,
            @Nullable Detection detection,
            long moment,
            long now,
            @Nullable Object value,
            Report report) {
        this.number = number;
        this.subject = subject;
        this.kinds = kinds;
        this.detection = detection;
        this.moment = moment;
        this.now = now;
        this.value = value;
        this.report = report;
    }

    /** Time passing, as far as a subject is concerned. */
    static Sighting ofNothing(Subject subject, long moment, Report report) {
        return new Sighting(0, subject, new int[0], null, moment, moment, null, report);
    }

    long number() {
        return number;
    }

    Subject subject() {
        return subject;
    }

    Shape shape() {
        return subject.watch().shape();
    }

    /** Whether something begins with it when nothing is known of its subject. */
    boolean isBeginning() {
        return switch (shape()) {
            case SEQUENCE, ABSENCE -> isFirst();
            case ALL, COUNT, VALUE_COUNT -> kinds.length > 0;
        };
    }

    boolean isFirst() {
        return kinds.length > 0 && kinds[0] == 0;
    }

    boolean isLast() {
        return kinds.length > 0 && kinds[kinds.length - 1] == subject.watch().kinds() - 1;
    }

    int[] kinds() {
        return kinds;
    }

    Detection detection() {
        return Objects.requireNonNull(detection, "time passing is no detection");
    }

    long moment() {
        return moment;
    }

    long now() {
        return now;
    }

    @Nullable
    Object value() {
        return value;
    }

    Report report() {
        return report;
    }
}
