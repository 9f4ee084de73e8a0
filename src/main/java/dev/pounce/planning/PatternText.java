package dev.pounce.planning;

import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.detection.Priority;
import dev.pounce.source.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What an action set waits for, in words. */
public final class PatternText {

    private PatternText() {}

    /** Such as {@code a sequence of [rule A], then [rule B, where fd.sport = 22], within 5m, by container.id}. */
    public static String of(Pattern pattern) {
        return switch (pattern) {
            case Pattern.One one -> of(one.selector());
            case Pattern.Any any -> "any of " + list(any.selectors(), " or ");
            case Pattern.All all -> "all of " + list(all.selectors(), " and ") + window(all.within(), all.by());
            case Pattern.Sequence sequence ->
                "a sequence of " + list(sequence.selectors(), ", then ") + window(sequence.within(), sequence.by());
            case Pattern.Count count ->
                "at least " + count.atLeast() + " of [" + of(count.selector()) + "]"
                        + window(count.within(), count.by());
            case Pattern.ValueCount count ->
                "at least " + count.atLeast() + " different " + count.field() + " of [" + of(count.selector()) + "]"
                        + window(count.within(), count.by());
            case Pattern.Absence absence ->
                "[" + of(absence.seen()) + "] without [" + of(absence.missing()) + "]"
                        + window(absence.within(), absence.by());
        };
    }

    static String of(Selector selector) {
        List<String> criteria = new ArrayList<>();
        if (!selector.rules().isEmpty()) {
            criteria.add((selector.rules().size() == 1 ? "rule " : "one of the rules ")
                    + String.join(" | ", selector.rules()));
        }
        if (!selector.tags().isEmpty()) {
            criteria.add("tags "
                    + selector.tags().stream()
                            .map(tags -> String.join(" + ", tags))
                            .collect(Collectors.joining(" | ")));
        }
        if (!selector.priorities().isEmpty()) {
            criteria.add("priority "
                    + selector.priorities().stream()
                            .sorted()
                            .map(Priority::display)
                            .collect(Collectors.joining(" | ")));
        }
        selector.source().ifPresent(source -> criteria.add("source " + source));
        selector.where().ifPresent(where -> criteria.add("where " + where.text().replaceAll("\\s+", " ")));
        return String.join(", ", criteria);
    }

    private static String list(List<Selector> selectors, String between) {
        return selectors.stream().map(selector -> "[" + of(selector) + "]").collect(Collectors.joining(between));
    }

    private static String window(Duration within, List<String> by) {
        return ", within " + DurationText.display(within) + (by.isEmpty() ? "" : ", by " + String.join(" and ", by));
    }
}
