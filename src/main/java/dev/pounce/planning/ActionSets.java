package dev.pounce.planning;

import dev.pounce.correlation.RuleBook;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The action sets in force. Immutable; a change of files makes another. */
public final class ActionSets {

    private static final ActionSets NONE = new ActionSets(List.of());

    private final List<ActionSet> sets;
    private final Map<String, ActionSet> byName = new LinkedHashMap<>();
    private final Set<String> fieldsUsed = new TreeSet<>();

    /** @throws IllegalArgumentException if two have the same name */
    public ActionSets(List<ActionSet> sets) {
        this.sets = List.copyOf(sets);
        for (ActionSet set : sets) {
            ActionSet earlier = byName.put(set.name(), set);
            if (earlier != null) {
                throw new IllegalArgumentException(
                        "two action sets named '" + set.name() + "', at " + earlier.place() + " and " + set.place());
            }
            fieldsUsed.addAll(set.fieldsUsed());
        }
    }

    public static ActionSets none() {
        return NONE;
    }

    /** In the order in which they were loaded. */
    public List<ActionSet> all() {
        return sets;
    }

    public Optional<ActionSet> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Which fields detections must carry for the conditions of all sets, in alphabetical order. */
    public Set<String> fieldsUsed() {
        return new TreeSet<>(fieldsUsed);
    }

    /** What a correlator has to look for. */
    public RuleBook ruleBook() {
        return new RuleBook(sets.stream().map(ActionSet::trigger).toList());
    }
}
