package dev.pounce.detection.language;

import dev.pounce.detection.language.Expression.Operand;
import dev.pounce.detection.language.Expression.Right;
import dev.pounce.detection.language.Expression.Spot;
import dev.pounce.detection.language.Operator.Modifier;
import dev.pounce.source.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a condition by recursive descent. The grammar is Falco's, with its corners: {@code and} binds tighter
 * than {@code or}, words are separated by blanks or parentheses, a closing quote is one that no backslash
 * precedes.
 */
final class ConditionParser {

    static final Set<String> TRANSFORMERS =
            Set.of("val", "tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt");

    /** What Falco 0.44 still takes, and far from what a stack can take. */
    private static final int MAX_DEPTH = 1002;

    private static final int DEEP_FOR_ANY_STACK = 100;
    private static final long DEEP_STACK = 16L << 20;

    private static final String OPERATORS = "an operator: "
            + String.join(", ", Operator.ALL.stream().map(Operator::word).toList());

    private final SourceText source;
    private final String text;
    private int at;
    private int depth;

    private ConditionParser(SourceText source) {
        this.source = source;
        this.text = source.text();
    }

    /** Empty when the text is no condition: then the problem says where it stops being one. */
    static Optional<Expression> parse(SourceText source, Problems problems) {
        return deepest(source.text()) > DEEP_FOR_ANY_STACK
                ? onDeepStack(() -> parseHere(source, problems))
                : parseHere(source, problems);
    }

    private static int deepest(String text) {
        int open = 0;
        int deepest = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            open += c == '(' ? 1 : c == ')' ? -1 : 0;
            deepest = Math.max(deepest, open);
        }
        return deepest;
    }

    /** Four frames a parenthesis, and as many parentheses as Falco allows, are more than the caller may have left. */
    private static <T> T onDeepStack(Supplier<T> work) {
        FutureTask<T> task = new FutureTask<>(work::get);
        Thread thread = new Thread(null, task, "deep-condition", DEEP_STACK);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get();
        } catch (ExecutionException bug) {
            throw new IllegalStateException("a condition could not be parsed", bug.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a condition was parsed", stopped);
        }
    }

    private static Optional<Expression> parseHere(SourceText source, Problems problems) {
        ConditionParser parser = new ConditionParser(source);
        try {
            Expression expression = parser.or();
            if (parser.at < parser.text.length()) {
                throw parser.wrong("'and', 'or' or the end of the condition");
            }
            return Optional.of(expression);
        } catch (SyntaxError error) {
            problems.error(source.at(error.offset()), error.found(), error.expected());
            return Optional.empty();
        }
    }

    /** An output's {@code %transformer(...)} or {@code %field[argument]} from {@code offset} on. */
    static Operand operandAt(SourceText source, int offset, int[] end) throws SyntaxError {
        ConditionParser parser = new ConditionParser(source);
        parser.at = offset;
        Operand operand = parser.field();
        if (operand == null) {
            operand = parser.transformed();
        }
        if (operand == null) {
            throw parser.wrong("the name of a field or of a transformer");
        }
        end[0] = parser.at;
        return operand;
    }

    private Expression or() throws SyntaxError {
        enter();
        List<Expression> parts = new ArrayList<>();
        blank();
        parts.add(and());
        blank();
        while (joins("or")) {
            parts.add(and());
            blank();
        }
        depth--;
        return parts.size() == 1 ? parts.getFirst() : new Expression.Or(parts);
    }

    private Expression and() throws SyntaxError {
        List<Expression> parts = new ArrayList<>();
        blank();
        parts.add(not());
        blank();
        while (joins("and")) {
            parts.add(not());
            blank();
        }
        return parts.size() == 1 ? parts.getFirst() : new Expression.And(parts);
    }

    /** Takes {@code and} or {@code or}, which a blank or an opening parenthesis has to follow. */
    private boolean joins(String word) throws SyntaxError {
        if (!text.startsWith(word, at)) {
            return false;
        }
        int after = at + word.length();
        if (after < text.length() && (isBlank(text.charAt(after)) || text.charAt(after) == '(')) {
            at = after;
            blank();
            return true;
        }
        if (after == text.length()) {
            at = after;
            throw wrong("a check after '" + word + "'");
        }
        return false;
    }

    private Expression not() throws SyntaxError {
        boolean negated = false;
        while (text.startsWith("not", at)
                && at + 3 < text.length()
                && (isBlank(text.charAt(at + 3)) || text.charAt(at + 3) == '(')) {
            negated = !negated;
            at += 3;
            blank();
        }
        Expression check = check();
        return negated ? new Expression.Not(check) : check;
    }

    private Expression check() throws SyntaxError {
        if (at < text.length() && text.charAt(at) == '(') {
            at++;
            Expression inner = or();
            blank();
            expect(')');
            return inner;
        }
        int start = at;
        Operand operand = field();
        if (operand == null) {
            operand = transformed();
        }
        if (operand != null) {
            if (operand instanceof Operand.Transformed transformed
                    && transformed.transformer().equals("val")) {
                throw new SyntaxError(start, "val() on the left side", "val() only right of an operator");
            }
            return comparison(operand, start);
        }
        String name = identifier(at);
        if (name != null) {
            at += name.length();
            return new Expression.MacroUse(name, new Spot(source, start));
        }
        throw wrong("a field, a transformer, a macro, 'not' or '('");
    }

    private Expression comparison(Operand left, int start) throws SyntaxError {
        blank();
        int operatorAt = at;
        Operator operator = operator();
        if (operator == null) {
            throw wrong(OPERATORS);
        }
        Spot spot = new Spot(source, operatorAt);
        if (operator == Operator.EXISTS) {
            return new Expression.Check(left, operator, Modifier.NONE, new Right.Nothing(), new Spot(source, start));
        }
        blank();
        Modifier modifier = Modifier.NONE;
        Right right;
        if (operator.takesNumber()) {
            right = numberOrComputed();
        } else if (operator.takesList()) {
            right = listOrComputed();
        } else {
            modifier = modifier();
            right = modifier == Modifier.NONE ? textOrComputed() : listOrName();
        }
        return new Expression.Check(left, operator, modifier, right, spot);
    }

    private @Nullable Operator operator() {
        for (Operator operator : Operator.ALL) {
            String word = operator.word();
            if (!text.startsWith(word, at)) {
                continue;
            }
            int after = at + word.length();
            if (operator == Operator.EQUAL && text.startsWith("==", at)) {
                at += 2;
                return operator;
            }
            boolean isWord = Character.isLetter(word.charAt(0));
            if (isWord && operator != Operator.EXISTS && after < text.length() && !isBlank(text.charAt(after))) {
                continue; // "in(" or "contains=": Falco wants a blank
            }
            at = after;
            return operator;
        }
        return null;
    }

    private Modifier modifier() {
        for (Modifier modifier : Modifier.values()) {
            String word = modifier.word();
            int after = at + word.length();
            if (modifier != Modifier.NONE
                    && text.startsWith(word, at)
                    && after < text.length()
                    && (isBlank(text.charAt(after)) || text.charAt(after) == '(')) {
                at = after;
                blank();
                return modifier;
            }
        }
        return Modifier.NONE;
    }

    private Right numberOrComputed() throws SyntaxError {
        int start = at;
        String number = number();
        if (number != null) {
            return new Right.One(number, new Spot(source, start));
        }
        return computed("a number, a transformer or val(field)");
    }

    private Right textOrComputed() throws SyntaxError {
        Operand operand = transformed();
        if (operand != null) {
            return new Right.Computed(operand);
        }
        int start = at;
        String value = string();
        if (value != null) {
            return new Right.One(value, new Spot(source, start));
        }
        throw wrong("a value, a transformer or val(field)");
    }

    private Right listOrComputed() throws SyntaxError {
        if (at < text.length() && text.charAt(at) == '(') {
            return listOrName();
        }
        Operand operand = transformed();
        if (operand != null) {
            return new Right.Computed(operand);
        }
        return listOrName();
    }

    private Right listOrName() throws SyntaxError {
        int start = at;
        if (at < text.length() && text.charAt(at) == '(') {
            at++;
            List<Right.One> values = new ArrayList<>();
            blank();
            if (at < text.length() && text.charAt(at) == ')') {
                at++;
                return new Right.Many(values, new Spot(source, start));
            }
            while (true) {
                blank();
                int valueAt = at;
                String value = string();
                if (value == null) {
                    throw wrong("a value of the list");
                }
                values.add(new Right.One(value, new Spot(source, valueAt)));
                blank();
                if (at < text.length() && text.charAt(at) == ',') {
                    at++;
                    continue;
                }
                expect(')');
                return new Right.Many(values, new Spot(source, start));
            }
        }
        String name = identifier(at);
        if (name != null) {
            throw new SyntaxError(at, "'" + name + "', which is no list known here", "a list in parentheses");
        }
        throw wrong("a list in parentheses, a transformer or val(field)");
    }

    private Right computed(String expected) throws SyntaxError {
        Operand operand = transformed();
        if (operand == null) {
            throw wrong(expected);
        }
        return new Right.Computed(operand);
    }

    /** A field at this place, or null. */
    private @Nullable Operand field() throws SyntaxError {
        int start = at;
        int end = fieldNameEnd(at);
        if (end < 0) {
            return null;
        }
        String name = text.substring(start, end);
        at = end;
        String argument = bracketed();
        return new Operand.Field(new FieldUse(name, argument), new Spot(source, start));
    }

    private int fieldNameEnd(int from) {
        int end = identifierEnd(from);
        if (end == from) {
            return -1;
        }
        boolean dotted = false;
        while (end < text.length() && text.charAt(end) == '.') {
            int next = identifierEnd(end + 1);
            if (next == end + 1) {
                break;
            }
            dotted = true;
            end = next;
        }
        return dotted ? end : -1;
    }

    private @Nullable String bracketed() throws SyntaxError {
        if (at >= text.length() || text.charAt(at) != '[') {
            return null;
        }
        at++;
        String argument;
        if (at < text.length() && (text.charAt(at) == '"' || text.charAt(at) == '\'')) {
            argument = quoted();
        } else {
            int start = at;
            while (at < text.length() && " \b\t\n\r[]\"'".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            argument = at > start ? text.substring(start, at) : null;
        }
        if (argument == null) {
            throw wrong("the argument of the field");
        }
        expect(']');
        return argument;
    }

    /** A transformer with its arguments at this place, or null. */
    private @Nullable Operand transformed() throws SyntaxError {
        int start = at;
        int end = identifierEnd(at);
        if (end >= text.length() || text.charAt(end) != '(' || !TRANSFORMERS.contains(text.substring(start, end))) {
            if (end == at || !text.startsWith("b64(", at)) { // the one name with digits is an identifier, too
                return null;
            }
        }
        String name = text.substring(start, end);
        at = end + 1;
        enter();
        List<Operand> arguments = new ArrayList<>();
        blank();
        do {
            blank();
            arguments.add(argument(name.equals("val")));
            blank();
        } while (take(','));
        expect(')');
        depth--;
        String index = bracketed();
        return new Operand.Transformed(name, arguments, index, new Spot(source, start));
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private Operand argument(boolean onlyField) throws SyntaxError {
        int start = at;
        Operand operand = onlyField ? null : transformed();
        if (operand != null) {
            return operand;
        }
        operand = field();
        if (operand != null) {
            return operand;
        }
        if (onlyField) {
            throw wrong("a field within val()");
        }
        if (take('(')) {
            List<Operand> items = new ArrayList<>();
            do {
                blank();
                items.add(argument(false));
                blank();
            } while (take(','));
            expect(')');
            return new Operand.Listed(items, new Spot(source, start));
        }
        if (at < text.length() && (text.charAt(at) == '"' || text.charAt(at) == '\'')) {
            String value = quoted();
            if (value != null) {
                return new Operand.Text(value, new Spot(source, start));
            }
        }
        String number = number();
        if (number != null) {
            return new Operand.Text(number, new Spot(source, start));
        }
        throw wrong("a field, a transformer, a quoted text, a number or a list");
    }

    private @Nullable String number() {
        int end = at;
        if (text.startsWith("0x", at) || text.startsWith("0X", at)) {
            end = at + 2;
            while (end < text.length() && isWordCharacter(text.charAt(end)) && text.charAt(end) != '_') {
                end++;
            }
            if (end > at + 2) {
                return takeUntil(end);
            }
            end = at;
        }
        if (end < text.length() && (text.charAt(end) == '+' || text.charAt(end) == '-')) {
            end++;
        }
        int digits = end;
        end = digitsEnd(end);
        if (end == digits) {
            return null;
        }
        if (end < text.length() && text.charAt(end) == '.') {
            end = digitsEnd(end + 1);
        }
        if (end + 1 < text.length()
                && (text.charAt(end) == 'e' || text.charAt(end) == 'E')
                && (text.charAt(end + 1) == '+' || text.charAt(end + 1) == '-')) {
            int exponent = digitsEnd(end + 2);
            if (exponent > end + 2) {
                end = exponent;
            }
        }
        return takeUntil(end);
    }

    private String takeUntil(int end) {
        String taken = text.substring(at, end);
        at = end;
        return taken;
    }

    private int digitsEnd(int from) {
        int end = from;
        while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        return end;
    }

    private @Nullable String string() throws SyntaxError {
        if (at < text.length() && (text.charAt(at) == '"' || text.charAt(at) == '\'')) {
            return quoted();
        }
        int end = at;
        while (end < text.length() && " \b\t\n\r(),=\"'".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        return end == at ? null : takeUntil(end);
    }

    /** A text in quotes, without them; null when the closing one is missing. */
    private @Nullable String quoted() throws SyntaxError {
        char quote = text.charAt(at);
        int end = at + 1;
        while (end < text.length() && (text.charAt(end) != quote || text.charAt(end - 1) == '\\')) {
            end++;
        }
        if (end >= text.length()) {
            throw new SyntaxError(at, "a quote that is never closed", "a closing " + quote);
        }
        StringBuilder value = new StringBuilder();
        int i = at + 1;
        while (i < end) {
            char c = text.charAt(i++);
            if (c != '\\') {
                value.append(c);
                continue;
            }
            char escaped = i < end ? text.charAt(i++) : '\0';
            switch (escaped) {
                case 'b' -> value.append('\b');
                case 'f' -> value.append('\f');
                case 'n' -> value.append('\n');
                case 'r' -> value.append('\r');
                case 't' -> value.append('\t');
                case '\\', '/', '"', '\'' -> value.append(escaped);
                case ' ' -> value.append('\\'); // what Falco does, and files in use rely on
                default ->
                    throw new SyntaxError(
                            i - 2, "the escape '\\" + escaped + "'", "one of \\\\ \\\" \\' \\/ \\b \\f \\n \\r \\t");
            }
        }
        at = end + 1;
        return value.toString();
    }

    private @Nullable String identifier(int from) {
        int end = identifierEnd(from);
        return end == from ? null : text.substring(from, end);
    }

    private int identifierEnd(int from) {
        if (from >= text.length() || !isLetter(text.charAt(from))) {
            return from;
        }
        int end = from + 1;
        while (end < text.length() && isWordCharacter(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isWordCharacter(char c) {
        return isLetter(c) || (c >= '0' && c <= '9') || c == '_';
    }

    static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b';
    }

    private void blank() {
        while (at < text.length() && isBlank(text.charAt(at))) {
            at++;
        }
    }

    private void expect(char c) throws SyntaxError {
        if (!take(c)) {
            throw wrong("'" + c + "'");
        }
    }

    private void enter() throws SyntaxError {
        if (++depth > MAX_DEPTH) {
            throw new SyntaxError(at, "more than " + MAX_DEPTH + " nested parentheses", "a simpler condition");
        }
    }

    private SyntaxError wrong(String expected) {
        if (at >= text.length()) {
            return new SyntaxError(at, "the end of the condition", expected);
        }
        int end = at + 1;
        while (end < text.length() && !isBlank(text.charAt(end)) && "(),".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        return new SyntaxError(at, "'" + text.substring(at, end) + "'", expected);
    }
}
