package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The parameters of one action, each of the type it has to be of. What is wrong was reported and is as if absent. */
final class Parameters {

    private final String owner;
    private final Place place;
    private final Map<String, Yaml.Entry> entries;
    private final Problems problems;

    private Parameters(String owner, Place place, Map<String, Yaml.Entry> entries, Problems problems) {
        this.owner = owner;
        this.place = place;
        this.entries = entries;
        this.problems = problems;
    }

    /** @param owner whose parameters they are, for messages */
    static Parameters of(
            String owner, Place place, Map<String, Yaml.Entry> written, List<Parameter> known, Problems problems) {
        Parameters read = new Parameters(owner, place, new LinkedHashMap<>(), problems);
        written.forEach((name, entry) -> known.stream()
                .filter(parameter -> parameter.name().equals(name))
                .findFirst()
                .ifPresentOrElse(parameter -> read.take(parameter, entry), () -> read.refuse(name, entry, known)));
        for (Parameter parameter : known) {
            if (parameter.isRequired() && !written.containsKey(parameter.name())) {
                problems.error(
                        place,
                        owner + " without " + parameter.name(),
                        parameter.name() + ": " + parameter.kind().display());
            }
        }
        return read;
    }

    private void refuse(String name, Yaml.Entry entry, List<Parameter> known) {
        if (known.isEmpty()) {
            problems.error(entry.place(), "parameter '" + name + "' of " + owner, "no parameters", "remove it");
            return;
        }
        problems.unknown(
                entry.place(),
                "parameter of " + owner + ":",
                name,
                known.stream().filter(Parameter::hasEffect).map(Parameter::name).toList());
    }

    private void take(Parameter parameter, Yaml.Entry entry) {
        if (!parameter.hasEffect()) {
            problems.warning(
                    entry.place(),
                    "'" + parameter.name() + "' of " + owner + ", which Talon ignores",
                    parameter.instead(),
                    "remove it; it has no effect here either");
            return;
        }
        ValueKind kind = ValueKind.of(entry.value());
        if (kind != parameter.kind()) {
            String expected = parameter.kind().display();
            if (parameter.kind() == ValueKind.TEXT && entry.value() instanceof Yaml.Scalar scalar) {
                wrong(parameter, entry, expected, "write it in quotes: \"" + scalar.text() + "\"");
            } else if (kind == ValueKind.TEXT && entry.value() instanceof Yaml.Scalar scalar && scalar.quoted()) {
                wrong(parameter, entry, expected, "write it without quotes: " + scalar.text());
            } else {
                problems.error(entry.place(), describe(parameter, entry), expected);
            }
            return;
        }
        boolean fits =
                switch (entry.value()) {
                    case Yaml.Scalar scalar -> kind != ValueKind.INTEGER || inRange(parameter, scalar);
                    case Yaml.Sequence list -> onlyText(parameter, list.items());
                    case Yaml.Mapping map ->
                        onlyText(
                                parameter,
                                map.entries().values().stream()
                                        .map(Yaml.Entry::value)
                                        .toList());
                };
        if (fits) {
            entries.put(parameter.name(), entry);
        }
    }

    private void wrong(Parameter parameter, Yaml.Entry entry, String expected, String suggestion) {
        problems.error(entry.place(), describe(parameter, entry), expected, suggestion);
    }

    private String describe(Parameter parameter, Yaml.Entry entry) {
        return entry.value().kind() + " as " + parameter.name() + " of " + owner;
    }

    private boolean inRange(Parameter parameter, Yaml.Scalar scalar) {
        OptionalInt number = number(scalar.text());
        if (number.isPresent() && number.getAsInt() >= parameter.least() && number.getAsInt() <= parameter.most()) {
            return true;
        }
        problems.error(
                scalar.place(),
                scalar.kind() + " as " + parameter.name() + " of " + owner,
                "a whole number from " + parameter.least() + " to " + parameter.most());
        return false;
    }

    private static OptionalInt number(String text) {
        try {
            return OptionalInt.of(
                    text.startsWith("0x")
                            ? Integer.parseInt(text.substring(2), 16)
                            : text.startsWith("0o") ? Integer.parseInt(text.substring(2), 8) : Integer.parseInt(text));
        } catch (NumberFormatException tooLarge) {
            return OptionalInt.empty();
        }
    }

    private boolean onlyText(Parameter parameter, List<Yaml> values) {
        boolean fits = true;
        for (Yaml value : values) {
            if (ValueKind.of(value) == ValueKind.TEXT) {
                continue;
            }
            fits = false;
            String found = value.kind() + " in " + parameter.name() + " of " + owner;
            if (value instanceof Yaml.Scalar scalar) {
                problems.error(value.place(), found, "a text", "write it in quotes: \"" + scalar.text() + "\"");
            } else {
                problems.error(value.place(), found, "a text");
            }
        }
        return fits;
    }

    boolean has(String name) {
        return entries.containsKey(name);
    }

    /** Of the key, or of the action when it is not there. */
    Place placeOf(String name) {
        Yaml.Entry entry = entries.get(name);
        return entry == null ? place : entry.place();
    }

    Optional<Yaml.Scalar> scalar(String name) {
        Yaml.Entry entry = entries.get(name);
        return entry != null && entry.value() instanceof Yaml.Scalar scalar ? Optional.of(scalar) : Optional.empty();
    }

    Optional<String> text(String name) {
        return scalar(name).map(Yaml.Scalar::text);
    }

    OptionalInt integer(String name) {
        return scalar(name).map(scalar -> number(scalar.text())).orElse(OptionalInt.empty());
    }

    Optional<Boolean> flag(String name) {
        return text(name).map(word -> word.equalsIgnoreCase("true"));
    }

    /** Empty when it is not there, too. */
    List<Yaml.Scalar> list(String name) {
        List<Yaml.Scalar> texts = new ArrayList<>();
        Yaml.Entry entry = entries.get(name);
        if (entry != null && entry.value() instanceof Yaml.Sequence sequence) {
            for (Yaml item : sequence.items()) {
                if (item instanceof Yaml.Scalar text) {
                    texts.add(text);
                }
            }
        }
        return texts;
    }

    /** In the order in which they are written; empty when it is not there, too. */
    Map<String, Yaml.Scalar> map(String name) {
        Map<String, Yaml.Scalar> texts = new LinkedHashMap<>();
        Yaml.Entry entry = entries.get(name);
        if (entry != null && entry.value() instanceof Yaml.Mapping mapping) {
            mapping.entries().forEach((key, value) -> {
                if (value.value() instanceof Yaml.Scalar text) {
                    texts.put(key, text);
                }
            });
        }
        return texts;
    }
}
