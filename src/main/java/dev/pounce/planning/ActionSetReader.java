package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.correlation.Trigger;
import dev.pounce.detection.Priority;
import dev.pounce.source.DurationText;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Spelling;
import dev.pounce.source.Yaml;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Reads action sets: YAML documents of kind {@code ActionSet}, any number in a file. Reports everything that
 * is wrong in all files at once.
 */
public final class ActionSetReader {

    public static final String API_VERSION = "pounce.dev/v1";
    public static final String KIND = "ActionSet";

    private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration LONGEST_PATIENCE = Duration.ofHours(1);
    private static final Duration LONGEST_COOLDOWN = Duration.ofDays(7);

    private static final java.util.regex.Pattern NAME =
            java.util.regex.Pattern.compile("[a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?");
    private static final String NAME_EXPECTED =
            "at most 63 small letters, digits, hyphens and dots, a letter or digit at both ends";

    private static final List<String> MODES = displays(Mode.values(), Mode::display);
    private static final List<String> PRIORITIES = displays(Priority.values(), Priority::display);
    private static final List<String> SCOPES = displays(Action.Scope.values(), ActionSetReader::lowerCase);
    private static final List<String> PERS = displays(Trigger.Per.values(), ActionSetReader::lowerCase);
    private static final List<String> CRITERIA = List.of("rules", "tags", "priority", "source", "where");

    private static final List<String> VERBS = List.of("process.kill", "process.suspend", "process.resume");
    private static final List<String> STEP_KEYS = List.of("id", "within", "after");

    private final WhereCompiler where;
    private final Optional<Set<String>> knownRules;

    /** For when the names of all rules that may fire are not known. */
    public ActionSetReader(WhereCompiler where) {
        this(where, Optional.empty());
    }

    /** @param knownRules warns about other names; only a warning, since other products' alerts have rules, too */
    public ActionSetReader(WhereCompiler where, Optional<Set<String>> knownRules) {
        this.where = where;
        this.knownRules = knownRules.map(Set::copyOf);
    }

    /**
     * Reads files, and the {@code *.yaml} and {@code *.yml} files of folders in alphabetical order. Empty if
     * there was any error: then what was loaded before should stay in force.
     */
    public Optional<ActionSets> readAll(List<Path> filesAndFolders, Problems problems) {
        List<ActionSet> sets = new ArrayList<>();
        for (Path path : filesAndFolders) {
            for (Path file : SourceFiles.of(path, problems)) {
                SourceFiles.read(file, problems).ifPresent(text -> sets.addAll(read(file.toString(), text, problems)));
            }
        }
        List<ActionSet> distinct = withoutSecondNames(sets, problems);
        return problems.hasErrors() ? Optional.empty() : Optional.of(new ActionSets(distinct));
    }

    /** The sets of one file that are without an error of their own; the others are among the problems. */
    public List<ActionSet> read(String file, String text, Problems problems) {
        List<ActionSet> sets = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (Yaml document : Yaml.read(file, text, problems)) {
            if (document instanceof Yaml.Scalar nothing && nothing.isNull()) {
                continue; // behind a last ---, or a file of comments
            }
            // Counted apart, so that a mistake in one document does not cost the next.
            Problems own = new Problems();
            Optional<ActionSet> set =
                    Keys.of(document, "an action set", own).flatMap(keys -> new Document(own, lines).read(keys));
            problems.addAll(own);
            if (!own.hasErrors()) {
                set.ifPresent(sets::add);
            }
        }
        return sets;
    }

    private static List<ActionSet> withoutSecondNames(List<ActionSet> sets, Problems problems) {
        Map<String, ActionSet> byName = new LinkedHashMap<>();
        for (ActionSet set : sets) {
            ActionSet earlier = byName.putIfAbsent(set.name(), set);
            if (earlier != null) {
                problems.error(
                        set.place(),
                        "a second action set named '" + set.name() + "'",
                        "each name once; the first is at " + earlier.place());
            }
        }
        return List.copyOf(byName.values());
    }

    /** One action set being read. */
    private final class Document {

        private final Problems problems;
        private final List<String> lines;

        Document(Problems problems, List<String> lines) {
            this.problems = problems;
            this.lines = lines;
        }

        /** Empty only when something was reported; something may have been reported all the same. */
        Optional<ActionSet> read(Keys document) {
            document.only(List.of("apiVersion", "kind", "metadata", "spec"));
            demandConstant(document, "apiVersion", API_VERSION);
            demandConstant(document, "kind", KIND);
            Optional<Keys> metadata = document.requiredInner("metadata", "metadata with a name")
                    .map(keys -> keys.only(List.of("name", "labels")));
            Optional<Keys> spec = document.requiredInner("spec", "a spec with 'when' and 'steps'")
                    .map(keys -> keys.only(List.of("mode", "when", "steps", "guards")));

            Optional<Yaml.Scalar> name = metadata.flatMap(this::name);
            Map<String, String> labels = metadata.map(this::labels).orElse(Map.of());
            Mode mode = spec.flatMap(this::mode).orElse(Mode.DRY_RUN);
            Optional<Selection> selection = spec.flatMap(keys -> keys.requiredInner("when", "when: { detection: … }"))
                    .flatMap(this::selection);
            List<ActionSet.Step> steps = spec.map(this::steps).orElse(List.of());
            Optional<Trigger.Cooldown> cooldown = spec.flatMap(keys -> keys.inner("guards"))
                    .map(keys -> keys.only(List.of("cooldown")))
                    .flatMap(keys -> keys.inner("cooldown"))
                    .flatMap(this::cooldown);

            if (name.isEmpty() || selection.isEmpty() || problems.hasErrors()) {
                return Optional.empty();
            }
            Selection when = selection.get();
            Trigger trigger = new Trigger(
                    name.get().text(),
                    new Pattern.One(new Selector(
                            when.rules,
                            when.tags.stream().map(List::of).toList(),
                            when.minimum.map(Selector::atLeast).orElse(Set.of()),
                            when.source,
                            when.where.map(compiled -> new Selector.Where(when.whereText, compiled.condition())))),
                    cooldown);
            return Optional.of(new ActionSet(
                    name.get().text(),
                    name.get().place(),
                    labels,
                    mode,
                    trigger,
                    steps,
                    when.where.map(WhereCompiler.Compiled::fieldsUsed).orElse(Set.of())));
        }

        private void demandConstant(Keys document, String key, String constant) {
            document.requiredScalar(key, key + ": " + constant)
                    .filter(word -> !word.text().equals(constant))
                    .ifPresent(word -> problems.error(word.place(), "'" + word.text() + "' as " + key, constant));
        }

        private Optional<Yaml.Scalar> name(Keys metadata) {
            Optional<Yaml.Scalar> name = metadata.requiredScalar("name", NAME_EXPECTED);
            name.ifPresent(this::checkName);
            return name;
        }

        private void checkName(Yaml.Scalar name) {
            if (!NAME.matcher(name.text()).matches()) {
                problems.error(name.place(), "the name '" + name.text() + "'", NAME_EXPECTED);
            }
        }

        private Map<String, String> labels(Keys metadata) {
            Map<String, String> labels = new TreeMap<>();
            metadata.inner("labels").ifPresent(keys -> {
                for (String key : keys.entries().keySet()) {
                    keys.scalar(key, "a word").ifPresent(value -> labels.put(key, value.text()));
                }
            });
            return labels;
        }

        private Optional<Mode> mode(Keys spec) {
            Optional<Mode> mode = spec.choice("mode", Mode::parse, MODES);
            if (mode.equals(Optional.of(Mode.ASK))) {
                problems.warning(
                        spec.scalar("mode", "").orElseThrow().place(),
                        "mode ask",
                        "observe, dry-run or enforce: approval is not built yet, nobody could say yes",
                        "its steps will be planned and refused; use dry-run to see what they would do");
            }
            return mode;
        }

        private Optional<Selection> selection(Keys when) {
            when.only(List.of("detection", "where"));
            return when.requiredInner("detection", "detection: { rules: [the rule's name] }")
                    .map(detection -> {
                        detection.only(CRITERIA);
                        Selection selection = new Selection();
                        for (Yaml.Scalar rule : detection.words("rules", "a list of rule names")) {
                            warnIfUnknown(rule);
                            selection.rules.add(rule.text());
                        }
                        detection.words("tags", "a list of tags").forEach(tag -> selection.tags.add(tag.text()));
                        selection.minimum = detection.choice("priority", Priority::parse, PRIORITIES);
                        selection.source = detection
                                .scalar("source", "a source such as syscall or k8s_audit")
                                .map(Yaml.Scalar::text);
                        condition(when, detection).ifPresent(text -> {
                            selection.whereText = text.text().strip();
                            selection.where = where.compile(text.text(), startOf(text), problems);
                        });
                        // With an unknown key there is a criterion, only a misspelt one.
                        if (detection.entries().isEmpty() && !when.has("where")) {
                            problems.error(
                                    detection.place(),
                                    "a detection without any criterion, which would match everything",
                                    "at least one of " + String.join(", ", CRITERIA));
                        }
                        return selection;
                    });
        }

        /** It may stand beside the detection or in it, but not in both places. */
        private Optional<Yaml.Scalar> condition(Keys when, Keys detection) {
            String expected = "a condition, such as proc.name = sh";
            Optional<Yaml.Scalar> beside = when.scalar("where", expected);
            Optional<Yaml.Scalar> inside = detection.scalar("where", expected);
            if (beside.isPresent() && inside.isPresent()) {
                problems.error(
                        inside.get().place(),
                        "a second 'where'",
                        "one; the other is at line " + beside.get().place().line(),
                        "join them with 'and'");
            }
            return inside.or(() -> beside);
        }

        private void warnIfUnknown(Yaml.Scalar rule) {
            knownRules
                    .filter(known -> !known.contains(rule.text()))
                    .ifPresent(known -> problems.warning(
                            rule.place(),
                            "rule '" + rule.text() + "'",
                            "the name of a loaded detection rule, unless another product reports it",
                            Spelling.closest(rule.text(), known)
                                    .map(near -> "did you mean '" + near + "'?")
                                    .orElse("names are compared exactly, upper and lower case included")));
        }

        /** Where the text begins: behind its quote, or on a line below if it is a block. */
        private Place startOf(Yaml.Scalar text) {
            Place place = text.place();
            if (!text.block()) {
                return new Place(place.file(), place.line(), place.column() + (text.quoted() ? 1 : 0));
            }
            for (int line = place.line(); line < lines.size(); line++) {
                String content = lines.get(line);
                if (!content.isBlank()) {
                    int indent = content.length() - content.stripLeading().length();
                    return new Place(place.file(), line + 1, indent + 1);
                }
            }
            return place;
        }

        private Optional<Trigger.Cooldown> cooldown(Keys cooldown) {
            cooldown.only(List.of("per", "for"));
            cooldown.demand("per", "one of " + String.join(", ", PERS));
            cooldown.demand("for", DurationText.EXPECTED);
            Optional<Trigger.Per> per = cooldown.choice("per", word -> constant(Trigger.Per.values(), word), PERS);
            Optional<Duration> length = cooldown.duration("for", LONGEST_COOLDOWN);
            return per.flatMap(key -> length.map(time -> new Trigger.Cooldown(key, time)));
        }

        private List<ActionSet.Step> steps(Keys spec) {
            spec.demand("steps", "a list of steps");
            Optional<Yaml> value = spec.get("steps");
            if (value.isEmpty()) {
                return List.of();
            }
            if (!(value.get() instanceof Yaml.Sequence sequence)) {
                problems.error(value.get().place(), value.get().kind() + " as steps", "a list of steps");
                return List.of();
            }
            if (sequence.items().isEmpty()) {
                problems.error(
                        sequence.place(),
                        "an empty list as steps",
                        "at least one step",
                        "to plan without acting, use mode: observe");
            }
            Map<String, Integer> lineOfId = new HashMap<>();
            List<Keys> mappings = new ArrayList<>();
            for (Yaml item : sequence.items()) {
                Keys.of(item, "a step", problems).ifPresent(mappings::add);
            }
            Set<String> allIds = new HashSet<>();
            for (Keys step : mappings) {
                step.get("id")
                        .filter(Yaml.Scalar.class::isInstance)
                        .map(Yaml.Scalar.class::cast)
                        .filter(id -> !id.isNull())
                        .ifPresent(id -> allIds.add(id.text()));
            }
            List<ActionSet.Step> steps = new ArrayList<>();
            for (Keys step : mappings) {
                step(step, lineOfId, allIds).ifPresent(steps::add);
            }
            return steps;
        }

        private Optional<ActionSet.Step> step(Keys step, Map<String, Integer> lineOfId, Set<String> allIds) {
            Optional<Yaml.Scalar> id = step.requiredScalar("id", "a name for the step");
            Optional<ActionTemplate> action = action(step);
            Duration within = step.duration("within", LONGEST_PATIENCE).orElse(DEFAULT_PATIENCE);
            List<String> after = new ArrayList<>();
            for (Yaml.Scalar earlier : step.words("after", "a list of ids of steps further up")) {
                after.add(earlier.text());
                if (!lineOfId.containsKey(earlier.text())) {
                    reportNotFurtherUp(earlier, allIds);
                }
            }
            id.ifPresent(word -> {
                checkName(word);
                Integer first = lineOfId.putIfAbsent(word.text(), word.place().line());
                if (first != null) {
                    problems.error(
                            word.place(),
                            "a second step with the id '" + word.text() + "'",
                            "each id once; the first is at line " + first);
                }
            });
            return id.flatMap(word -> action.map(template -> new ActionSet.Step(word.text(), template, within, after)));
        }

        private void reportNotFurtherUp(Yaml.Scalar earlier, Set<String> allIds) {
            if (allIds.contains(earlier.text())) {
                problems.error(
                        earlier.place(),
                        "'" + earlier.text() + "' in after, which is this step or one further down",
                        "steps further up: they are tried in the order in which they are written",
                        "move the step below '" + earlier.text() + "'");
            } else {
                problems.unknown(earlier.place(), "step in after:", earlier.text(), allIds);
            }
        }

        private Optional<ActionTemplate> action(Keys step) {
            List<String> known =
                    Stream.concat(STEP_KEYS.stream(), VERBS.stream()).toList();
            List<String> verbs = new ArrayList<>();
            boolean unknown = false;
            for (Map.Entry<String, Yaml.Entry> entry : step.entries().entrySet()) {
                if (VERBS.contains(entry.getKey())) {
                    verbs.add(entry.getKey());
                } else if (!STEP_KEYS.contains(entry.getKey())) {
                    boolean looksLikeAction = entry.getKey().contains(".");
                    problems.unknown(
                            entry.getValue().place(),
                            looksLikeAction ? "action" : "key in a step:",
                            entry.getKey(),
                            looksLikeAction ? VERBS : known);
                    unknown = true;
                }
            }
            if (verbs.size() > 1) {
                problems.error(
                        step.place(),
                        "a step with the actions " + String.join(" and ", verbs),
                        "one action",
                        "make it several steps");
            }
            if (verbs.isEmpty()) {
                if (!unknown) {
                    problems.error(step.place(), "a step without an action", "one of " + String.join(", ", VERBS));
                }
                return Optional.empty();
            }
            return parameters(verbs.get(0), step);
        }

        private Optional<ActionTemplate> parameters(String verb, Keys step) {
            Yaml value = step.get(verb).orElseThrow();
            Optional<Keys> parameters;
            if (value instanceof Yaml.Scalar nothing && nothing.isNull()) {
                parameters = Optional.empty();
            } else {
                parameters = Keys.of(value, verb, problems);
                if (parameters.isEmpty()) {
                    return Optional.empty();
                }
            }
            return switch (verb) {
                case "process.kill" -> {
                    Optional<Action.Scope> scope = parameters
                            .map(keys -> keys.only(List.of("scope")))
                            .flatMap(keys ->
                                    keys.choice("scope", word -> constant(Action.Scope.values(), word), SCOPES));
                    yield Optional.of(ActionTemplate.of(
                            dev.pounce.action.ActionType.PROCESS_KILL,
                            scope.map(one -> Map.of("scope", one.display())).orElse(Map.of())));
                }
                case "process.suspend" -> {
                    parameters.ifPresent(keys -> keys.only(List.of()));
                    yield Optional.of(ActionTemplate.of(dev.pounce.action.ActionType.PROCESS_SUSPEND));
                }
                case "process.resume" -> {
                    parameters.ifPresent(keys -> keys.only(List.of()));
                    yield Optional.of(ActionTemplate.of(dev.pounce.action.ActionType.PROCESS_RESUME));
                }
                default -> throw new IllegalStateException("no parameters known for the action " + verb);
            };
        }
    }

    /** What {@code when} says. */
    private static final class Selection {
        private final List<String> rules = new ArrayList<>();
        private final List<String> tags = new ArrayList<>();
        private Optional<Priority> minimum = Optional.empty();
        private Optional<String> source = Optional.empty();
        private String whereText = "";
        private Optional<WhereCompiler.Compiled> where = Optional.empty();
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static <E extends Enum<E>> Optional<E> constant(E[] all, String word) {
        return Stream.of(all).filter(one -> lowerCase(one).equals(word)).findFirst();
    }

    private static <E extends Enum<E>> List<String> displays(E[] all, Function<E, String> display) {
        return Stream.of(all).map(display).toList();
    }
}
