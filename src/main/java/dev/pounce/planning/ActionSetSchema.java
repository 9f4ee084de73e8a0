package dev.pounce.planning;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.ActionType;
import dev.pounce.action.Form;
import dev.pounce.action.Kind;
import dev.pounce.action.Parameter;
import dev.pounce.correlation.Pattern;
import dev.pounce.detection.Priority;
import dev.pounce.source.DurationText;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The JSON Schema (draft 2020-12) of an action set, made from what {@link ActionSetReader} reads by. It says what a schema
 * can say: keys, words, forms and simple ranges. Conditions, fields, ids, ranges of times and names that must be unique
 * are the reader's alone; nothing that the reader accepts is refused by it.
 */
public final class ActionSetSchema {

    /** Where it can be found once it is published; schemas are named by an address. */
    public static final String ID = "https://pounce.dev/schemas/v1/actionset.schema.json";

    private static final String DURATION =
            "^(?=\\d)(\\d{1,9}d)?(\\d{1,9}h)?(\\d{1,9}m(?!s))?(\\d{1,9}s)?(\\d{1,9}ms)?$";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ActionSetSchema() {}

    public static String json() {
        return schema().toPrettyString() + "\n";
    }

    static ObjectNode schema() {
        ObjectNode schema = JSON.objectNode();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("$id", ID);
        schema.put("title", "Pounce action set");
        schema.put("description", "Which detections are answered, and how.");
        object(
                schema,
                List.of("apiVersion", "kind", "metadata", "spec"),
                Map.of(
                        "apiVersion", constant(ActionSetReader.API_VERSION),
                        "kind", constant(ActionSetReader.KIND),
                        "metadata", metadata(),
                        "spec", spec()));
        ObjectNode definitions = schema.putObject("$defs");
        definitions.set("name", text(ActionSetReader.NAME.pattern()));
        definitions.set("duration", duration());
        definitions.set("words", words());
        definitions.set("detection", detection());
        definitions.set("by", anyOf(text(), reference("words")));
        definitions.set("step", step());
        return schema;
    }

    private static ObjectNode metadata() {
        return object(
                JSON.objectNode(),
                List.of("name"),
                Map.of("name", reference("name"), "labels", mapOf(plainText("a word"))));
    }

    private static ObjectNode spec() {
        ObjectNode spec = object(
                JSON.objectNode(),
                List.of("when", "steps"),
                Map.of(
                        "mode", described(choice(ActionSetReader.MODES), "how far its steps go; left out: dry-run"),
                        "when", when(),
                        "steps", listOf(reference("step"), 1),
                        "guards", guards(),
                        "onFailure",
                                described(
                                        choice(ActionSetReader.ON_FAILURE),
                                        "what becomes of the steps behind one that failed; left out: stop"),
                        "notify", described(reference("words"), "names of those who are to be told"),
                        "continue",
                                described(
                                        flag(),
                                        "whether sets that are loaded after this one answer the same incident, too")));
        requireSame(spec, ActionSetReader.SPEC_KEYS);
        return spec;
    }

    private static ObjectNode when() {
        ObjectNode when = object(
                JSON.objectNode(),
                List.of(),
                Map.of(
                        "detection", reference("detection"),
                        "any", listOf(reference("detection"), 1),
                        "all", listOf(reference("detection"), 2),
                        "sequence", listOf(reference("detection"), 2),
                        "count",
                                object(
                                        JSON.objectNode(),
                                        List.of("of", "atLeast"),
                                        Map.of("of", reference("detection"), "atLeast", number(2, Pattern.MOST))),
                        "valueCount",
                                object(
                                        JSON.objectNode(),
                                        List.of("of", "field", "atLeast"),
                                        Map.of(
                                                "of", reference("detection"),
                                                "field", plainText("the field whose different values are counted"),
                                                "atLeast", number(2, Pattern.MOST))),
                        "absence",
                                object(
                                        JSON.objectNode(),
                                        List.of("seen", "missing"),
                                        Map.of("seen", reference("detection"), "missing", reference("detection"))),
                        "where", plainText("a condition that holds for each of its detections"),
                        "within", described(reference("duration"), "how long what belongs together may take"),
                        "by", described(reference("by"), "fields that must be equal in what belongs together")));
        ArrayNode shapes = when.putArray("oneOf");
        Stream.concat(WhenReader.TIMELESS.stream(), WhenReader.OVER_TIME.stream())
                .forEach(shape -> shapes.addObject().putArray("required").add(shape));
        ArrayNode timeless = when.putObject("if").putArray("anyOf");
        WhenReader.TIMELESS.forEach(
                shape -> timeless.addObject().putArray("required").add(shape));
        // Neither of the two; "not required" with both names would hold as soon as one is missing
        ArrayNode beside = when.putObject("then").putObject("not").putArray("anyOf");
        beside.addObject().putArray("required").add("within");
        beside.addObject().putArray("required").add("by");
        when.putObject("else").putArray("required").add("within");
        return when;
    }

    private static ObjectNode detection() {
        List<String> levels = Stream.concat(Stream.of(Priority.values()).map(Priority::display), Stream.of("Info"))
                .toList();
        StringBuilder priority = new StringBuilder();
        for (String level : levels) {
            priority.append(priority.isEmpty() ? "" : "|");
            // Of either case, which a pattern of a schema has no word for
            level.chars().forEach(letter -> priority.append('[')
                    .append((char) Character.toUpperCase(letter))
                    .append((char) Character.toLowerCase(letter))
                    .append(']'));
        }
        ObjectNode tag = anyOf(text(), listOf(text(), 1));
        ObjectNode tags = listOf(tag, 1).put("uniqueItems", true);
        ObjectNode detection = object(
                JSON.objectNode(),
                List.of(),
                Map.of(
                        "rules", described(reference("words"), "one of these rules has seen it"),
                        "tags", described(tags, "it carries one of these, or all of a list within the list"),
                        "priority",
                                described(
                                        string("(<=|>=|<|>|=)?\\s*(" + priority + ")"),
                                        "this bad or worse; with a comparator, what that says"),
                        "source", plainText("where its event came from, such as syscall or k8s_audit"),
                        "where", plainText("a condition in the language of detection rules")));
        requireSame(detection, WhenReader.CRITERIA);
        return detection;
    }

    private static ObjectNode guards() {
        ObjectNode guards = object(
                JSON.objectNode(),
                List.of(),
                Map.of(
                        "cooldown",
                                object(
                                        JSON.objectNode(),
                                        List.of("per", "for"),
                                        Map.of("per", choice(ActionSetReader.PERS), "for", reference("duration"))),
                        "budget",
                                object(
                                        JSON.objectNode(),
                                        List.of("steps", "per"),
                                        Map.of("steps", number(1, 1_000_000), "per", reference("duration"))),
                        "blastRadius",
                                object(
                                                JSON.objectNode(),
                                                List.of(),
                                                Map.of(
                                                        "shareOfWorkload", of(new Kind.Portion()),
                                                        "podsPerNamespace", number(1, 1_000_000)))
                                        .put("minProperties", 1)));
        requireSame(guards, ActionSetReader.GUARDS);
        return guards;
    }

    private static ObjectNode step() {
        ObjectNode step = object(
                JSON.objectNode(),
                List.of("id"),
                Map.of(
                        "id", reference("name"),
                        "after", described(reference("words"), "ids of steps further up that must have ended well"),
                        "within", described(reference("duration"), "how long the effect may take to be observed"),
                        "lane", choice(StepReader.LANES),
                        "onFailure", choice(ActionSetReader.ON_FAILURE),
                        "ask",
                                object(
                                        JSON.objectNode(),
                                        List.of("of"),
                                        Map.of(
                                                "of", reference("words"),
                                                "expires", reference("duration"),
                                                "otherwise", choice(StepReader.OTHERWISE)))));
        requireSame(step, StepReader.KEYS);
        ObjectNode properties = (ObjectNode) step.get("properties");
        ArrayNode one = step.putArray("oneOf");
        for (ActionType type : ActionType.values()) {
            ObjectNode action = parameters(type.parameters());
            if (!type.exactlyOneOf().isEmpty()) {
                ArrayNode choices = action.putArray("oneOf");
                type.exactlyOneOf().stream().sorted().forEach(name -> choices.addObject()
                        .putArray("required")
                        .add(name));
            }
            if (!type.atMostOneOf().isEmpty()) {
                ArrayNode both = action.putObject("not").putArray("required");
                type.atMostOneOf().stream().sorted().forEach(both::add);
            }
            // Without anything behind it the verb stands for all defaults
            boolean mayBeEmpty = type.parameters().stream().noneMatch(Parameter::required)
                    && type.exactlyOneOf().isEmpty();
            if (mayBeEmpty) {
                action.putArray("type").add("object").add("null");
            }
            properties.set(type.verb(), described(action, type.summary()));
            one.addObject().putArray("required").add(type.verb());
        }
        return step;
    }

    private static ObjectNode parameters(List<Parameter> parameters) {
        ObjectNode schema = JSON.objectNode().put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        for (Parameter parameter : parameters) {
            ObjectNode value = described(of(parameter.kind()), parameter.description());
            parameter.fallback().ifPresent(fallback -> {
                switch (fallback) {
                    case Long number -> value.put("default", number);
                    case Boolean truth -> value.put("default", truth);
                    case java.time.Duration time -> value.put("default", DurationText.display(time));
                    default -> value.put("default", fallback.toString());
                }
            });
            properties.set(parameter.name(), value);
        }
        List<String> required = parameters.stream()
                .filter(Parameter::required)
                .map(Parameter::name)
                .toList();
        if (!required.isEmpty()) {
            ArrayNode names = schema.putArray("required");
            required.forEach(names::add);
        }
        return schema.put("additionalProperties", false);
    }

    private static ObjectNode of(Kind kind) {
        return switch (kind) {
            case Kind.Text text -> form(text.form());
            case Kind.Choice choice -> choice(choice.words());
            case Kind.Amount amount -> anyOf(number(amount.least(), amount.most()), fieldText());
            case Kind.Flag flag -> flag();
            case Kind.Time time -> reference("duration");
            // A number of a YAML file is a number here; its text would be the same
            case Kind.Portion portion -> anyOf(number(0, 1_000_000), string("\\d{1,7}|(?:100|\\d{1,2})%"));
            case Kind.Words words -> {
                ObjectNode list = listOf(form(words.form()), 1).put("maxItems", Kind.MOST_ENTRIES);
                yield words.form().takesFields() ? anyOf(list, string("\\$\\{[^}]+\\}")) : list;
            }
            case Kind.WordMap map -> {
                ObjectNode schema =
                        mapOf(form(map.value())).put("minProperties", 1).put("maxProperties", Kind.MOST_ENTRIES);
                schema.set(
                        "propertyNames",
                        JSON.objectNode()
                                .put("pattern", whole(map.key().pattern().pattern())));
                yield schema;
            }
            case Kind.Inner inner -> parameters(inner.parameters());
        };
    }

    /** A text of a form, or one in which fields stand: what becomes of that is not known yet. */
    private static ObjectNode form(Form form) {
        String pattern = form.pattern().pattern();
        ObjectNode schema =
                form.accepts("5") ? plainText(form.expected()) : described(string(pattern), form.expected());
        schema.put("pattern", form.takesFields() ? whole(pattern) + "|\\$\\{" : whole(pattern));
        if (!form.takesFields() && form != Form.SCRIPT) {
            // With the type, since to what is no text every pattern fits
            schema.putObject("not").put("type", "string").put("pattern", "\\$\\{");
        }
        return schema;
    }

    private static ObjectNode fieldText() {
        return JSON.objectNode().put("type", "string").put("pattern", "\\$\\{");
    }

    private static String whole(String pattern) {
        return "^(?:" + pattern + ")$";
    }

    private static ObjectNode object(ObjectNode into, List<String> required, Map<String, ObjectNode> properties) {
        into.put("type", "object");
        ObjectNode all = into.putObject("properties");
        properties.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> all.set(entry.getKey(), entry.getValue()));
        if (!required.isEmpty()) {
            ArrayNode names = into.putArray("required");
            required.forEach(names::add);
        }
        return into.put("additionalProperties", false);
    }

    /** So that neither the reader nor the schema learns a key that the other does not know. */
    private static void requireSame(ObjectNode schema, Collection<String> keys) {
        List<String> known = schema.get("properties")
                .propertyStream()
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
        if (!known.equals(keys.stream().sorted().toList())) {
            throw new IllegalStateException("the reader knows " + keys + ", the schema " + known);
        }
    }

    private static ObjectNode listOf(ObjectNode items, int least) {
        ObjectNode list = JSON.objectNode().put("type", "array");
        list.set("items", items);
        return list.put("minItems", least);
    }

    private static ObjectNode words() {
        return listOf(text(), 1).put("uniqueItems", true);
    }

    private static ObjectNode mapOf(ObjectNode values) {
        ObjectNode map = JSON.objectNode().put("type", "object");
        map.set("additionalProperties", values);
        return map;
    }

    private static ObjectNode duration() {
        return string(DURATION.substring(1, DURATION.length() - 1))
                .put("description", "a time: " + DurationText.EXPECTED);
    }

    private static ObjectNode number(long least, long most) {
        return JSON.objectNode().put("type", "integer").put("minimum", least).put("maximum", most);
    }

    private static ObjectNode flag() {
        return JSON.objectNode().put("type", "boolean");
    }

    private static ObjectNode constant(String word) {
        return JSON.objectNode().put("const", word);
    }

    private static ObjectNode choice(List<String> words) {
        ObjectNode choice = JSON.objectNode();
        ArrayNode all = choice.putArray("enum");
        words.forEach(all::add);
        return choice;
    }

    /** One that no number and no truth can be. */
    private static ObjectNode string(String pattern) {
        return JSON.objectNode().put("type", "string").put("pattern", whole(pattern));
    }

    /** Any scalar: what looks like a number in YAML is a text all the same. */
    private static ObjectNode text() {
        ObjectNode text = JSON.objectNode();
        text.putArray("type").add("string").add("number").add("boolean");
        return text;
    }

    private static ObjectNode text(String pattern) {
        return text().put("pattern", whole(pattern));
    }

    private static ObjectNode plainText(String description) {
        return text().put("description", description);
    }

    private static ObjectNode anyOf(ObjectNode... choices) {
        ObjectNode any = JSON.objectNode();
        ArrayNode all = any.putArray("anyOf");
        Stream.of(choices).forEach(all::add);
        return any;
    }

    private static ObjectNode reference(String definition) {
        return JSON.objectNode().put("$ref", "#/$defs/" + definition);
    }

    private static ObjectNode described(ObjectNode schema, String description) {
        return schema.put("description", description);
    }
}
