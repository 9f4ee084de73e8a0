package dev.pounce.audit;

/**
 * How long each stage of one step took, in microseconds; {@link #UNKNOWN} where nobody measured.
 *
 * @param detected from the event in the kernel to the detection
 * @param planned from the detection to the plan
 * @param judged from the plan to the verdict
 * @param sent from the verdict until the effect was on its way
 * @param observed from there until the effect was seen
 */
public record StageTimings(long detected, long planned, long judged, long sent, long observed) {

    public static final long UNKNOWN = -1;

    public static final StageTimings NONE = new StageTimings(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);

    /** From the event, or the first stage that is known, to the effect. */
    public long total() {
        long total = 0;
        boolean any = false;
        for (long stage : new long[] {detected, planned, judged, sent, observed}) {
            if (stage != UNKNOWN) {
                total += stage;
                any = true;
            }
        }
        return any ? total : UNKNOWN;
    }
}
