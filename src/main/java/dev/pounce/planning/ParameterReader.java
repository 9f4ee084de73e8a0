package dev.pounce.planning;

import dev.pounce.action.ActionType;
import dev.pounce.action.Kind;
import dev.pounce.action.Parameter;
import dev.pounce.detection.SecretFields;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads what stands behind a verb: its parameters, each by its kind. */
final class ParameterReader {

    private final Conditions conditions;
    private final Problems problems;

    ParameterReader(Conditions conditions, Problems problems) {
        this.conditions = conditions;
        this.problems = problems;
    }

    Optional<ActionTemplate> read(ActionType type, Keys step) {
        Yaml value = step.get(type.verb()).orElseThrow();
        Problems own = new Problems();
        ParameterReader reader = new ParameterReader(conditions, own);
        Map<String, Object> given = value instanceof Yaml.Scalar nothing && nothing.isNull()
                ? reader.mapping(type.verb(), type.parameters(), new Yaml.Mapping(value.place(), Map.of()))
                : Keys.of(value, type.verb(), own)
                        .map(keys -> reader.mapping(type.verb(), type.parameters(), (Yaml.Mapping) value))
                        .orElse(Map.of());
        if (!own.hasErrors()) {
            type.objectionTo(given.keySet())
                    .ifPresent(objection ->
                            own.error(value.place(), type.verb() + " with " + objection.found(), objection.expected()));
            reader.checkCommand(value);
            reader.warnOfMissingFile(type, value);
        }
        problems.addAll(own);
        return own.hasErrors() ? Optional.empty() : Optional.of(ActionTemplate.of(type, given));
    }

    private Map<String, Object> mapping(String what, List<Parameter> declared, Yaml.Mapping mapping) {
        Keys keys = Keys.of(mapping, what, problems).orElseThrow();
        keys.only(declared.stream().map(Parameter::name).toList());
        Map<String, Object> given = new LinkedHashMap<>();
        for (Parameter parameter : declared) {
            if (parameter.required()) {
                keys.demand(parameter.name(), parameter.kind().expected());
            }
            keys.get(parameter.name())
                    .flatMap(value -> value(parameter, value))
                    .ifPresent(value -> given.put(parameter.name(), value));
        }
        return given;
    }

    private Optional<Object> value(Parameter parameter, Yaml value) {
        return switch (parameter.kind()) {
            case Kind.Inner inner
            when value instanceof Yaml.Mapping mapping ->
                Optional.of(mapping(parameter.name(), inner.parameters(), mapping));
            case Kind.WordMap map when value instanceof Yaml.Mapping mapping -> wordMap(parameter, map, mapping);
            case Kind.Words words when value instanceof Yaml.Sequence sequence -> words(parameter, words, sequence);
            case Kind.Words words
            when value instanceof Yaml.Scalar scalar && isOneField(scalar) ->
                text(parameter.name(), words, scalar).map(text -> text);
            case Kind.Words words
            when value instanceof Yaml.Scalar scalar && !scalar.isNull() -> {
                problems.error(
                        scalar.place(),
                        scalar.kind() + " as " + parameter.name(),
                        words.expected(),
                        "write it as a list: [" + scalar.text() + "]");
                yield Optional.empty();
            }
            case Kind.Inner inner -> wrong(parameter, value);
            case Kind.WordMap map -> wrong(parameter, value);
            case Kind.Words words -> wrong(parameter, value);
            case Kind kind
            when value instanceof Yaml.Scalar scalar && !scalar.isNull() ->
                text(parameter.name(), kind, scalar).map(text -> text);
            case Kind kind -> wrong(parameter, value);
        };
    }

    private Optional<Object> wrong(Parameter parameter, Yaml value) {
        problems.error(
                value.place(),
                value.kind() + " as " + parameter.name(),
                parameter.kind().expected());
        return Optional.empty();
    }

    private static boolean isOneField(Yaml.Scalar scalar) {
        return scalar.text().startsWith("${")
                && scalar.text().indexOf('}') == scalar.text().length() - 1;
    }

    private Optional<Object> words(Parameter parameter, Kind.Words words, Yaml.Sequence sequence) {
        if (sequence.items().isEmpty() || sequence.items().size() > Kind.MOST_ENTRIES) {
            problems.error(
                    sequence.place(),
                    (sequence.items().isEmpty()
                                    ? "an empty list"
                                    : "a list of " + sequence.items().size()) + " as " + parameter.name(),
                    words.expected() + ", at most " + Kind.MOST_ENTRIES);
            return Optional.empty();
        }
        List<String> read = new ArrayList<>();
        for (Yaml item : sequence.items()) {
            if (item instanceof Yaml.Scalar scalar && !scalar.isNull()) {
                text(parameter.name(), new Kind.Text(words.form()), scalar).ifPresent(read::add);
            } else {
                problems.error(
                        item.place(),
                        item.kind() + " in " + parameter.name(),
                        words.form().expected());
            }
        }
        return Optional.of(List.copyOf(read));
    }

    private Optional<Object> wordMap(Parameter parameter, Kind.WordMap map, Yaml.Mapping mapping) {
        if (mapping.entries().isEmpty() || mapping.entries().size() > Kind.MOST_ENTRIES) {
            problems.error(
                    mapping.place(),
                    (mapping.entries().isEmpty()
                                    ? "an empty mapping"
                                    : "a mapping of " + mapping.entries().size()) + " as " + parameter.name(),
                    map.expected() + ", at most " + Kind.MOST_ENTRIES);
        }
        Map<String, Object> read = new LinkedHashMap<>();
        mapping.entries().forEach((key, entry) -> {
            if (!map.key().accepts(key)) {
                problems.error(
                        entry.place(),
                        "'" + key + "' in " + parameter.name(),
                        map.key().expected());
            }
            if (entry.value() instanceof Yaml.Scalar scalar && !scalar.isNull()) {
                text(key, new Kind.Text(map.value()), scalar).ifPresent(text -> read.put(key, text));
            } else {
                problems.error(
                        entry.value().place(),
                        entry.value().kind() + " as " + key,
                        map.value().expected(),
                        "write '' for nothing");
            }
        });
        return Optional.of(read);
    }

    private Optional<String> text(String name, Kind kind, Yaml.Scalar scalar) {
        String text = scalar.text();
        if (kind.takesFields() && FieldText.namesFields(text)) {
            return fieldText(name, scalar);
        }
        if (!kind.takesFields() && FieldText.namesFields(text) && !ActionTemplate.isScript(kind)) {
            problems.error(
                    scalar.place(),
                    "a field in " + name,
                    kind.expected() + ", written out: a detection must not decide it");
            return Optional.empty();
        }
        if (kind.read(text).isPresent()) {
            return Optional.of(text);
        }
        if (kind instanceof Kind.Choice choice) {
            problems.unknown(scalar.place(), name, text, choice.words());
        } else {
            problems.error(scalar.place(), "'" + text + "' as " + name, kind.expected());
        }
        return Optional.empty();
    }

    private Optional<String> fieldText(String name, Yaml.Scalar scalar) {
        Place start = conditions.startOf(scalar);
        try {
            FieldText text = FieldText.parse(scalar.text());
            for (String field : text.fields()) {
                // In a block or with escapes before it the column is not told by the text
                Place place = scalar.block()
                        ? start
                        : new Place(start.file(), start.line(), start.column() + text.offsetOf(field));
                conditions.field(field, place);
                if (SecretFields.contains(field)) {
                    problems.error(
                            place,
                            "field '" + field + "' in " + name,
                            "a field whose value may be written down: this one's is an environment or a content");
                }
            }
            return Optional.of(scalar.text());
        } catch (IllegalArgumentException broken) {
            problems.error(
                    scalar.place(),
                    broken.getMessage() + " in " + name,
                    "a field such as ${proc.name}",
                    "for '${' itself write '$${'");
            return Optional.empty();
        }
    }

    /** Text that a shell reads must not be made of what a detection says, and neither must the program's name. */
    private void checkCommand(Yaml action) {
        if (!(action instanceof Yaml.Mapping mapping)
                || !(mapping.get("argv").orElse(null) instanceof Yaml.Sequence sequence)) {
            reportWholeCommand(action);
            return;
        }
        List<Yaml.Scalar> argv =
                sequence.items().stream().map(Yaml.Scalar.class::cast).toList();
        CommandLine.objectionsTo(argv.stream().map(Yaml.Scalar::text).toList(), FieldText::namesFields)
                .forEach(objection -> report(argv.get(objection.index()).place(), objection));
    }

    private void report(Place place, CommandLine.Objection objection) {
        if (objection.hint().isEmpty()) {
            problems.error(place, objection.found(), objection.expected());
        } else {
            problems.error(place, objection.found(), objection.expected(), objection.hint());
        }
    }

    private void reportWholeCommand(Yaml action) {
        if (action instanceof Yaml.Mapping mapping && mapping.get("argv").orElse(null) instanceof Yaml.Scalar whole) {
            problems.error(whole.place(), "a field as the program and its arguments", "the program, written out");
        }
    }

    private void warnOfMissingFile(ActionType type, Yaml action) {
        if (type == ActionType.POD_SCRIPT
                && action instanceof Yaml.Mapping mapping
                && mapping.get("file").orElse(null) instanceof Yaml.Scalar file
                && !Files.isReadable(Path.of(file.text()))) {
            problems.warning(
                    file.place(),
                    "'" + file.text() + "' as file",
                    "a file that can be read",
                    "it is read when the step is carried out; here and now it cannot be");
        }
    }
}
