package dev.pounce.planning.talon;

import dev.pounce.action.Lane;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.Mode;
import dev.pounce.planning.OnFailure;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes the action set that answers as a rule does. What comes out is an action set's YAML in which every value stands
 * where it comes from, so that who reads it reports mistakes at their place in Talon's file.
 *
 * <p>The steps of a set with several are all in one lane: Talon does one thing after the other.
 */
final class Translation {

    /** Names under which Talon tells people of what it did. */
    static final List<String> NOTIFIERS = List.of("k8sevents", "slack", "smtp", "webhook", "loki", "elasticsearch");

    private final Criteria criteria;
    private final Problems problems;
    private final Set<String> setNames;

    /** @param setNames that are taken; the new one is added */
    Translation(Criteria criteria, Set<String> setNames, Problems problems) {
        this.criteria = criteria;
        this.setNames = setNames;
        this.problems = problems;
    }

    /** Empty only when something was reported. */
    Optional<Yaml.Mapping> actionSetFor(TalonRule rule) {
        Optional<Sketch> detection = criteria.of(rule).map(compiled -> detection(rule, compiled));
        List<Yaml.Scalar> notified = notifiers(rule);
        List<Yaml> steps = steps(rule);
        if (problems.hasErrors() || detection.isEmpty()) {
            return Optional.empty();
        }
        Sketch spec = new Sketch(rule.place())
                .word("mode", (rule.dryRun().orElse(false) ? Mode.DRY_RUN : Mode.ENFORCE).display())
                .put("when", new Sketch(rule.place()).put("detection", detection.get()))
                .put("steps", new Yaml.Sequence(rule.place(), steps))
                .texts("notify", notified);
        if (!rule.continues().orElse(true)) {
            spec.word("continue", "false");
        }
        String name = unique(slug(rule.name(), "rule"), setNames);
        return Optional.of(new Sketch(rule.place())
                .word("apiVersion", ActionSetReader.API_VERSION)
                .word("kind", ActionSetReader.KIND)
                .put("metadata", new Sketch(rule.place()).text("name", rule.place(), name))
                .put("spec", spec)
                .toYaml());
    }

    private static Sketch detection(TalonRule rule, Criteria.Compiled compiled) {
        TalonMatch match = rule.match().orElseThrow();
        Sketch detection = new Sketch(match.place());
        detection.texts("rules", Criteria.distinct(match.rules()));
        if (!compiled.selector().tags().isEmpty()) {
            Place place = match.tags().getFirst().place();
            detection.put(
                    "tags",
                    new Yaml.Sequence(
                            place,
                            compiled.selector().tags().stream()
                                    .distinct()
                                    .map(together -> tags(place, together))
                                    .toList()));
        }
        match.priority()
                .filter(written -> !compiled.selector().priorities().isEmpty())
                .ifPresent(written -> detection.text("priority", written.place(), Criteria.ours(written.text())));
        match.source().ifPresent(source -> detection.text("source", source.place(), source.text()));
        compiled.selector()
                .where()
                .ifPresent(where ->
                        detection.text("where", match.outputFields().getFirst().place(), where.text()));
        return detection;
    }

    private static Yaml tags(Place place, List<String> together) {
        return together.size() == 1
                ? Sketch.text(place, together.getFirst())
                : new Yaml.Sequence(
                        place,
                        together.stream()
                                .<Yaml>map(tag -> Sketch.text(place, tag))
                                .toList());
    }

    private List<Yaml.Scalar> notifiers(TalonRule rule) {
        Set<String> seen = new HashSet<>();
        List<Yaml.Scalar> notifiers = new ArrayList<>();
        for (Yaml.Scalar notifier : rule.notifiers()) {
            if (!NOTIFIERS.contains(notifier.text())) {
                problems.unknown(notifier.place(), "notifier", notifier.text(), NOTIFIERS);
            } else if (seen.add(notifier.text())) {
                notifiers.add(notifier);
            }
        }
        return notifiers;
    }

    private List<Yaml> steps(TalonRule rule) {
        if (rule.actions().isEmpty()) {
            problems.error(rule.place(), "rule '" + rule.name() + "' without an action", "actions: [{action: NAME}]");
            return List.of();
        }
        Set<String> ids = new LinkedHashSet<>();
        List<Yaml> steps = new ArrayList<>();
        Optional<TalonAction> last = Optional.empty();
        List<Map.Entry<TalonAction, Actions.Step>> all = new ArrayList<>();
        for (TalonAction action : rule.actions()) {
            Problems own = new Problems();
            Optional<Actionner> actionner = actionner(action);
            if (actionner.isEmpty()) {
                continue;
            }
            // What nobody reaches is looked at all the same: a mistake in it is a mistake
            List<Actions.Step> translated = new Actions(rule, action, actionner.get(), own).steps();
            if (last.isEmpty()) {
                translated.forEach(step -> all.add(Map.entry(action, step)));
                problems.addAll(own);
            } else {
                own.all().stream().filter(problem -> problem.isError()).forEach(problems::add);
                problems.warning(
                        action.place(),
                        "action '" + action.name() + "' behind '" + last.get().name()
                                + "', which does not continue: it never runs, in Talon either",
                        "actions that can be reached; this one is left out",
                        "write continue: true for '" + last.get().name() + "', or remove this one");
            }
            if (last.isEmpty() && !action.continues().orElse(actionner.get().goesOn())) {
                last = Optional.of(action);
            }
        }
        for (Map.Entry<TalonAction, Actions.Step> one : all) {
            steps.add(step(one.getKey(), one.getValue(), all.size() > 1, ids));
        }
        return steps;
    }

    private static Yaml step(TalonAction action, Actions.Step step, boolean ofSeveral, Set<String> ids) {
        String id = unique(slug(action.name() + step.suffix(), "step"), ids);
        Sketch written = new Sketch(action.place())
                .text("id", action.place(), id)
                .put(step.type().verb(), step.parameters().toYaml());
        if (ofSeveral && step.type().lane() != Lane.CONTAINMENT) {
            written.word("lane", Lane.CONTAINMENT.display());
        }
        step.within().ifPresent(within -> written.word("within", within));
        if (action.ignoreErrors().orElse(false)) {
            written.word("onFailure", OnFailure.CONTINUE.display());
        }
        return written.toYaml();
    }

    private Optional<Actionner> actionner(TalonAction action) {
        if (action.actionner().isEmpty()) {
            problems.error(
                    action.place(),
                    "action '" + action.name() + "' without an actionner",
                    "actionner: " + Actionner.LABEL.word() + " or another, here or in an action of that name outside"
                            + " of rules");
            return Optional.empty();
        }
        Yaml.Scalar written = action.actionner().get();
        Optional<Actionner> known = Actionner.named(written.text());
        if (known.isEmpty()) {
            problems.unknown(written.place(), "actionner", written.text(), Actionner.words());
        }
        return known;
    }

    /** Small letters, digits and hyphens; {@code otherwise} when nothing of the name is left. */
    static String slug(String name, String otherwise) {
        String slug = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        slug = trimmed(slug.length() > 57 ? slug.substring(0, 57) : slug);
        return slug.isEmpty() ? otherwise : slug;
    }

    private static String trimmed(String slug) {
        int from = slug.startsWith("-") ? 1 : 0;
        int to = slug.length() > from && slug.endsWith("-") ? slug.length() - 1 : slug.length();
        return slug.substring(from, to);
    }

    private static String unique(String slug, Set<String> taken) {
        return Stream.iterate(1, n -> n + 1)
                .map(n -> n == 1 ? slug : slug + "-" + n)
                .filter(taken::add)
                .findFirst()
                .orElseThrow();
    }
}
