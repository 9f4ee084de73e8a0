package dev.pounce.detection.language;

import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import java.util.Optional;

/** The front door for a single condition, such as the {@code where} of an action set. */
public final class ConditionText {

    private ConditionText() {}

    /**
     * Compiles a condition without macros and lists.
     *
     * @param place where its text begins
     * @return empty when it has an error: then {@code problems} says which
     */
    public static <E> Optional<CompiledCondition<E>> compile(
            String text, Place place, FieldBinder<E> binder, Problems problems) {
        return compile(text, place, RuleSet.empty(), binder, problems);
    }

    /** The same with the macros and lists of rules. */
    public static <E> Optional<CompiledCondition<E>> compile(
            String text, Place place, RuleSet definitions, FieldBinder<E> binder, Problems problems) {
        Problems own = new Problems();
        SourceText source = definitions.withLists(SourceText.of(text, place));
        Optional<Expression> expression =
                ConditionParser.parse(source, own).map(parsed -> definitions.withMacros(parsed, own));
        Optional<CompiledCondition<E>> compiled = expression.map(it -> compile(it, binder, own));
        problems.addAll(own);
        return own.hasErrors() ? Optional.empty() : compiled;
    }

    static <E> CompiledCondition<E> compile(Expression expression, FieldBinder<E> binder, Problems problems) {
        ConditionCompiler<E> compiler = new ConditionCompiler<>(binder, problems);
        Condition<E> condition = compiler.compile(expression);
        return new CompiledCondition<>(condition, compiler.used(), compiler.unsupported());
    }
}
