package dev.pounce.planning.talon;

import dev.pounce.source.Place;
import dev.pounce.source.Yaml;
import java.util.List;
import java.util.Optional;

/**
 * A rule as it is written: which events, and what is done about them.
 *
 * @param continues whether rules that were loaded later are looked at, too; empty for yes
 * @param matchMisspelt a key stands where {@code match} was meant, and was reported
 */
record TalonRule(
        String name,
        Place place,
        Optional<String> description,
        Optional<Boolean> continues,
        Optional<Boolean> dryRun,
        List<Yaml.Scalar> notifiers,
        Optional<TalonMatch> match,
        boolean matchMisspelt,
        List<TalonAction> actions) {

    TalonRule {
        notifiers = List.copyOf(notifiers);
        actions = List.copyOf(actions);
    }
}
