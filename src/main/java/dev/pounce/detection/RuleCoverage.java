package dev.pounce.detection;

import dev.pounce.detection.language.FieldUse;
import dev.pounce.detection.language.Rule;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether a rule can fire here, so that none dies silently.
 *
 * @param unsupported fields its condition reads that no event here can supply
 * @param missingEvents event types it asks for by name that nothing here reports
 */
public record RuleCoverage(String rule, Fires fires, Set<String> unsupported, Set<String> missingEvents) {

    /** How much of what the rule's author meant can happen. */
    public enum Fires {
        FULLY,
        /** On some of its events, or with checks that are never true. */
        PARTLY,
        /** On none of its events. */
        NEVER
    }

    public RuleCoverage {
        unsupported = Set.copyOf(unsupported);
        missingEvents = Set.copyOf(missingEvents);
    }

    static RuleCoverage of(Rule rule, Set<FieldUse> unsupported, Set<String> reported) {
        Set<String> fields = new TreeSet<>();
        unsupported.forEach(field -> fields.add(field.toString()));
        Set<String> missing = rule.eventTypes().except()
                ? new TreeSet<>()
                : new TreeSet<>(rule.eventTypes().names());
        missing.removeAll(reported);
        boolean none = !rule.canFire(unsupported, reported);
        Fires fires = none ? Fires.NEVER : fields.isEmpty() && missing.isEmpty() ? Fires.FULLY : Fires.PARTLY;
        return new RuleCoverage(rule.name(), fires, fields, missing);
    }
}
