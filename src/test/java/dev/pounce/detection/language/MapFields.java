package dev.pounce.detection.language;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Events that are maps from a field, as a condition writes it, to its value. Any field is supported. */
public final class MapFields implements FieldBinder<Map<String, Object>> {

    @Override
    public Optional<Extractor<Map<String, Object>>> bind(FieldUse use) {
        if (List.of("fd.ip", "fd.net", "fd.snet", "fd.cnet", "fd.port").contains(use.name())) {
            return Optional.empty();
        }
        String key = use.toString();
        return Optional.of(event -> event.get(key));
    }

    /** Field, value, field, value, … */
    public static Map<String, Object> event(Object... fieldsAndValues) {
        Map<String, Object> event = new HashMap<>();
        for (int i = 0; i < fieldsAndValues.length; i += 2) {
            Object value = fieldsAndValues[i + 1];
            event.put((String) fieldsAndValues[i], value instanceof Integer number ? number.longValue() : value);
        }
        return event;
    }
}
