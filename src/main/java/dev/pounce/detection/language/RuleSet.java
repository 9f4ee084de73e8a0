package dev.pounce.detection.language;

import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Rules in the order in which they are evaluated, with the macros and lists they were made of. Immutable. */
public final class RuleSet {

    private static final RuleSet EMPTY = new RuleSet(List.of(), Map.of(), Map.of());

    private final List<Rule> rules;
    private final Map<String, Expression> macros;
    private final Map<String, List<String>> lists;

    RuleSet(List<Rule> rules, Map<String, Expression> macros, Map<String, List<String>> lists) {
        this.rules = List.copyOf(rules);
        this.macros = Map.copyOf(macros);
        this.lists = Map.copyOf(lists);
    }

    public static RuleSet empty() {
        return EMPTY;
    }

    /** All of them, also those that are switched off. */
    public List<Rule> rules() {
        return rules;
    }

    public List<Rule> enabledRules() {
        return rules.stream().filter(Rule::enabled).toList();
    }

    /** The same definitions with fewer rules: only those of a priority, without some tag, … */
    public RuleSet only(Predicate<Rule> wanted) {
        return new RuleSet(rules.stream().filter(wanted).toList(), macros, lists);
    }

    public Optional<Rule> rule(String name) {
        return rules.stream().filter(rule -> rule.name().equals(name)).findFirst();
    }

    public Set<String> macroNames() {
        return macros.keySet();
    }

    SourceText withLists(SourceText text) {
        return lists.isEmpty() ? text : substituteLists(text, lists);
    }

    Expression withMacros(Expression expression, Problems problems) {
        return substituteMacros(expression, macros, problems);
    }

    /** Replaces the names of macros; an unknown one is reported and stands for what is never true. */
    static Expression substituteMacros(Expression expression, Map<String, Expression> macros, Problems problems) {
        return switch (expression) {
            case Expression.And and ->
                new Expression.And(and.parts().stream()
                        .map(part -> substituteMacros(part, macros, problems))
                        .toList());
            case Expression.Or or ->
                new Expression.Or(or.parts().stream()
                        .map(part -> substituteMacros(part, macros, problems))
                        .toList());
            case Expression.Not not -> new Expression.Not(substituteMacros(not.part(), macros, problems));
            case Expression.Check check -> check;
            case Expression.MacroUse use -> {
                Expression macro = macros.get(use.name());
                if (macro == null) {
                    Optional<String> near = Spelling.closest(use.name(), macros.keySet());
                    String found = "unknown macro '" + use.name() + "'";
                    String expected = "a macro defined before, or a field with an operator";
                    near.ifPresentOrElse(
                            name -> problems.error(use.spot().place(), found, expected, "did you mean '" + name + "'?"),
                            () -> problems.error(use.spot().place(), found, expected));
                    yield new Expression.Or(List.of());
                }
                yield macro;
            }
        };
    }

    /**
     * Puts the items of lists where their names stand, as text, before anything is parsed: an item may bring its
     * own quotes. Names within quotes are left alone.
     */
    static SourceText substituteLists(SourceText source, Map<String, List<String>> lists) {
        String text = source.text();
        SourceText.Builder result = new SourceText.Builder();
        int copied = 0;
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"' || c == '\'') {
                int end = at + 1;
                while (end < text.length() && (text.charAt(end) != c || text.charAt(end - 1) == '\\')) {
                    end++;
                }
                at = Math.min(text.length(), end + 1);
                continue;
            }
            if (isDelimiter(c)) {
                at++;
                continue;
            }
            int end = at;
            while (end < text.length()
                    && !isDelimiter(text.charAt(end))
                    && text.charAt(end) != '"'
                    && text.charAt(end) != '\'') {
                end++;
            }
            List<String> items = lists.get(text.substring(at, end));
            if (items == null) {
                at = end;
                continue;
            }
            int from = at;
            int to = end;
            if (items.isEmpty()) {
                // an empty list takes one of the commas around it with it
                int next = skipBlanks(text, end);
                int before = skipBlanksBack(text, at);
                if (next < text.length() && text.charAt(next) == ',') {
                    to = next + 1;
                } else if (before > copied && text.charAt(before - 1) == ',') {
                    from = before - 1;
                }
            }
            result.copy(source, copied, from);
            result.insert(String.join(", ", items.stream().map(RuleSet::quoted).toList()), source, at);
            copied = to;
            at = to;
        }
        if (copied == 0) {
            return source;
        }
        return result.copy(source, copied, text.length()).build();
    }

    static String quoted(String item) {
        boolean needsQuotes = item.isEmpty() || item.indexOf(' ') >= 0;
        return needsQuotes && !item.startsWith("\"") && !item.startsWith("'") ? "\"" + item + "\"" : item;
    }

    private static boolean isDelimiter(char c) {
        return ConditionParser.isBlank(c) || c == '(' || c == ')' || c == ',' || c == '=';
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && ConditionParser.isBlank(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static int skipBlanksBack(String text, int from) {
        int at = from;
        while (at > 0 && ConditionParser.isBlank(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }
}
