package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.re2j.Pattern;
import dev.pounce.action.ActionType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ActionSetResourceTest {

    /** What a structural schema has no place for, or what would change a resource when it is stored. */
    private static final Set<String> FORBIDDEN = Set.of(
            "$ref",
            "$defs",
            "$schema",
            "$id",
            "const",
            "if",
            "then",
            "else",
            "propertyNames",
            "uniqueItems",
            "default",
            "not",
            "anyOf");

    private static final JsonNode SCHEMA = ActionSetResource.definition().at("/spec/versions/0/schema/openAPIV3Schema");

    @Test
    void theSchemaOfTheDefinitionIsStructural() {
        List<String> offences = new ArrayList<>();
        schemas(SCHEMA, schema -> {
            schema.fieldNames().forEachRemaining(key -> {
                if (FORBIDDEN.contains(key)) {
                    offences.add(key + " in " + schema);
                }
            });
            if (!schema.path("type").isTextual()
                    && !schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
                offences.add("no type in " + schema);
            }
            if (schema.has("properties") && schema.has("additionalProperties")) {
                offences.add("properties beside additionalProperties in " + schema);
            }
        });
        assertThat(offences).isEmpty();
    }

    @Test
    void everyPatternIsOneThatTheApiServerCanRead() {
        schemas(SCHEMA, schema -> {
            if (schema.has("pattern")) {
                assertThat(Pattern.compile(schema.path("pattern").asText())).isNotNull();
            }
        });
    }

    @Test
    void everyActionAndItsParametersAreInIt() {
        JsonNode steps = SCHEMA.at("/properties/spec/properties/steps/items/properties");
        for (ActionType type : ActionType.values()) {
            JsonNode step = steps.path(type.verb());
            assertThat(step.isObject()).as(type.verb()).isTrue();
            type.parameters()
                    .forEach(parameter -> assertThat(step.path("properties").has(parameter.name()))
                            .as("%s of %s", parameter.name(), type.verb())
                            .isTrue());
        }
    }

    @Test
    void itIsTheSameEachTime() {
        assertThat(ActionSetResource.definition().toString())
                .isEqualTo(ActionSetResource.definition().toString());
    }

    /** This schema and all below it; names of properties are no schemas. */
    private static void schemas(JsonNode schema, Consumer<JsonNode> each) {
        each.accept(schema);
        schema.path("properties").forEach(one -> schemas(one, each));
        if (schema.has("items")) {
            schemas(schema.get("items"), each);
        }
        if (schema.path("additionalProperties").isObject()) {
            schemas(schema.get("additionalProperties"), each);
        }
    }
}
