package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a sequence has come. Of each length it keeps the beginning that started last: whatever completes an
 * earlier one within the window completes this one too, so nothing is missed and a busy key costs no more than a quiet one.
 */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
final class Progress extends HalfSeen {

    /** The last detection of a beginning, and those before it. */
    private record Link(Detection detection, @Nullable Link before, long since) {}

    // By length less one; the longer, the earlier it started, or as early
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
                && at(sighting) - beginning.since <= subject().watch().within();
    }

    /** @return whether that made a difference */
    boolean continueWith(Sighting sighting) {
        boolean changed = false;
        int[] kinds = sighting.kinds();
        // From the last place to the first, so that no detection follows itself
        for (int i = kinds.length - 1; i >= 0; i--) {
            int kind = kinds[i];
            if (kind == 0) {
                changed |= keep(0, new Link(sighting.detection(), null, at(sighting)));
            } else if (kind < beginnings.length && reaches(beginnings[kind - 1], sighting)) {
                Link before = beginnings[kind - 1];
                changed |= keep(kind, new Link(sighting.detection(), before, before == null ? 0 : before.since));
            }
        }
        if (changed && sighting.isFirst()) {
            neededForAWindowAfter(sighting);
        }
        saw(sighting);
        return changed;
    }

    private boolean keep(int place, Link beginning) {
        Link before = beginnings[place];
        if (before != null && before.since >= beginning.since) {
            return false;
        }
        beginnings[place] = beginning;
        return true;
    }

    /**
     * Uses up what led to the completion, and what started no later.
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
            if (beginning != null && used != null && (beginning.since <= used.since || shares(beginning, evidence))) {
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

    boolean isEmpty() {
        for (Link beginning : beginnings) {
            if (beginning != null) {
                return false;
            }
        }
        return true;
    }
}
