package dev.pounce.planning;

import dev.pounce.correlation.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Why an action set answers, in words that are kept: the set's file may be another by the time that somebody asks.
 *
 * @param when what had to happen
 * @param fields of detections that were looked at, in alphabetical order
 */
public record Reason(String actionSet, String when, List<String> fields) {

    public Reason {
        fields = List.copyOf(fields);
    }

    /** Made once for each set that is loaded. */
    static Reason of(ActionSet set) {
        Set<String> fields = new TreeSet<>(set.fieldsUsed());
        fields.addAll(keys(set.trigger().pattern()));
        return new Reason(set.name(), PatternText.of(set.trigger().pattern()), List.copyOf(fields));
    }

    private static List<String> keys(Pattern pattern) {
        return switch (pattern) {
            case Pattern.One one -> List.of();
            case Pattern.Any any -> List.of();
            case Pattern.All all -> all.by();
            case Pattern.Sequence sequence -> sequence.by();
            case Pattern.Count count -> count.by();
            case Pattern.ValueCount count -> {
                List<String> keys = new ArrayList<>(count.by());
                keys.add(count.field());
                yield keys;
            }
            case Pattern.Absence absence -> absence.by();
        };
    }
}
