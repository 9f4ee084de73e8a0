package dev.pounce.planning.talon;

import dev.pounce.detection.language.FieldTable;
import dev.pounce.detection.language.FieldUse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The variables in a command, script or file name. Talon puts the values of an event into them as text that a shell then
 * reads; here each is a value that is handed on as such.
 *
 * <p>Talon's names are those of fields in capital letters, with an underscore for a dot or an opening bracket.
 */
final class Variables {

    /** A piece of a text. */
    sealed interface Piece {
        record Text(String text) implements Piece {}

        /**
         * @param written as it stands there
         * @param inSingleQuotes where a shell leaves it alone and Talon does not
         */
        record Variable(String name, String written, boolean inSingleQuotes) implements Piece {}

        /** What only a shell knows, such as {@code $1} and {@code $?}. */
        record OfShell(String written) implements Piece {}
    }

    /** What a variable stands for. */
    sealed interface Meaning {
        /** A field of the event. */
        record Field(String name) implements Meaning {}

        /** Something that is known beforehand. */
        record Constant(String value) implements Meaning {}

        /** Talon would look it up with this context. */
        record OfContext(String context, String name) implements Meaning {}

        /** Nothing that is known: the shell's own, or a field of somebody's own. */
        record Unknown() implements Meaning {}
    }

    /** What each context knows. */
    static final Map<String, List<String>> CONTEXTS = Map.of(
            "aws", List.of("aws.instance_profile_arn", "aws.instance_profile_id", "aws.region"),
            "k8snode",
                    List.of(
                            "node.hostname",
                            "node.instancetype",
                            "node.role",
                            "node.topology.region",
                            "node.topology.zone",
                            "node.spec.providerid"));

    private static final Map<String, Set<String>> FIELDS = new HashMap<>();

    /** Those that need an argument, too. */
    private static final Map<String, Set<String>> FAMILIES = new HashMap<>();

    static {
        for (String field : FieldTable.names()) {
            FAMILIES.computeIfAbsent(spelled(field), name -> new TreeSet<>()).add(field);
            if (FieldTable.typeOf(new FieldUse(field, null)).isPresent()) {
                FIELDS.computeIfAbsent(spelled(field), name -> new TreeSet<>()).add(field);
            }
        }
    }

    private Variables() {}

    /** As Talon exports a field's name. */
    static String spelled(String field) {
        return field.toUpperCase(Locale.ROOT)
                .replace('.', '_')
                .replace('[', '_')
                .replace("]", "");
    }

    /** As Go's {@code os.Expand} takes a text apart, which is what Talon uses. */
    static List<Piece> in(String text) {
        List<Piece> pieces = new ArrayList<>();
        int copied = 0;
        int at = 0;
        boolean single = false;
        boolean twice = false;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\' && !single) {
                at += 2; // Talon knows no escape; a shell does, and its reading is what is meant
                continue;
            }
            if (c == '\'' && !twice) {
                single = !single;
            } else if (c == '"' && !single) {
                twice = !twice;
            }
            int end = c == '$' ? end(text, at) : at;
            if (end <= at) {
                at++;
                continue;
            }
            String written = text.substring(at, end);
            String name = written.startsWith("${") ? written.substring(2, written.length() - 1) : written.substring(1);
            if (copied < at) {
                pieces.add(new Piece.Text(text.substring(copied, at)));
            }
            pieces.add(isName(name) ? new Piece.Variable(name, written, single) : new Piece.OfShell(written));
            at = end;
            copied = end;
        }
        if (copied < text.length()) {
            pieces.add(new Piece.Text(text.substring(copied)));
        }
        return List.copyOf(pieces);
    }

    /** Where a variable ends that begins with the dollar sign here; here, if there is none. */
    private static int end(String text, int dollar) {
        int at = dollar + 1;
        if (at >= text.length()) {
            return dollar;
        }
        char first = text.charAt(at);
        if (first == '{') {
            int close = text.indexOf('}', at);
            return close < 0 || close == at + 1 ? dollar : close + 1;
        }
        if ("*#$@!?-0123456789".indexOf(first) >= 0) {
            return at + 1;
        }
        while (at < text.length() && isWord(text.charAt(at))) {
            at++;
        }
        return at == dollar + 1 ? dollar : at;
    }

    private static boolean isName(String name) {
        return !name.isEmpty()
                && name.charAt(0) != '-'
                && !(name.charAt(0) >= '0' && name.charAt(0) <= '9')
                && name.chars().allMatch(c -> isWord(c) || c == '-');
    }

    private static boolean isWord(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }

    /** @param constants what is known of the rule and the action, by Talon's names */
    static Meaning of(String name, Map<String, String> constants) {
        String constant = constants.get(name);
        if (constant != null) {
            return new Meaning.Constant(constant);
        }
        switch (name) {
            case "PRIORITY", "RULE", "SOURCE", "TAGS", "HOSTNAME" -> {
                return new Meaning.Field("detection." + name.toLowerCase(Locale.ROOT));
            }
            default -> {}
        }
        for (Map.Entry<String, List<String>> context : CONTEXTS.entrySet()) {
            for (String known : context.getValue()) {
                if (spelled(known).equals(name)) {
                    return new Meaning.OfContext(context.getKey(), known);
                }
            }
        }
        Set<String> fields = FIELDS.get(name);
        if (fields != null && fields.size() == 1) {
            return new Meaning.Field(fields.iterator().next());
        }
        return withArgument(name).<Meaning>map(Meaning.Field::new).orElse(new Meaning.Unknown());
    }

    /** {@code PROC_ANAME_2} and {@code EVT_ARG_FLAGS}; a key in brackets may have had capital letters, so it is none. */
    private static Optional<String> withArgument(String name) {
        int cut = name.lastIndexOf('_');
        while (cut > 0) {
            Set<String> families = FAMILIES.getOrDefault(name.substring(0, cut), Set.of());
            String argument = name.substring(cut + 1);
            if (families.size() == 1 && !argument.isEmpty()) {
                String family = families.iterator().next();
                boolean index = argument.chars().allMatch(c -> c >= '0' && c <= '9');
                FieldUse use = index
                        ? new FieldUse(family, argument)
                        : new FieldUse(family + "." + argument.toLowerCase(Locale.ROOT), null);
                if (FieldTable.typeOf(use).isPresent() && (index || family.equals("evt.arg"))) {
                    return Optional.of(use.toString());
                }
            }
            cut = name.lastIndexOf('_', cut - 1);
        }
        return Optional.empty();
    }
}
