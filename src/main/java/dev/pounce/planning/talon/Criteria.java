package dev.pounce.planning.talon;

import dev.pounce.correlation.Selector;
import dev.pounce.detection.Priority;
import dev.pounce.planning.WhereCompiler;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Spelling;
import dev.pounce.source.Yaml;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns what a rule asks of an event into a selector. Entries of {@code tags} and {@code output_fields} are alternatives;
 * what commas join within one has to hold together. Tests of fields become a condition in our own language.
 */
final class Criteria {

    /** A selector and the fields that it reads. */
    record Compiled(Selector selector, Set<String> fieldsUsed) {}

    private static final Pattern PRIORITY = Pattern.compile("([<>])?(=)?([A-Za-z]*)");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_.:/-]*[A-Za-z0-9]");
    private static final Pattern TAG_OF_TALON = Pattern.compile("[A-Za-z_0-9.]*[A-Za-z0-9]");
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9._:/\\-\\[\\]]+");
    private static final Pattern KEY_OF_TALON = Pattern.compile("[A-Za-z0-9.\\[\\]]+");
    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{7,}");
    private static final Pattern WITH_EXPONENT = Pattern.compile("-?[0-9](\\.[0-9]+)?[eE][+-]?[0-9]{1,3}");
    private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
    private static final List<String> LEVELS =
            Stream.of(Priority.values()).map(Priority::display).toList();
    private static final String ALSO_FOR_TALON = "nothing to do, unless Talon has to read this file, too";

    private final WhereCompiler where;
    private final Problems problems;

    Criteria(WhereCompiler where, Problems problems) {
        this.where = where;
        this.problems = problems;
    }

    /** Empty only when something was reported. */
    Optional<Compiled> of(TalonRule rule) {
        if (rule.match().isEmpty()) {
            if (!rule.matchMisspelt()) {
                problems.error(
                        rule.place(),
                        "rule '" + rule.name() + "' without match, which in Talon answers every event",
                        "match with at least one of rules, tags, output_fields, priority, source",
                        "to answer everything, write priority: \">=Debug\"");
            }
            return Optional.empty();
        }
        TalonMatch match = rule.match().get();
        if (match.isEmpty()) {
            problems.error(
                    match.place(),
                    "a match without any criterion, which in Talon is met by every event",
                    "at least one of rules, tags, output_fields, priority, source",
                    "to answer everything, write priority: \">=Debug\"");
            return Optional.empty();
        }
        Problems own = new Problems();
        Criteria counting = new Criteria(where, own);
        Optional<Compiled> compiled = counting.compile(match);
        problems.addAll(own);
        return own.hasErrors() ? Optional.empty() : compiled;
    }

    private Optional<Compiled> compile(TalonMatch match) {
        List<String> rules = match.rules().stream()
                .filter(this::isName)
                .map(Yaml.Scalar::text)
                .distinct()
                .toList();
        List<List<String>> tags = match.tags().stream().map(this::tags).toList();
        Set<Priority> priorities = match.priority().map(this::priorities).orElse(Set.of());
        Optional<WhereCompiler.Compiled> condition = Optional.empty();
        String text = condition(match.outputFields());
        if (!problems.hasErrors() && !text.isEmpty()) {
            condition = where.compile(text, match.outputFields().getFirst().place(), problems);
        }
        boolean nothing = rules.isEmpty() && tags.isEmpty() && priorities.isEmpty() && text.isEmpty();
        if (nothing && match.source().isEmpty() && !problems.hasErrors()) {
            problems.error(
                    match.place(),
                    "a match that every event meets",
                    "at least one of rules, tags, output_fields, priority, source that says something");
        }
        if (problems.hasErrors()) {
            return Optional.empty();
        }
        Selector selector = new Selector(
                rules,
                tags,
                priorities,
                match.source().map(Yaml.Scalar::text),
                condition.map(compiled -> new Selector.Where(text, compiled.condition())));
        return Optional.of(new Compiled(
                selector, condition.map(WhereCompiler.Compiled::fieldsUsed).orElse(Set.of())));
    }

    /** Each text once. */
    static List<Yaml.Scalar> distinct(List<Yaml.Scalar> texts) {
        Set<String> seen = new LinkedHashSet<>();
        return texts.stream().filter(text -> seen.add(text.text())).toList();
    }

    /** A priority as action sets have it, where a level alone means that one and all that are worse. */
    static String ours(String written) {
        Matcher form = PRIORITY.matcher(written);
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + written + "' was not refused");
        }
        String level = Priority.parse(form.group(3)).map(Priority::display).orElse("");
        String sign = form.group(1) == null ? "" : form.group(1);
        return sign + (sign.isEmpty() || form.group(2) != null ? "=" : "") + level;
    }

    private boolean isName(Yaml.Scalar rule) {
        if (rule.text().isBlank()) {
            problems.error(rule.place(), "a rule without a name in rules", "the name of a detection rule");
            return false;
        }
        return true;
    }

    private List<String> tags(Yaml.Scalar entry) {
        String compact = entry.text().replace(" ", "");
        Set<String> together = new LinkedHashSet<>();
        for (String tag : compact.split(",", -1)) {
            if (!TAG.matcher(tag).matches()) {
                problems.error(
                        entry.place(),
                        "tag '" + tag + "'",
                        "letters, digits and _ . - / :, the last of them a letter or digit");
            } else {
                if (!TAG_OF_TALON.matcher(tag).matches()) {
                    problems.warning(
                            entry.place(),
                            "tag '" + tag + "', for which Talon refuses the whole file",
                            "any tag that a detection can carry; this one is compared as it is",
                            ALSO_FOR_TALON);
                }
                together.add(tag);
            }
        }
        for (String tag : entry.text().split(",", -1)) {
            if (tag.strip().contains(" ")) {
                problems.warning(
                        entry.place(),
                        "tag '" + tag.strip() + "' with a blank in it",
                        "'" + tag.replace(" ", "") + "', which it is taken for, in Talon too",
                        "write it without the blank, or two tags with a comma between them");
            }
        }
        return List.copyOf(together);
    }

    /** Empty for any. */
    private Set<Priority> priorities(Yaml.Scalar written) {
        String expected = "one of " + String.join(", ", LEVELS) + ", with <, <=, >, >= or = before it";
        Matcher form = PRIORITY.matcher(written.text());
        if (!form.matches()) {
            problems.error(
                    written.place(),
                    "priority '" + written.text() + "'",
                    expected,
                    written.text().contains(" ") ? "write it without blanks" : "such as \">=Warning\"");
            return Set.of();
        }
        String level = form.group(3);
        if (level.isEmpty()) {
            problems.warning(
                    written.place(),
                    "priority '" + written.text() + "' without a level, which every event meets",
                    expected,
                    "add the level, or remove the line");
            return Set.of();
        }
        // Talon does not know the short form that Falco does
        Optional<Priority> than =
                level.equalsIgnoreCase("info") ? Optional.empty() : Priority.parse(level.toUpperCase(Locale.ROOT));
        if (than.isEmpty()) {
            Optional<String> near = level.equalsIgnoreCase("info")
                    ? Optional.of(Priority.INFORMATIONAL.display())
                    : Spelling.closest(level, LEVELS);
            near.ifPresentOrElse(
                    word -> problems.error(
                            written.place(),
                            "priority '" + written.text() + "'",
                            expected,
                            "did you mean '" + word + "'?"),
                    () -> problems.error(written.place(), "priority '" + written.text() + "'", expected));
            return Set.of();
        }
        Set<Priority> wanted = wanted(form.group(1), form.group(2) != null, than.get());
        if (wanted.isEmpty()) {
            problems.error(
                    written.place(),
                    "priority '" + written.text() + "', which no event has",
                    "a priority that an event can have");
        }
        return wanted;
    }

    private static Set<Priority> wanted(
            @org.jspecify.annotations.Nullable String sign, boolean orEqual, Priority than) {
        EnumSet<Priority> wanted = EnumSet.noneOf(Priority.class);
        for (Priority priority : Priority.values()) {
            int worse = than.compareTo(priority);
            boolean holds = worse == 0 ? sign == null || orEqual : sign != null && sign.equals(">") == worse > 0;
            if (holds) {
                wanted.add(priority);
            }
        }
        return wanted;
    }

    /** All entries as one condition; empty without any. What is wrong was reported. */
    private String condition(List<Yaml.Scalar> entries) {
        List<List<String>> alternatives = new ArrayList<>();
        for (Yaml.Scalar entry : entries) {
            List<String> together = new ArrayList<>();
            for (String test : entry.text().split(", ?", -1)) {
                FieldTest.parse(test, entry.place(), problems).ifPresent(parsed -> {
                    warn(parsed, test, entry.place());
                    together.add(render(parsed));
                });
            }
            alternatives.add(together);
        }
        if (alternatives.size() == 1) {
            return String.join(" and ", alternatives.getFirst());
        }
        return alternatives.stream()
                .map(together ->
                        together.size() == 1 ? together.getFirst() : "(" + String.join(" and ", together) + ")")
                .collect(Collectors.joining(" or "));
    }

    private void warn(FieldTest test, String written, Place place) {
        if (test.value().contains("=")) {
            problems.warning(
                    place,
                    "'" + written + "', a condition that Talon "
                            + (test.equal() ? "leaves out: alone it is met by every event" : "never finds true"),
                    "'" + test.value() + "' after the first comparator, which is what " + test.key()
                            + " is compared with",
                    ALSO_FOR_TALON);
        }
        if (test.value().endsWith(" ")) {
            problems.warning(
                    place,
                    "'" + written + "', a value with a blank at its end",
                    "no blank before a comma: it belongs to the value, in Talon too",
                    "remove the blank");
        }
        if (!KEY_OF_TALON.matcher(test.key()).matches()) {
            problems.warning(
                    place,
                    "field '" + test.key() + "', for which Talon refuses the whole file",
                    "any name that a field can have; this one is looked up as it is",
                    ALSO_FOR_TALON);
        }
        if (WHOLE.matcher(test.value()).matches()
                && new BigDecimal(test.value()).abs().compareTo(MILLION) >= 0) {
            problems.warning(
                    place,
                    "'" + written + "', a number that Talon never finds equal to one of 1000000 or more",
                    "the number; Pounce compares numbers as numbers",
                    ALSO_FOR_TALON);
        }
    }

    private String render(FieldTest test) {
        String field = "detection.field[" + quoted(test.key()) + "]";
        if (test.isNothing()) {
            String exists = (compiles(test.key() + " exists") ? test.key() : field) + " exists";
            return test.equal() ? "not " + exists : exists;
        }
        List<String> values = test.spellings();
        List<String> tests = values.stream()
                .map(value -> test.key() + " = " + quoted(value))
                .filter(this::compiles)
                .toList();
        if (tests.isEmpty()) {
            // Not a field of Falco's, or none of the type that the value has: compared as text
            tests = values.stream().map(value -> field + " = " + quoted(value)).toList();
        }
        String any = tests.size() == 1 ? tests.getFirst() : "(" + String.join(" or ", tests) + ")";
        return test.equal() ? any : "not " + any;
    }

    private boolean compiles(String condition) {
        Problems refused = new Problems();
        return where.compile(condition, Place.startOf("match"), refused).isPresent() && !refused.hasErrors();
    }

    /** In our language no backslash may stand before the closing quote; a backslash and a blank are a backslash. */
    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append(i == text.length() - 1 ? "\\ " : "\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /** One test of one field: {@code key=value} or {@code key!=value}. */
    private record FieldTest(String key, boolean equal, String value) {

        static Optional<FieldTest> parse(String written, Place place, Problems problems) {
            int sign = written.indexOf('=');
            boolean unequal = sign > 0 && written.charAt(sign - 1) == '!';
            String key = sign < 0 ? written : written.substring(0, unequal ? sign - 1 : sign);
            if (sign < 0 || !KEY.matcher(key).matches()) {
                problems.error(
                        place,
                        "'" + written + "' in output_fields",
                        "field=value or field!=value",
                        written.contains(" ")
                                ? "no blanks around the comparator, one at most behind a comma"
                                : "the name of a field has letters, digits and . _ - / : [ ]");
                return Optional.empty();
            }
            return Optional.of(
                    new FieldTest(key, !unequal, written.substring(sign + 1).replace("\"", "")));
        }

        /** How Talon writes a field that is there without a value. */
        boolean isNothing() {
            return value.equals("<nil>");
        }

        /** The value; and the number, where somebody wrote it as Talon would. */
        List<String> spellings() {
            if (!WITH_EXPONENT.matcher(value).matches()) {
                return List.of(value);
            }
            String plain = new BigDecimal(value).stripTrailingZeros().toPlainString();
            return plain.equals(value) ? List.of(value) : List.of(value, plain);
        }
    }
}
