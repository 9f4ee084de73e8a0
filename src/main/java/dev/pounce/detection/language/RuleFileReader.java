package dev.pounce.detection.language;

import dev.pounce.detection.Priority;
import dev.pounce.source.Place;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Spelling;
import dev.pounce.source.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads rule files as Falco does: items in order, later files over earlier ones, {@code append} and
 * {@code override}, exceptions, then the whole set compiled at once. Stricter than Falco in one point, an unknown
 * key is an error; and it goes on after an error, to report all of them.
 *
 * <p>Use once: {@link #read} each file in order, then {@link #finish}. Not thread-safe.
 */
public final class RuleFileReader {

    /**
     * What came of reading.
     *
     * @param rules empty when there is an error
     * @param problems in the order of their places
     */
    public record Outcome(Optional<RuleSet> rules, List<Problem> problems) {
        public Outcome {
            problems = List.copyOf(problems);
        }
    }

    private static final Set<String> RULE_KEYS = Set.of(
            "rule",
            "condition",
            "output",
            "desc",
            "priority",
            "source",
            "enabled",
            "tags",
            "exceptions",
            "warn_evttypes",
            "skip-if-unknown-filter",
            "capture",
            "capture_duration",
            "append",
            "override");
    private static final Set<String> RULE_APPENDABLE = Set.of("condition", "output", "desc", "tags", "exceptions");
    private static final Set<String> RULE_REPLACEABLE = Set.of(
            "condition",
            "output",
            "desc",
            "tags",
            "exceptions",
            "priority",
            "enabled",
            "warn_evttypes",
            "skip-if-unknown-filter",
            "capture",
            "capture_duration");
    private static final Set<String> ITEMS =
            Set.of("rule", "macro", "list", "required_engine_version", "required_plugin_versions");

    private static final Pattern LOOKS_LIKE_A_LIST = Pattern.compile("[a-z]{3,}(_[a-z]+)+");

    private static final class ListDraft {
        private List<String> items = new ArrayList<>();
    }

    private static final class MacroDraft {
        private SourceText condition;

        MacroDraft(SourceText condition) {
            this.condition = condition;
        }
    }

    /** Kept as it is written until its text is made. */
    private record ExceptionDraft(
            Place place, Yaml.@Nullable Entry fields, Yaml.@Nullable Entry comps, List<Yaml> values) {}

    private static final class RuleDraft {
        private final String name;
        private final Place place;
        private SourceText condition;
        private SourceText output;
        private String description;
        private Priority priority;
        private String source = "syscall";
        private List<String> tags = new ArrayList<>();
        private boolean enabled = true;
        private boolean skipIfUnknownFilter;
        private boolean warnEventTypes = true;
        private final Map<String, ExceptionDraft> exceptions = new LinkedHashMap<>();

        RuleDraft(
                String name,
                Place place,
                SourceText condition,
                SourceText output,
                String description,
                Priority priority) {
            this.name = name;
            this.place = place;
            this.condition = condition;
            this.output = output;
            this.description = description;
            this.priority = priority;
        }
    }

    private final Problems problems = new Problems();
    private final Set<String> sources;
    private final Map<String, ListDraft> lists = new LinkedHashMap<>();
    private final Map<String, MacroDraft> macros = new LinkedHashMap<>();
    private final Map<String, RuleDraft> rules = new LinkedHashMap<>();
    private String text = "";

    public RuleFileReader() {
        this(Set.of("syscall", "k8s_audit"));
    }

    /** @param sources where events come from here; rules of other sources are left out, with a warning */
    public RuleFileReader(Set<String> sources) {
        this.sources = Set.copyOf(sources);
    }

    /** Files, and directories of {@code *.yaml} and {@code *.yml} in alphabetical order. Blocks on the disk. */
    public static Outcome load(List<Path> paths) {
        RuleFileReader reader = new RuleFileReader();
        for (Path path : paths) {
            reader.read(path);
        }
        return reader.finish();
    }

    public void read(Path path) {
        for (Path file : SourceFiles.of(path, problems)) {
            SourceFiles.read(file, problems).ifPresent(text -> read(file.toString(), text));
        }
    }

    public void read(String file, String content) {
        text = content;
        for (Yaml document : Yaml.read(file, content, problems)) {
            switch (document) {
                case Yaml.Sequence sequence -> sequence.items().forEach(this::item);
                case Yaml.Scalar scalar when scalar.isNull() -> {}
                case Yaml.Scalar scalar -> notASequence(scalar);
                case Yaml.Mapping mapping -> notASequence(mapping);
            }
        }
    }

    private void notASequence(Yaml yaml) {
        problems.error(yaml.place(), yaml.kind(), "a list of rules, macros and lists", "begin each with '- rule:'");
    }

    private void item(Yaml yaml) {
        if (yaml instanceof Yaml.Scalar scalar && scalar.isNull()) {
            return;
        }
        if (!(yaml instanceof Yaml.Mapping item)) {
            problems.error(yaml.place(), yaml.kind(), "a rule, a macro or a list");
            return;
        }
        if (item.entries().containsKey("required_engine_version")) {
            onlyKeys(item, Set.of("required_engine_version"));
            scalar(item, "required_engine_version");
        } else if (item.entries().containsKey("required_plugin_versions")) {
            // whatever is asked for, its fields are in our table: see FieldTable
            onlyKeys(item, Set.of("required_plugin_versions"));
        } else if (item.entries().containsKey("list")) {
            list(item);
        } else if (item.entries().containsKey("macro")) {
            macro(item);
        } else if (item.entries().containsKey("rule")) {
            rule(item);
        } else if (item.entries().isEmpty()) {
            problems.error(item.place(), "an empty mapping", "a rule, a macro or a list");
        } else {
            Map.Entry<String, Yaml.Entry> first =
                    item.entries().entrySet().iterator().next();
            problems.unknown(first.getValue().place(), "kind of item", first.getKey(), ITEMS);
        }
    }

    private void onlyKeys(Yaml.Mapping item, Set<String> known) {
        item.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                problems.unknown(entry.place(), "key", key, known);
            }
        });
    }

    // lists

    private void list(Yaml.Mapping item) {
        onlyKeys(item, Set.of("list", "items", "append", "override"));
        String name = name(item, "list");
        Map<String, Boolean> overrides = overrides(item, Set.of("items"), Set.of("items"));
        boolean append = flag(item, "append", false) || Boolean.TRUE.equals(overrides.get("items"));
        Yaml.Entry entry = item.entries().get("items");
        if (name == null) {
            return;
        }
        if (entry == null) {
            missing(item, "items");
            return;
        }
        List<String> items = new ArrayList<>();
        for (String word : strings(entry.value(), "items")) {
            ListDraft other = lists.get(word);
            if (other == null) {
                items.add(word);
            } else {
                items.addAll(other.items);
            }
        }
        if (append) {
            ListDraft earlier = lists.get(name);
            if (earlier == null) {
                unknownToAppend(item, "list", name, lists.keySet());
            } else {
                earlier.items.addAll(items);
            }
            return;
        }
        if (overrides.containsKey("items") && !lists.containsKey(name)) {
            unknownToAppend(item, "list", name, lists.keySet());
        }
        lists.computeIfAbsent(name, ignored -> new ListDraft()).items = items;
    }

    // macros

    private void macro(Yaml.Mapping item) {
        onlyKeys(item, Set.of("macro", "condition", "append", "override"));
        String name = name(item, "macro");
        SourceText condition = sourceText(item, "condition", true);
        Map<String, Boolean> overrides = overrides(item, Set.of("condition"), Set.of("condition"));
        boolean append = flag(item, "append", false) || Boolean.TRUE.equals(overrides.get("condition"));
        if (name == null || condition == null) {
            return;
        }
        MacroDraft earlier = macros.get(name);
        if (append || overrides.containsKey("condition")) {
            if (earlier == null) {
                unknownToAppend(item, "macro", name, macros.keySet());
                return;
            }
            earlier.condition = append ? earlier.condition.append(condition) : condition;
            return;
        }
        macros.put(name, new MacroDraft(condition));
    }

    // rules

    private void rule(Yaml.Mapping item) {
        onlyKeys(item, RULE_KEYS);
        String name = name(item, "rule");
        if (name == null) {
            return;
        }
        boolean append = flag(item, "append", false);
        if (item.entries().containsKey("override")) {
            override(item, name, append);
            return;
        }
        if (append) {
            RuleDraft earlier = rules.get(name);
            if (earlier == null) {
                unknownToAppend(item, "rule", name, rules.keySet());
                return;
            }
            SourceText more = sourceText(item, "condition", false);
            if (more != null) {
                earlier.condition = earlier.condition.append(more);
            }
            exceptions(item, earlier, true);
            return;
        }
        boolean defines = Stream.of("condition", "output", "desc", "priority").anyMatch(item.entries()::containsKey);
        if (!defines && item.entries().containsKey("enabled")) {
            RuleDraft earlier = rules.get(name);
            if (earlier == null) {
                unknownToAppend(item, "rule", name, rules.keySet());
                return;
            }
            problems.warning(
                    item.place(),
                    "a rule with nothing but 'enabled'",
                    "override: { enabled: replace } with it",
                    "add it; Falco will stop taking this form");
            earlier.enabled = flag(item, "enabled", true);
            return;
        }
        define(item, name);
    }

    private void define(Yaml.Mapping item, String name) {
        SourceText condition = sourceText(item, "condition", true);
        SourceText output = sourceText(item, "output", true);
        String description = required(item, "desc");
        Priority priority = priority(item, true);
        List<String> tags = item.get("tags").map(yaml -> strings(yaml, "tags")).orElse(List.of());
        boolean enabled = flag(item, "enabled", true);
        boolean skip = flag(item, "skip-if-unknown-filter", false);
        boolean warnEventTypes = flag(item, "warn_evttypes", true);
        flag(item, "capture", false);
        Optional<Yaml.Scalar> source = scalar(item, "source");
        RuleDraft earlier = rules.get(name);
        // what is missing was reported and keeps the file from being loaded; what is there is still to be checked
        SourceText nothing = SourceText.of("evt.num exists", item.place());
        RuleDraft draft = new RuleDraft(
                name,
                earlier == null ? item.place() : earlier.place,
                Objects.requireNonNullElse(condition, nothing),
                Objects.requireNonNullElse(output, nothing),
                Objects.requireNonNullElse(description, ""),
                Objects.requireNonNullElse(priority, Priority.DEBUG));
        draft.tags = new ArrayList<>(tags);
        draft.enabled = enabled;
        draft.skipIfUnknownFilter = skip;
        draft.warnEventTypes = warnEventTypes;
        String given = source.map(Yaml.Scalar::text).orElse("");
        draft.source = given.isEmpty() ? "syscall" : given;
        if (earlier != null && !given.isEmpty() && !given.equals(earlier.source)) {
            problems.error(
                    source.orElseThrow().place(),
                    "source '" + given + "' for a rule that was defined with '" + earlier.source + "'",
                    "the same source");
        }
        exceptions(item, draft, false);
        rules.put(name, draft);
    }

    private void override(Yaml.Mapping item, String name, boolean append) {
        Yaml.Entry entry = item.entries().get("override");
        if (append && entry != null) {
            problems.error(entry.place(), "'override' together with 'append'", "'override' alone");
            return;
        }
        Map<String, Boolean> overrides = overrides(item, RULE_APPENDABLE, RULE_REPLACEABLE);
        RuleDraft rule = rules.get(name);
        if (rule == null) {
            unknownToAppend(item, "rule", name, rules.keySet());
            return;
        }
        item.entries().forEach((key, value) -> {
            boolean isData = !key.equals("rule") && !key.equals("override") && !key.equals("append");
            if (isData && RULE_KEYS.contains(key) && !overrides.containsKey(key)) {
                problems.error(
                        value.place(),
                        "key '" + key + "' without its entry in 'override'",
                        key + ": append or replace");
            }
        });
        overrides.forEach((key, appended) -> {
            if (!item.entries().containsKey(key)) {
                problems.error(item.place(), "an override of '" + key + "' without '" + key + "'", "key '" + key + "'");
                return;
            }
            switch (key) {
                case "condition" -> {
                    SourceText condition = sourceText(item, key, true);
                    if (condition != null) {
                        rule.condition = appended ? rule.condition.append(condition) : condition;
                    }
                }
                case "output" -> {
                    SourceText output = sourceText(item, key, true);
                    if (output != null) {
                        rule.output = appended ? rule.output.append(output) : output;
                    }
                }
                case "desc" -> {
                    String description = required(item, key);
                    if (description != null) {
                        rule.description = appended ? rule.description + " " + description : description;
                    }
                }
                case "tags" -> {
                    List<String> tags =
                            item.get(key).map(yaml -> strings(yaml, key)).orElse(List.of());
                    if (!appended) {
                        rule.tags.clear();
                    }
                    rule.tags.addAll(tags);
                }
                case "exceptions" -> {
                    if (!appended) {
                        rule.exceptions.clear();
                    }
                    exceptions(item, rule, appended);
                }
                case "priority" -> {
                    Priority priority = priority(item, true);
                    if (priority != null) {
                        rule.priority = priority;
                    }
                }
                case "enabled" -> rule.enabled = flag(item, key, true);
                case "warn_evttypes" -> rule.warnEventTypes = flag(item, key, true);
                case "skip-if-unknown-filter" -> rule.skipIfUnknownFilter = flag(item, key, false);
                default -> flag(item, key, false); // understood, and of no effect here
            }
        });
    }

    // exceptions

    private void exceptions(Yaml.Mapping item, RuleDraft rule, boolean appending) {
        Optional<Yaml> given = item.get("exceptions");
        if (given.isEmpty() || (given.get() instanceof Yaml.Scalar scalar && scalar.isNull())) {
            return;
        }
        if (!(given.get() instanceof Yaml.Sequence sequence)) {
            problems.error(given.get().place(), given.get().kind(), "a list of exceptions");
            return;
        }
        for (Yaml yaml : sequence.items()) {
            if (!(yaml instanceof Yaml.Mapping exception)) {
                problems.error(yaml.place(), yaml.kind(), "an exception: name, fields, comps, values");
                continue;
            }
            onlyKeys(exception, Set.of("name", "fields", "comps", "values"));
            String name = name(exception, "name");
            if (name == null) {
                continue;
            }
            List<Yaml> values = new ArrayList<>();
            exception.get("values").ifPresent(it -> {
                if (it instanceof Yaml.Sequence many) {
                    values.addAll(many.items());
                } else if (!(it instanceof Yaml.Scalar scalar && scalar.isNull())) {
                    problems.error(it.place(), it.kind(), "a list of values");
                }
            });
            ExceptionDraft earlier = rule.exceptions.get(name);
            if (earlier != null && appending) {
                if (exception.entries().containsKey("fields")
                        || exception.entries().containsKey("comps")) {
                    problems.error(
                            exception.place(),
                            "fields or comps for exception '" + name + "', which is there already",
                            "its name and more values");
                    continue;
                }
                List<Yaml> all = new ArrayList<>(earlier.values());
                all.addAll(values);
                rule.exceptions.put(name, new ExceptionDraft(earlier.place(), earlier.fields(), earlier.comps(), all));
                continue;
            }
            if (earlier != null) {
                problems.warning(
                        exception.place(), "exception '" + name + "' a second time", "a name of its own", "rename it");
            }
            if (!exception.entries().containsKey("fields")) {
                missing(exception, "fields");
                continue;
            }
            rule.exceptions.put(
                    name,
                    new ExceptionDraft(
                            exception.place(),
                            exception.entries().get("fields"),
                            exception.entries().get("comps"),
                            values));
        }
    }

    /** As Falco: {@code (condition) and not E1 and not E2}, in text. */
    private SourceText withExceptions(RuleDraft rule) {
        Map<String, Place> expanded = new LinkedHashMap<>();
        rule.exceptions.forEach(
                (name, exception) -> expand(name, exception).ifPresent(it -> expanded.put(it, exception.place())));
        if (expanded.isEmpty()) {
            return rule.condition;
        }
        SourceText.Builder builder = new SourceText.Builder();
        builder.insert("(", rule.condition, 0);
        builder.copy(rule.condition, 0, rule.condition.text().length());
        builder.insert(")", rule.condition, rule.condition.text().length());
        expanded.forEach(
                (exception, place) -> builder.insert(" and not " + exception, SourceText.of("", ignored -> place), 0));
        return builder.build();
    }

    private Optional<String> expand(String name, ExceptionDraft exception) {
        if (exception.values().isEmpty() || exception.fields() == null) {
            return Optional.empty();
        }
        Yaml fields = exception.fields().value();
        Yaml comps = exception.comps() == null ? null : exception.comps().value();
        if (fields instanceof Yaml.Scalar field) {
            String comparison = comps instanceof Yaml.Scalar scalar ? scalar.text() : "in";
            List<String> values =
                    exception.values().stream().map(RuleFileReader::valueText).toList();
            return Optional.of("(" + field.text() + " " + comparison + " (" + String.join(", ", values) + "))");
        }
        List<String> names = strings(fields, "fields");
        List<String> comparisons =
                comps == null ? names.stream().map(ignored -> "=").toList() : strings(comps, "comps");
        if (comparisons.size() != names.size()) {
            problems.error(
                    exception.place(),
                    names.size() + " fields and " + comparisons.size() + " comps in exception '" + name + "'",
                    "as many of the one as of the other");
            return Optional.empty();
        }
        List<String> alternatives = new ArrayList<>();
        for (Yaml tuple : exception.values()) {
            if (!(tuple instanceof Yaml.Sequence sequence) || sequence.items().size() != names.size()) {
                problems.error(
                        tuple.place(), tuple.kind(), "a list of " + names.size() + " values, one for each field");
                continue;
            }
            List<String> checks = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                String value = valueText(sequence.items().get(i));
                String comparison = comparisons.get(i);
                boolean wantsList = comparison.equals("in")
                        || comparison.equals("intersects")
                        || comparison.equals("pmatch")
                        || comparison.endsWith("of");
                if (wantsList && !value.startsWith("(")) {
                    value = "(" + value + ")";
                }
                checks.add(names.get(i) + " " + comparison + " " + value);
            }
            alternatives.add("(" + String.join(" and ", checks) + ")");
        }
        return alternatives.isEmpty() ? Optional.empty() : Optional.of("(" + String.join(" or ", alternatives) + ")");
    }

    private static String valueText(Yaml yaml) {
        return switch (yaml) {
            case Yaml.Scalar scalar -> RuleSet.quoted(scalar.text());
            case Yaml.Sequence sequence ->
                "("
                        + String.join(
                                ", ",
                                sequence.items().stream()
                                        .map(RuleFileReader::valueText)
                                        .toList())
                        + ")";
            case Yaml.Mapping mapping -> "\"" + mapping.kind() + "\"";
        };
    }

    // values of keys

    /** @return for each key of {@code override} whether it appends */
    private Map<String, Boolean> overrides(Yaml.Mapping item, Set<String> appendable, Set<String> replaceable) {
        Optional<Yaml> given = item.get("override");
        if (given.isEmpty()) {
            return Map.of();
        }
        if (!(given.get() instanceof Yaml.Mapping mapping)) {
            problems.error(given.get().place(), given.get().kind(), "a mapping of keys to append or replace");
            return Map.of();
        }
        Map<String, Boolean> overrides = new LinkedHashMap<>();
        mapping.entries().forEach((key, entry) -> {
            if (!replaceable.contains(key)) {
                problems.unknown(entry.place(), "key to override", key, replaceable);
                return;
            }
            String how = entry.value() instanceof Yaml.Scalar scalar ? scalar.text() : "";
            if (how.equals("append") && appendable.contains(key)) {
                overrides.put(key, true);
            } else if (how.equals("replace")) {
                overrides.put(key, false);
            } else {
                problems.error(
                        entry.value().place(),
                        entry.value().kind(),
                        appendable.contains(key) ? "append or replace" : "replace");
            }
        });
        return overrides;
    }

    private void unknownToAppend(Yaml.Mapping item, String kind, String name, Set<String> known) {
        Place place = Optional.ofNullable(item.entries().get(kind))
                .map(entry -> entry.value().place())
                .orElse(item.place());
        problems.unknown(place, kind + " to change", name, known);
    }

    private void missing(Yaml.Mapping item, String key) {
        problems.error(item.place(), "no key '" + key + "'", "key '" + key + "'");
    }

    private @Nullable String name(Yaml.Mapping item, String key) {
        Yaml.Entry entry = item.entries().get(key);
        if (entry == null) {
            missing(item, key);
            return null;
        }
        if (entry.value() instanceof Yaml.Scalar scalar
                && !scalar.isNull()
                && !scalar.text().isBlank()) {
            return scalar.text();
        }
        problems.error(entry.value().place(), entry.value().kind(), "a name");
        return null;
    }

    private Optional<Yaml.Scalar> scalar(Yaml.Mapping item, String key) {
        return item.get(key).flatMap(yaml -> {
            if (yaml instanceof Yaml.Scalar scalar) {
                return Optional.of(scalar);
            }
            problems.error(yaml.place(), yaml.kind(), "one value for '" + key + "'");
            return Optional.empty();
        });
    }

    private @Nullable String required(Yaml.Mapping item, String key) {
        if (!item.entries().containsKey(key)) {
            missing(item, key);
            return null;
        }
        return scalar(item, key)
                .map(scalar -> scalar.isNull() ? "" : scalar.text().strip())
                .orElse(null);
    }

    private @Nullable SourceText sourceText(Yaml.Mapping item, String key, boolean required) {
        if (!item.entries().containsKey(key)) {
            if (required) {
                missing(item, key);
            }
            return null;
        }
        Yaml.Scalar scalar = scalar(item, key).orElse(null);
        if (scalar == null) {
            return null;
        }
        if (scalar.isNull() || scalar.text().isBlank()) {
            problems.error(
                    scalar.place(), "nothing", "the " + key + " of the " + (required ? "rule or macro" : "rule"));
            return null;
        }
        SourceText whole = SourceText.of(scalar.text(), new ScalarPlaces(scalar, text));
        int start = 0;
        int end = scalar.text().length();
        while (Character.isWhitespace(scalar.text().charAt(start))) {
            start++;
        }
        while (Character.isWhitespace(scalar.text().charAt(end - 1))) {
            end--;
        }
        return new SourceText.Builder().copy(whole, start, end).build();
    }

    private boolean flag(Yaml.Mapping item, String key, boolean otherwise) {
        Optional<Yaml> given = item.get(key);
        if (given.isEmpty()) {
            return otherwise;
        }
        if (given.get() instanceof Yaml.Scalar scalar) {
            switch (scalar.text().toLowerCase(Locale.ROOT)) {
                case "true", "yes", "on" -> {
                    return true;
                }
                case "false", "no", "off" -> {
                    return false;
                }
                default -> {}
            }
        }
        problems.error(given.get().place(), given.get().kind() + " for '" + key + "'", "true or false");
        return otherwise;
    }

    private @Nullable Priority priority(Yaml.Mapping item, boolean required) {
        Optional<Yaml> given = item.get("priority");
        if (given.isEmpty()) {
            if (required) {
                missing(item, "priority");
            }
            return null;
        }
        String word = given.get() instanceof Yaml.Scalar scalar ? scalar.text() : "";
        Optional<Priority> priority = Priority.parse(word);
        if (priority.isEmpty()) {
            List<String> known =
                    Stream.of(Priority.values()).map(Priority::display).toList();
            String found = "unknown priority '" + word + "'";
            String expected = "one of " + String.join(", ", known);
            Place place = given.get().place();
            List<String> lowerCase =
                    known.stream().map(it -> it.toLowerCase(Locale.ROOT)).toList();
            Spelling.closest(word.toLowerCase(Locale.ROOT), lowerCase)
                    .flatMap(Priority::parse)
                    .ifPresentOrElse(
                            near -> problems.error(place, found, expected, "did you mean '" + near.display() + "'?"),
                            () -> problems.error(place, found, expected));
        }
        return priority.orElse(null);
    }

    private List<String> strings(Yaml yaml, String key) {
        if (yaml instanceof Yaml.Scalar scalar && scalar.isNull()) {
            return List.of();
        }
        if (!(yaml instanceof Yaml.Sequence sequence)) {
            problems.error(yaml.place(), yaml.kind() + " for '" + key + "'", "a list");
            return List.of();
        }
        List<String> words = new ArrayList<>();
        for (Yaml item : sequence.items()) {
            if (item instanceof Yaml.Scalar scalar) {
                words.add(scalar.text());
            } else {
                problems.error(item.place(), item.kind() + " in '" + key + "'", "a word or a number");
            }
        }
        return words;
    }

    // the whole set

    /** Compiles what was read. */
    public Outcome finish() {
        Map<String, List<String>> listItems = new HashMap<>();
        lists.forEach((name, draft) -> listItems.put(name, List.copyOf(draft.items)));
        Set<String> usedMacros = new LinkedHashSet<>();
        Map<String, Expression> parsed = resolveMacros(listItems, usedMacros);
        List<Rule> finished = new ArrayList<>();
        Set<Problem> reported = new LinkedHashSet<>();
        for (RuleDraft draft : rules.values()) {
            if (!sources.contains(draft.source)) {
                problems.warning(
                        draft.place,
                        "rule '" + draft.name + "' for events of source '" + draft.source + "'",
                        "one of " + String.join(", ", sources.stream().sorted().toList()),
                        "the rule is left out: nothing here reports such events");
                continue;
            }
            finish(draft, parsed, listItems, usedMacros, reported).ifPresent(finished::add);
        }
        checkUnused(parsed, usedMacros, reported);
        reported.forEach(problems::add);
        RuleSet ruleSet = new RuleSet(finished, parsed, listItems);
        return new Outcome(problems.hasErrors() ? Optional.empty() : Optional.of(ruleSet), problems.all());
    }

    /**
     * Falco lets a macro use only those defined before its last definition, so that files have to be given in the
     * right order. Here the order does not matter; only a macro that uses itself is an error.
     */
    private Map<String, Expression> resolveMacros(Map<String, List<String>> listItems, Set<String> usedMacros) {
        Map<String, Expression> written = new LinkedHashMap<>();
        macros.forEach((name, draft) -> written.put(
                name,
                parse(draft.condition, listItems)
                        .map(it -> noting(it, usedMacros))
                        .orElse(new Expression.Or(List.of()))));
        Map<String, Expression> resolved = new LinkedHashMap<>();
        for (String name : written.keySet()) {
            resolve(name, written, resolved, new LinkedHashSet<>());
        }
        return resolved;
    }

    private void resolve(
            String name, Map<String, Expression> written, Map<String, Expression> resolved, Set<String> within) {
        Expression expression = written.get(name);
        if (expression == null || resolved.containsKey(name)) {
            return;
        }
        if (!within.add(name)) {
            return;
        }
        Set<String> uses = new LinkedHashSet<>();
        noting(expression, uses);
        for (String used : uses) {
            if (within.contains(used)) {
                problems.error(
                        firstUse(expression, used),
                        "macro '" + used + "' within itself (" + String.join(" uses ", within) + ")",
                        "a macro that can be replaced by its condition");
                resolved.put(used, new Expression.Or(List.of()));
            } else {
                resolve(used, written, resolved, within);
            }
        }
        within.remove(name);
        Expression whole = RuleSet.substituteMacros(expression, resolved, problems);
        resolved.putIfAbsent(name, whole);
    }

    private static Place firstUse(Expression expression, String macro) {
        return switch (expression) {
            case Expression.And and -> firstUse(and.parts(), macro);
            case Expression.Or or -> firstUse(or.parts(), macro);
            case Expression.Not not -> firstUse(not.part(), macro);
            case Expression.MacroUse use
            when use.name().equals(macro) -> use.spot().place();
            case Expression.MacroUse ignored -> Place.startOf("");
            case Expression.Check ignored -> Place.startOf("");
        };
    }

    private static Place firstUse(List<Expression> parts, String macro) {
        return parts.stream()
                .map(part -> firstUse(part, macro))
                .filter(place -> !place.file().isEmpty())
                .findFirst()
                .orElse(Place.startOf(""));
    }

    private Optional<Expression> parse(SourceText condition, Map<String, List<String>> listItems) {
        Optional<Expression> parsed = ConditionParser.parse(RuleSet.substituteLists(condition, listItems), problems);
        parsed.ifPresent(it -> Expression.forEachCheck(it, check -> warnOfMisspeltLists(check, listItems.keySet())));
        return parsed;
    }

    /** The name of a list that is not known is just a value: what looks like one that is known is doubtful. */
    private void warnOfMisspeltLists(Expression.Check check, Set<String> known) {
        if (!(check.right() instanceof Expression.Right.Many many)) {
            return;
        }
        for (Expression.Right.One value : many.values()) {
            if (LOOKS_LIKE_A_LIST.matcher(value.text()).matches()) {
                Spelling.closest(value.text(), known)
                        .ifPresent(near -> problems.warning(
                                value.spot().place(),
                                "the value '" + value.text() + "'",
                                "a value, or the name of a list",
                                "did you mean the list '" + near + "'?"));
            }
        }
    }

    private Optional<Rule> finish(
            RuleDraft draft,
            Map<String, Expression> macrosByName,
            Map<String, List<String>> listItems,
            Set<String> usedMacros,
            Set<Problem> reported) {
        Optional<Expression> condition = parse(withExceptions(draft), listItems)
                .map(it -> RuleSet.substituteMacros(noting(it, usedMacros), macrosByName, problems));
        OutputTemplate output = OutputTemplate.parse(draft.output, problems);
        Problems own = new Problems();
        condition.ifPresent(it -> ConditionText.compile(it, use -> Optional.empty(), own));
        output.bind(use -> Optional.empty(), Set.of(), own);
        if (draft.skipIfUnknownFilter && own.hasErrors()) {
            own.all().forEach(problem -> reported.add(asWarning(problem, "the rule is left out")));
            return Optional.empty();
        }
        reported.addAll(own.all());
        if (draft.enabled
                && draft.warnEventTypes
                && draft.source.equals("syscall")
                && condition.map(it -> EventTypeSet.of(it).except()).orElse(false)) {
            problems.warning(
                    draft.place,
                    "rule '" + draft.name + "', which nearly every kind of event could match",
                    "a check of evt.type",
                    "add one; or say warn_evttypes: false");
        }
        return condition.map(it -> new Rule(
                draft.name,
                draft.description,
                draft.priority,
                draft.source,
                draft.tags,
                draft.enabled,
                output,
                it,
                draft.place));
    }

    /** Falco does not look into macros that no rule uses: what is wrong there is a warning. */
    private void checkUnused(Map<String, Expression> parsed, Set<String> usedMacros, Set<Problem> reported) {
        parsed.forEach((name, expression) -> {
            if (!usedMacros.contains(name)) {
                Problems own = new Problems();
                ConditionText.compile(expression, use -> Optional.empty(), own);
                own.all().forEach(problem -> {
                    if (!reported.contains(problem)) {
                        reported.add(asWarning(problem, "no rule uses macro '" + name + "'"));
                    }
                });
            }
        });
    }

    private static Problem asWarning(Problem problem, String why) {
        String suggestion = problem.suggestion().map(it -> it + "; " + why).orElse(why);
        return new Problem(
                Problem.Severity.WARNING,
                problem.place(),
                problem.found(),
                problem.expected(),
                Optional.of(suggestion));
    }

    private static Expression noting(Expression expression, Set<String> names) {
        switch (expression) {
            case Expression.And and -> and.parts().forEach(part -> noting(part, names));
            case Expression.Or or -> or.parts().forEach(part -> noting(part, names));
            case Expression.Not not -> noting(not.part(), names);
            case Expression.MacroUse use -> names.add(use.name());
            case Expression.Check ignored -> {}
        }
        return expression;
    }
}
