package dev.pounce.source;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where something stands in a document that came by an API, and of which nobody sees the lines: by field, such as {@code
 * spec.steps[0].within}, and within a text {@code spec.when.detection.where:1:13}.
 *
 * <p>Not changed once made.
 */
public final class Fields {

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.-]+");
    private static final Pattern OTHER_LINE = Pattern.compile("at line (\\d{1,9})$");

    private final Yaml document;
    /** Of the line at which each begins; the lines are ours. */
    private final NavigableMap<Integer, String> paths = new TreeMap<>();

    private int lines;

    private Fields(Yaml document) {
        this.document = placed(document, "");
    }

    public static Fields of(Yaml document) {
        return new Fields(document);
    }

    /** The same document with places of which each stands for one field. What is found there can be told by field. */
    public Yaml document() {
        return document;
    }

    /** Empty for the document as a whole. */
    public String fieldOf(Place place) {
        Map.Entry<Integer, String> begin = paths.floorEntry(place.line());
        int line = place.line() - begin.getKey() + 1;
        int column = line == 1 ? place.column() - 1 : place.column(); // behind the quote
        return line == 1 && column <= 1 ? begin.getValue() : begin.getValue() + ":" + line + ":" + column;
    }

    /** A problem of that document whose words name fields where they named lines. */
    public Problem inWords(Problem problem) {
        Matcher line = OTHER_LINE.matcher(problem.expected());
        String expected = line.replaceFirst(
                found -> Matcher.quoteReplacement("at " + fieldOf(new Place("", Integer.parseInt(found.group(1)), 1))));
        return new Problem(problem.severity(), problem.place(), problem.found(), expected, problem.suggestion());
    }

    private Yaml placed(Yaml value, String path) {
        lines++;
        paths.put(lines, path);
        Place place = new Place(value.place().file(), lines, 1);
        return switch (value) {
            case Yaml.Mapping mapping -> {
                Map<String, Yaml.Entry> entries = new LinkedHashMap<>();
                mapping.entries().forEach((key, entry) -> {
                    Yaml inner = placed(entry.value(), path + step(key, path));
                    entries.put(key, new Yaml.Entry(inner.place(), inner));
                });
                yield new Yaml.Mapping(place, entries);
            }
            case Yaml.Sequence sequence -> {
                List<Yaml> items = new ArrayList<>();
                for (Yaml item : sequence.items()) {
                    items.add(placed(item, path + "[" + items.size() + "]"));
                }
                yield new Yaml.Sequence(place, items);
            }
            case Yaml.Scalar scalar -> {
                lines += (int) scalar.text().chars().filter(c -> c == '\n').count();
                yield new Yaml.Scalar(place, scalar.text(), scalar.quoted(), scalar.block());
            }
        };
    }

    private static String step(String key, String path) {
        if (!PLAIN.matcher(key).matches()) {
            return "[" + key + "]";
        }
        return path.isEmpty() ? key : "." + key;
    }
}
