package dev.pounce.replay;

import dev.pounce.detection.Detection;
import dev.pounce.detection.DetectionFields;
import dev.pounce.detection.language.CompiledCondition;
import dev.pounce.detection.language.ConditionText;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.WhereCompiler;
import dev.pounce.source.Problems;
import java.util.Optional;
import java.util.stream.Collectors;

/** Action sets for tests. */
final class Sets {

    private Sets() {}

    static ActionSets of(String yaml) {
        Problems problems = new Problems();
        ActionSets sets = new ActionSets(new ActionSetReader(where()).read("sets.yaml", yaml, problems));
        if (problems.hasErrors()) {
            throw new AssertionError(problems.all().toString());
        }
        return sets;
    }

    private static WhereCompiler where() {
        return (text, place, problems) -> {
            Optional<CompiledCondition<Detection>> compiled =
                    ConditionText.compile(text, place, RuleSet.empty(), new DetectionFields(), problems);
            return compiled.map(where -> new WhereCompiler.Compiled(
                    where.condition(),
                    where.fields().stream().map(FieldUse::toString).collect(Collectors.toUnmodifiableSet())));
        };
    }

    /** One set, by its {@code when}, its steps and its guards, in YAML's flow style. */
    static String set(String name, String mode, String when, String steps) {
        return """
                ---
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: %s }
                spec:
                  mode: %s
                  when: %s
                  steps: %s
                """.formatted(name, mode, when, steps);
    }
}
