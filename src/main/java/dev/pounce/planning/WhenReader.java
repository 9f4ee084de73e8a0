package dev.pounce.planning;

import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.detection.Priority;
import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import dev.pounce.source.Yaml;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code when}: what has to happen before an action set answers. */
final class WhenReader {

    static final List<String> CRITERIA = List.of("rules", "tags", "priority", "source", "where");

    /** Those in which each detection is a matter of its own, and those that look at a stretch of time. */
    static final List<String> TIMELESS = List.of("detection", "any");

    static final List<String> OVER_TIME = List.of("all", "sequence", "count", "valueCount", "absence");

    static final Duration LONGEST_WINDOW = Duration.ofDays(1);

    static final List<String> PRIORITIES =
            Stream.of(Priority.values()).map(Priority::display).toList();

    static final java.util.regex.Pattern PRIORITY = java.util.regex.Pattern.compile("(<=|>=|<|>|=)?\\s*([A-Za-z]+)");

    private static final List<String> SHAPES =
            Stream.concat(TIMELESS.stream(), OVER_TIME.stream()).toList();
    private static final List<String> BESIDE = List.of("where", "within", "by");

    private static final String CONDITION = "a condition, such as proc.name = sh";

    private final Conditions conditions;
    private final Optional<Set<String>> knownRules;
    private final Problems problems;

    WhenReader(Conditions conditions, Optional<Set<String>> knownRules, Problems problems) {
        this.conditions = conditions;
        this.knownRules = knownRules;
        this.problems = problems;
    }

    /** Empty only when something was reported; something may have been reported all the same. */
    Optional<Pattern> read(Keys when) {
        when.only(Stream.concat(SHAPES.stream(), BESIDE.stream()).toList());
        List<String> shapes = SHAPES.stream().filter(when::has).toList();
        if (shapes.size() > 1) {
            problems.error(
                    when.place(),
                    "when with " + String.join(" and ", shapes),
                    "one of them",
                    "several kinds of detections are written as any, all or sequence");
        } else if (shapes.isEmpty() && BESIDE.containsAll(when.entries().keySet())) {
            problems.error(when.place(), "when without a detection", "one of " + String.join(", ", SHAPES));
        }
        Optional<Beside> beside = shapes.isEmpty() ? Optional.empty() : beside(when, shapes.getFirst());
        return beside.flatMap(words -> pattern(when, words));
    }

    /** What stands beside the shape and holds for all of it. */
    private record Beside(
            String shape,
            Yaml.@Nullable Scalar where,
            @Nullable Duration within,
            List<String> by) {}

    private Optional<Beside> beside(Keys when, String shape) {
        Yaml.Scalar where = when.scalar("where", CONDITION).orElse(null);
        if (TIMELESS.contains(shape)) {
            for (String key : List.of("within", "by")) {
                when.get(key)
                        .ifPresent(value -> problems.error(
                                value.place(),
                                "'" + key + "' beside " + shape,
                                "neither within nor by: each detection is answered by itself",
                                "leave it out, or write all, sequence, count, valueCount or absence"));
            }
            return Optional.of(new Beside(shape, where, null, List.of()));
        }
        if (!when.has("within")) {
            problems.error(
                    when.place(),
                    shape + " without 'within'",
                    "a time such as within: 5m beside it",
                    "what belongs together must end at some time, or it would be remembered for ever");
        }
        Optional<Duration> within = when.duration("within", LONGEST_WINDOW);
        List<String> by = by(when);
        return within.map(time -> new Beside(shape, where, time, by));
    }

    private List<String> by(Keys when) {
        Optional<Yaml> value = when.get("by");
        List<Yaml.Scalar> fields = value.isPresent() && value.get() instanceof Yaml.Scalar word && !word.isNull()
                ? List.of(word)
                : when.words("by", "a field, or a list of fields, such as container.id");
        for (Yaml.Scalar field : fields) {
            conditions.field(field.text(), conditions.startOf(field));
        }
        return fields.stream().map(Yaml.Scalar::text).toList();
    }

    private Optional<Pattern> pattern(Keys when, Beside beside) {
        Duration within = beside.within == null ? Duration.ZERO : beside.within;
        return switch (beside.shape) {
            case "detection" ->
                when.inner("detection").flatMap(keys -> selector(keys, beside)).map(Pattern.One::new);
            case "any" -> several(when, beside, 1).map(Pattern.Any::new);
            case "all" -> several(when, beside, 2).map(all -> new Pattern.All(all, within, beside.by));
            case "sequence" -> several(when, beside, 2).map(all -> new Pattern.Sequence(all, within, beside.by));
            case "count" -> {
                Optional<Keys> count = inner(when, "count", List.of("of", "atLeast"));
                Optional<Selector> of = count.flatMap(keys -> demanded(keys, "of", beside));
                Optional<Integer> atLeast = count.flatMap(this::atLeast);
                yield of.flatMap(one -> atLeast.map(number -> new Pattern.Count(one, number, within, beside.by)));
            }
            case "valueCount" -> {
                Optional<Keys> count = inner(when, "valueCount", List.of("of", "field", "atLeast"));
                Optional<Selector> of = count.flatMap(keys -> demanded(keys, "of", beside));
                Optional<Integer> atLeast = count.flatMap(this::atLeast);
                Optional<Yaml.Scalar> field =
                        count.flatMap(keys -> keys.requiredScalar("field", "a field, such as fd.rip"));
                field.ifPresent(word -> conditions.field(word.text(), conditions.startOf(word)));
                yield of.flatMap(one -> atLeast.flatMap(number ->
                        field.map(word -> new Pattern.ValueCount(one, word.text(), number, within, beside.by))));
            }
            case "absence" -> {
                Optional<Keys> absence = inner(when, "absence", List.of("seen", "missing"));
                Optional<Selector> seen = absence.flatMap(keys -> demanded(keys, "seen", beside));
                Optional<Selector> missing = absence.flatMap(keys -> demanded(keys, "missing", beside));
                yield seen.flatMap(one -> missing.map(other -> new Pattern.Absence(one, other, within, beside.by)));
            }
            default -> throw new IllegalStateException("no such shape: " + beside.shape);
        };
    }

    private Optional<Integer> atLeast(Keys count) {
        count.demand("atLeast", "a number from 2 to " + Pattern.MOST);
        return count.number("atLeast", 2, Pattern.MOST);
    }

    private Optional<Keys> inner(Keys when, String shape, List<String> known) {
        return when.inner(shape).map(keys -> only(keys, shape, known));
    }

    private Optional<Selector> demanded(Keys keys, String key, Beside beside) {
        return keys.requiredInner(key, key + ": { rules: [the rule's name] }")
                .flatMap(detection -> selector(detection, beside));
    }

    /** Empty unless every one of them could be read. */
    private Optional<List<Selector>> several(Keys when, Beside beside, int least) {
        List<Keys> mappings = when.mappings(beside.shape, "detection", least);
        List<Selector> selectors = new ArrayList<>();
        for (Keys detection : mappings) {
            selector(detection, beside).ifPresent(selectors::add);
        }
        return selectors.size() < least || selectors.size() < mappings.size()
                ? Optional.empty()
                : Optional.of(selectors);
    }

    /** Window and keys belong to the whole; many will write them one level too deep. */
    private Keys only(Keys keys, String what, List<String> known) {
        for (String key : List.of("within", "by")) {
            keys.get(key)
                    .ifPresent(value -> problems.error(
                            value.place(),
                            "'" + key + "' inside " + what,
                            "it further out, in when",
                            "write it beside " + what));
        }
        return keys.only(
                keys.has("within") || keys.has("by")
                        ? Stream.concat(known.stream(), Stream.of("within", "by"))
                                .toList()
                        : known);
    }

    private Optional<Selector> selector(Keys detection, Beside beside) {
        only(detection, beside.shape.equals("detection") ? "detection" : "a detection of " + beside.shape, CRITERIA);
        List<String> rules = new ArrayList<>();
        for (Yaml.Scalar rule : detection.words("rules", "a list of rule names")) {
            warnIfMisspelt(rule);
            rules.add(rule.text());
        }
        List<List<String>> tags = tags(detection);
        Optional<Set<Priority>> priorities = priorities(detection);
        Optional<String> source = detection
                .scalar("source", "a source such as syscall or k8s_audit")
                .map(Yaml.Scalar::text);
        Optional<Selector.Where> where = condition(detection, beside).flatMap(conditions::where);
        // With an unknown key there is a criterion, only a misspelt one.
        if (detection.entries().isEmpty() && beside.where == null) {
            problems.error(
                    detection.place(),
                    "a detection without any criterion, which would match everything",
                    "at least one of " + String.join(", ", CRITERIA));
        }
        return rules.isEmpty() && tags.isEmpty() && priorities.isEmpty() && source.isEmpty() && where.isEmpty()
                ? Optional.empty()
                : Optional.of(new Selector(rules, tags, priorities.orElse(Set.of()), source, where));
    }

    /** A word is one that is enough, a list is one of which all are needed. */
    private List<List<String>> tags(Keys detection) {
        String expected = "a list of tags";
        Optional<Yaml> value = detection.get("tags");
        if (value.isEmpty() || !(value.get() instanceof Yaml.Sequence sequence)) {
            return detection.words("tags", expected).stream()
                    .map(tag -> List.of(tag.text()))
                    .toList();
        }
        if (sequence.items().isEmpty()) {
            problems.error(sequence.place(), "an empty list as tags", expected, "leave the key out if any will do");
        }
        List<List<String>> tags = new ArrayList<>();
        for (Yaml item : sequence.items()) {
            List<String> together = new ArrayList<>();
            List<Yaml> words = item instanceof Yaml.Sequence several ? several.items() : List.of(item);
            for (Yaml word : words) {
                if (word instanceof Yaml.Scalar tag && !tag.isNull()) {
                    together.add(tag.text());
                } else {
                    problems.error(
                            word.place(), word.kind() + " in tags", "a tag, or a list of tags that must all be there");
                }
            }
            if (words.isEmpty()) {
                problems.error(item.place(), "an empty list in tags", "at least one tag");
            } else if (tags.contains(together)) {
                problems.error(
                        item.place(), "'" + String.join(", ", together) + "' a second time in tags", "each once");
            } else if (!together.isEmpty()) {
                tags.add(together);
            }
        }
        return tags;
    }

    /** A level alone means that one and all that are worse. */
    private Optional<Set<Priority>> priorities(Keys detection) {
        return detection
                .scalar("priority", "one of " + String.join(", ", PRIORITIES))
                .flatMap(word -> {
                    java.util.regex.Matcher form = PRIORITY.matcher(word.text());
                    Optional<Priority> level = form.matches() ? Priority.parse(form.group(2)) : Optional.empty();
                    if (level.isEmpty()) {
                        problems.unknown(
                                word.place(), "priority", form.matches() ? form.group(2) : word.text(), PRIORITIES);
                        return Optional.empty();
                    }
                    Set<Priority> wanted = wanted(form.group(1), level.get());
                    if (wanted.isEmpty()) {
                        problems.error(word.place(), "'" + word.text() + "' as priority", "a level that there can be");
                        return Optional.empty();
                    }
                    return Optional.of(wanted);
                });
    }

    private static Set<Priority> wanted(@Nullable String comparator, Priority level) {
        Set<Priority> wanted = EnumSet.noneOf(Priority.class);
        for (Priority one : Priority.values()) {
            boolean holds =
                    switch (comparator == null ? ">=" : comparator) {
                        case "=" -> one == level;
                        case ">" -> one != level && one.isAtLeast(level);
                        case "<" -> !one.isAtLeast(level);
                        case "<=" -> one == level || !one.isAtLeast(level);
                        default -> one.isAtLeast(level);
                    };
            if (holds) {
                wanted.add(one);
            }
        }
        return wanted;
    }

    /** It may stand beside the detection or in it, but not in both places. */
    private Optional<Yaml.Scalar> condition(Keys detection, Beside beside) {
        Optional<Yaml.Scalar> inside = detection.scalar("where", CONDITION);
        if (beside.where != null && inside.isPresent()) {
            problems.error(
                    inside.get().place(),
                    "a second 'where'",
                    "one; the other is at line " + beside.where.place().line(),
                    "join them with 'and'");
        }
        return inside.or(() -> Optional.ofNullable(beside.where));
    }

    /** Other products report by rules of their own, so a name that is like none of ours is theirs. */
    private void warnIfMisspelt(Yaml.Scalar rule) {
        knownRules
                .filter(known -> !known.contains(rule.text()))
                .flatMap(known -> Spelling.closest(rule.text(), known))
                .ifPresent(near -> problems.warning(
                        rule.place(),
                        "rule '" + rule.text() + "'",
                        "the name of a loaded detection rule, unless another product reports it",
                        "did you mean '" + near + "'?"));
    }
}
