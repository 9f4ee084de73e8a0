package dev.pounce.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which objects are meant, by their labels. One that says nothing means all of them; see {@link #NOBODY}.
 *
 * <p>Source: LabelSelector of the API's {@code meta/v1}.
 */
public record LabelSelector(Map<String, String> labels, List<Requirement> expressions) {

    private static final String NONE = "";

    /** @param operator as the API has it: {@code In}, {@code NotIn}, {@code Exists}, {@code DoesNotExist} */
    public record Requirement(String key, String operator, List<String> values) {
        public Requirement {
            values = List.copyOf(values);
        }

        boolean holds(Map<String, String> labels) {
            String value = labels.get(key);
            return switch (operator) {
                case "In" -> value != null && values.contains(value);
                case "NotIn" -> value == null || !values.contains(value);
                case "Exists" -> value != null;
                case "DoesNotExist" -> value == null;
                default -> false;
            };
        }
    }

    /** Means no object at all. */
    public static final LabelSelector NOBODY =
            new LabelSelector(Map.of(), List.of(new Requirement("", "In", List.of())));

    public LabelSelector {
        labels = Map.copyOf(labels);
        expressions = List.copyOf(expressions);
    }

    /** @param json a {@code LabelSelector}; missing or null for one that means nobody */
    static LabelSelector of(JsonNode json) {
        if (!json.isObject()) {
            return NOBODY;
        }
        Map<String, String> labels = new HashMap<>();
        json.path("matchLabels")
                .properties()
                .forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
        List<Requirement> expressions = new ArrayList<>();
        for (JsonNode expression : json.path("matchExpressions")) {
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            expressions.add(new Requirement(
                    expression.path("key").asText(NONE),
                    expression.path("operator").asText(NONE),
                    values));
        }
        return new LabelSelector(labels, expressions);
    }

    public boolean means(Map<String, String> others) {
        return others.entrySet().containsAll(labels.entrySet())
                && expressions.stream().allMatch(expression -> expression.holds(others));
    }
}
