package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.util.ArrayList;
import java.util.List;

/** What the rules concluded, for {@link Memory} and the correlator to act on. Reused. */
final class Report {

    /** A pattern that is complete. */
    record Completion(Watch watch, List<Detection> evidence) {}

    private final List<HalfSeen> begun = new ArrayList<>();
    private final List<HalfSeen> touched = new ArrayList<>();
    private final List<HalfSeen> ended = new ArrayList<>();
    private final List<Completion> completions = new ArrayList<>();
    private final List<Awaited> inVain = new ArrayList<>();
    private boolean changed;
    private boolean usedUp;

    void begun(HalfSeen state) {
        begun.add(state);
        changed = true;
    }

    /** It is no fact any more. */
    void ended(HalfSeen state) {
        ended.add(state);
    }

    /** It is not as it was. */
    void changed(HalfSeen state) {
        touched.add(state);
        changed = true;
    }

    void completed(HalfSeen state, List<Detection> evidence) {
        touched.add(state);
        completions.add(new Completion(state.subject().watch(), evidence));
        usedUp = true;
    }

    void inVain(Awaited wait) {
        inVain.add(wait);
    }

    List<HalfSeen> begun() {
        return begun;
    }

    /** May be lighter or heavier than before. */
    List<HalfSeen> touched() {
        return touched;
    }

    List<HalfSeen> ended() {
        return ended;
    }

    List<Completion> completions() {
        return completions;
    }

    List<Awaited> inVain() {
        return inVain;
    }

    boolean isChanged() {
        return changed;
    }

    /** Something that was remembered has gone into a completion. */
    boolean isUsedUp() {
        return usedUp;
    }

    void clear() {
        begun.clear();
        touched.clear();
        ended.clear();
        completions.clear();
        inVain.clear();
        changed = false;
        usedUp = false;
    }
}
