package dev.pounce.intake;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads one alert as Falco's {@code http_output} and Falcosidekick send it: exactly one JSON object.
 *
 * <p>{@code rule} and {@code priority} must be there. {@code output} (Falco can leave it out), {@code source} (then {@code
 * syscall}), {@code hostname}, {@code output_fields}, {@code tags} and {@code uuid} (Falcosidekick's) may be missing or null.
 * {@code time} is RFC 3339 with any offset; without it, or with Go's zero time, the moment of arrival is taken. Other
 * keys are ignored: newer senders have more.
 *
 * <p>Values of {@code output_fields} keep their types: a number that no {@code long} holds is a {@code BigInteger}, one that
 * no {@code double} holds a {@code BigDecimal}; an object is kept as compact JSON text.
 *
 * <p>Which assets an alert speaks of is taken from its fields, and only where they name them exactly. A container by its full
 * id: the usual twelve digits are left as the field that they are. A process never: a pid without the inode of its pidfd,
 * or at least its start in the kernel's own clock, may be somebody else's by now.
 *
 * <p>Any thread; some ten microseconds, does not block.
 */
public final class FalcoAlerts {

    /** How one alert could be read. */
    public sealed interface Read {
        record Good(Alert alert) implements Read {}

        record Bad(Refusal why) implements Read {}
    }

    private static final int DEEPEST = 32;
    private static final int LONGEST_ID = 200;
    private static final Instant GO_ZERO = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant EARLIEST = Instant.EPOCH;
    private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES) // strangers choose the names
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
            .build();

    /** What Falco puts before the text of the rule, with either of its time formats. */
    private static final Pattern PREFIX =
            Pattern.compile("(?:\\d{4}-\\d\\d-\\d\\dT)?\\d\\d:\\d\\d:\\d\\d\\.\\d{1,9}(?:Z|[+-]\\d\\d:?\\d\\d)?: "
                    + "(?:Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug)\\b");

    private static final Pattern CONTAINER_ID = Pattern.compile("[0-9a-f]{64}");

    /** Names of the API that can stand in a path: namespaces and pods, other objects, resources, uids. */
    private static final Pattern DNS_NAME = Pattern.compile("[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?");

    private static final Pattern OBJECT_NAME = Pattern.compile("(?!\\.{1,2}$)[^/%\\s\\p{Cntrl}]{1,253}");
    private static final Pattern RESOURCE = Pattern.compile("[a-z][a-z0-9]{0,62}");
    private static final Pattern UID = Pattern.compile("[0-9a-zA-Z-]{1,64}");

    private static final String AN_ALERT = "one JSON object with rule, priority, time, output, output_fields";

    private final Supplier<String> ids;
    private final InstantSource clock;

    /** @param ids of the detections: unique, and in the order of time */
    public FalcoAlerts(Supplier<String> ids, InstantSource clock) {
        this.ids = ids;
        this.clock = clock;
    }

    /** Says what is wrong as a value; never throws for what is in the bytes. */
    public Read read(byte[] body) {
        try (JsonParser json = JSON.createParser(body)) {
            return new Read.Good(alert(json));
        } catch (NotAnAlert bad) {
            return new Read.Bad(Refusal.badAlert(bad.found, bad.expected));
        } catch (JsonProcessingException broken) {
            return new Read.Bad(Refusal.badAlert(
                    firstLine(broken.getOriginalMessage()) + at(broken.getLocation()), "valid JSON: " + AN_ALERT));
        } catch (IOException impossible) {
            throw new UncheckedIOException("bytes in memory can be read", impossible);
        }
    }

    private Alert alert(JsonParser json) throws IOException {
        JsonToken first = json.nextToken();
        if (first != JsonToken.START_OBJECT) {
            throw new NotAnAlert(first == null ? "an empty body" : kindOf(first), AN_ALERT);
        }
        Draft draft = new Draft();
        for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
            json.nextToken();
            member(key, json, draft);
        }
        JsonToken next = json.nextToken();
        if (next != null) {
            throw new NotAnAlert(
                    (next == JsonToken.START_OBJECT ? "a second object" : kindOf(next)) + " after the alert"
                            + at(json.currentTokenLocation()),
                    "one alert in one request");
        }
        return finish(draft);
    }

    private static void member(String key, JsonParser json, Draft draft) throws IOException {
        switch (key) {
            case "rule" -> draft.rule = text(key, json);
            case "priority" -> draft.priority = text(key, json);
            case "time" -> draft.time = text(key, json);
            case "output" -> draft.output = text(key, json);
            case "source" -> draft.source = text(key, json);
            case "hostname" -> draft.hostname = text(key, json);
            case "uuid" -> draft.id = text(key, json);
            case "tags" -> tags(json, draft);
            case "output_fields" -> fields(json, draft);
            default -> json.skipChildren();
        }
    }

    private static @Nullable String text(String key, JsonParser json) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> json.getText();
            default -> throw wrongType(key, json, "a string");
        };
    }

    private static void tags(JsonParser json, Draft draft) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw wrongType("tags", json, "a list of strings");
        }
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.VALUE_STRING) {
                throw wrongType("tags", json, "a list of strings");
            }
            draft.tags.add(json.getText());
        }
    }

    private static void fields(JsonParser json, Draft draft) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw wrongType("output_fields", json, "an object");
        }
        for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
            json.nextToken();
            draft.fields.put(name, value(json));
        }
    }

    private static @Nullable Object value(JsonParser json) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_STRING -> json.getText();
            case VALUE_NUMBER_INT ->
                switch (json.getNumberType()) {
                    case INT, LONG -> json.getLongValue();
                    default -> json.getBigIntegerValue();
                };
            case VALUE_NUMBER_FLOAT -> fraction(json);
            case START_ARRAY -> list(json);
            default -> compact(json);
        };
    }

    private static Number fraction(JsonParser json) throws IOException {
        double value = Double.parseDouble(json.getText());
        if (Double.isInfinite(value)) {
            return new BigDecimal(json.getText());
        }
        return value;
    }

    private static List<@Nullable Object> list(JsonParser json) throws IOException {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(value(json));
        }
        return list;
    }

    private static String compact(JsonParser json) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator copy = JSON.createGenerator(text)) {
            copy.copyCurrentStructure(json);
        }
        return text.toString();
    }

    private Alert finish(Draft draft) {
        if (draft.rule == null || draft.rule.isBlank()) {
            throw new NotAnAlert("no rule", "the name of the rule that fired as 'rule'");
        }
        String word = draft.priority;
        Priority priority = Optional.ofNullable(word)
                .flatMap(Priority::parse)
                .orElseThrow(() -> new NotAnAlert(
                        word == null ? "no priority" : "'" + word + "' as priority",
                        "Emergency, Alert, Critical, Error, Warning, Notice, Informational or Debug"));
        Optional<Instant> time = Optional.ofNullable(draft.time).flatMap(FalcoAlerts::time);
        String id = draft.id == null ? "" : draft.id;
        if (id.length() > LONGEST_ID) {
            throw new NotAnAlert("a uuid of " + id.length() + " characters", "at most " + LONGEST_ID);
        }
        Detection detection = new Detection(
                ids.get(),
                time.orElseGet(clock::instant),
                draft.source == null || draft.source.isEmpty() ? "syscall" : draft.source,
                draft.rule,
                priority,
                draft.tags,
                withoutPrefix(draft.output == null ? "" : draft.output),
                draft.fields,
                assets(draft));
        return new Alert(keyOf(id, time, draft.hostname, detection), detection);
    }

    private static Optional<Instant> time(String text) {
        Instant time;
        try {
            time = DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
        } catch (DateTimeException unreadable) {
            throw new NotAnAlert("'" + text + "' as time", "RFC 3339, such as 2026-11-23T15:04:05.678901234Z");
        }
        if (time.equals(GO_ZERO)) {
            return Optional.empty();
        }
        if (time.isBefore(EARLIEST) || !time.isBefore(LATEST)) {
            throw new NotAnAlert("'" + text + "' as time", "a moment between 1970 and 2200");
        }
        return Optional.of(time);
    }

    static String withoutPrefix(String output) {
        Matcher prefix = PREFIX.matcher(output);
        String rest = prefix.lookingAt() ? output.substring(prefix.end()) : output;
        return rest.startsWith(" ") ? rest.substring(1) : rest;
    }

    private static List<Asset> assets(Draft draft) {
        List<Asset> assets = new ArrayList<>(3);
        Optional<NodeRef> node = Optional.ofNullable(draft.hostname)
                .filter(name -> !name.isBlank())
                .map(NodeRef::new);
        node.ifPresent(on -> named(draft, "container.full_id", CONTAINER_ID)
                .or(() -> named(draft, "container.id", CONTAINER_ID))
                .ifPresent(id -> assets.add(new ContainerRef(on, id))));
        Optional<String> resource = named(draft, "ka.target.resource", RESOURCE);
        Optional<String> target = named(draft, "ka.target.name", OBJECT_NAME);
        if (resource.isPresent() && target.isPresent()) {
            Optional<String> namespace = named(draft, "ka.target.namespace", DNS_NAME);
            if (resource.get().equals("pods")) {
                if (namespace.isPresent() && DNS_NAME.matcher(target.get()).matches()) {
                    assets.add(new PodRef(namespace.get(), target.get(), Optional.empty()));
                }
            }
            assets.add(new ObjectRef(resource.get(), namespace, target.get()));
        } else {
            Optional<String> namespace = named(draft, "k8s.ns.name", DNS_NAME);
            Optional<String> pod = named(draft, "k8s.pod.name", DNS_NAME);
            if (namespace.isPresent() && pod.isPresent()) {
                assets.add(new PodRef(namespace.get(), pod.get(), named(draft, "k8s.pod.uid", UID)));
            }
        }
        node.ifPresent(assets::add);
        return assets;
    }

    /** Falco's {@code <NA>} and all else that names nothing is left out. */
    private static Optional<String> named(Draft draft, String field, Pattern form) {
        return draft.fields.get(field) instanceof String text
                        && form.matcher(text).matches()
                ? Optional.of(text)
                : Optional.empty();
    }

    /**
     * The sender's id for the alert, else all that it says: two that differ in a single field are two. One without a time
     * is new each time, since nothing tells a repetition from another event.
     */
    private static AlertKey keyOf(String id, Optional<Instant> time, @Nullable String hostname, Detection detection) {
        if (!id.isEmpty()) {
            return AlertKey.of('u', id);
        }
        if (time.isEmpty()) {
            return AlertKey.of('d', detection.id());
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (DataOutputStream content = new DataOutputStream(bytes)) {
            Instant moment = time.get();
            content.writeLong(moment.getEpochSecond());
            content.writeInt(moment.getNano());
            put(detection.rule(), content);
            put(detection.source(), content);
            put(detection.priority().display(), content);
            put(hostname, content);
            put(detection.output(), content);
            put(detection.tags(), content);
            for (Map.Entry<String, @Nullable Object> field : new TreeMap<>(detection.fields()).entrySet()) {
                put(field.getKey(), content);
                put(field.getValue(), content);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException("memory can be written to", impossible);
        }
        return AlertKey.of('c', bytes.toByteArray());
    }

    /** With type and length, so that no two contents have the same bytes. */
    private static void put(@Nullable Object value, DataOutputStream content) throws IOException {
        switch (value) {
            case null -> content.writeByte('n');
            case Long number -> {
                content.writeByte('l');
                content.writeLong(number);
            }
            case List<?> list -> {
                content.writeByte('[');
                content.writeInt(list.size());
                for (Object element : list) {
                    put(element, content);
                }
            }
            default -> {
                byte[] text = value.toString().getBytes(StandardCharsets.UTF_8);
                content.writeByte(value instanceof String ? 's' : value instanceof Boolean ? 'b' : 'd');
                content.writeInt(text.length);
                content.write(text);
            }
        }
    }

    private static NotAnAlert wrongType(String key, JsonParser json, String expected) {
        return new NotAnAlert(kindOf(json.currentToken()) + " as " + key + at(json.currentTokenLocation()), expected);
    }

    private static String kindOf(JsonToken token) {
        return switch (token) {
            case START_OBJECT, END_OBJECT, FIELD_NAME -> "an object";
            case START_ARRAY, END_ARRAY -> "an array";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE -> "true";
            case VALUE_FALSE -> "false";
            case VALUE_NULL -> "null";
            case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> "something else";
        };
    }

    private static String at(@Nullable JsonLocation place) {
        return place == null || place.getLineNr() < 1
                ? ""
                : " at line " + place.getLineNr() + ", column " + place.getColumnNr();
    }

    private static String firstLine(@Nullable String message) {
        String text =
                message == null ? "broken JSON" : message.lines().findFirst().orElse("broken JSON");
        return text.isEmpty() ? "broken JSON" : text;
    }

    /** What has been read of an alert so far. */
    private static final class Draft {
        private @Nullable String rule;
        private @Nullable String priority;
        private @Nullable String time;
        private @Nullable String output;
        private @Nullable String source;
        private @Nullable String hostname;
        private @Nullable String id;
        private final List<String> tags = new ArrayList<>();
        private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    }

    /** Does not leave this class. */
    private static final class NotAnAlert extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String found;
        private final String expected;

        NotAnAlert(String found, String expected) {
            super(found, null, false, false);
            this.found = found;
            this.expected = expected;
        }
    }
}
