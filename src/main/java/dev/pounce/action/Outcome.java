package dev.pounce.action;

/** How carrying out an action ended. */
public sealed interface Outcome {

    /** What was seen, or why nothing was done, for a person. */
    default String words() {
        return switch (this) {
            case Done(String observed) -> observed;
            case AlreadySo(String observed) -> observed;
            case TargetGone(String reason) -> reason;
            case Failed(String reason, boolean retryable) -> reason;
            case Withheld(String reason) -> reason;
            case WouldAct(String what) -> what;
        };
    }

    /**
     * The effect was observed, not merely requested.
     *
     * @param observed what was seen, for a person
     */
    record Done(String observed) implements Outcome {}

    /** The effect was there before us; nothing was changed. */
    record AlreadySo(String observed) implements Outcome {}

    /** The target left before we got to it, or its slot belongs to someone else by now. */
    record TargetGone(String reason) implements Outcome {}

    /** @param retryable whether the same attempt may succeed later */
    record Failed(String reason, boolean retryable) implements Outcome {}

    /** Nothing was attempted, and this is why. */
    record Withheld(String reason) implements Outcome {}

    /** A rehearsal: the target was resolved and all was found ready, nothing was touched. */
    record WouldAct(String what) implements Outcome {}
}
