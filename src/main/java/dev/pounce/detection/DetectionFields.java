package dev.pounce.detection;

import dev.pounce.detection.language.FieldBinder;
import dev.pounce.detection.language.FieldUse;
import java.util.List;
import java.util.Optional;

/**
 * Gets fields out of detections: those that the detection carries, by the names under which it carries them.
 * Which these are depends on each detection, so every field is supported and may be missing.
 */
public final class DetectionFields implements FieldBinder<Detection> {

    @Override
    public Optional<Extractor<Detection>> bind(FieldUse use) {
        String key = use.toString();
        return Optional.of(detection -> value(detection.fields().get(key)));
    }

    /** Other products' JSON has integers of any size of type. */
    private static @org.jspecify.annotations.Nullable Object value(@org.jspecify.annotations.Nullable Object value) {
        return switch (value) {
            case Integer number -> number.longValue();
            case Short number -> number.longValue();
            case Float number -> number.doubleValue();
            case List<?> list -> list.stream().map(DetectionFields::value).toList();
            case null, default -> value;
        };
    }
}
