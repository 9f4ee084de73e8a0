package dev.pounce.planning;

import dev.pounce.detection.Detection;
import dev.pounce.detection.DetectionFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A text that names fields of a detection: {@code ${proc.exepath}}. What a detection says takes their place and is not
 * looked at again: a value with <code>${</code> in it stays as it is. <code>$${</code> stands for <code>${</code>. Of
 * several fields, <code>${fd.rip|fd.sip}</code>, it is the first that the detection carries.
 */
final class FieldText {

    /** A run of text, or a field. */
    private record Part(String text, boolean field, int at) {

        List<String> fields() {
            return field ? List.of(text.split("\\|", -1)) : List.of();
        }

        @Nullable
        Object in(Detection detection) {
            if (!field) {
                return text;
            }
            for (String name : fields()) {
                Object value = DetectionFields.valueOf(name, detection);
                if (value != null) {
                    return value;
                }
            }
            return null;
        }
    }

    private final List<Part> parts;

    private FieldText(List<Part> parts) {
        this.parts = parts;
    }

    static boolean namesFields(String text) {
        return text.contains("${");
    }

    /** @throws IllegalArgumentException with words for a person, when a brace is missing or nothing is in between */
    static FieldText parse(String text) {
        List<Part> parts = new ArrayList<>();
        StringBuilder plain = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            if (text.startsWith("$${", at)) {
                plain.append("${");
                at += 3;
            } else if (text.startsWith("${", at)) {
                int end = text.indexOf('}', at);
                String field = end < 0 ? "" : text.substring(at + 2, end);
                if (Stream.of(field.split("\\|", -1)).anyMatch(name -> name.isBlank() || !name.equals(name.strip()))) {
                    throw new IllegalArgumentException(end < 0 ? "'${' without '}'" : "no field between '${' and '}'");
                }
                if (!plain.isEmpty()) {
                    parts.add(new Part(plain.toString(), false, 0));
                    plain.setLength(0);
                }
                parts.add(new Part(field, true, at + 2));
                at = end + 1;
            } else {
                plain.append(text.charAt(at++));
            }
        }
        if (!plain.isEmpty() || parts.isEmpty()) {
            parts.add(new Part(plain.toString(), false, 0));
        }
        return new FieldText(Collections.unmodifiableList(parts));
    }

    Set<String> fields() {
        Set<String> fields = new LinkedHashSet<>();
        for (Part part : parts) {
            fields.addAll(part.fields());
        }
        return fields;
    }

    /** At which character of the text the field's name begins. */
    int offsetOf(String field) {
        for (Part part : parts) {
            int before = 0;
            for (String name : part.fields()) {
                if (name.equals(field)) {
                    return part.at + before;
                }
                before += name.length() + 1;
            }
        }
        return 0;
    }

    /** The field's own value if the text is one field and nothing else, a text otherwise; null if one is missing. */
    @Nullable
    Object in(Detection detection) {
        if (parts.size() == 1) {
            return parts.getFirst().in(detection);
        }
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            Object value = part.in(detection);
            if (value == null) {
                return null;
            }
            text.append(
                    value instanceof List<?> list
                            ? String.join(
                                    ",", list.stream().map(String::valueOf).toList())
                            : value);
        }
        return text.toString();
    }

    /** The text of one that names none. */
    String withoutFields() {
        return parts.getFirst().text;
    }

    /** The first of its fields that the detection lacks. */
    String missingIn(Detection detection) {
        return parts.stream()
                .filter(part -> part.in(detection) == null)
                .findFirst()
                .map(part -> String.join(" and no ", part.fields()))
                .orElse("");
    }
}
