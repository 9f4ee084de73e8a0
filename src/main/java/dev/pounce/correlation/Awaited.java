package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One kind has been seen, and another must follow it in time. When the first is seen once more meanwhile, the deadline
 * stays: whoever repeats it must not be able to put the answer off for ever.
 */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Awaited extends HalfSeen {

    private final long number;
    private @Nullable Detection detection;
    private final long deadline;
    private final long weight;

    Awaited(Sighting seen) {
        super(seen);
        this.number = seen.number();
        this.detection = seen.detection();
        this.weight = Weight.of(seen.detection());
        this.deadline = seen.moment() + seen.subject().watch().within();
        neededUntil(Math.max(deadline, seen.now() + GRACE)); // what comes late comes in bunches
    }

    /** In the order of arrival. */
    long number() {
        return number;
    }

    Detection detection() {
        return Objects.requireNonNull(detection, "a wait that was forgotten has nothing to say");
    }

    /** The last moment at which it can be answered. */
    long deadline() {
        return deadline;
    }

    @Override
    long kept() {
        return weight;
    }

    @Override
    void letGo() {
        detection = null;
    }

    boolean isAnsweredBy(Sighting sighting) {
        return sighting.isLast() && at(sighting) <= deadline;
    }

    /**
     * Before its time by the engine's clock only if another wait is to begin, which would be lost otherwise.
     */
    boolean isOverBefore(Sighting sighting) {
        return at(sighting) > deadline && (sighting.isFirst() || sighting.now() >= until());
    }

    @SuppressWarnings("ReferenceEquality") // the same alert sent twice is two detections
    boolean endsWith(Awaited other) {
        return deadline == other.deadline && detection == other.detection;
    }
}
