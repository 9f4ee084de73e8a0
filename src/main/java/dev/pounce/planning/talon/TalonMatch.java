package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Yaml;
import java.util.List;
import java.util.Optional;

/** What a rule asks of an event, as it is written. A criterion that is empty is met by everything. */
record TalonMatch(
        Place place,
        List<Yaml.Scalar> rules,
        List<Yaml.Scalar> tags,
        List<Yaml.Scalar> outputFields,
        Optional<Yaml.Scalar> priority,
        Optional<Yaml.Scalar> source) {

    TalonMatch {
        rules = List.copyOf(rules);
        tags = List.copyOf(tags);
        outputFields = List.copyOf(outputFields);
    }

    boolean isEmpty() {
        return rules.isEmpty() && tags.isEmpty() && outputFields.isEmpty() && priority.isEmpty() && source.isEmpty();
    }
}
