package dev.pounce.cluster;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** From the API's JSON to what is kept of it. The large parts of an object are passed over before they are anything. */
final class Slim {

    /** Most of an object's bytes, and of no use here. */
    private static final Set<String> LEFT_OUT = Set.of(
            "managedFields",
            "containers",
            "initContainers",
            "ephemeralContainers",
            "volumes",
            "affinity",
            "tolerations",
            "topologySpreadConstraints",
            "resourceClaims",
            "template",
            "volumeClaimTemplates",
            "images",
            "volumesAttached",
            "volumesInUse",
            "resources",
            "allocatedResources",
            "volumeMounts",
            "message");

    /** Whose keys are people's words. */
    private static final Set<String> AS_IT_IS = Set.of("labels", "matchLabels");

    private static final String ANNOTATIONS = "annotations";
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final Set<String> CONTROL_PLANE =
            Set.of("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master");

    private static final JsonFactory JSON =
            JsonFactory.builder().disable(StreamReadFeature.AUTO_CLOSE_SOURCE).build();

    private final Shared shared = new Shared();

    /** Closes nothing but itself. */
    static JsonParser parser(InputStream body) throws IOException {
        return JSON.createParser(body);
    }

    /**
     * A list as the API server sends it, to its end, item by item: of a large one only what is kept of its items is in memory.
     *
     * @return its {@code metadata}
     * @throws IOException also when it is no list, which must not be taken for one without items
     */
    static JsonNode list(InputStream body, Consumer<JsonNode> items) throws IOException {
        JsonNode metadata = MissingNode.getInstance();
        boolean isList = false;
        try (JsonParser parser = parser(body)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals("metadata")) {
                    metadata = read(parser);
                } else if (name.equals("items") && parser.currentToken() == JsonToken.START_ARRAY) {
                    isList = true;
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        items.accept(read(parser));
                    }
                } else {
                    parser.skipChildren();
                }
            }
            drain(body);
        }
        if (!isList) {
            throw new IOException("the API server's answer is no list");
        }
        return metadata;
    }

    static void drain(InputStream body) throws IOException {
        byte[] rest = new byte[1024];
        int read = body.read(rest);
        while (read >= 0) {
            read = body.read(rest);
        }
    }

    /** The value that the parser stands at the beginning of; it stands at its end afterwards. */
    static JsonNode read(JsonParser parser) throws IOException {
        return read(parser, false);
    }

    private static JsonNode read(JsonParser parser, boolean asItIs) throws IOException {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            ObjectNode object = nodes.objectNode();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (asItIs || !LEFT_OUT.contains(name)) {
                    object.set(
                            name,
                            name.equals(ANNOTATIONS) && !asItIs
                                    ? annotations(parser)
                                    : read(parser, asItIs || AS_IT_IS.contains(name)));
                } else {
                    parser.skipChildren();
                }
            }
            return object;
        }
        if (token == JsonToken.START_ARRAY) {
            ArrayNode array = nodes.arrayNode();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                array.add(read(parser, asItIs));
            }
            return array;
        }
        if (token == null) {
            return MissingNode.getInstance();
        }
        if (token == JsonToken.VALUE_STRING) {
            return TextNode.valueOf(parser.getText());
        }
        if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
            return BooleanNode.valueOf(token == JsonToken.VALUE_TRUE);
        }
        if (token == JsonToken.VALUE_NUMBER_INT) {
            return nodes.numberNode(parser.getLongValue());
        }
        return token == JsonToken.VALUE_NUMBER_FLOAT
                ? nodes.numberNode(parser.getDoubleValue())
                : NullNode.getInstance();
    }

    /** They may be a quarter of a megabyte, and one is read. */
    private static JsonNode annotations(JsonParser parser) throws IOException {
        ObjectNode kept = JsonNodeFactory.instance.objectNode();
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return kept;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean read = parser.currentName().equals(MIRROR);
            parser.nextToken();
            if (read) {
                kept.put(MIRROR, parser.getText());
            }
        }
        return kept;
    }

    Pod pod(JsonNode json) {
        JsonNode metadata = json.path("metadata");
        JsonNode status = json.path("status");
        JsonNode spec = json.path("spec");
        boolean deleting = metadata.hasNonNull("deletionTimestamp");
        String phase = status.path("phase").asText("");
        return new Pod(
                shared.one(metadata.path("namespace").asText()),
                metadata.path("name").asText(),
                metadata.path("uid").asText(),
                shared.one(spec.path("nodeName").asText("")),
                seconds(metadata.path("creationTimestamp").asText("")),
                owner(metadata),
                shared.one(labels(metadata.path("labels"))),
                containers(status),
                status.path("podIP").asText(""),
                shared.one(phase),
                shared.one(spec.path("serviceAccountName").asText("")),
                !deleting && isReady(status),
                deleting,
                metadata.path(ANNOTATIONS).has(MIRROR),
                spec.path("hostNetwork").asBoolean(false));
    }

    /** @param kind which lists do not tell of their items */
    Controller controller(String kind, JsonNode json) {
        JsonNode metadata = json.path("metadata");
        int desired = kind.equals("DaemonSet")
                ? json.path("status").path("desiredNumberScheduled").asInt(0)
                : json.path("spec").path("replicas").asInt(1);
        return new Controller(
                kind,
                shared.one(metadata.path("namespace").asText()),
                metadata.path("name").asText(),
                shared.one(metadata.path("uid").asText()),
                owner(metadata),
                desired);
    }

    Budget budget(JsonNode json) {
        JsonNode metadata = json.path("metadata");
        JsonNode status = json.path("status");
        // As the API server itself does when it is asked for an eviction
        boolean counted = status.path("observedGeneration").asLong(0)
                >= metadata.path("generation").asLong(0);
        return new Budget(
                shared.one(metadata.path("namespace").asText()),
                metadata.path("name").asText(),
                counted ? status.path("disruptionsAllowed").asInt(0) : 0,
                LabelSelector.of(json.path("spec").path("selector")));
    }

    Node node(JsonNode json) {
        JsonNode metadata = json.path("metadata");
        return new Node(
                shared.one(metadata.path("name").asText()),
                metadata.path("uid").asText(),
                isReady(json.path("status")),
                json.path("spec").path("unschedulable").asBoolean(false),
                CONTROL_PLANE.stream().anyMatch(metadata.path("labels")::has));
    }

    private Optional<Owner> owner(JsonNode metadata) {
        for (JsonNode owner : metadata.path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                return shared.one(Optional.of(new Owner(
                        shared.one(owner.path("kind").asText()),
                        shared.one(owner.path("name").asText()),
                        shared.one(owner.path("uid").asText()))));
            }
        }
        return Optional.empty();
    }

    private Map<String, String> labels(JsonNode json) {
        Map<String, String> labels = new HashMap<>();
        json.properties()
                .forEach(label -> labels.put(
                        shared.one(label.getKey()), shared.one(label.getValue().asText())));
        return Map.copyOf(labels);
    }

    private List<Pod.Container> containers(JsonNode status) {
        List<Pod.Container> containers = new ArrayList<>(2);
        for (String kind : List.of("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")) {
            for (JsonNode container : status.path(kind)) {
                String name = shared.one(container.path("name").asText());
                add(name, container.path("containerID").asText(""), containers);
                add(
                        name,
                        container
                                .path("lastState")
                                .path("terminated")
                                .path("containerID")
                                .asText(""),
                        containers);
            }
        }
        return List.copyOf(containers);
    }

    /** @param id such as {@code containerd://3f1a…} */
    private static void add(String name, String id, List<Pod.Container> containers) {
        String bare = id.substring(id.indexOf("//") < 0 ? 0 : id.indexOf("//") + 2);
        if (!bare.isEmpty()) {
            containers.add(new Pod.Container(name, bare));
        }
    }

    private static boolean isReady(JsonNode status) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private static long seconds(String time) {
        try {
            return Instant.parse(time).getEpochSecond();
        } catch (DateTimeParseException none) {
            return 0;
        }
    }

    /** Keeps equal values once, for as long as somebody holds one. For one thread at a time. */
    static final class Shared {
        private final WeakHashMap<Object, WeakReference<Object>> values = new WeakHashMap<>();

        @SuppressWarnings("unchecked") // equal to the value, and of its class
        synchronized <T> T one(T value) {
            WeakReference<Object> known = values.get(value);
            @Nullable Object first = known == null ? null : known.get();
            if (first == null) {
                values.put(value, new WeakReference<>(value));
                return value;
            }
            return (T) first;
        }

        int size() {
            return values.size();
        }
    }
}
