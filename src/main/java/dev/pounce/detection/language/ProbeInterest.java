package dev.pounce.detection.language;

import dev.pounce.detection.language.Expression.Check;
import dev.pounce.detection.language.Expression.Operand;
import dev.pounce.detection.language.Expression.Right;
import dev.pounce.probe.ProbeFilter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Works out what a set of rules can match at all, so that the probe may drop the rest in the kernel. Sound: when a
 * rule's condition is true of an event, the filter lets the event through. Where a condition says too little, the
 * filter is wider than it need be, never narrower.
 *
 * <p>A condition is read as a fact about the events of which it is true. For opens the fact is a set of names, one
 * of which has to be a whole component of the path: a conjunction may take either side's, a disjunction needs both;
 * a negation is carried down to the checks, where it says nothing of names.
 */
public final class ProbeInterest {

    private static final Set<String> OPENS = Set.of("open", "openat", "openat2", "creat");
    private static final Set<String> EXECS = Set.of("execve", "execveat");
    private static final Set<String> CONNECTS = Set.of("connect");

    /** More names than this and the kernel's table is no gain any more. */
    private static final int MAX_NAMES = 512;

    private ProbeInterest() {}

    public static ProbeFilter of(RuleSet rules) {
        Set<String> names = new HashSet<>();
        boolean opens = false;
        boolean everyOpen = false;
        boolean failedOpens = false;
        boolean failedExecs = false;
        boolean connects = false;
        boolean unixConnects = false;
        for (Rule rule : rules.enabledRules()) {
            if (!rule.source().equals("syscall")) {
                continue;
            }
            Expression condition = rule.condition();
            if (isPossible(condition, OPENS)) {
                opens = true;
                failedOpens |= !implies(condition, ProbeInterest::saysSuccessOfOpen);
                Optional<Set<String>> own = names(condition, false, OPENS);
                if (own.isPresent()) {
                    names.addAll(own.get());
                } else {
                    everyOpen = true;
                }
            }
            if (isPossible(condition, EXECS)) {
                failedExecs |= !implies(condition, ProbeInterest::saysSuccess);
            }
            if (isPossible(condition, CONNECTS)) {
                connects = true;
                unixConnects |= !implies(condition, ProbeInterest::saysNotUnix);
            }
        }
        everyOpen |= names.size() > MAX_NAMES;
        return new ProbeFilter(
                opens, everyOpen ? Set.of() : names, everyOpen, failedOpens, failedExecs, connects, unixConnects);
    }

    private static boolean isPossible(Expression condition, Set<String> types) {
        return EventTypeSet.of(condition).containsAny(types);
    }

    // names of opened files

    /**
     * Names of which one has to be in the path of every open that makes the expression (or its negation) true.
     * An empty set: no open does. Nothing: it does not say.
     */
    private static Optional<Set<String>> names(Expression expression, boolean negated, Set<String> types) {
        EventTypeSet able = negated ? EventTypeSet.of(new Expression.Not(expression)) : EventTypeSet.of(expression);
        if (!able.containsAny(types)) {
            return Optional.of(Set.of());
        }
        return switch (expression) {
            case Expression.And and -> negated ? either(and.parts(), true, types) : all(and.parts(), false, types);
            case Expression.Or or -> negated ? all(or.parts(), true, types) : either(or.parts(), false, types);
            case Expression.Not not -> names(not.part(), !negated, types);
            case Expression.MacroUse ignored -> Optional.empty();
            case Check check -> negated ? Optional.empty() : names(check);
        };
    }

    /** All parts are true: the names of any one of them will do, the fewest are best. */
    private static Optional<Set<String>> all(List<Expression> parts, boolean negated, Set<String> types) {
        Set<String> best = null;
        for (Expression part : parts) {
            Optional<Set<String>> names = names(part, negated, types);
            if (names.isPresent() && (best == null || names.get().size() < best.size())) {
                best = names.get();
            }
        }
        return Optional.ofNullable(best);
    }

    /** At least one part is true: the names of all of them. */
    private static Optional<Set<String>> either(List<Expression> parts, boolean negated, Set<String> types) {
        Set<String> union = new HashSet<>();
        for (Expression part : parts) {
            Optional<Set<String>> names = names(part, negated, types);
            if (names.isEmpty()) {
                return Optional.empty();
            }
            union.addAll(names.get());
        }
        return Optional.of(union);
    }

    private static Optional<Set<String>> names(Check check) {
        if (!(check.left() instanceof Operand.Field field)) {
            return Optional.empty();
        }
        List<String> values = values(check.right());
        if (values == null) {
            return Optional.empty();
        }
        if (check.modifier() == Operator.Modifier.ALLOF && !values.isEmpty()) {
            values = List.of(values.getFirst()); // each of them has to match, so the first one does
        }
        if (check.operator() == Operator.NOT_EQUAL) {
            return Optional.empty();
        }
        Set<String> names = new HashSet<>();
        for (String value : values) {
            String name =
                    switch (field.use().toString()) {
                        case "fd.name" -> nameInPath(check.operator(), value);
                        case "fd.directory" -> nameInDirectory(check.operator(), value);
                        case "fd.filename" -> isExact(check.operator()) ? component(value) : null;
                        default -> null;
                    };
            if (name == null) {
                return Optional.empty();
            }
            names.add(name);
        }
        return Optional.of(names);
    }

    private static boolean isExact(Operator operator) {
        return operator == Operator.EQUAL || operator == Operator.IN || operator == Operator.INTERSECTS;
    }

    private static @Nullable List<String> values(Right right) {
        return switch (right) {
            case Right.One one -> List.of(one.text());
            case Right.Many many -> many.values().stream().map(Right.One::text).toList();
            case Right.Nothing ignored -> null;
            case Right.Computed ignored -> null;
        };
    }

    private static @Nullable String nameInPath(Operator operator, String value) {
        return switch (operator) {
            case EQUAL, IN, INTERSECTS -> best(between(value, true, true));
            case STARTS_WITH -> best(between(value, value.startsWith("/"), false));
            case ENDS_WITH -> best(between(value, false, true));
            case CONTAINS -> best(between(value, false, false));
            case PMATCH -> Glob.isPattern(value) ? best(literalComponents(value)) : best(between(value, true, true));
            case GLOB -> best(wholeComponentsOfGlob(value));
            default -> null;
        };
    }

    /** {@code fd.directory} is the path without its last component; for a file in the root it is the root. */
    private static @Nullable String nameInDirectory(Operator operator, String value) {
        return operator == Operator.ENDS_WITH
                        || operator == Operator.CONTAINS
                        || operator == Operator.STARTS_WITH
                        || operator == Operator.EQUAL
                        || operator == Operator.IN
                        || operator == Operator.INTERSECTS
                        || operator == Operator.PMATCH
                ? nameInPath(operator, value)
                : null;
    }

    /**
     * The components of a piece of a path that are whole: those between two slashes, and those at an end of the
     * piece that is an end of the path.
     */
    private static List<String> between(String piece, boolean fromStart, boolean toEnd) {
        List<String> whole = new ArrayList<>();
        int start = 0;
        while (start <= piece.length()) {
            int slash = piece.indexOf('/', start);
            int end = slash < 0 ? piece.length() : slash;
            boolean leftIsWhole = start > 0 || fromStart;
            boolean rightIsWhole = slash >= 0 || toEnd;
            if (end > start && leftIsWhole && rightIsWhole) {
                whole.add(piece.substring(start, end));
            }
            start = end + 1;
        }
        return whole;
    }

    private static List<String> literalComponents(String path) {
        return PathPrefixes.components(path).stream()
                .filter(component -> !Glob.isPattern(component) && component.indexOf('\\') < 0)
                .toList();
    }

    /**
     * Whole components that stand in a glob as they are. A star crosses slashes, a set may contain one: what is
     * next to either is not whole.
     */
    private static List<String> wholeComponentsOfGlob(String glob) {
        if (glob.indexOf('[') >= 0 || glob.indexOf('\\') >= 0) {
            return List.of();
        }
        List<String> whole = new ArrayList<>();
        for (String component : between(glob, true, true)) {
            if (component.indexOf('*') < 0 && component.indexOf('?') < 0) {
                whole.add(component);
            }
        }
        return whole;
    }

    /** The last one: names at the top of the tree, such as {@code etc}, are in too many paths. */
    private static @Nullable String best(List<String> components) {
        for (int i = components.size() - 1; i >= 0; i--) {
            String name = component(components.get(i));
            if (name != null) {
                return name;
            }
        }
        return null;
    }

    /** Null for what never is a component of a path that the kernel has resolved. */
    private static @Nullable String component(String name) {
        boolean usable = !name.isEmpty() && !name.equals(".") && !name.equals("..") && name.indexOf('/') < 0;
        return usable ? name : null;
    }

    // facts that every matching event has

    private interface Fact {
        boolean isSaidBy(Check check, boolean negated);
    }

    /** Whether the condition can only be true of events that have the fact. */
    private static boolean implies(Expression condition, Fact fact) {
        return implies(condition, false, fact);
    }

    private static boolean implies(Expression expression, boolean negated, Fact fact) {
        return switch (expression) {
            case Expression.And and ->
                negated
                        ? and.parts().stream().allMatch(part -> implies(part, true, fact))
                        : and.parts().stream().anyMatch(part -> implies(part, false, fact));
            case Expression.Or or ->
                negated
                        ? or.parts().stream().anyMatch(part -> implies(part, true, fact))
                        : or.parts().stream().allMatch(part -> implies(part, false, fact));
            case Expression.Not not -> implies(not.part(), !negated, fact);
            case Expression.MacroUse ignored -> false;
            case Check check -> fact.isSaidBy(check, negated);
        };
    }

    private static boolean saysSuccessOfOpen(Check check, boolean negated) {
        return saysSuccess(check, negated) || (!negated && isNumberAtLeast(check, "fd.num", 0));
    }

    private static boolean saysSuccess(Check check, boolean negated) {
        if (!(check.left() instanceof Operand.Field field) || check.modifier() != Operator.Modifier.NONE) {
            return false;
        }
        String value = check.right() instanceof Right.One one ? one.text() : "";
        boolean equal = check.operator() == Operator.EQUAL;
        return switch (field.use().name()) {
            case "evt.res" -> !negated && equal && value.equals("SUCCESS");
            case "evt.failed" ->
                !negated
                        && ((equal && value.equals("false"))
                                || (check.operator() == Operator.NOT_EQUAL && value.equals("true")));
            case "evt.rawres" -> !negated && isNumberAtLeast(check, "evt.rawres", 0);
            default -> false;
        };
    }

    private static boolean isNumberAtLeast(Check check, String name, long least) {
        if (!(check.left() instanceof Operand.Field field)
                || !field.use().toString().equals(name)
                || check.modifier() != Operator.Modifier.NONE
                || !(check.right() instanceof Right.One one)) {
            return false;
        }
        Long number = Tests.integer(one.text(), FieldType.INT64);
        if (number == null) {
            return false;
        }
        return switch (check.operator()) {
            case EQUAL, GREATER_OR_EQUAL -> number >= least;
            case GREATER -> number >= least - 1;
            default -> false;
        };
    }

    /** Whether a check can only be true of connections of the internet. */
    private static boolean saysNotUnix(Check check, boolean negated) {
        if (negated || !(check.left() instanceof Operand.Field field) || check.operator() == Operator.EXISTS) {
            return false;
        }
        List<String> values = values(check.right());
        return switch (field.use().name()) {
            case "fd.typechar" -> isExact(check.operator()) && values != null && !values.contains("u");
            case "fd.type" -> isExact(check.operator()) && values != null && !values.contains("unix");
            case "fd.sockfamily" -> isExact(check.operator()) && values != null && !values.contains("unix");
            // a check of a value that a unix socket does not have is false of it, whatever it says
            case "fd.sip",
                    "fd.cip",
                    "fd.lip",
                    "fd.rip",
                    "fd.ip",
                    "fd.net",
                    "fd.snet",
                    "fd.cnet",
                    "fd.lnet",
                    "fd.rnet",
                    "fd.sport",
                    "fd.cport",
                    "fd.lport",
                    "fd.rport",
                    "fd.port" -> true;
            default -> false;
        };
    }
}
