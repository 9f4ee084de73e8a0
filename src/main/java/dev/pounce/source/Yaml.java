package dev.pounce.source;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML 1.2 document in which every value knows its place.
 *
 * <p>Deliberately not bound to classes: binding reports one mistake and stops, and loses the place.
 */
public sealed interface Yaml {

    Place place();

    /** What to call it in a message. */
    String kind();

    record Mapping(Place place, Map<String, Entry> entries) implements Yaml {
        public Optional<Yaml> get(String key) {
            return Optional.ofNullable(entries.get(key)).map(Entry::value);
        }

        @Override
        public String kind() {
            return "a mapping";
        }
    }

    /** A key of a mapping with its own place, and the value behind it. */
    record Entry(Place place, Yaml value) {}

    record Sequence(Place place, List<Yaml> items) implements Yaml {
        @Override
        public String kind() {
            return "a list";
        }
    }

    /**
     * @param text the value without its quotes
     * @param quoted whether it was written in quotes or as a block: then it is a string whatever it looks like
     * @param block whether it was written as a block (then its text begins on a later line)
     */
    record Scalar(Place place, String text, boolean quoted, boolean block) implements Yaml {
        public boolean isNull() {
            return !quoted
                    && (text.isEmpty()
                            || text.equals("null")
                            || text.equals("~")
                            || text.equals("Null")
                            || text.equals("NULL"));
        }

        @Override
        public String kind() {
            return isNull() ? "nothing" : "'" + text + "'";
        }
    }

    /**
     * Reads all documents of a text. What is not YAML becomes an error at its place, and the documents
     * before it are still returned. A key given twice is an error, too.
     */
    static List<Yaml> read(String file, String text, Problems problems) {
        List<Yaml> documents = new ArrayList<>();
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file)
                .setAllowDuplicateKeys(true) // reported by us, with the place of the second one
                .setMaxAliasesForCollections(50)
                .setCodePointLimit(64 * 1024 * 1024)
                .build();
        try {
            for (Node node : new Compose(settings).composeAllFromString(text)) {
                documents.add(convert(file, node, problems));
            }
        } catch (MarkedYamlEngineException broken) {
            Place place =
                    broken.getProblemMark().map(mark -> placeOf(file, mark)).orElse(Place.startOf(file));
            problems.error(place, "text that is not YAML: " + broken.getProblem(), "YAML 1.2");
        } catch (YamlEngineException broken) {
            problems.error(Place.startOf(file), "text that is not YAML: " + broken.getMessage(), "YAML 1.2");
        }
        return documents;
    }

    private static Yaml convert(String file, Node node, Problems problems) {
        Place place = node.getStartMark().map(mark -> placeOf(file, mark)).orElse(Place.startOf(file));
        return switch (node) {
            case MappingNode mapping -> convertMapping(file, mapping, place, problems);
            case SequenceNode sequence ->
                new Sequence(
                        place,
                        sequence.getValue().stream()
                                .map(item -> convert(file, item, problems))
                                .toList());
            case ScalarNode scalar -> {
                boolean plain = scalar.getScalarStyle() == org.snakeyaml.engine.v2.common.ScalarStyle.PLAIN;
                boolean block = scalar.getScalarStyle() == org.snakeyaml.engine.v2.common.ScalarStyle.LITERAL
                        || scalar.getScalarStyle() == org.snakeyaml.engine.v2.common.ScalarStyle.FOLDED;
                yield new Scalar(place, scalar.getValue(), !plain, block);
            }
            default -> throw new IllegalStateException("a YAML node of unknown type " + node.getNodeType());
        };
    }

    private static Mapping convertMapping(String file, MappingNode mapping, Place place, Problems problems) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Place keyPlace = tuple.getKeyNode()
                    .getStartMark()
                    .map(mark -> placeOf(file, mark))
                    .orElse(place);
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.error(keyPlace, "a key that is not a word", "a word");
                continue;
            }
            @Nullable
            Entry earlier =
                    entries.put(key.getValue(), new Entry(keyPlace, convert(file, tuple.getValueNode(), problems)));
            if (earlier != null) {
                problems.error(
                        keyPlace,
                        "key '" + key.getValue() + "' a second time",
                        "each key once; the first is at line " + earlier.place().line());
            }
        }
        return new Mapping(place, entries);
    }

    private static Place placeOf(String file, Mark mark) {
        return new Place(file, mark.getLine() + 1, mark.getColumn() + 1);
    }
}
