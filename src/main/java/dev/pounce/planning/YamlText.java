package dev.pounce.planning;

import dev.pounce.source.Yaml;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Writes values as YAML that reads back as the same values. Mappings in block style; a list of words that fits into a line
 * in brackets; a text of several lines as a block.
 */
public final class YamlText {

    /** Nothing in it means anything to YAML, and it is no number, truth or nothing. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_/][A-Za-z0-9_./:@+-]*(?: [A-Za-z0-9_./@+-]+)*");

    private static final Pattern WORD_OF_YAML =
            Pattern.compile("true|false|null|yes|no|on|off|y|n", Pattern.CASE_INSENSITIVE);
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}");
    private static final int LINE = 110;

    private final StringBuilder text = new StringBuilder();

    private YamlText() {}

    /** The lines of a mapping, the last one ended, too. */
    public static String of(Yaml.Mapping mapping) {
        YamlText writing = new YamlText();
        writing.mapping(mapping, 0, false);
        return writing.text.toString();
    }

    /** @param begun whether the line of the first key has begun, behind a dash */
    private void mapping(Yaml.Mapping mapping, int indent, boolean begun) {
        boolean first = begun;
        for (Map.Entry<String, Yaml.Entry> entry : mapping.entries().entrySet()) {
            if (!first) {
                text.repeat(' ', indent);
            }
            first = false;
            text.append(word(entry.getKey())).append(':');
            behindKey(entry.getValue().value(), indent);
        }
    }

    private void behindKey(Yaml value, int indent) {
        switch (value) {
            case Yaml.Mapping mapping when mapping.entries().isEmpty() -> text.append(" {}\n");
            case Yaml.Mapping mapping -> {
                text.append('\n');
                mapping(mapping, indent + 2, false);
            }
            case Yaml.Sequence list -> {
                String flow = flow(list.items());
                if (!flow.isEmpty() && flow.length() + indent < LINE) {
                    text.append(' ').append(flow).append('\n');
                } else {
                    text.append('\n');
                    sequence(list, indent + 2);
                }
            }
            case Yaml.Scalar scalar -> {
                text.append(' ');
                scalar(scalar, indent);
            }
        }
    }

    private void sequence(Yaml.Sequence list, int indent) {
        for (Yaml item : list.items()) {
            text.repeat(' ', indent).append('-');
            switch (item) {
                case Yaml.Mapping mapping
                when !mapping.entries().isEmpty() -> {
                    text.append(' ');
                    mapping(mapping, indent + 2, true);
                }
                case Yaml.Mapping empty -> text.append(" {}\n");
                case Yaml.Sequence inner -> behindKey(inner, indent);
                case Yaml.Scalar scalar -> {
                    text.append(' ');
                    scalar(scalar, indent);
                }
            }
        }
    }

    /** Empty when there is more in it than words. */
    private static String flow(List<Yaml> items) {
        StringBuilder flow = new StringBuilder("[");
        for (Yaml item : items) {
            if (flow.length() > 1) {
                flow.append(", ");
            }
            switch (item) {
                case Yaml.Scalar scalar when scalar.text().indexOf('\n') < 0 -> flow.append(inline(scalar));
                case Yaml.Sequence inner when !flow(inner.items()).isEmpty() -> flow.append(flow(inner.items()));
                case Yaml ignored -> {
                    return "";
                }
            }
        }
        return flow.append(']').toString();
    }

    private void scalar(Yaml.Scalar scalar, int indent) {
        String value = scalar.text();
        if (!scalar.quoted() || !isBlock(value)) {
            text.append(inline(scalar)).append('\n');
            return;
        }
        text.append(value.endsWith("\n") ? "|\n" : "|-\n");
        for (String line : value.lines().toList()) {
            if (!line.isEmpty()) {
                text.repeat(' ', indent + 2).append(line);
            }
            text.append('\n');
        }
    }

    /** Whether a block gives it back as it is: not with tabs and blanks at the wrong places, or what cannot be printed. */
    private static boolean isBlock(String value) {
        return value.indexOf('\n') > 0
                && !value.endsWith("\n\n")
                && !value.startsWith(" ")
                && value.lines().noneMatch(line -> line.isBlank() && !line.isEmpty())
                && value.chars().allMatch(c -> c == '\n' || isPrintable(c));
    }

    private static String inline(Yaml.Scalar scalar) {
        return scalar.quoted() ? word(scalar.text()) : scalar.text();
    }

    /** A text, in quotes if it would be something else without. */
    private static String word(String value) {
        boolean plain = PLAIN.matcher(value).matches()
                && !WORD_OF_YAML.matcher(value).matches()
                && !NUMBER.matcher(value).matches()
                && !value.contains(": ")
                && !value.endsWith(":");
        if (plain) {
            return value;
        }
        if (value.indexOf('"') >= 0
                && value.indexOf('\'') < 0
                && value.indexOf('\\') < 0
                && value.chars().allMatch(YamlText::isPrintable)) {
            return "'" + value + "'";
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (isPrintable(c)) {
                        quoted.append(c);
                    } else {
                        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    private static boolean isPrintable(int c) {
        return (c >= ' ' && c < 0x7f) || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029);
    }
}
