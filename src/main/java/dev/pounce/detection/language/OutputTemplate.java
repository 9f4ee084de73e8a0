package dev.pounce.detection.language;

import dev.pounce.detection.language.Expression.Operand;
import dev.pounce.detection.language.FieldBinder.Extractor;
import dev.pounce.source.Problems;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The text of an output with its fields: {@code %proc.name}, {@code %proc.aname[2]},
 * {@code %toupper(proc.name)}, {@code %20proc.name} (cut or filled with blanks to 20 characters).
 */
public final class OutputTemplate {

    /** What stands for a value that an event does not have. */
    public static final String MISSING = "<NA>";

    private sealed interface Part {
        record Literal(String text) implements Part {}

        record Value(Operand operand, int width) implements Part {}
    }

    private final List<Part> parts;
    private final Set<FieldUse> fields;

    private OutputTemplate(List<Part> parts) {
        this.parts = List.copyOf(parts);
        Set<FieldUse> uses = new LinkedHashSet<>();
        for (Part part : parts) {
            if (part instanceof Part.Value value) {
                Expression.forEachField(value.operand(), field -> uses.add(field.use()));
            }
        }
        this.fields = java.util.Collections.unmodifiableSet(uses);
    }

    /** In the order in which they first stand. */
    public Set<FieldUse> fields() {
        return fields;
    }

    /** What is wrong is reported and left out. */
    static OutputTemplate parse(SourceText source, Problems problems) {
        String text = source.text();
        List<Part> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) != '%') {
                literal.append(text.charAt(at++));
                continue;
            }
            int percent = at++;
            int widthEnd = at;
            while (widthEnd < text.length() && widthEnd < at + 6 && Character.isDigit(text.charAt(widthEnd))) {
                widthEnd++;
            }
            int width = widthEnd > at ? Integer.parseInt(text.substring(at, widthEnd)) : 0;
            at = widthEnd;
            if (text.startsWith("container.info", at)) {
                at += "container.info".length(); // Falco left it behind as nothing
                continue;
            }
            try {
                int[] end = new int[1];
                Operand operand = ConditionParser.operandAt(source, at, end);
                at = end[0];
                if (!literal.isEmpty()) {
                    parts.add(new Part.Literal(literal.toString()));
                    literal.setLength(0);
                }
                parts.add(new Part.Value(operand, width));
            } catch (SyntaxError error) {
                problems.error(
                        source.at(percent),
                        at >= text.length() ? "'%' at the end of the output" : "'%' before " + error.found(),
                        "'%' and the name of a field");
                at = Math.max(at, error.offset());
            }
        }
        if (!literal.isEmpty()) {
            parts.add(new Part.Literal(literal.toString()));
        }
        return new OutputTemplate(parts);
    }

    /**
     * Compiles the template for one kind of event.
     *
     * @param alsoFields fields to report besides those that the text shows
     */
    public <E> Renderer<E> bind(FieldBinder<E> binder, Set<FieldUse> alsoFields) {
        return bind(binder, alsoFields, new Problems());
    }

    <E> Renderer<E> bind(FieldBinder<E> binder, Set<FieldUse> alsoFields, Problems problems) {
        ConditionCompiler<E> compiler = new ConditionCompiler<>(binder, problems);
        List<Renderer.Piece<E>> pieces = new ArrayList<>();
        for (Part part : parts) {
            switch (part) {
                case Part.Literal literal -> pieces.add(new Renderer.Piece<>(literal.text(), event -> null, 0));
                case Part.Value value ->
                    pieces.add(new Renderer.Piece<>(null, compiler.extractor(value.operand()), value.width()));
            }
        }
        Map<String, Extractor<E>> reported = new LinkedHashMap<>();
        Set<FieldUse> all = new LinkedHashSet<>(fields);
        all.addAll(alsoFields);
        for (FieldUse use : all) {
            reported.put(use.toString(), ConditionCompiler.bind(binder, use).orElse(event -> null));
        }
        return new Renderer<>(pieces, reported, compiler.unsupported());
    }

    /** A template that knows its kind of event. Safe for any thread. */
    public static final class Renderer<E> {

        private record Piece<E>(@Nullable String literal, Extractor<E> extractor, int width) {}

        private final List<Piece<E>> pieces;
        private final List<Map.Entry<String, Extractor<E>>> reported;
        private final Set<FieldUse> unsupported;

        private Renderer(List<Piece<E>> pieces, Map<String, Extractor<E>> reported, Set<FieldUse> unsupported) {
            this.pieces = List.copyOf(pieces);
            this.reported = List.copyOf(reported.entrySet());
            this.unsupported = Set.copyOf(unsupported);
        }

        public Set<FieldUse> unsupported() {
            return unsupported;
        }

        public String render(E event) {
            StringBuilder text = new StringBuilder(128);
            for (Piece<E> piece : pieces) {
                if (piece.literal != null) {
                    text.append(piece.literal);
                    continue;
                }
                int start = text.length();
                append(piece.extractor.extract(event), text);
                if (piece.width > 0) {
                    while (text.length() < start + piece.width) {
                        text.append(' ');
                    }
                    text.setLength(start + piece.width);
                }
            }
            return text.toString();
        }

        /** The values by the names that the template gives them; null for what the event does not have. */
        public Map<String, @Nullable Object> values(E event) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            for (Map.Entry<String, Extractor<E>> field : reported) {
                values.put(field.getKey(), field.getValue().extract(event));
            }
            return values;
        }

        private static void append(@Nullable Object value, StringBuilder text) {
            switch (value) {
                case null -> text.append(MISSING);
                case List<?> list -> {
                    text.append('(');
                    for (int i = 0; i < list.size(); i++) {
                        text.append(i == 0 ? "" : ",");
                        append(list.get(i), text);
                    }
                    text.append(')');
                }
                case byte[] buffer -> text.append(new String(buffer, StandardCharsets.UTF_8));
                default -> text.append(value);
            }
        }
    }
}
