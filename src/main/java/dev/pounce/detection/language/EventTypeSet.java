package dev.pounce.detection.language;

import dev.pounce.detection.language.Expression.Check;
import dev.pounce.detection.language.Expression.Operand;
import dev.pounce.detection.language.Expression.Right;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A set of event types: these, or all but these. Worked out from what a condition says of {@code evt.type};
 * any other check can be true of every type.
 *
 * @param except whether the names are those that do not belong
 */
public record EventTypeSet(boolean except, Set<String> names) {

    public static final EventTypeSet ALL = new EventTypeSet(true, Set.of());
    public static final EventTypeSet NONE = new EventTypeSet(false, Set.of());

    public EventTypeSet {
        names = Set.copyOf(names);
    }

    public boolean contains(String type) {
        return names.contains(type) != except;
    }

    public boolean containsAny(Set<String> types) {
        return types.stream().anyMatch(this::contains);
    }

    public EventTypeSet and(EventTypeSet other) {
        if (except && other.except) {
            return new EventTypeSet(true, union(names, other.names));
        }
        if (!except && !other.except) {
            Set<String> both = new HashSet<>(names);
            both.retainAll(other.names);
            return new EventTypeSet(false, both);
        }
        Set<String> rest = new HashSet<>(except ? other.names : names);
        rest.removeAll(except ? names : other.names);
        return new EventTypeSet(false, rest);
    }

    public EventTypeSet or(EventTypeSet other) {
        return not().and(other.not()).not();
    }

    public EventTypeSet not() {
        return new EventTypeSet(!except, names);
    }

    private static Set<String> union(Set<String> a, Set<String> b) {
        Set<String> all = new HashSet<>(a);
        all.addAll(b);
        return all;
    }

    static EventTypeSet of(Expression expression) {
        return of(expression, false);
    }

    /**
     * The types for which the expression (or its negation) can be true. Negation is carried down to the checks:
     * the complement of "can be true" is not "can be false".
     */
    private static EventTypeSet of(Expression expression, boolean negated) {
        return switch (expression) {
            case Expression.And and -> combined(and.parts(), negated, !negated);
            case Expression.Or or -> combined(or.parts(), negated, negated);
            case Expression.Not not -> of(not.part(), !negated);
            case Expression.MacroUse ignored -> ALL;
            case Check check -> of(check, negated);
        };
    }

    private static EventTypeSet combined(List<Expression> parts, boolean negated, boolean intersect) {
        EventTypeSet all = intersect ? ALL : NONE;
        for (Expression part : parts) {
            EventTypeSet types = of(part, negated);
            all = intersect ? all.and(types) : all.or(types);
        }
        return all;
    }

    private static EventTypeSet of(Check check, boolean negated) {
        if (!(check.left() instanceof Operand.Field field)) {
            return ALL;
        }
        if (field.use().name().equals("evt.num") && isNever(check)) {
            return negated ? ALL : NONE;
        }
        if (!field.use().name().equals("evt.type") || check.modifier() != Operator.Modifier.NONE) {
            return ALL;
        }
        EventTypeSet named =
                switch (check.right()) {
                    case Right.One one -> new EventTypeSet(false, Set.of(one.text()));
                    case Right.Many many ->
                        new EventTypeSet(
                                false,
                                new HashSet<>(many.values().stream()
                                        .map(Right.One::text)
                                        .toList()));
                    case Right.Nothing ignored -> ALL;
                    case Right.Computed ignored -> ALL;
                };
        if (named.equals(ALL)) {
            return ALL;
        }
        return switch (check.operator()) {
            case EQUAL, IN, INTERSECTS -> negated ? named.not() : named;
            case NOT_EQUAL -> negated ? named : named.not();
            default -> ALL;
        };
    }

    /** {@code evt.num = 0}: the way to write "never", events are numbered from 1. */
    private static boolean isNever(Check check) {
        return check.operator() == Operator.EQUAL
                && check.modifier() == Operator.Modifier.NONE
                && check.right() instanceof Right.One one
                && one.text().equals("0");
    }
}
