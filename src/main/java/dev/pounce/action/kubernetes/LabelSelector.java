package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether a selector of the API ({@code matchLabels}, {@code matchExpressions}) takes what has certain labels.
 *
 * <p>The rules are those of "Labels and Selectors" in the Kubernetes documentation; an empty selector takes everything.
 */
final class LabelSelector {

    private LabelSelector() {}

    static boolean selects(JsonNode selector, Map<String, String> labels) {
        return selects(selector, labels, true);
    }

    /**
     * Whether it could take something that has at least these labels, and maybe more. Never false when it could.
     *
     * @param some of its labels, with their values
     */
    static boolean couldSelect(JsonNode selector, Map<String, String> some) {
        return selects(selector, some, false);
    }

    private static boolean selects(JsonNode selector, Map<String, String> labels, boolean all) {
        for (Map.Entry<String, JsonNode> wanted : selector.path("matchLabels").properties()) {
            String value = labels.get(wanted.getKey());
            if (value == null ? all : !value.equals(wanted.getValue().asText())) {
                return false;
            }
        }
        for (JsonNode expression : selector.path("matchExpressions")) {
            String value = labels.get(expression.path("key").asText());
            if ((value != null || all) && !holds(expression, value)) {
                return false;
            }
        }
        return true;
    }

    private static boolean holds(JsonNode expression, @Nullable String value) {
        return switch (expression.path("operator").asText()) {
            case "In" -> value != null && isAmong(expression, value);
            case "NotIn" -> value == null || !isAmong(expression, value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            default -> true; // one that is not known could select
        };
    }

    private static boolean isAmong(JsonNode expression, String value) {
        for (JsonNode one : expression.path("values")) {
            if (one.asText().equals(value)) {
                return true;
            }
        }
        return false;
    }

    /** As {@code metadata.labels} has them. */
    static Map<String, String> labels(JsonNode object) {
        return texts(object.path("metadata").path("labels"));
    }

    static Map<String, String> texts(JsonNode map) {
        Map<String, String> texts = new LinkedHashMap<>();
        map.properties().forEach(one -> texts.put(one.getKey(), one.getValue().asText()));
        return texts;
    }
}
