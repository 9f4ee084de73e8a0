package dev.pounce.correlation;

import dev.pounce.asset.Asset;
import dev.pounce.detection.Detection;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes of heap something takes, roughly and rather too many: a limit on it must hold whatever the senders of alerts
 * put into them. Texts count two bytes a character, and what several states share counts for each of them.
 */
final class Weight {

    /** What is remembered of a key, in Drools and in a {@link Timetable}, without the key and the detections. */
    static final long OF_A_STATE = 600;

    private static final long OF_A_DETECTION = 500;
    private static final long OF_A_FIELD = 100;
    private static final long OF_AN_ASSET = 200;
    private static final long OF_A_VALUE = 50;

    private Weight() {}

    static long of(Detection detection) {
        long weight = OF_A_DETECTION
                + of(detection.id())
                + of(detection.rule())
                + of(detection.output())
                + of(detection.tags());
        for (Object value : detection.fields().values()) {
            weight += OF_A_FIELD + of(value);
        }
        for (Asset asset : detection.assets()) {
            // Its texts are those of the fields, or shorter.
            weight += OF_AN_ASSET + of(asset.display());
        }
        return weight;
    }

    /** Of a field's value, or of a key that is made of such values. */
    static long of(@Nullable Object value) {
        if (value instanceof String text) {
            return OF_A_VALUE + 2L * text.length();
        }
        if (value instanceof Collection<?> values) {
            long weight = OF_A_VALUE;
            for (Object each : values) {
                weight += of(each);
            }
            return weight;
        }
        if (value instanceof BigInteger number) {
            return OF_A_VALUE + number.bitLength() / Byte.SIZE;
        }
        if (value instanceof BigDecimal number) {
            return OF_A_VALUE + of(number.unscaledValue());
        }
        return OF_A_VALUE;
    }
}
