package dev.pounce.planning.talon;

import dev.pounce.correlation.Selector;
import dev.pounce.detection.Detection;
import dev.pounce.detection.DetectionFields;
import dev.pounce.detection.language.ConditionText;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.planning.WhereCompiler;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Talon files written in a test, named {@code 1.yaml}, {@code 2.yaml}, … in their order. */
final class TalonText {

    static final WhereCompiler WHERE =
            (text, place, problems) -> ConditionText.compile(text, place, new DetectionFields(), problems)
                    .map(compiled -> new WhereCompiler.Compiled(
                            compiled.condition(),
                            compiled.fields().stream()
                                    .flatMap(use -> DetectionFields.carriedFor(use).stream())
                                    .map(FieldUse::toString)
                                    .collect(Collectors.toUnmodifiableSet())));

    private final Problems problems = new Problems();
    private final List<TalonRule> rules;

    private TalonText(String... files) {
        EntryReader reader = new EntryReader(problems);
        for (int i = 0; i < files.length; i++) {
            reader.read((i + 1) + ".yaml", files[i]);
        }
        rules = Merging.of(reader.shared(), reader.rules(), problems);
    }

    static TalonText of(String... files) {
        return new TalonText(files);
    }

    List<TalonRule> rules() {
        return rules;
    }

    TalonRule rule() {
        return rules.getFirst();
    }

    /** Of the first rule. */
    Selector selector() {
        return new Criteria(WHERE, problems)
                .of(rule())
                .orElseThrow(() -> new AssertionError(rendered()))
                .selector();
    }

    /** What is wrong once the first rule's match has been read, too. */
    List<String> problemsOfMatch() {
        new Criteria(WHERE, problems).of(rule());
        return rendered();
    }

    boolean answers(Detection detection) {
        return matches(selector(), detection);
    }

    /** Said again in the simplest way, so that a test does not need a correlator. */
    static boolean matches(Selector selector, Detection detection) {
        return (selector.rules().isEmpty() || selector.rules().contains(detection.rule()))
                && (selector.tags().isEmpty()
                        || selector.tags().stream()
                                .anyMatch(all -> Set.copyOf(detection.tags()).containsAll(all)))
                && (selector.priorities().isEmpty() || selector.priorities().contains(detection.priority()))
                && (selector.source().isEmpty() || selector.source().get().equals(detection.source()))
                && (selector.where().isEmpty()
                        || selector.where().get().condition().test(detection));
    }

    List<String> rendered() {
        return problems.all().stream().map(Problem::render).toList();
    }

    Problems problems() {
        return problems;
    }
}
