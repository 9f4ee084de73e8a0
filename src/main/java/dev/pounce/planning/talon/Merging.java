package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Puts entries of one name together: later ones into earlier ones, shared actions into the rules that name them. Every
 * rule gets values of its own; where Talon's result would be another, a warning says so.
 */
final class Merging {

    private final Problems problems;
    private final Map<String, TalonAction> shared = new LinkedHashMap<>();
    private final Map<String, TalonRule> rules = new LinkedHashMap<>();

    /** Lists of shared actions that come from several entries: in Talon, who extends one changes it for others. */
    private final Set<String> joinedLists = new HashSet<>();

    private final Map<String, Place> firstToExtend = new HashMap<>();
    private final Set<String> used = new HashSet<>();

    private Merging(Problems problems) {
        this.problems = problems;
    }

    /** Rules in the order of their first entries, with nothing left to look up. */
    static List<TalonRule> of(List<TalonAction> shared, List<TalonRule> rules, Problems problems) {
        Merging merging = new Merging(problems);
        shared.forEach(action -> merging.shared.merge(action.name(), action, merging::override));
        rules.forEach(rule -> merging.rules.merge(rule.name(), rule, merging::extend));
        List<TalonRule> whole =
                merging.rules.values().stream().map(merging::filled).toList();
        merging.warnOfUnused();
        return whole;
    }

    private TalonAction override(TalonAction earlier, TalonAction later) {
        return new TalonAction(
                earlier.name(),
                earlier.place(),
                later.description().or(earlier::description),
                later.actionner().or(earlier::actionner),
                overridden(earlier.name(), earlier.parameters(), later.parameters()),
                later.continues().or(earlier::continues),
                later.ignoreErrors().or(earlier::ignoreErrors),
                joined(earlier.contexts(), later.contexts()),
                earlier.output().isPresent() && later.output().isPresent()
                        ? Optional.of(override(
                                earlier.name(),
                                earlier.output().get(),
                                later.output().get()))
                        : later.output().or(earlier::output));
    }

    private TalonAction.Output override(String action, TalonAction.Output earlier, TalonAction.Output later) {
        if (earlier.target().isPresent()
                && later.target().isPresent()
                && differ(earlier.target().get(), later.target().get())) {
            problems.warning(
                    later.target().get().place(),
                    "another target for the artifact of '" + action + "'",
                    "'" + earlier.target().get().text() + "', which stands first and stays, in Talon too",
                    "change it at " + earlier.target().get().place());
        }
        return new TalonAction.Output(
                earlier.place(),
                earlier.target().or(later::target),
                overridden(action, earlier.parameters(), later.parameters()));
    }

    private static boolean differ(Yaml.Scalar one, Yaml.Scalar other) {
        return !one.text().equals(other.text());
    }

    /** Later values win, maps key by key; lists grow. */
    private Map<String, Yaml.Entry> overridden(
            String action, Map<String, Yaml.Entry> earlier, Map<String, Yaml.Entry> later) {
        Map<String, Yaml.Entry> merged = new LinkedHashMap<>(earlier);
        later.forEach((key, entry) -> {
            Yaml.Entry before = earlier.get(key);
            if (before == null) {
                if (entry.value() instanceof Yaml.Sequence) {
                    problems.warning(
                            entry.place(),
                            "a list '" + key + "' for '" + action + "', which had none before",
                            "this very list; Talon would put it into another one and refuse the file",
                            "give the earlier entry an empty list if Talon has to read this, too");
                }
                merged.put(key, entry);
            } else if (before.value() instanceof Yaml.Sequence first && entry.value() instanceof Yaml.Sequence second) {
                joinedLists.add(action + "\n" + key);
                merged.put(key, new Yaml.Entry(before.place(), append(first, second)));
            } else if (before.value() instanceof Yaml.Mapping first && entry.value() instanceof Yaml.Mapping second) {
                merged.put(key, new Yaml.Entry(before.place(), over(first, second)));
            } else if (ValueKind.of(before.value()) == ValueKind.of(entry.value())) {
                merged.put(key, entry);
            } else {
                problems.warning(
                        entry.place(),
                        ValueKind.of(entry.value()).display() + " as '" + key + "' of '" + action + "'",
                        ValueKind.of(before.value()).display() + " as at " + before.place()
                                + ": the earlier value stays, in Talon too",
                        "write both the same way");
            }
        });
        return merged;
    }

    private static Yaml.Sequence append(Yaml.Sequence first, Yaml.Sequence second) {
        return new Yaml.Sequence(first.place(), joined(first.items(), second.items()));
    }

    private static Yaml.Mapping over(Yaml.Mapping weak, Yaml.Mapping strong) {
        Map<String, Yaml.Entry> entries = new LinkedHashMap<>(weak.entries());
        entries.putAll(strong.entries());
        return new Yaml.Mapping(weak.place(), entries);
    }

    private static <T> List<T> joined(Collection<? extends T> first, Collection<? extends T> second) {
        return Stream.<T>concat(first.stream(), second.stream()).toList();
    }

    /** A later entry of a rule can add to its lists, and replace what there is one of. */
    private TalonRule extend(TalonRule earlier, TalonRule later) {
        for (TalonAction action : later.actions()) {
            earlier.actions().stream()
                    .filter(before -> before.name().equals(action.name()))
                    .findFirst()
                    .ifPresent(before -> problems.warning(
                            action.place(),
                            "action '" + action.name() + "' again in rule '" + earlier.name() + "'",
                            "an action that is not at " + before.place() + " already: it runs twice, in Talon too",
                            "to change it, repeat it outside of the rule"));
        }
        return new TalonRule(
                earlier.name(),
                earlier.place(),
                later.description().or(earlier::description),
                later.continues().or(earlier::continues),
                later.dryRun().or(earlier::dryRun),
                joined(earlier.notifiers(), later.notifiers()),
                extend(earlier, later.match(), later.place()),
                earlier.matchMisspelt() || later.matchMisspelt(),
                joined(earlier.actions(), later.actions()));
    }

    private Optional<TalonMatch> extend(TalonRule rule, Optional<TalonMatch> later, Place laterPlace) {
        if (rule.match().isEmpty()) {
            return later;
        }
        TalonMatch earlier = rule.match().get();
        warnIfForgotten("priority", rule.name(), earlier.priority(), later.flatMap(TalonMatch::priority), laterPlace);
        warnIfForgotten("source", rule.name(), earlier.source(), later.flatMap(TalonMatch::source), laterPlace);
        return Optional.of(later.map(more -> new TalonMatch(
                        earlier.place(),
                        joined(earlier.rules(), more.rules()),
                        joined(earlier.tags(), more.tags()),
                        joined(earlier.outputFields(), more.outputFields()),
                        more.priority().or(earlier::priority),
                        more.source().or(earlier::source)))
                .orElse(earlier));
    }

    private void warnIfForgotten(
            String criterion,
            String rule,
            Optional<Yaml.Scalar> earlier,
            Optional<Yaml.Scalar> later,
            Place laterPlace) {
        if (earlier.isPresent() && later.isEmpty()) {
            problems.warning(
                    laterPlace,
                    "rule '" + rule + "' again, without its " + criterion + ", which Talon would then forget",
                    criterion + " '" + earlier.get().text() + "' from "
                            + earlier.get().place() + ", which stays",
                    "repeat the " + criterion + " here if Talon has to read this, too");
        }
    }

    private TalonRule filled(TalonRule rule) {
        return new TalonRule(
                rule.name(),
                rule.place(),
                rule.description(),
                rule.continues(),
                rule.dryRun(),
                rule.notifiers(),
                rule.match(),
                rule.matchMisspelt(),
                rule.actions().stream().map(this::filled).toList());
    }

    /** What a rule says of its action wins; the shared action of that name says the rest. */
    private TalonAction filled(TalonAction own) {
        TalonAction common = shared.get(own.name());
        if (common == null) {
            return own;
        }
        used.add(own.name());
        return new TalonAction(
                own.name(),
                own.place(),
                own.description().or(common::description),
                own.actionner().or(common::actionner),
                filled(own.name(), common.parameters(), own.parameters()),
                own.continues().or(common::continues),
                own.ignoreErrors().or(common::ignoreErrors),
                joined(common.contexts(), own.contexts()),
                own.output()
                        .map(output -> common.output()
                                .map(base -> new TalonAction.Output(
                                        output.place(),
                                        output.target().or(base::target),
                                        filled(own.name(), base.parameters(), output.parameters())))
                                .orElse(output))
                        .or(common::output));
    }

    private Map<String, Yaml.Entry> filled(String action, Map<String, Yaml.Entry> common, Map<String, Yaml.Entry> own) {
        Map<String, Yaml.Entry> merged = new LinkedHashMap<>(common);
        own.forEach((key, entry) -> {
            Yaml.Entry base = common.get(key);
            if (base == null) {
                merged.put(key, entry);
            } else if (base.value() instanceof Yaml.Sequence first && entry.value() instanceof Yaml.Sequence second) {
                warnIfShared(action, key, entry.place());
                merged.put(key, new Yaml.Entry(entry.place(), append(first, second)));
            } else if (base.value() instanceof Yaml.Mapping weak && entry.value() instanceof Yaml.Mapping strong) {
                warnOfConflicts(action, key, weak, strong);
                merged.put(key, new Yaml.Entry(entry.place(), over(weak, strong)));
            } else {
                if (ValueKind.of(base.value()) != ValueKind.of(entry.value())) {
                    problems.warning(
                            entry.place(),
                            ValueKind.of(entry.value()).display() + " as '" + key + "' of '" + action + "'",
                            ValueKind.of(base.value()).display() + " as at " + base.place()
                                    + "; the rule's own value is taken, in Talon too",
                            "write both the same way");
                }
                merged.put(key, entry);
            }
        });
        return merged;
    }

    private void warnIfShared(String action, String key, Place place) {
        if (!joinedLists.contains(action + "\n" + key)) {
            return;
        }
        Place first = firstToExtend.putIfAbsent(action + "\n" + key, place);
        if (first != null) {
            problems.warning(
                    place,
                    "a second rule that adds to the list '" + key + "' of '" + action + "'",
                    "values of its own, which it gets; in Talon the rule at " + first + " can receive them, too",
                    "write each rule's whole list in the rule if Talon has to read this, too");
        }
    }

    private void warnOfConflicts(String action, String key, Yaml.Mapping weak, Yaml.Mapping strong) {
        strong.entries().forEach((name, entry) -> {
            Yaml.Entry base = weak.entries().get(name);
            if (base != null
                    && entry.value() instanceof Yaml.Scalar mine
                    && base.value() instanceof Yaml.Scalar theirs
                    && differ(mine, theirs)) {
                problems.warning(
                        entry.place(),
                        "'" + name + "' in '" + key + "' of '" + action + "', which the shared action has, too",
                        "'" + mine.text() + "', the rule's own; Talon would take '" + theirs.text() + "' from "
                                + base.place(),
                        "give the action of this rule another name if Talon has to read this, too");
            }
        });
    }

    private void warnOfUnused() {
        shared.values().stream()
                .filter(action -> !used.contains(action.name()))
                .forEach(action -> problems.warning(
                        action.place(),
                        "action '" + action.name() + "', which no rule names",
                        "an action that some rule names",
                        "remove it, or name it in the actions of a rule"));
    }
}
