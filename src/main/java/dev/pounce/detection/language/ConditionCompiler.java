package dev.pounce.detection.language;

import dev.pounce.detection.language.Expression.Check;
import dev.pounce.detection.language.Expression.Operand;
import dev.pounce.detection.language.Expression.Right;
import dev.pounce.detection.language.Expression.Spot;
import dev.pounce.detection.language.FieldBinder.Extractor;
import dev.pounce.detection.language.FieldInfo.Trait;
import dev.pounce.detection.language.Tests.Test;
import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks a condition as Falco does when it loads one, and turns it into something that runs. A value that an
 * event does not have makes its check false, whatever the operator; only {@code not} makes that true.
 */
final class ConditionCompiler<E> {

    private static final Set<Operator> ON_TEXT =
            EnumSet.complementOf(EnumSet.of(Operator.BCONTAINS, Operator.BSTARTS_WITH));
    private static final Set<Operator> ON_NUMBERS = EnumSet.of(
            Operator.EXISTS,
            Operator.EQUAL,
            Operator.NOT_EQUAL,
            Operator.LESS,
            Operator.LESS_OR_EQUAL,
            Operator.GREATER,
            Operator.GREATER_OR_EQUAL,
            Operator.IN,
            Operator.INTERSECTS);
    private static final Set<Operator> ON_EQUALITY =
            EnumSet.of(Operator.EXISTS, Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.INTERSECTS);
    private static final Set<Operator> ON_BUFFERS = EnumSet.of(
            Operator.EXISTS,
            Operator.EQUAL,
            Operator.NOT_EQUAL,
            Operator.CONTAINS,
            Operator.IN,
            Operator.STARTS_WITH,
            Operator.ENDS_WITH,
            Operator.INTERSECTS,
            Operator.BCONTAINS,
            Operator.BSTARTS_WITH);
    private static final Set<Operator> ON_LISTS = EnumSet.of(Operator.EXISTS, Operator.IN, Operator.INTERSECTS);
    private static final Set<Operator> ON_NOTHING = EnumSet.of(Operator.EXISTS);

    private final FieldBinder<E> binder;
    private final Problems problems;
    private final Set<FieldUse> used = new LinkedHashSet<>();
    private final Set<FieldUse> unsupported = new LinkedHashSet<>();

    ConditionCompiler(FieldBinder<E> binder, Problems problems) {
        this.binder = binder;
        this.problems = problems;
    }

    Set<FieldUse> used() {
        return used;
    }

    Set<FieldUse> unsupported() {
        return unsupported;
    }

    /** Always an answer: what cannot be compiled was reported and is never true. */
    Condition<E> compile(Expression expression) {
        return switch (expression) {
            case Expression.And and -> new Every<>(compileAll(and.parts()));
            case Expression.Or or -> new Some<>(compileAll(or.parts()));
            case Expression.Not not -> {
                Condition<E> part = compile(not.part());
                yield event -> !part.test(event);
            }
            case Expression.MacroUse macro -> {
                problems.error(macro.spot().place(), "unknown macro '" + macro.name() + "'", "a macro defined before");
                yield event -> false;
            }
            case Check check -> compile(check);
        };
    }

    private List<Condition<E>> compileAll(List<Expression> parts) {
        return parts.stream().map(this::compile).toList();
    }

    private static final class Every<E> implements Condition<E> {
        private final Condition<E>[] parts;

        Every(List<Condition<E>> parts) {
            this.parts = array(parts);
        }

        @Override
        public boolean test(E event) {
            for (Condition<E> part : parts) {
                if (!part.test(event)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final class Some<E> implements Condition<E> {
        private final Condition<E>[] parts;

        Some(List<Condition<E>> parts) {
            this.parts = array(parts);
        }

        @Override
        public boolean test(E event) {
            for (Condition<E> part : parts) {
                if (part.test(event)) {
                    return true;
                }
            }
            return false;
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type that never leaves its owner
    private static <E> Condition<E>[] array(List<Condition<E>> parts) {
        return parts.toArray(new Condition[0]);
    }

    /** One value an event may have, and what is known of it when rules are loaded. */
    private record Value<E>(
            String name,
            FieldType type,
            boolean list,
            Set<Trait> traits,
            @Nullable FieldInfo plainField,
            Extractor<E> extractor) {

        boolean has(Trait trait) {
            return traits.contains(trait);
        }

        boolean isEventType() {
            return plainField != null && ConditionCompiler.isEventType(plainField);
        }
    }

    private static boolean isEventType(FieldInfo field) {
        return field.name().equals("evt.type") || field.name().equals("syscall.type");
    }

    private Condition<E> compile(Check check) {
        Condition<E> never = event -> false;
        Value<E> left = value(check.left());
        if (left == null) {
            return never;
        }
        Operator operator = check.operator();
        Set<Operator> allowed = allowed(left);
        if (!allowed.contains(operator)) {
            problems.error(
                    check.spot().place(),
                    "operator '" + operator.word() + "' on '" + left.name() + "', which is "
                            + (left.list() ? "a list" : describe(left.type())),
                    "one of "
                            + String.join(
                                    ", ", allowed.stream().map(Operator::word).toList()));
            return never;
        }
        Extractor<E> extractor = left.extractor();
        return switch (check.right()) {
            case Right.Nothing ignored ->
                event -> {
                    Object value = extractor.extract(event);
                    return value != null
                            && !(left.has(Trait.ANCESTORS) && List.of().equals(value));
                };
            case Right.One one -> constants(left, check, List.of(one));
            case Right.Many many -> constants(left, check, many.values());
            case Right.Computed computed -> compare(left, check, computed.operand());
        };
    }

    private static Set<Operator> allowed(Value<?> value) {
        if (value.list()) {
            return ON_LISTS;
        }
        return switch (value.type()) {
            case STRING -> ON_TEXT;
            case BUFFER -> ON_BUFFERS;
            case BOOL, IP, NET -> ON_EQUALITY;
            case INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, DOUBLE, PORT -> ON_NUMBERS;
            case OPAQUE, RAW -> ON_NOTHING;
        };
    }

    private static String describe(FieldType type) {
        return switch (type) {
            case STRING -> "a text";
            case BUFFER -> "a buffer";
            case BOOL -> "true or false";
            case INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, DOUBLE -> "a number";
            case PORT -> "a port";
            case IP -> "an address";
            case NET -> "an address to compare with networks";
            case OPAQUE, RAW -> "not comparable";
        };
    }

    private Condition<E> constants(Value<E> left, Check check, List<Right.One> constants) {
        if (left.isEventType()) {
            for (Right.One constant : constants) {
                if (!EventTypes.names().contains(constant.text()) && isExact(check.operator())) {
                    problems.unknown(constant.spot().place(), "event type", constant.text(), EventTypes.names());
                }
            }
        }
        Test test = Tests.of(left.type(), check.operator(), check.modifier(), constants, problems);
        if (test == null) {
            return event -> false;
        }
        Extractor<E> extractor = left.extractor();
        if (left.has(Trait.BOTH_ENDS)) {
            return bothEnds(left, check, test);
        }
        if (left.list()) {
            return check.operator() == Operator.IN
                    ? event -> extractor.extract(event) instanceof List<?> list && all(list, test)
                    : event -> extractor.extract(event) instanceof List<?> list && any(list, test);
        }
        if (left.has(Trait.ANCESTORS)) {
            return event -> {
                Object value = extractor.extract(event);
                return value instanceof List<?> list ? any(list, test) : value != null && test.test(value);
            };
        }
        return event -> {
            Object value = extractor.extract(event);
            return value != null && test.test(value);
        };
    }

    private static boolean isExact(Operator operator) {
        return operator == Operator.EQUAL || operator == Operator.NOT_EQUAL || operator == Operator.IN;
    }

    private Condition<E> bothEnds(Value<E> left, Check check, Test test) {
        Extractor<E> extractor = left.extractor();
        if (left.type() == FieldType.IP && check.operator() == Operator.IN) {
            problems.warning(
                    check.spot().place(),
                    "'fd.ip in (...)', which is never true (nor is it in Falco)",
                    "fd.ip with = or !=",
                    "compare fd.sip or fd.cip with the list, or fd.net");
            return event -> false;
        }
        boolean both = check.operator() == Operator.NOT_EQUAL;
        return event -> {
            Object value = extractor.extract(event);
            if (value instanceof List<?> list) {
                return both ? !list.isEmpty() && all(list, test) : any(list, test);
            }
            return value != null && test.test(value);
        };
    }

    private static boolean any(List<?> list, Test test) {
        for (Object item : list) {
            if (item != null && test.test(item)) {
                return true;
            }
        }
        return false;
    }

    private static boolean all(List<?> list, Test test) {
        for (Object item : list) {
            if (item == null || !test.test(item)) {
                return false;
            }
        }
        return true;
    }

    private Condition<E> compare(Value<E> left, Check check, Operand operand) {
        Condition<E> never = event -> false;
        Value<E> right;
        boolean plain = false;
        if (operand instanceof Operand.Transformed transformed
                && transformed.transformer().equals("val")) {
            plain = true;
            if (transformed.arguments().size() != 1) {
                problems.error(operand.spot().place(), "val() of several fields", "val(field)");
                return never;
            }
            right = value(transformed.arguments().getFirst());
        } else {
            right = value(operand);
        }
        if (right == null) {
            return never;
        }
        if (left.isEventType() || (plain && right.isEventType() && left.isEventType())) {
            problems.error(
                    check.spot().place(),
                    "'" + left.name() + "' compared with something that is not constant",
                    "the names of events, so that the rule can be kept away from all other events");
            return never;
        }
        if (left.has(Trait.NO_RIGHT_SIDE)) {
            problems.error(check.spot().place(), "'" + left.name() + "' compared with a field", "constants only");
            return never;
        }
        if (right.has(Trait.NO_RIGHT_SIDE)) {
            problems.error(
                    operand.spot().place(), "'" + right.name() + "' right of an operator", "a field with one value");
            return never;
        }
        Operator operator = check.operator();
        if (operator == Operator.PMATCH || operator == Operator.REGEX) {
            problems.error(
                    check.spot().place(), "operator '" + operator.word() + "' with a field on its right", "constants");
            return never;
        }
        if (left.type() != right.type()) {
            problems.error(
                    check.spot().place(),
                    "'" + left.name() + "' (" + describe(left.type()) + ", " + left.type() + ") compared with '"
                            + right.name() + "' (" + describe(right.type()) + ", " + right.type() + ")",
                    "two of the same type");
            return never;
        }
        Extractor<E> leftExtractor = left.extractor();
        Extractor<E> rightExtractor = right.extractor();
        FieldType type = left.type();
        return event -> {
            Object leftValue = leftExtractor.extract(event);
            if (leftValue == null) {
                return false;
            }
            Object rightValue = rightExtractor.extract(event);
            return rightValue != null && holds(type, operator, leftValue, rightValue);
        };
    }

    private static boolean holds(FieldType type, Operator operator, Object left, Object right) {
        if (left instanceof List<?> list) {
            Set<?> members = right instanceof List<?> many ? Set.copyOf(many) : Set.of(right);
            return operator == Operator.IN
                    ? members.containsAll(list)
                    : list.stream().anyMatch(members::contains);
        }
        if (right instanceof List<?> list) {
            return list.contains(left);
        }
        if (left instanceof Long a && right instanceof Long b) {
            return Tests.ordered(operator, type.isSigned() ? Long.compare(a, b) : Long.compareUnsigned(a, b));
        }
        if (left instanceof Number a && right instanceof Number b) {
            return Tests.ordered(operator, Double.compare(a.doubleValue(), b.doubleValue()));
        }
        if (left instanceof String a && right instanceof String b) {
            return switch (operator) {
                case CONTAINS -> a.contains(b);
                case ICONTAINS -> Tests.containsIgnoringCase(a, Tests.lowerCase(b));
                case STARTS_WITH -> a.startsWith(b);
                case ENDS_WITH -> a.endsWith(b);
                case GLOB -> Glob.compile(b, false).matches(a);
                case IGLOB -> Glob.compile(b, true).matches(a);
                default -> Tests.ordered(operator, Tests.compareBytes(a, b));
            };
        }
        return operator == Operator.NOT_EQUAL ? !left.equals(right) : left.equals(right);
    }

    /** The value of an operand in an output; what is wrong with it was reported and is always missing. */
    Extractor<E> extractor(Operand operand) {
        Value<E> value = value(operand);
        return value == null ? event -> null : value.extractor();
    }

    /** Null when it is wrong: then it was reported. */
    private @Nullable Value<E> value(Operand operand) {
        return switch (operand) {
            case Operand.Field field -> field(field);
            case Operand.Transformed transformed -> transformed(transformed);
            case Operand.Text text -> {
                String constant = text.text();
                yield new Value<>("\"" + constant + "\"", FieldType.STRING, false, Set.of(), null, event -> constant);
            }
            case Operand.Listed listed -> {
                problems.error(listed.spot().place(), "a list of values", "a list only in join() and getopt()");
                yield null;
            }
        };
    }

    private @Nullable Value<E> field(Operand.Field field) {
        Optional<FieldType> own = binder.ownType(field.use());
        if (own.isPresent()) {
            used.add(field.use());
            return new Value<>(field.use().toString(), own.get(), false, Set.of(), null, extractor(field.use()));
        }
        switch (FieldTable.resolve(field.use())) {
            case FieldTable.Resolution.Wrong wrong -> {
                unknown(field.spot(), wrong);
                return null;
            }
            case FieldTable.Resolution.Known known -> {
                FieldInfo info = known.info();
                used.add(field.use());
                return new Value<>(
                        field.use().toString(), info.type(), info.list(), info.traits(), info, extractor(field.use()));
            }
        }
    }

    private void unknown(Spot spot, FieldTable.Resolution.Wrong wrong) {
        Optional<String> near = wrong.unknownName() == null
                ? Optional.empty()
                : Spelling.closest(wrong.unknownName(), FieldTable.candidates());
        near.ifPresentOrElse(
                name -> problems.error(spot.place(), wrong.found(), wrong.expected(), "did you mean '" + name + "'?"),
                () -> problems.error(spot.place(), wrong.found(), wrong.expected()));
    }

    private Extractor<E> extractor(FieldUse use) {
        Optional<Extractor<E>> bound = bind(binder, use);
        if (bound.isEmpty()) {
            unsupported.add(use);
            return event -> null;
        }
        return bound.get();
    }

    /** Asks the binder, in other words too: {@code evt.arg[name]} is {@code evt.arg.name}. */
    static <E> Optional<Extractor<E>> bind(FieldBinder<E> binder, FieldUse use) {
        Optional<Extractor<E>> bound = binder.bind(use);
        if (bound.isPresent()) {
            return bound;
        }
        String argument = use.argument();
        if (argument == null) {
            return derived(binder, use.name());
        }
        boolean dotted = use.name().equals("evt.arg") || use.name().equals("evt.rawarg");
        return dotted ? binder.bind(new FieldUse(use.name() + "." + argument, null)) : Optional.empty();
    }

    /** Fields of connections that are others by another name. */
    private static <E> Optional<Extractor<E>> derived(FieldBinder<E> binder, String name) {
        return switch (name) {
            case "fd.cnet" -> binder.bind(new FieldUse("fd.cip", null));
            case "fd.snet" -> binder.bind(new FieldUse("fd.sip", null));
            case "fd.lnet" -> binder.bind(new FieldUse("fd.lip", null));
            case "fd.rnet" -> binder.bind(new FieldUse("fd.rip", null));
            case "fd.ip", "fd.net" -> bothOf(binder, "fd.cip", "fd.sip");
            case "fd.port", "fd.proto" -> bothOf(binder, "fd.cport", "fd.sport");
            default -> Optional.empty();
        };
    }

    private static <E> Optional<Extractor<E>> bothOf(FieldBinder<E> binder, String client, String server) {
        Optional<Extractor<E>> first = binder.bind(new FieldUse(client, null));
        Optional<Extractor<E>> second = binder.bind(new FieldUse(server, null));
        if (first.isEmpty() || second.isEmpty()) {
            return first.isPresent() ? first : second;
        }
        Extractor<E> one = first.get();
        Extractor<E> other = second.get();
        return Optional.of(event -> {
            Object a = one.extract(event);
            Object b = other.extract(event);
            return a == null ? b : b == null ? a : List.of(a, b);
        });
    }

    private @Nullable Value<E> transformed(Operand.Transformed transformed) {
        String name = transformed.transformer();
        Spot spot = transformed.spot();
        List<Operand> arguments = transformed.arguments();
        if (transformed.index() != null && !name.equals("getopt")) {
            problems.error(spot.place(), name + "(...)[...]", "brackets only behind getopt()");
            return null;
        }
        return switch (name) {
            case "join" -> join(transformed);
            case "concat" -> concat(transformed);
            case "getopt" -> getopt(transformed);
            case "val" -> {
                problems.error(spot.place(), "val() within a transformer", "val(field) right of an operator");
                yield null;
            }
            default -> {
                if (arguments.size() != 1) {
                    problems.error(
                            spot.place(), name + "() of " + arguments.size() + " values", name + "() of one value");
                    yield null;
                }
                Value<E> argument = transformable(arguments.getFirst());
                yield argument == null ? null : unary(name, argument, spot);
            }
        };
    }

    /** A value within a transformer. */
    private @Nullable Value<E> transformable(Operand operand) {
        Value<E> value = value(operand);
        if (value == null) {
            return null;
        }
        if (value.has(Trait.NO_TRANSFORMER)) {
            problems.error(operand.spot().place(), "'" + value.name() + "' within a transformer", "another field");
            return null;
        }
        if (value.isEventType()) {
            problems.error(
                    operand.spot().place(),
                    "'" + value.name() + "' within a transformer",
                    "the type of the event as it is, so that the rule can be kept away from all other events");
            return null;
        }
        return value;
    }

    private @Nullable Value<E> unary(String name, Value<E> argument, Spot spot) {
        boolean text = argument.type() == FieldType.STRING;
        boolean buffer = argument.type() == FieldType.BUFFER;
        boolean fits = name.equals("len") ? text || buffer || argument.list() : text || (buffer && name.equals("b64"));
        if (!fits) {
            problems.error(
                    spot.place(),
                    name + "() of '" + argument.name() + "', which is " + describe(argument.type()),
                    name + "() of a text");
            return null;
        }
        Extractor<E> inner = argument.extractor();
        Extractor<E> extractor =
                switch (name) {
                    case "tolower" -> event -> inner.extract(event) instanceof String s ? Tests.lowerCase(s) : null;
                    case "toupper" -> event -> inner.extract(event) instanceof String s ? Tests.upperCase(s) : null;
                    case "basename" ->
                        event -> inner.extract(event) instanceof String s ? Transformers.basename(s) : null;
                    case "b64" -> event -> Transformers.decode(inner.extract(event));
                    case "len" -> event -> Transformers.length(inner.extract(event));
                    default -> throw new IllegalStateException("the parser let through " + name);
                };
        boolean length = name.equals("len");
        return new Value<>(
                name + "(" + argument.name() + ")",
                length ? FieldType.UINT64 : argument.type(),
                !length && argument.list(),
                Set.of(),
                null,
                extractor);
    }

    private @Nullable Value<E> join(Operand.Transformed join) {
        List<Operand> arguments = join.arguments();
        if (arguments.size() != 2) {
            problems.error(join.spot().place(), "join() of " + arguments.size() + " values", "join(separator, list)");
            return null;
        }
        if (arguments.get(0) instanceof Operand.Listed) {
            problems.error(arguments.get(0).spot().place(), "a list as separator", "join(separator, list)");
            return null;
        }
        Value<E> separator = transformable(arguments.get(0));
        Extractor<E> list = listOf(arguments.get(1), "join");
        if (separator == null || list == null) {
            return null;
        }
        Extractor<E> by = separator.extractor();
        return new Value<>(
                "join(...)",
                FieldType.STRING,
                false,
                Set.of(),
                null,
                event -> Transformers.join(by.extract(event), list.extract(event)));
    }

    private @Nullable Value<E> concat(Operand.Transformed concat) {
        if (concat.arguments().size() < 2) {
            problems.error(concat.spot().place(), "concat() of one value", "concat() of at least two");
            return null;
        }
        List<Extractor<E>> parts = new java.util.ArrayList<>();
        for (Operand argument : concat.arguments()) {
            Value<E> value = transformable(argument);
            if (value == null) {
                return null;
            }
            if (value.type() != FieldType.STRING || value.list()) {
                problems.error(
                        argument.spot().place(), "'" + value.name() + "' in concat(), which is no text", "texts");
                return null;
            }
            parts.add(value.extractor());
        }
        return new Value<>("concat(...)", FieldType.STRING, false, Set.of(), null, event -> {
            StringBuilder text = new StringBuilder();
            for (Extractor<E> part : parts) {
                Object value = part.extract(event);
                if (value == null) {
                    return null;
                }
                text.append(value);
            }
            return text.toString();
        });
    }

    private @Nullable Value<E> getopt(Operand.Transformed getopt) {
        List<Operand> arguments = getopt.arguments();
        if (arguments.size() != 2 || !(arguments.get(1) instanceof Operand.Text options)) {
            problems.error(
                    getopt.spot().place(), "getopt() with other arguments", "getopt(list, \"options\") as getopt(3)");
            return null;
        }
        Extractor<E> list = listOf(arguments.getFirst(), "getopt");
        if (list == null) {
            return null;
        }
        String known = options.text();
        String letter = getopt.index();
        return new Value<>("getopt(...)", FieldType.STRING, letter == null, Set.of(), null, event -> {
            Object words = list.extract(event);
            return words instanceof List<?> given ? Transformers.getopt(given, known, letter) : null;
        });
    }

    /** A list written out, or a field that is one. */
    private @Nullable Extractor<E> listOf(Operand operand, String transformer) {
        if (operand instanceof Operand.Listed listed) {
            List<Extractor<E>> items = new java.util.ArrayList<>();
            for (Operand item : listed.items()) {
                Value<E> value = transformable(item);
                if (value == null) {
                    return null;
                }
                items.add(value.extractor());
            }
            return event -> {
                List<Object> values = new java.util.ArrayList<>(items.size());
                for (Extractor<E> item : items) {
                    Object value = item.extract(event);
                    if (value == null) {
                        return null;
                    }
                    values.add(value);
                }
                return values;
            };
        }
        Value<E> value = transformable(operand);
        if (value == null) {
            return null;
        }
        if (!value.list()) {
            problems.error(operand.spot().place(), "'" + value.name() + "' in " + transformer + "()", "a list: (a, b)");
            return null;
        }
        return value.extractor();
    }
}
