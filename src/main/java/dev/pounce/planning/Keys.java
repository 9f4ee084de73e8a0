package dev.pounce.planning;

import dev.pounce.source.DurationText;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Takes a mapping apart key by key. Each method reports what is wrong with its key and answers as if the key
 * were absent, so that the others are still looked at.
 */
final class Keys {

    private final Yaml.Mapping mapping;
    private final String what;
    private final Problems problems;

    private Keys(Yaml.Mapping mapping, String what, Problems problems) {
        this.mapping = mapping;
        this.what = what;
        this.problems = problems;
    }

    /** @param what the mapping is, for messages: {@code spec} */
    static Optional<Keys> of(Yaml value, String what, Problems problems) {
        if (value instanceof Yaml.Mapping mapping) {
            return Optional.of(new Keys(mapping, what, problems));
        }
        problems.error(value.place(), value.kind() + " as " + what, "a mapping");
        return Optional.empty();
    }

    Place place() {
        return mapping.place();
    }

    Keys only(Collection<String> known) {
        for (Map.Entry<String, Yaml.Entry> entry : mapping.entries().entrySet()) {
            if (known.isEmpty()) {
                problems.error(
                        entry.getValue().place(), "key '" + entry.getKey() + "' in " + what, "nothing, it has no keys");
            } else if (!known.contains(entry.getKey())) {
                problems.unknown(entry.getValue().place(), "key in " + what + ":", entry.getKey(), known);
            }
        }
        return this;
    }

    Map<String, Yaml.Entry> entries() {
        return mapping.entries();
    }

    Optional<Yaml> get(String key) {
        return mapping.get(key);
    }

    boolean has(String key) {
        return mapping.entries().containsKey(key);
    }

    Optional<Keys> inner(String key) {
        return mapping.get(key).flatMap(value -> of(value, key, problems));
    }

    /** Reports the absence, too. */
    Optional<Keys> requiredInner(String key, String expected) {
        demand(key, expected);
        return inner(key);
    }

    void demand(String key, String expected) {
        if (!has(key)) {
            problems.error(mapping.place(), what + " without '" + key + "'", expected);
        }
    }

    Optional<Yaml.Scalar> scalar(String key, String expected) {
        return mapping.get(key).flatMap(value -> scalar(value, key, expected));
    }

    Optional<Yaml.Scalar> requiredScalar(String key, String expected) {
        demand(key, expected);
        return scalar(key, expected);
    }

    private Optional<Yaml.Scalar> scalar(Yaml value, String key, String expected) {
        if (value instanceof Yaml.Scalar scalar && !scalar.isNull()) {
            return Optional.of(scalar);
        }
        problems.error(value.place(), value.kind() + " as " + key, expected);
        return Optional.empty();
    }

    /** A word out of a closed set. */
    <T> Optional<T> choice(String key, Function<String, Optional<T>> parse, Collection<String> known) {
        return scalar(key, "one of " + String.join(", ", known)).flatMap(word -> {
            Optional<T> parsed = parse.apply(word.text());
            if (parsed.isEmpty()) {
                problems.unknown(word.place(), key, word.text(), known);
            }
            return parsed;
        });
    }

    Optional<Duration> duration(String key, Duration longest) {
        return scalar(key, DurationText.EXPECTED).flatMap(word -> {
            Optional<Duration> parsed = DurationText.parse(word.text());
            if (parsed.isEmpty()) {
                problems.error(word.place(), "'" + word.text() + "' as " + key, DurationText.EXPECTED);
            } else if (parsed.get().isZero() || parsed.get().compareTo(longest) > 0) {
                problems.error(
                        word.place(),
                        "'" + word.text() + "' as " + key,
                        "more than nothing and no more than " + DurationText.display(longest));
                return Optional.empty();
            }
            return parsed;
        });
    }

    /** Reports what is no whole number, or out of range. */
    Optional<Integer> number(String key, int least, int most) {
        String expected = "a number from " + least + " to " + most;
        return scalar(key, expected).flatMap(word -> {
            if (word.text().matches("\\d{1,9}")) {
                int number = Integer.parseInt(word.text());
                if (number >= least && number <= most) {
                    return Optional.of(number);
                }
            }
            problems.error(word.place(), "'" + word.text() + "' as " + key, expected);
            return Optional.empty();
        });
    }

    Optional<Boolean> flag(String key) {
        return scalar(key, "true or false").flatMap(word -> {
            if (word.text().equals("true") || word.text().equals("false")) {
                return Optional.of(word.text().equals("true"));
            }
            problems.error(word.place(), "'" + word.text() + "' as " + key, "true or false");
            return Optional.empty();
        });
    }

    /** The items of a list, each a mapping; reports too few. */
    List<Keys> mappings(String key, String item, int least) {
        Optional<Yaml> value = mapping.get(key);
        String expected = "a list of " + (least == 1 ? "" : "at least " + least + " ") + item + "s";
        if (value.isEmpty()) {
            return List.of();
        }
        if (!(value.get() instanceof Yaml.Sequence sequence)) {
            problems.error(value.get().place(), value.get().kind() + " as " + key, expected);
            return List.of();
        }
        if (sequence.items().size() < least) {
            problems.error(
                    sequence.place(),
                    (sequence.items().isEmpty()
                                    ? "an empty list"
                                    : "a list of " + sequence.items().size()) + " as " + key,
                    expected);
        }
        return sequence.items().stream()
                .flatMap(one -> of(one, "a " + item, problems).stream())
                .toList();
    }

    /** A list of words, each once; reports an empty one. */
    List<Yaml.Scalar> words(String key, String expected) {
        Optional<Yaml> value = mapping.get(key);
        if (value.isEmpty()) {
            return List.of();
        }
        if (!(value.get() instanceof Yaml.Sequence sequence)) {
            String found = value.get().kind() + " as " + key;
            if (value.get() instanceof Yaml.Scalar scalar && !scalar.isNull()) {
                problems.error(scalar.place(), found, expected, "write it as a list: [" + scalar.text() + "]");
            } else {
                problems.error(value.get().place(), found, expected);
            }
            return List.of();
        }
        if (sequence.items().isEmpty()) {
            problems.error(sequence.place(), "an empty list as " + key, expected, "leave the key out if any will do");
        }
        List<Yaml.Scalar> words = new ArrayList<>();
        for (Yaml item : sequence.items()) {
            scalar(item, key, expected).ifPresent(word -> {
                if (words.stream().anyMatch(earlier -> earlier.text().equals(word.text()))) {
                    problems.error(word.place(), "'" + word.text() + "' a second time in " + key, "each once");
                } else {
                    words.add(word);
                }
            });
        }
        return words;
    }
}
