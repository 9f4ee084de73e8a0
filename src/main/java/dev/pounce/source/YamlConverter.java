package dev.pounce.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Turns the library's nodes into ours. Written-out aliases can grow without bound, so what comes out is counted. */
final class YamlConverter {

    /** The largest rule files in use have some ten thousand values. */
    private static final int MOST_VALUES = 1_000_000;

    private final String file;
    private final Problems problems;
    private final Set<Node> beingConverted = Collections.newSetFromMap(new IdentityHashMap<>());
    private int values;

    YamlConverter(String file, Problems problems) {
        this.file = file;
        this.problems = problems;
    }

    Yaml convert(Node node) {
        Place place = node.getStartMark().map(mark -> placeOf(file, mark)).orElse(Place.startOf(file));
        if (++values > MOST_VALUES) {
            throw new YamlEngineException("more than " + MOST_VALUES + " values, aliases written out");
        }
        if (!beingConverted.add(node)) {
            throw new YamlEngineException("an alias at line " + place.line() + " that contains itself");
        }
        try {
            return switch (node) {
                case MappingNode mapping -> convertMapping(mapping, place);
                case SequenceNode sequence -> convertSequence(sequence, place);
                case ScalarNode scalar -> {
                    ScalarStyle style = scalar.getScalarStyle();
                    boolean block = style == ScalarStyle.LITERAL || style == ScalarStyle.FOLDED;
                    yield new Yaml.Scalar(place, scalar.getValue(), style != ScalarStyle.PLAIN, block);
                }
                default -> throw new IllegalStateException("a YAML node of unknown type " + node.getNodeType());
            };
        } finally {
            beingConverted.remove(node);
        }
    }

    private Yaml.Sequence convertSequence(SequenceNode sequence, Place place) {
        List<Yaml> items = new ArrayList<>(sequence.getValue().size());
        for (Node item : sequence.getValue()) {
            items.add(convert(item));
        }
        return new Yaml.Sequence(place, Collections.unmodifiableList(items));
    }

    private Yaml.Mapping convertMapping(MappingNode mapping, Place place) {
        Map<String, Yaml.Entry> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Place keyPlace = tuple.getKeyNode()
                    .getStartMark()
                    .map(mark -> placeOf(file, mark))
                    .orElse(place);
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.error(keyPlace, "a key that is not a word", "a word");
                continue;
            }
            Yaml.@Nullable Entry earlier =
                    entries.put(key.getValue(), new Yaml.Entry(keyPlace, convert(tuple.getValueNode())));
            if (earlier != null) {
                problems.error(
                        keyPlace,
                        "key '" + key.getValue() + "' a second time",
                        "each key once; the first is at line " + earlier.place().line());
            }
        }
        return new Yaml.Mapping(place, Collections.unmodifiableMap(entries));
    }

    static Place placeOf(String file, Mark mark) {
        return new Place(file, mark.getLine() + 1, mark.getColumn() + 1);
    }
}
