package dev.pounce.correlation;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.Detection;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Values of a detection's fields as keys: what is equal to a reader is equal here. */
final class FieldValues {

    private FieldValues() {}

    /**
     * What two detections must have in common to belong together.
     *
     * @return null when the detection lacks one of the fields
     */
    static @Nullable Object key(Detection detection, List<String> by) {
        if (by.size() == 1) {
            return value(detection, by.getFirst());
        }
        List<Object> values = new ArrayList<>(by.size());
        for (String field : by) {
            Object value = value(detection, field);
            if (value == null) {
                return null;
            }
            values.add(value);
        }
        return values;
    }

    /**
     * The value of a field. Who names no container or pod in a field may still have named one as an asset.
     *
     * @return null when there is none
     */
    static @Nullable Object value(Detection detection, String field) {
        Object value = detection.fields().get(field);
        if (value != null) {
            return comparable(value);
        }
        return switch (field) {
            case "container.id" ->
                detection.container().map(ContainerRef::shortId).orElse(null);
            case "k8s.pod.name" -> pod(detection).map(PodRef::name).orElse(null);
            case "k8s.ns.name" -> pod(detection).map(PodRef::namespace).orElse(null);
            default -> null;
        };
    }

    private static Optional<PodRef> pod(Detection detection) {
        return detection.assets().stream()
                .filter(PodRef.class::isInstance)
                .map(PodRef.class::cast)
                .findFirst();
    }

    /** 1, 1L and 1.0 are one number: JSON does not tell them apart. */
    private static @Nullable Object comparable(@Nullable Object value) {
        return switch (value) {
            case Long number -> number;
            case Integer number -> number.longValue();
            case Short number -> number.longValue();
            case Byte number -> number.longValue();
            case Double number -> Double.isFinite(number) ? exact(BigDecimal.valueOf(number)) : number;
            case Float number -> Float.isFinite(number) ? exact(new BigDecimal(number.toString())) : number;
            case BigInteger number ->
                number.bitLength() < Long.SIZE ? number.longValue() : exact(new BigDecimal(number));
            case BigDecimal number -> exact(number);
            case List<?> list -> {
                List<@Nullable Object> each = new ArrayList<>(list.size());
                list.forEach(one -> each.add(comparable(one)));
                yield each;
            }
            case null, default -> value;
        };
    }

    private static Object exact(BigDecimal number) {
        BigDecimal plain = number.stripTrailingZeros();
        if (plain.scale() <= 0 && plain.precision() - (long) plain.scale() < 20) {
            BigInteger whole = plain.toBigIntegerExact();
            if (whole.bitLength() < Long.SIZE) {
                return whole.longValue();
            }
        }
        return plain;
    }
}
