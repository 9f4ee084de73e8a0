package dev.pounce.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

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
            YamlConverter converter = new YamlConverter(file, problems);
            for (Node node : new Compose(settings).composeAllFromString(text)) {
                documents.add(converter.convert(node));
            }
        } catch (MarkedYamlEngineException broken) {
            Place place = broken.getProblemMark()
                    .map(mark -> YamlConverter.placeOf(file, mark))
                    .orElse(Place.startOf(file));
            problems.error(place, "text that is not YAML: " + broken.getProblem(), "YAML 1.2");
        } catch (YamlEngineException broken) {
            problems.error(Place.startOf(file), "text that is not YAML: " + broken.getMessage(), "YAML 1.2");
        }
        return documents;
    }
}
