package dev.pounce.action;

import dev.pounce.source.DurationText;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of one action, checked, with defaults filled in, in the order in which the action declares them. Values
 * are {@code String}, {@code Long}, {@code Boolean}, {@link Duration}, {@link Share}, {@code List<String>},
 * {@code Map<String, String>} or {@code Parameters}. Immutable.
 */
public final class Parameters {

    public static final Parameters NONE = new Parameters(Map.of());

    private final Map<String, Object> values;

    private Parameters(Map<String, Object> values) {
        this.values = values;
    }

    /**
     * @param plain by name: what {@link #plain} gives, or texts as people write them
     * @throws IllegalArgumentException with words for a person, when one is unknown, missing or not what it should be
     */
    static Parameters read(List<Parameter> declared, Map<?, ?> plain) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Parameter parameter : declared) {
            Object found = plain.get(parameter.name());
            if (found == null) {
                if (parameter.required()) {
                    throw new IllegalArgumentException("'" + parameter.name() + "' is missing, expected "
                            + parameter.kind().expected());
                }
                parameter.fallback().ifPresent(value -> values.put(parameter.name(), value));
                continue;
            }
            Optional<Object> read = parameter.kind().read(found);
            if (read.isEmpty()) {
                throw new IllegalArgumentException("'" + found + "' as " + parameter.name() + ", expected "
                        + parameter.kind().expected());
            }
            values.put(parameter.name(), read.get());
        }
        for (Object name : plain.keySet()) {
            if (declared.stream().noneMatch(parameter -> parameter.name().equals(name))) {
                throw new IllegalArgumentException("there is no parameter '" + name + "'");
            }
        }
        return values.isEmpty() ? NONE : new Parameters(Collections.unmodifiableMap(values));
    }

    public Optional<Object> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    public Optional<String> text(String name) {
        return get(name, String.class);
    }

    public Optional<Long> number(String name) {
        return get(name, Long.class);
    }

    /** False when it is not there. */
    public boolean flag(String name) {
        return get(name, Boolean.class).orElse(false);
    }

    public Optional<Duration> time(String name) {
        return get(name, Duration.class);
    }

    public Optional<Share> share(String name) {
        return get(name, Share.class);
    }

    /** No words when it is not there. */
    public List<String> words(String name) {
        return values.get(name) instanceof List<?> list
                ? list.stream().map(String.class::cast).toList()
                : List.of();
    }

    /** Empty when it is not there. */
    public Map<String, String> map(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        if (values.get(name) instanceof Map<?, ?> found) {
            found.forEach((key, value) -> map.put((String) key, (String) value));
        }
        return map;
    }

    public Optional<Parameters> inner(String name) {
        return get(name, Parameters.class);
    }

    private <T> Optional<T> get(String name, Class<T> type) {
        return Optional.ofNullable(values.get(name)).map(type::cast);
    }

    public boolean isEmpty() {
        return values.isEmpty();
    }

    public Map<String, Object> asMap() {
        return values;
    }

    /** As JSON has it: times and shares are texts, parameters within are maps. */
    public Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        values.forEach((name, value) -> plain.put(
                name,
                switch (value) {
                    case Duration time -> DurationText.display(time);
                    case Share share -> share.display();
                    case Parameters inner -> inner.plain();
                    default -> value;
                }));
        return plain;
    }

    /** Such as {@code for 1h, allow (dns true)}; what detections say is in it as they say it. */
    public String display() {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) -> {
            text.append(text.isEmpty() ? "" : ", ").append(name).append(' ');
            text.append(
                    switch (value) {
                        case Duration time -> DurationText.display(time);
                        case Share share -> share.display();
                        case Parameters inner -> "(" + inner.display() + ")";
                        case Map<?, ?> map -> map.toString();
                        case List<?> list -> list.toString();
                        default -> value.toString();
                    });
        });
        return text.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Parameters parameters && values.equals(parameters.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return display();
    }
}
