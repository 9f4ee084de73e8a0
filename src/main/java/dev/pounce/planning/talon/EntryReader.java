package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import dev.pounce.source.Yaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes a file apart into actions and rules, in their order. Reports everything that is wrong, and goes on. */
final class EntryReader {

    private static final List<String> ACTION_KEYS = List.of(
            "action",
            "description",
            "actionner",
            "parameters",
            "continue",
            "ignore_errors",
            "additional_contexts",
            "output");
    private static final List<String> RULE_KEYS =
            List.of("rule", "description", "match", "actions", "continue", "dry_run", "notifiers");
    private static final List<String> MATCH_KEYS = List.of("rules", "tags", "output_fields", "priority", "source");
    private static final List<String> OUTPUT_KEYS = List.of("target", "parameters");

    private final Problems problems;
    private final List<TalonAction> shared = new ArrayList<>();
    private final List<TalonRule> rules = new ArrayList<>();

    EntryReader(Problems problems) {
        this.problems = problems;
    }

    /** The actions outside of rules, of all files so far. */
    List<TalonAction> shared() {
        return shared;
    }

    /** The rules of all files so far. */
    List<TalonRule> rules() {
        return rules;
    }

    void read(String file, String text) {
        List<Yaml> documents = Yaml.read(file, text, problems);
        if (documents.size() > 1) {
            problems.error(
                    documents.get(1).place(),
                    "a second document",
                    "one list of actions and rules; Talon reads no further than this",
                    "remove the line '---' before it, or make it a file of its own");
        }
        if (documents.isEmpty() || (documents.getFirst() instanceof Yaml.Scalar nothing && nothing.isNull())) {
            return;
        }
        Yaml document = documents.getFirst();
        if (!(document instanceof Yaml.Sequence entries)) {
            boolean actionSet = document instanceof Yaml.Mapping mapping
                    && mapping.get("apiVersion").isPresent();
            problems.error(
                    document.place(),
                    document.kind() + " in " + file,
                    "a list of Talon's actions and rules",
                    actionSet ? "this is an action set: give it with --actionsets" : "begin each entry with '- rule:'");
            return;
        }
        for (Yaml entry : entries.items()) {
            if (entry instanceof Yaml.Mapping mapping) {
                read(mapping);
            } else {
                problems.error(entry.place(), entry.kind() + " as an entry", "an action or a rule");
            }
        }
    }

    private void read(Yaml.Mapping entry) {
        boolean action = entry.get("action").isPresent();
        boolean rule = entry.get("rule").isPresent();
        if (action && rule) {
            problems.error(
                    entry.place(), "an entry that is an action and a rule", "one of them", "make it two entries");
        } else if (action) {
            action(entry).ifPresent(shared::add);
        } else if (rule) {
            rule(entry).ifPresent(rules::add);
        } else if (entry.get("actionner").isPresent()) {
            problems.error(entry.place(), "an action without a name", "action: NAME", misspelt(entry, ACTION_KEYS));
        } else {
            problems.error(entry.place(), "a rule without a name", "rule: NAME", misspelt(entry, RULE_KEYS));
        }
    }

    private static String misspelt(Yaml.Mapping entry, List<String> known) {
        return entry.entries().keySet().stream()
                .filter(key -> !known.contains(key))
                .flatMap(key -> Spelling.closest(key, known).stream()
                        .map(near -> "did you mean '" + near + "' where '" + key + "' stands?"))
                .findFirst()
                .orElse("every action and every rule has a name");
    }

    private Optional<TalonRule> rule(Yaml.Mapping entry) {
        boolean matchMisspelt = only(entry, RULE_KEYS, "a rule").contains("match");
        Optional<String> name = name(entry, "rule");
        Optional<TalonMatch> match = mapping(entry, "match").map(this::match);
        List<TalonAction> actions = new ArrayList<>();
        for (Yaml item : items(entry, "actions")) {
            if (item instanceof Yaml.Mapping written) {
                action(written).ifPresent(actions::add);
            } else {
                problems.error(item.place(), item.kind() + " as an action", "- action: NAME");
            }
        }
        Optional<Boolean> continues = flag(entry, "continue");
        Optional<Boolean> dryRun = flag(entry, "dry_run");
        List<Yaml.Scalar> notifiers = words(entry, "notifiers");
        return name.map(named -> new TalonRule(
                named,
                placeOf(entry, "rule"),
                text(entry, "description").map(Yaml.Scalar::text),
                continues,
                dryRun,
                notifiers,
                match,
                matchMisspelt,
                actions));
    }

    private TalonMatch match(Yaml.Mapping match) {
        only(match, MATCH_KEYS, "match");
        return new TalonMatch(
                match.place(),
                words(match, "rules"),
                words(match, "tags"),
                words(match, "output_fields"),
                text(match, "priority").filter(word -> !word.text().isEmpty()),
                text(match, "source").filter(word -> !word.text().isEmpty()));
    }

    private Optional<TalonAction> action(Yaml.Mapping entry) {
        only(entry, ACTION_KEYS, "an action");
        if (entry.get("action").isEmpty()) {
            problems.error(entry.place(), "an action without a name", "action: NAME", misspelt(entry, ACTION_KEYS));
            return Optional.empty();
        }
        Optional<String> name = name(entry, "action");
        Optional<TalonAction.Output> output = mapping(entry, "output").map(written -> {
            only(written, OUTPUT_KEYS, "output");
            return new TalonAction.Output(written.place(), text(written, "target"), parameters(written));
        });
        Optional<Yaml.Scalar> actionner =
                text(entry, "actionner").filter(word -> !word.text().isEmpty());
        Map<String, Yaml.Entry> parameters = parameters(entry);
        Optional<Boolean> continues = flag(entry, "continue");
        Optional<Boolean> ignoreErrors = flag(entry, "ignore_errors");
        List<Yaml.Scalar> contexts = words(entry, "additional_contexts");
        return name.map(named -> new TalonAction(
                named,
                placeOf(entry, "action"),
                text(entry, "description").map(Yaml.Scalar::text),
                actionner,
                parameters,
                continues,
                ignoreErrors,
                contexts,
                output));
    }

    /** A parameter without a value is one that is not given. */
    private Map<String, Yaml.Entry> parameters(Yaml.Mapping of) {
        Map<String, Yaml.Entry> parameters = new LinkedHashMap<>();
        mapping(of, "parameters").ifPresent(written -> written.entries().forEach((key, entry) -> {
            if (!isNothing(entry.value())) {
                parameters.put(key, entry);
            }
        }));
        return parameters;
    }

    private Optional<String> name(Yaml.Mapping entry, String key) {
        Optional<String> name = text(entry, key).map(Yaml.Scalar::text).filter(word -> !word.isBlank());
        if (name.isEmpty()) {
            Place place = placeOf(entry, key);
            problems.error(place, (key.equals("rule") ? "a rule" : "an action") + " without a name", key + ": NAME");
        }
        return name;
    }

    private static Place placeOf(Yaml.Mapping entry, String key) {
        return entry.get(key).map(Yaml::place).orElse(entry.place());
    }

    /** The known words that unknown keys come close to. */
    private List<String> only(Yaml.Mapping mapping, List<String> known, String what) {
        List<String> meant = new ArrayList<>();
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                problems.unknown(entry.place(), "key in " + what + ":", key, known);
                Spelling.closest(key, known).ifPresent(meant::add);
            }
        });
        return meant;
    }

    private static boolean isNothing(Yaml value) {
        return value instanceof Yaml.Scalar scalar && scalar.isNull();
    }

    private Optional<Yaml> given(Yaml.Mapping mapping, String key) {
        return mapping.get(key).filter(value -> !isNothing(value));
    }

    private Optional<Yaml.Scalar> text(Yaml.Mapping mapping, String key) {
        return given(mapping, key).flatMap(value -> {
            if (value instanceof Yaml.Scalar scalar) {
                return Optional.of(scalar);
            }
            problems.error(value.place(), value.kind() + " as " + key, "a text");
            return Optional.empty();
        });
    }

    private Optional<Yaml.Mapping> mapping(Yaml.Mapping of, String key) {
        return given(of, key).flatMap(value -> {
            if (value instanceof Yaml.Mapping mapping) {
                return Optional.of(mapping);
            }
            problems.error(value.place(), value.kind() + " as " + key, "a mapping");
            return Optional.empty();
        });
    }

    private List<Yaml> items(Yaml.Mapping of, String key) {
        return given(of, key)
                .map(value -> {
                    if (value instanceof Yaml.Sequence sequence) {
                        return sequence.items();
                    }
                    problems.error(value.place(), value.kind() + " as " + key, "a list");
                    return List.<Yaml>of();
                })
                .orElse(List.of());
    }

    private List<Yaml.Scalar> words(Yaml.Mapping of, String key) {
        List<Yaml.Scalar> words = new ArrayList<>();
        for (Yaml item : items(of, key)) {
            if (item instanceof Yaml.Scalar word && !word.isNull()) {
                words.add(word);
            } else {
                problems.error(item.place(), item.kind() + " in " + key, "a text");
            }
        }
        return words;
    }

    /** Talon knows these two words and no other way of writing them. */
    private Optional<Boolean> flag(Yaml.Mapping of, String key) {
        return text(of, key).filter(word -> !word.text().isEmpty()).flatMap(word -> switch (word.text()) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default -> {
                problems.error(word.place(), word.kind() + " as " + key, "true or false, in small letters");
                yield Optional.empty();
            }
        });
    }
}
