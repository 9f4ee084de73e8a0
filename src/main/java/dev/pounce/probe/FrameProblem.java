package dev.pounce.probe;

/**
 * Bytes that are not a frame of ours. Frames have no marker to look for, so a stream cannot be resynchronised:
 * whoever gets one of these ends the connection.
 *
 * @param reason what was found and what was expected
 */
public record FrameProblem(Cause cause, String reason) implements ProbeFrame {

    /** What is counted apart. */
    public enum Cause {
        /** Shorter than its own header or fixed part. */
        TOO_SMALL,
        /** Longer than any frame of ours may be. */
        TOO_LARGE,
        /** Another version of the wire. */
        VERSION,
        /** A string or table that does not end where the frame does, or is longer than it may be. */
        LENGTHS
    }
}
