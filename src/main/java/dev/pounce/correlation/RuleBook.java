package dev.pounce.correlation;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * All that a correlator looks for.
 *
 * @param triggers in the order in which incidents name them; each name once
 */
public record RuleBook(List<Trigger> triggers) {

    public RuleBook {
        triggers = List.copyOf(triggers);
        Set<String> names = new HashSet<>();
        for (Trigger trigger : triggers) {
            // Two Drools rules of one name: the second silently replaces the first.
            if (!names.add(trigger.name())) {
                throw new IllegalArgumentException("two triggers named '" + trigger.name() + "'");
            }
        }
    }

    public static RuleBook of(Trigger... triggers) {
        return new RuleBook(List.of(triggers));
    }
}
