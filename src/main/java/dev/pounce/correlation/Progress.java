package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a sequence has come. Of each length it keeps the beginning that started last: whatever completes an
 * earlier one within the window completes this one too, so nothing is missed and a busy key costs no more than a quiet one.
 */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Progress extends HalfSeen {

    /**
     * The last detection of a beginning, and those before it.
     *
     * @param weight of all of them
     */
    private record Link(
            Detection detection,
            @Nullable Link before,
            @Nullable Link start,
            long moment,
            long weight) {
        Link first() {
            return start == null ? this : start;
        }
    }

    // By length less one. The longer, the earlier it started, or with the same; so of two that start differently, the
    // one
    // that is made of the shorter starts later.
    private final @Nullable Link[] beginnings;

    Progress(Sighting first) {
        super(first);
        this.beginnings = new @Nullable Link[first.subject().watch().kinds() - 1];
        continueWith(first);
    }

    boolean isCompletedBy(Sighting sighting) {
        return sighting.isLast() && reaches(beginnings[beginnings.length - 1], sighting);
    }

    private boolean reaches(@Nullable Link beginning, Sighting sighting) {
        return beginning != null
                && at(sighting) - beginning.first().moment <= subject().watch().within();
    }

    /** @return whether that made a difference */
    boolean continueWith(Sighting sighting) {
        boolean changed = false;
        int[] kinds = sighting.kinds();
        long weight = Weight.of(sighting.detection());
        // From the last place to the first, so that no detection follows itself
        for (int i = kinds.length - 1; i >= 0; i--) {
            int kind = kinds[i];
            if (kind == 0) {
                beginnings[0] = new Link(sighting.detection(), null, null, at(sighting), weight);
                changed = true;
            } else if (kind < beginnings.length) {
                Link before = beginnings[kind - 1];
                Link known = beginnings[kind];
                if (before != null && reaches(before, sighting) && (known == null || startsApart(known, before))) {
                    beginnings[kind] = new Link(
                            sighting.detection(), before, before.first(), at(sighting), weight + before.weight());
                    changed = true;
                }
            }
        }
        if (sighting.isFirst()) {
            neededForAWindowAfter(sighting);
        }
        saw(sighting);
        return changed;
    }

    @SuppressWarnings("ReferenceEquality") // two that are alike are still two
    private static boolean startsApart(Link one, Link other) {
        return one.first() != other.first();
    }

    /**
     * Uses up what led to the completion; what started later, and was of no use to it, remains.
     *
     * @return the evidence, oldest first
     */
    List<Detection> complete(Sighting last) {
        Link used = beginnings[beginnings.length - 1];
        List<Detection> evidence = new ArrayList<>(beginnings.length + 1);
        for (Link link = used; link != null; link = link.before) {
            evidence.add(link.detection);
        }
        Collections.reverse(evidence);
        for (int i = 0; i < beginnings.length; i++) {
            Link beginning = beginnings[i];
            if (beginning != null && used != null && (!startsApart(beginning, used) || shares(beginning, evidence))) {
                beginnings[i] = null;
            }
        }
        evidence.add(last.detection());
        saw(last);
        return evidence;
    }

    @SuppressWarnings("ReferenceEquality") // the same alert sent twice is two detections
    private static boolean shares(Link beginning, List<Detection> evidence) {
        for (Link link = beginning; link != null; link = link.before) {
            for (int i = 0; i < evidence.size(); i++) {
                if (evidence.get(i) == link.detection) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    long kept() {
        long weight = 0;
        for (Link beginning : beginnings) {
            weight += beginning == null ? 0 : beginning.weight();
        }
        return weight;
    }

    @Override
    void letGo() {
        Arrays.fill(beginnings, null);
    }

    boolean isEmpty() {
        for (Link beginning : beginnings) {
            if (beginning != null) {
                return false;
            }
        }
        return true;
    }
}
