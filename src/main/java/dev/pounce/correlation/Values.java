package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Which values have been seen, and when last; at most one fewer than are asked for. */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Values extends HalfSeen {

    /** In the map, in bytes. */
    private static final long OF_AN_ENTRY = 100;

    /** @param weight of the value and the detection */
    private record Last(long moment, @Nullable Detection detection, long weight) {}

    // In the order in which they were last seen
    private final Map<Object, Last> values = new LinkedHashMap<>(4);
    private int withDetection;
    private long weight;

    Values(Sighting first) {
        super(first);
        add(first);
    }

    boolean isCompletedBy(Sighting sighting) {
        int needed = subject().watch().atLeast() - 1;
        Object value = valueOf(sighting);
        if (values.size() < needed || values.containsKey(value)) {
            return false;
        }
        // No more than needed are kept, so all of them must be in the window.
        return reaches(values.values().iterator().next(), sighting);
    }

    private boolean reaches(Last last, Sighting sighting) {
        return at(sighting) - last.moment <= subject().watch().within();
    }

    void add(Sighting sighting) {
        forget(values.remove(valueOf(sighting)));
        Iterator<Last> oldest = values.values().iterator();
        while (oldest.hasNext()) {
            Last last = oldest.next();
            if (reaches(last, sighting) && values.size() < subject().watch().atLeast() - 1) {
                break;
            }
            forget(last);
            oldest.remove();
        }
        boolean kept = withDetection < Tally.MOST_EVIDENCE - 1;
        long more = OF_AN_ENTRY + Weight.of(valueOf(sighting)) + (kept ? Weight.of(sighting.detection()) : 0);
        values.put(valueOf(sighting), new Last(at(sighting), kept ? sighting.detection() : null, more));
        weight += more;
        withDetection += kept ? 1 : 0;
        neededForAWindowAfter(sighting);
        saw(sighting);
    }

    @Override
    long kept() {
        return weight;
    }

    @Override
    void letGo() {
        values.clear();
        withDetection = 0;
        weight = 0;
    }

    private void forget(@Nullable Last last) {
        if (last != null) {
            withDetection -= last.detection == null ? 0 : 1;
            weight -= last.weight;
        }
    }

    /** @return the evidence, oldest first */
    List<Detection> complete(Sighting last) {
        List<Detection> evidence = new ArrayList<>(withDetection + 1);
        for (Last value : values.values()) {
            if (value.detection != null) {
                evidence.add(value.detection);
            }
        }
        evidence.add(last.detection());
        return evidence;
    }

    private static Object valueOf(Sighting sighting) {
        return Objects.requireNonNull(sighting.value(), "a sighting without the value that is counted");
    }
}
