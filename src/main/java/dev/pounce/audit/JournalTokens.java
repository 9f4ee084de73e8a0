package dev.pounce.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads back what {@link EntryJson} wrote, token by token: a tree of nodes for each of a million entries would cost more
 * than all that is done with them. Each method begins at the start of a value and ends at its end. What is misshapen
 * throws an {@link IOException} or an {@link IllegalArgumentException}.
 */
final class JournalTokens {

    static final JsonFactory JSON = new JsonFactory();

    /** An action in words, whether or not this release knows it. */
    record ActionWords(String verb, String parameters, String target) {}

    private JournalTokens() {}

    static Detection detection(JsonParser parser) throws IOException {
        String id = "";
        Instant time = Instant.EPOCH;
        String source = "";
        String rule = "";
        Priority priority = Priority.DEBUG;
        List<String> tags = List.of();
        String output = "";
        Map<String, @Nullable Object> fields = Map.of();
        List<Asset> assets = List.of();
        beginObject(parser);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "id" -> id = parser.getText();
                case "time" -> time = time(parser.getText());
                case "source" -> source = parser.getText();
                case "rule" -> rule = parser.getText();
                case "priority" -> priority = priority(parser.getText());
                case "tags" -> tags = texts(parser);
                case "output" -> output = parser.getText();
                case "output_fields" -> fields = map(parser);
                case "assets" -> assets = assets(parser);
                default -> parser.skipChildren();
            }
        }
        if (id.isEmpty() || rule.isEmpty()) {
            throw new IllegalArgumentException("a detection without an id or a rule");
        }
        return new Detection(id, time, source, rule, priority, tags, output, fields, assets);
    }

    private static Priority priority(String word) {
        return Priority.parse(word).orElseThrow(() -> new IllegalArgumentException("'" + word + "' is not a priority"));
    }

    static List<String> texts(JsonParser parser) throws IOException {
        beginArray(parser);
        List<String> texts = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            texts.add(parser.getText());
        }
        return texts;
    }

    private static Map<String, @Nullable Object> map(JsonParser parser) throws IOException {
        beginObject(parser);
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            map.put(key, value(parser));
        }
        return map;
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT ->
                parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? parser.getText()
                        : (Object) parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case START_OBJECT -> map(parser);
            case VALUE_STRING -> parser.getText();
            case null, default -> throw new IllegalArgumentException("a value was expected");
        };
    }

    private static List<Asset> assets(JsonParser parser) throws IOException {
        beginArray(parser);
        List<Asset> assets = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            asset(parser).ifPresent(assets::add);
        }
        return assets;
    }

    /** Empty for one of a kind that this release does not know. */
    static Optional<Asset> asset(JsonParser parser) throws IOException {
        String kind = "";
        String node = "";
        String id = "";
        String name = "";
        String namespace = null;
        String uid = null;
        String resource = "";
        int pid = 0;
        long start = 0;
        long inode = 0;
        beginObject(parser);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "kind" -> kind = parser.getText();
                case "node" -> node = parser.getText();
                case "id" -> id = parser.getText();
                case "name" -> name = parser.getText();
                case "namespace" -> namespace = parser.getText();
                case "uid" -> uid = parser.getText();
                case "resource" -> resource = parser.getText();
                case "pid" -> pid = parser.getIntValue();
                case "start" -> start = parser.getLongValue();
                case "inode" -> inode = parser.getLongValue();
                default -> parser.skipChildren();
            }
        }
        return switch (kind) {
            case "process" -> Optional.of(new ProcessRef(new NodeRef(node), pid, start, inode));
            case "container" -> Optional.of(new ContainerRef(new NodeRef(node), id));
            case "pod" -> Optional.of(new PodRef(namespace == null ? "" : namespace, name, Optional.ofNullable(uid)));
            case "node" -> Optional.of(new NodeRef(name));
            case "workload" ->
                Optional.of(
                        new WorkloadRef(resource, namespace == null ? "" : namespace, name, Optional.ofNullable(uid)));
            case "endpoint" -> Optional.of(new EndpointRef(name));
            case "object" -> Optional.of(new ObjectRef(resource, Optional.ofNullable(namespace), name));
            default -> Optional.empty();
        };
    }

    static ActionWords action(String json) {
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            return action(parser);
        } catch (IOException e) {
            throw new UncheckedIOException("an action that was read as JSON is none", e);
        }
    }

    /** From {@code {"action":{…}}}. */
    static ActionWords action(byte[] json, int length) {
        try (JsonParser parser = JSON.createParser(json, 0, length)) {
            parser.nextToken();
            parser.nextToken();
            parser.nextToken();
            return action(parser);
        } catch (IOException e) {
            throw new UncheckedIOException("an action was written that cannot be read", e);
        }
    }

    /** What names things, such as the container that a process lived in, is no parameter. */
    static ActionWords action(JsonParser parser) throws IOException {
        String verb = "";
        String target = "";
        Map<String, String> parameters = new TreeMap<>();
        beginObject(parser);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("verb")) {
                verb = parser.getText();
            } else if (key.equals("target")) {
                target = asset(parser).map(Asset::display).orElse("");
            } else if (key.equals("parameters") && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    parameter(parser.currentName(), parser, parameters);
                }
            } else {
                copy(key, parser, parameters);
            }
        }
        return new ActionWords(verb, object(parameters), target);
    }

    private static void parameter(String key, JsonParser parser, Map<String, String> parameters) throws IOException {
        parser.nextToken();
        copy(key, parser, parameters);
    }

    private static void copy(String key, JsonParser parser, Map<String, String> parameters) throws IOException {
        StringWriter copy = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(copy)) {
            generator.copyCurrentStructure(parser);
        }
        if (!copy.toString().startsWith("{\"kind\":")) {
            parameters.put(key, copy.toString());
        }
    }

    private static String object(Map<String, String> members) throws IOException {
        if (members.isEmpty()) {
            return "{}";
        }
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(text)) {
            generator.writeStartObject();
            for (Map.Entry<String, String> member : members.entrySet()) {
                generator.writeFieldName(member.getKey());
                generator.writeRawValue(member.getValue());
            }
            generator.writeEndObject();
        }
        return text.toString();
    }

    static void beginObject(JsonParser parser) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("an object was expected, found " + parser.currentToken());
        }
    }

    static void beginArray(JsonParser parser) {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw new IllegalArgumentException("a list was expected, found " + parser.currentToken());
        }
    }

    /**
     * As {@link Instant#parse}, at a tenth of its price for what the journal writes: {@code 2026-11-23T15:04:05.000123Z}.
     *
     * @throws DateTimeException if it is no time
     */
    static Instant time(String text) {
        int length = text.length();
        if (length < 20
                || text.charAt(4) != '-'
                || text.charAt(7) != '-'
                || text.charAt(10) != 'T'
                || text.charAt(13) != ':'
                || text.charAt(16) != ':'
                || text.charAt(length - 1) != 'Z'
                || (length > 20 && text.charAt(19) != '.')
                || length > 30) {
            return OffsetDateTime.parse(text).toInstant();
        }
        int nanos = length > 20 ? number(text, 20, length - 1) : 0;
        for (int digits = length - 21; digits < 9 && length > 20; digits++) {
            nanos *= 10;
        }
        return LocalDateTime.of(
                        number(text, 0, 4),
                        number(text, 5, 7),
                        number(text, 8, 10),
                        number(text, 11, 13),
                        number(text, 14, 16),
                        number(text, 17, 19),
                        nanos)
                .toInstant(ZoneOffset.UTC);
    }

    private static int number(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw new DateTimeException("'" + text + "' is no time");
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
