package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How many have been seen: the latest moments, one fewer than are asked for, and the latest detections. */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Tally extends HalfSeen {

    /** So that a count of thousands does not keep thousands of detections alive. */
    static final int MOST_EVIDENCE = 100;

    // A ring; the detections are a ring of their own when there are fewer of them.
    private long[] moments;
    private @Nullable Detection[] detections;
    private int first;
    private int count;
    private long seen;
    private long weight;

    Tally(Sighting first) {
        super(first);
        int room = Math.min(2, subject().watch().atLeast() - 1);
        this.moments = new long[room];
        this.detections = new @Nullable Detection[room];
        add(first);
    }

    boolean isCompletedBy(Sighting sighting) {
        int needed = subject().watch().atLeast() - 1;
        return count >= needed
                && at(sighting) - moments[(first + count - needed) % moments.length]
                        <= subject().watch().within();
    }

    void add(Sighting sighting) {
        long moment = at(sighting);
        int needed = subject().watch().atLeast() - 1;
        while (count > 0
                && (count == needed
                        || moment - moments[first] > subject().watch().within())) {
            first = (first + 1) % moments.length;
            count--;
        }
        if (count == moments.length) {
            grow(needed);
        }
        moments[(first + count) % moments.length] = moment;
        int place = (int) (seen % detections.length);
        Detection before = detections[place];
        weight += Weight.of(sighting.detection()) - (before == null ? 0 : Weight.of(before));
        detections[place] = sighting.detection();
        count++;
        seen++;
        neededForAWindowAfter(sighting);
        saw(sighting);
    }

    @Override
    long kept() {
        return weight + (long) Long.BYTES * moments.length;
    }

    @Override
    void letGo() {
        Arrays.fill(detections, null);
        weight = 0;
    }

    private void grow(int needed) {
        long[] more = new long[Math.min(needed, 2 * moments.length)];
        for (int i = 0; i < count; i++) {
            more[i] = moments[(first + i) % moments.length];
        }
        moments = more;
        first = 0;
        if (detections.length < MOST_EVIDENCE - 1) {
            @Nullable Detection[] kept = detections;
            detections = new @Nullable Detection[Math.min(MOST_EVIDENCE - 1, more.length)];
            for (int i = 0; i < kept.length; i++) {
                long number = seen - kept.length + i;
                detections[(int) (number % detections.length)] = kept[(int) (number % kept.length)];
            }
        }
    }

    /** @return the evidence, oldest first */
    List<Detection> complete(Sighting last) {
        int kept = Math.min(count, detections.length);
        List<Detection> evidence = new ArrayList<>(kept + 1);
        for (long number = seen - kept; number < seen; number++) {
            Detection detection = detections[(int) (number % detections.length)];
            if (detection != null) {
                evidence.add(detection);
            }
        }
        evidence.add(last.detection());
        return evidence;
    }
}
