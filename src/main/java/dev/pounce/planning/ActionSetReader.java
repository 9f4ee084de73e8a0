package dev.pounce.planning;

import dev.pounce.action.Share;
import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Trigger;
import dev.pounce.source.DurationText;
import dev.pounce.source.Problems;
import dev.pounce.source.SourceFiles;
import dev.pounce.source.Yaml;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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

    private static final Duration LONGEST_COOLDOWN = Duration.ofDays(7);
    private static final Duration LONGEST_BUDGET = Duration.ofDays(7);

    static final List<String> SPEC_KEYS = List.of("mode", "when", "steps", "guards", "onFailure", "notify", "continue");
    static final List<String> GUARDS = List.of("cooldown", "budget", "blastRadius");
    static final List<String> MODES = displays(Mode.values(), Mode::display);
    static final List<String> PERS = displays(Trigger.Per.values(), ActionSetReader::lowerCase);
    static final List<String> ON_FAILURE = displays(OnFailure.values(), OnFailure::display);

    static final java.util.regex.Pattern NAME =
            java.util.regex.Pattern.compile("[a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?");
    private static final String NAME_EXPECTED =
            "at most 63 small letters, digits, hyphens and dots, a letter or digit at both ends";

    private final WhereCompiler where;
    private final Optional<Set<String>> knownRules;

    /** For when the names of all rules that may fire are not known. */
    public ActionSetReader(WhereCompiler where) {
        this(where, Optional.empty());
    }

    /** @param knownRules warns about names that are nearly one of these; other names are other products' rules */
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

    /** The set of a document that was not read from a file of ours; what is wrong is where the document says. */
    public Optional<ActionSet> read(Yaml document, Problems problems) {
        Problems own = new Problems();
        Optional<ActionSet> set =
                Keys.of(document, "an action set", own).flatMap(keys -> new Document(own, List.of()).read(keys));
        problems.addAll(own);
        return own.hasErrors() ? Optional.empty() : set;
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
        private final Conditions conditions;

        Document(Problems problems, List<String> lines) {
            this.problems = problems;
            this.conditions = new Conditions(where, lines, problems);
        }

        /** Empty only when something was reported; something may have been reported all the same. */
        Optional<ActionSet> read(Keys document) {
            document.only(List.of("apiVersion", "kind", "metadata", "spec"));
            demandConstant(document, "apiVersion", API_VERSION);
            demandConstant(document, "kind", KIND);
            Optional<Keys> metadata = document.requiredInner("metadata", "metadata with a name")
                    .map(keys -> keys.only(List.of("name", "labels")));
            Optional<Keys> spec = document.requiredInner("spec", "a spec with 'when' and 'steps'")
                    .map(keys -> keys.only(SPEC_KEYS));

            Optional<Yaml.Scalar> name = metadata.flatMap(this::name);
            Map<String, String> labels = metadata.map(this::labels).orElse(Map.of());
            Mode mode = spec.flatMap(this::mode).orElse(Mode.DRY_RUN);
            Optional<Pattern> pattern = spec.flatMap(keys -> keys.requiredInner("when", "when: { detection: … }"))
                    .flatMap(new WhenReader(conditions, knownRules, problems)::read);
            List<ActionSet.Step> steps =
                    spec.map(new StepReader(conditions, problems)::read).orElse(List.of());
            Optional<Keys> guards = spec.flatMap(keys -> keys.inner("guards")).map(keys -> keys.only(GUARDS));
            Optional<Trigger.Cooldown> cooldown =
                    guards.flatMap(keys -> keys.inner("cooldown")).flatMap(this::cooldown);
            Guards ownGuards = new Guards(
                    guards.flatMap(keys -> keys.inner("budget")).flatMap(this::budget),
                    guards.flatMap(keys -> keys.inner("blastRadius")).flatMap(this::blastRadius));
            OnFailure onFailure = spec.flatMap(keys -> keys.choice("onFailure", OnFailure::parse, ON_FAILURE))
                    .orElse(OnFailure.STOP);
            List<String> notified = spec
                    .map(keys -> keys.words("notify", "a list of names of those who are to be told"))
                    .orElse(List.of())
                    .stream()
                    .map(Yaml.Scalar::text)
                    .toList();
            boolean continues = spec.flatMap(keys -> keys.flag("continue")).orElse(true);

            if (name.isEmpty() || pattern.isEmpty() || problems.hasErrors()) {
                return Optional.empty();
            }
            return Optional.of(new ActionSet(
                    name.get().text(),
                    name.get().place(),
                    labels,
                    mode,
                    new Trigger(name.get().text(), pattern.get(), cooldown),
                    steps,
                    ownGuards,
                    onFailure,
                    notified,
                    continues,
                    conditions.fieldsUsed()));
        }

        private void demandConstant(Keys document, String key, String constant) {
            document.requiredScalar(key, key + ": " + constant)
                    .filter(word -> !word.text().equals(constant))
                    .ifPresent(word -> problems.error(word.place(), "'" + word.text() + "' as " + key, constant));
        }

        private Optional<Yaml.Scalar> name(Keys metadata) {
            Optional<Yaml.Scalar> name = metadata.requiredScalar("name", NAME_EXPECTED);
            name.ifPresent(word -> checkName(word, problems));
            return name;
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

        private Optional<Trigger.Cooldown> cooldown(Keys cooldown) {
            cooldown.only(List.of("per", "for"));
            cooldown.demand("per", "one of " + String.join(", ", PERS));
            cooldown.demand("for", DurationText.EXPECTED);
            Optional<Trigger.Per> per = cooldown.choice("per", word -> constant(Trigger.Per.values(), word), PERS);
            Optional<Duration> length = cooldown.duration("for", LONGEST_COOLDOWN);
            return per.flatMap(key -> length.map(time -> new Trigger.Cooldown(key, time)));
        }

        private Optional<Guards.Budget> budget(Keys budget) {
            budget.only(List.of("steps", "per"));
            budget.demand("steps", "a number from 1 to 1000000");
            budget.demand("per", DurationText.EXPECTED);
            Optional<Integer> steps = budget.number("steps", 1, 1_000_000);
            Optional<Duration> per = budget.duration("per", LONGEST_BUDGET);
            return steps.flatMap(count -> per.map(time -> new Guards.Budget(count, time)));
        }

        private Optional<Guards.BlastRadius> blastRadius(Keys radius) {
            radius.only(List.of("shareOfWorkload", "podsPerNamespace"));
            if (radius.entries().isEmpty()) {
                problems.error(
                        radius.place(), "a blast radius without a limit", "shareOfWorkload, podsPerNamespace or both");
            }
            Optional<Share> share = radius.scalar("shareOfWorkload", Share.EXPECTED)
                    .flatMap(word -> {
                        Optional<Share> parsed = Share.parse(word.text());
                        if (parsed.isEmpty()) {
                            problems.error(word.place(), "'" + word.text() + "' as shareOfWorkload", Share.EXPECTED);
                        }
                        return parsed;
                    });
            return Optional.of(new Guards.BlastRadius(share, radius.number("podsPerNamespace", 1, 1_000_000)));
        }
    }

    /** Of sets and steps. */
    static void checkName(Yaml.Scalar name, Problems problems) {
        if (!NAME.matcher(name.text()).matches()) {
            problems.error(name.place(), "the name '" + name.text() + "'", NAME_EXPECTED);
        }
    }

    static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    static <E extends Enum<E>> Optional<E> constant(E[] all, String word) {
        return Stream.of(all).filter(one -> lowerCase(one).equals(word)).findFirst();
    }

    static <E extends Enum<E>> List<String> displays(E[] all, Function<E, String> display) {
        return Stream.of(all).map(display).toList();
    }
}
