package dev.pounce.planning;

import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.detection.Priority;
import dev.pounce.source.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

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
        return new Reason(set.name(), words(set.trigger().pattern()), List.copyOf(fields));
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

    /** Such as {@code rule A, then rule B where proc.name = sh; within 5m, same container.id}. */
    static String words(Pattern pattern) {
        return switch (pattern) {
            case Pattern.One one -> words(one.selector());
            case Pattern.Any any -> "any of: " + words(any.selectors(), "; or ");
            case Pattern.All all ->
                "all of, in any order: " + words(all.selectors(), "; and ") + frame(all.within(), all.by());
            case Pattern.Sequence sequence ->
                "in this order: " + words(sequence.selectors(), "; then ") + frame(sequence.within(), sequence.by());
            case Pattern.Count count ->
                "at least " + count.atLeast() + " times: " + words(count.selector())
                        + frame(count.within(), count.by());
            case Pattern.ValueCount count ->
                "at least " + count.atLeast() + " different values of " + count.field() + ": " + words(count.selector())
                        + frame(count.within(), count.by());
            case Pattern.Absence absence ->
                words(absence.seen()) + "; and then not: " + words(absence.missing())
                        + frame(absence.within(), absence.by());
        };
    }

    private static String frame(Duration within, List<String> by) {
        return "; within " + DurationText.display(within) + (by.isEmpty() ? "" : ", same " + String.join(", ", by));
    }

    private static String words(List<Selector> selectors, String between) {
        return selectors.stream().map(Reason::words).collect(Collectors.joining(between));
    }

    private static String words(Selector selector) {
        List<String> words = new ArrayList<>();
        if (!selector.rules().isEmpty()) {
            words.add((selector.rules().size() == 1 ? "rule " : "one of the rules ")
                    + String.join(", ", selector.rules()));
        }
        if (!selector.tags().isEmpty()) {
            words.add("tagged "
                    + selector.tags().stream()
                            .map(all -> String.join(" and ", all))
                            .collect(Collectors.joining(", or ")));
        }
        if (!selector.priorities().isEmpty()) {
            words.add("priority "
                    + Arrays.stream(Priority.values())
                            .filter(selector.priorities()::contains)
                            .map(Priority::display)
                            .collect(Collectors.joining(", ")));
        }
        selector.source().ifPresent(source -> words.add("source " + source));
        selector.where().ifPresent(where -> words.add("where " + where.text().replaceAll("\\s+", " ")));
        return String.join(" ", words);
    }
}
