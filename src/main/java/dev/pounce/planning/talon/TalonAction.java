package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Yaml;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An action as it is written: one that rules share, or one of a rule.
 *
 * @param parameters as they stand in the file; what they may be depends on the actionner
 * @param continues whether the actions behind it run, too; empty for the actionner's habit
 */
record TalonAction(
        String name,
        Place place,
        Optional<String> description,
        Optional<Yaml.Scalar> actionner,
        Map<String, Yaml.Entry> parameters,
        Optional<Boolean> continues,
        Optional<Boolean> ignoreErrors,
        List<Yaml.Scalar> contexts,
        Optional<Output> output) {

    /** Where an artifact goes. */
    record Output(Place place, Optional<Yaml.Scalar> target, Map<String, Yaml.Entry> parameters) {
        Output {
            parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        }
    }

    TalonAction {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        contexts = List.copyOf(contexts);
    }
}
