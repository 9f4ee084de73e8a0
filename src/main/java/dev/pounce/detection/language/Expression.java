package dev.pounce.detection.language;

import dev.pounce.source.Place;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A condition as it was written: what {@link ConditionParser} reads and {@link ConditionCompiler} compiles. */
sealed interface Expression {

    record And(List<Expression> parts) implements Expression {
        public And {
            parts = List.copyOf(parts);
        }
    }

    record Or(List<Expression> parts) implements Expression {
        public Or {
            parts = List.copyOf(parts);
        }
    }

    record Not(Expression part) implements Expression {}

    /** A macro by its name, until it is replaced by its condition. */
    record MacroUse(String name, Spot spot) implements Expression {}

    record Check(Operand left, Operator operator, Operator.Modifier modifier, Right right, Spot spot)
            implements Expression {}

    /** A character of a text, as a place that is only worked out when somebody asks. */
    record Spot(SourceText source, int offset) {
        Place place() {
            return source.at(offset);
        }
    }

    /** Something that has a value in an event. */
    sealed interface Operand {
        Spot spot();

        record Field(FieldUse use, Spot spot) implements Operand {}

        record Transformed(
                String transformer,
                List<Operand> arguments,
                @Nullable String index,
                Spot spot) implements Operand {
            public Transformed {
                arguments = List.copyOf(arguments);
            }
        }

        record Text(String text, Spot spot) implements Operand {}

        record Listed(List<Operand> items, Spot spot) implements Operand {
            public Listed {
                items = List.copyOf(items);
            }
        }
    }

    /** What stands right of the operator. */
    sealed interface Right {
        /** Of {@code exists}. */
        record Nothing() implements Right {}

        record One(String text, Spot spot) implements Right {}

        record Many(List<One> values, Spot spot) implements Right {
            public Many {
                values = List.copyOf(values);
            }
        }

        /** A field within {@code val()}, or a transformer. */
        record Computed(Operand operand) implements Right {}
    }

    /** Shows every check of an expression, in the order in which they stand. */
    static void forEachCheck(Expression expression, Consumer<Check> consumer) {
        switch (expression) {
            case And and -> and.parts().forEach(part -> forEachCheck(part, consumer));
            case Or or -> or.parts().forEach(part -> forEachCheck(part, consumer));
            case Not not -> forEachCheck(not.part(), consumer);
            case Check check -> consumer.accept(check);
            case MacroUse ignored -> {}
        }
    }

    /** Shows every use of a field in an operand. */
    static void forEachField(Operand operand, Consumer<Operand.Field> consumer) {
        switch (operand) {
            case Operand.Field field -> consumer.accept(field);
            case Operand.Transformed transformed ->
                transformed.arguments().forEach(argument -> forEachField(argument, consumer));
            case Operand.Listed listed -> listed.items().forEach(item -> forEachField(item, consumer));
            case Operand.Text ignored -> {}
        }
    }
}
