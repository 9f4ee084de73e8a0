package dev.pounce.planning;

import dev.pounce.action.ActionType;
import dev.pounce.action.Lane;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import dev.pounce.source.Yaml;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Reads {@code steps}. */
final class StepReader {

    static final List<String> KEYS = List.of("id", "after", "within", "lane", "onFailure", "ask");
    static final List<String> ASK_KEYS = List.of("of", "expires", "otherwise");
    static final List<String> VERBS =
            Stream.of(ActionType.values()).map(ActionType::verb).toList();
    static final List<String> LANES = ActionSetReader.displays(Lane.values(), Lane::display);
    static final List<String> OTHERWISE =
            ActionSetReader.displays(ActionSet.Otherwise.values(), ActionSetReader::lowerCase);

    static final Duration LONGEST_PATIENCE = Duration.ofHours(1);
    static final Duration LONGEST_ASK = Duration.ofDays(7);
    private static final Duration DEFAULT_ASK = Duration.ofMinutes(15);

    private final Problems problems;
    private final ParameterReader parameters;

    StepReader(Conditions conditions, Problems problems) {
        this.problems = problems;
        this.parameters = new ParameterReader(conditions, problems);
    }

    List<ActionSet.Step> read(Keys spec) {
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
        Map<String, Integer> lineOfId = new HashMap<>();
        List<ActionSet.Step> steps = new ArrayList<>();
        for (Keys step : mappings) {
            step(step, lineOfId, allIds).ifPresent(steps::add);
        }
        return steps;
    }

    private Optional<ActionSet.Step> step(Keys step, Map<String, Integer> lineOfId, Set<String> allIds) {
        Optional<Yaml.Scalar> id = step.requiredScalar("id", "a name for the step");
        Optional<ActionTemplate> action = action(step);
        Optional<Duration> within = step.duration("within", LONGEST_PATIENCE);
        Optional<Lane> lane = step.choice("lane", Lane::parse, LANES);
        Optional<OnFailure> onFailure = step.choice("onFailure", OnFailure::parse, ActionSetReader.ON_FAILURE);
        Optional<ActionSet.Ask> ask = step.inner("ask").flatMap(this::ask);
        List<String> after = new ArrayList<>();
        for (Yaml.Scalar earlier : step.words("after", "a list of ids of steps further up")) {
            after.add(earlier.text());
            if (!lineOfId.containsKey(earlier.text())) {
                reportNotFurtherUp(earlier, allIds);
            }
        }
        id.ifPresent(word -> {
            ActionSetReader.checkName(word, problems);
            Integer first = lineOfId.putIfAbsent(word.text(), word.place().line());
            if (first != null) {
                problems.error(
                        word.place(),
                        "a second step with the id '" + word.text() + "'",
                        "each id once; the first is at line " + first);
            }
        });
        return id.flatMap(word -> action.map(template -> new ActionSet.Step(
                word.text(),
                template,
                within.orElse(template.type().patience()),
                after,
                lane.orElse(template.type().lane()),
                onFailure,
                ask)));
    }

    private Optional<ActionSet.Ask> ask(Keys ask) {
        ask.only(ASK_KEYS);
        ask.demand("of", "a list of names of those who may say yes");
        problems.warning(
                ask.place(),
                "a step that asks first",
                "a step that does not: approval is not built yet, nobody could say yes",
                "it will be planned and refused; use mode: dry-run to see what it would do");
        List<String> of = ask.words("of", "a list of names of those who may say yes").stream()
                .map(Yaml.Scalar::text)
                .toList();
        Optional<Duration> expires = ask.duration("expires", LONGEST_ASK);
        Optional<ActionSet.Otherwise> otherwise = ask.choice(
                "otherwise", word -> ActionSetReader.constant(ActionSet.Otherwise.values(), word), OTHERWISE);
        return of.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new ActionSet.Ask(of, expires.orElse(DEFAULT_ASK), otherwise.orElse(ActionSet.Otherwise.SKIP)));
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
        List<String> verbs = new ArrayList<>();
        boolean unknown = false;
        for (Map.Entry<String, Yaml.Entry> entry : step.entries().entrySet()) {
            String key = entry.getKey();
            if (VERBS.contains(key)) {
                verbs.add(key);
            } else if (!KEYS.contains(key)) {
                reportUnknown(key, entry.getValue().place());
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
                problems.error(
                        step.place(),
                        "a step without an action",
                        "one, such as process.kill: {}",
                        "'pounce actions list' prints all");
            }
            return Optional.empty();
        }
        return ActionType.of(verbs.getFirst()).flatMap(type -> parameters.read(type, step));
    }

    private void reportUnknown(String key, Place place) {
        boolean isAction = key.contains(".")
                || (Spelling.closest(key, KEYS).isEmpty()
                        && Spelling.closest(key, VERBS).isPresent());
        if (!isAction) {
            problems.unknown(place, "key in a step:", key, KEYS);
            return;
        }
        String family = key.substring(0, Math.max(0, key.indexOf('.') + 1));
        List<String> related =
                VERBS.stream().filter(verb -> verb.startsWith(family)).toList();
        Optional<String> near = Spelling.closest(key, VERBS);
        if (!family.isEmpty() && !related.isEmpty() && near.isEmpty()) {
            problems.error(place, "unknown action '" + key + "'", "one of " + String.join(", ", related));
        } else {
            problems.unknown(place, "action", key, VERBS);
        }
    }
}
