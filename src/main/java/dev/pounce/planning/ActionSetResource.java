package dev.pounce.planning;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The CustomResourceDefinition of action sets, made from their JSON Schema.
 *
 * <p>A definition's schema must be structural, which says less: no references, no choice between types, no patterns that look
 * ahead, no names of keys. What is lost is said by the engine that loads the resource, in its status, in the words of {@code
 * pounce check}.
 *
 * <p>Source: "Specifying a structural schema", documentation of CustomResourceDefinitions, apiextensions.k8s.io/v1.
 */
public final class ActionSetResource {

    public static final String GROUP = "pounce.dev";
    public static final String VERSION = "v1";
    public static final String PLURAL = "actionsets";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Taken over as they are, where they can be. */
    private static final Set<String> PLAIN = Set.of(
            "description", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties", "enum");

    private ActionSetResource() {}

    /** The definition, as the API server takes it. */
    public static ObjectNode definition() {
        ObjectNode schema = JSON.objectNode().put("type", "object");
        schema.put("description", ActionSetSchema.schema().path("description").asText());
        schema.putArray("required").add("spec");
        ObjectNode properties = schema.putObject("properties");
        ObjectNode model = ActionSetSchema.schema();
        properties.set("spec", structural(model.path("properties").path("spec"), model.path("$defs")));
        properties.set("status", status());
        ObjectNode definition = Definitions.of(PLURAL, "actionset", ActionSetReader.KIND, "pas", schema);
        Definitions.column(definition, "Mode", "string", ".spec.mode");
        Definitions.column(definition, "Armed", "string", ".status.engines[*].armed");
        Definitions.column(definition, "Because", "string", ".status.engines[*].because");
        return definition;
    }

    /** Each engine says for itself how it takes the set. */
    private static ObjectNode status() {
        ObjectNode engine = JSON.objectNode().put("type", "object");
        engine.putArray("required").add("name");
        ObjectNode of = engine.putObject("properties");
        of.set("name", text("of the engine"));
        of.set("armed", JSON.objectNode().put("type", "boolean").put("description", "whether it acts by this set"));
        of.set("because", text("why it does not, or not fully"));
        of.set("generation", whole("of the resource that this is about"));
        of.set("since", text("when this began to be so").put("format", "date-time"));
        of.set("responses", whole("answered by this set since the engine was started"));
        of.set("steps", whole("that changed something since then"));
        of.set("withheld", whole("steps that a guard refused since then"));
        ObjectNode problems = JSON.objectNode().put("type", "array");
        problems.put("description", "what is wrong with it, as pounce check says it");
        problems.set("items", JSON.objectNode().put("type", "string"));
        of.set("problems", problems);
        ObjectNode engines = JSON.objectNode().put("type", "array").put("x-kubernetes-list-type", "map");
        engines.putArray("x-kubernetes-list-map-keys").add("name");
        engines.set("items", engine);
        ObjectNode status = JSON.objectNode().put("type", "object");
        status.putObject("properties").set("engines", engines);
        return status;
    }

    private static ObjectNode text(String description) {
        return JSON.objectNode().put("type", "string").put("description", description);
    }

    private static ObjectNode whole(String description) {
        return JSON.objectNode().put("type", "integer").put("format", "int64").put("description", description);
    }

    /** The same schema, as far as a structural one can say it. */
    static ObjectNode structural(JsonNode schema, JsonNode definitions) {
        if (schema.has("$ref")) {
            String name = schema.path("$ref").asText();
            ObjectNode inlined = structural(definitions.path(name.substring(name.lastIndexOf('/') + 1)), definitions);
            if (schema.has("description")) {
                inlined.set("description", schema.get("description"));
            }
            return inlined;
        }
        ObjectNode structural = JSON.objectNode();
        for (Map.Entry<String, JsonNode> member : schema.properties()) {
            if (PLAIN.contains(member.getKey())) {
                structural.set(member.getKey(), member.getValue());
            }
        }
        JsonNode type = schema.path("type");
        String only = type.isTextual() ? type.asText() : schema.has("enum") ? "string" : "";
        if (type.isArray() && type.size() == 2 && type.get(1).asText().equals("null")) {
            only = type.get(0).asText();
            structural.put("nullable", true);
        }
        if (only.isEmpty()) {
            // Of several types, or one of several schemas: the reader tells them apart
            structural.removeAll();
            if (schema.has("description")) {
                structural.set("description", schema.get("description"));
            }
            return structural.put("x-kubernetes-preserve-unknown-fields", true);
        }
        structural.put("type", only);
        String pattern = schema.path("pattern").asText();
        if (only.equals("string") && !pattern.isEmpty() && isRe2(pattern)) {
            structural.put("pattern", pattern);
        }
        if (schema.has("items")) {
            structural.set("items", structural(schema.get("items"), definitions));
        }
        if (schema.path("additionalProperties").isObject()) {
            structural.set("additionalProperties", structural(schema.get("additionalProperties"), definitions));
        }
        if (schema.has("properties")) {
            ObjectNode properties = structural.putObject("properties");
            schema.get("properties")
                    .properties()
                    .forEach(one -> properties.set(one.getKey(), structural(one.getValue(), definitions)));
        }
        if (schema.has("required")) {
            structural.set("required", schema.get("required"));
        }
        if (schema.has("oneOf")) { // of which key must be there; nothing else is said with it
            structural.set("oneOf", schema.get("oneOf"));
        }
        return structural;
    }

    /** The API server knows RE2 only: nothing looks ahead, and nothing is repeated more than a thousand times. */
    private static boolean isRe2(String pattern) {
        try {
            Pattern.compile(pattern);
            return true;
        } catch (PatternSyntaxException more) {
            return false;
        }
    }

    /** What the definitions of our resources have in common. */
    static final class Definitions {

        private Definitions() {}

        static ObjectNode of(String plural, String singular, String kind, String shortName, ObjectNode schema) {
            ObjectNode definition = JSON.objectNode()
                    .put("apiVersion", "apiextensions.k8s.io/v1")
                    .put("kind", "CustomResourceDefinition");
            ObjectNode metadata = definition.putObject("metadata").put("name", plural + "." + GROUP);
            metadata.putObject("labels").put("app.kubernetes.io/name", "pounce");
            ObjectNode spec = definition.putObject("spec").put("group", GROUP).put("scope", "Cluster");
            ObjectNode names = spec.putObject("names");
            names.put("plural", plural).put("singular", singular).put("kind", kind);
            names.putArray("shortNames").add(shortName);
            names.putArray("categories").add("pounce");
            ObjectNode version =
                    JSON.objectNode().put("name", VERSION).put("served", true).put("storage", true);
            version.putObject("subresources").putObject("status");
            version.putArray("additionalPrinterColumns");
            version.putObject("schema").set("openAPIV3Schema", schema);
            ArrayNode versions = spec.putArray("versions");
            versions.add(version);
            return definition;
        }

        static void column(ObjectNode definition, String name, String type, String path) {
            ((ArrayNode) definition.path("spec").path("versions").get(0).get("additionalPrinterColumns"))
                    .addObject()
                    .put("name", name)
                    .put("type", type)
                    .put("jsonPath", path);
        }
    }

    /** The definition of what is in force: who reads the cluster sees it there, and releases it by deleting it. */
    public static ObjectNode containmentDefinition() {
        ObjectNode schema = JSON.objectNode().put("type", "object");
        schema.put("description", "What a response has changed and is in force. Deleting it takes it back.");
        ObjectNode spec = schema.putObject("properties").putObject("spec").put("type", "object");
        ObjectNode of = spec.putObject("properties");
        of.set("engine", text("which has done it, and takes it back"));
        of.set("response", text("id of the response; pounce explain says why"));
        of.set("step", text("of the response"));
        of.set("action", text("what was done"));
        of.set("target", text("to what"));
        of.set("since", text("when").put("format", "date-time"));
        of.set(
                "until",
                text("when it is taken back; left out, only by a person").put("format", "date-time"));
        List.of("engine", "response", "step").forEach(spec.withArray("required")::add);
        ObjectNode status =
                ((ObjectNode) schema.get("properties")).putObject("status").put("type", "object");
        ObjectNode said = status.putObject("properties");
        said.set("trouble", text("why it could not be taken back"));
        said.set("outcome", text("how taking it back ended, before it goes; such as done or withheld"));
        said.set("detail", text("what was seen then, or why it was withheld"));
        ObjectNode definition = Definitions.of("containments", "containment", "Containment", "pct", schema);
        Definitions.column(definition, "Action", "string", ".spec.action");
        Definitions.column(definition, "Target", "string", ".spec.target");
        Definitions.column(definition, "Until", "string", ".spec.until");
        Definitions.column(definition, "Response", "string", ".spec.response");
        return definition;
    }
}
