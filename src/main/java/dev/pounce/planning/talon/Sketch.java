package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Yaml;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A mapping of an action set that is being written; its values stand where they come from in Talon's file. */
final class Sketch {

    private final Place place;
    private final Map<String, Yaml.Entry> entries = new LinkedHashMap<>();

    Sketch(Place place) {
        this.place = place;
    }

    Sketch put(String key, Yaml value) {
        entries.put(key, new Yaml.Entry(value.place(), value));
        return this;
    }

    /** A word of ours. */
    Sketch word(String key, String value) {
        return put(key, new Yaml.Scalar(place, value, false, false));
    }

    /** A text of theirs. */
    Sketch text(String key, Place from, String value) {
        return put(key, text(from, value));
    }

    Sketch texts(String key, List<Yaml.Scalar> values) {
        if (values.isEmpty()) {
            return this;
        }
        return put(
                key,
                new Yaml.Sequence(
                        values.getFirst().place(),
                        values.stream()
                                .<Yaml>map(value -> text(value.place(), value.text()))
                                .toList()));
    }

    /** Leaves an empty one out. */
    Sketch put(String key, Sketch inner) {
        return inner.entries.isEmpty() ? this : put(key, inner.toYaml());
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    static Yaml.Scalar text(Place from, String value) {
        return new Yaml.Scalar(from, value, true, false);
    }

    Yaml.Mapping toYaml() {
        return new Yaml.Mapping(place, Collections.unmodifiableMap(new LinkedHashMap<>(entries)));
    }
}
