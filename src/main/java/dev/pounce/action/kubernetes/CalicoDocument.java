package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a {@code projectcalico.org/v3} NetworkPolicy says.
 *
 * <p>Calico asks policies in their order, and the first rule that fits decides: a deny before all others cuts off whatever
 * these allow; an allow would loosen what they deny. And whoever is selected by any policy is refused what no rule fits. So
 * allows are written only for a pod that nothing else is in force for.
 *
 * <p>Source: Calico's documentation, "Network policy" in the reference of resources.
 */
final class CalicoDocument {

    /** Behind every other: those of the Kubernetes API are at 1000. */
    static final long LAST = 1_000_000_000L;

    private CalicoDocument() {}

    static ObjectNode isolating(JsonNode selector, AllowList allow, Set<Direction> granted, long order) {
        ObjectNode spec = spec(selector, order, Set.of(Direction.INGRESS, Direction.EGRESS));
        for (Direction direction : Direction.values()) {
            ArrayNode rules = spec.withArray(direction.rules);
            String peer = peer(direction);
            if (granted.contains(direction)) {
                ranges(rules, "Allow", peer, allow.ranges());
                if (!allow.namespaces().isEmpty()) {
                    rule(rules, "Allow")
                            .putObject(peer)
                            .put(
                                    "namespaceSelector",
                                    NetworkPolicyDocument.NAMESPACE_NAME + " in " + quoted(allow.namespaces()));
                }
                if (allow.dns() && direction == Direction.EGRESS) {
                    nameService(rules);
                }
            }
            rule(rules, "Deny");
        }
        return spec;
    }

    static ObjectNode denying(JsonNode selector, List<IpRange> ranges, long order) {
        ObjectNode spec = spec(selector, order, Set.of(Direction.INGRESS, Direction.EGRESS));
        for (Direction direction : Direction.values()) {
            ranges(spec.withArray(direction.rules), "Deny", peer(direction), ranges);
        }
        return spec;
    }

    /** Lets all through that a deny of ours has left, where nothing else decides about it. */
    static ObjectNode rest(JsonNode selector, Set<Direction> open) {
        ObjectNode spec = spec(selector, LAST, open);
        open.forEach(direction -> rule(spec.withArray(direction.rules), "Allow"));
        return spec;
    }

    private static ObjectNode spec(JsonNode selector, long order, Set<Direction> directions) {
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        spec.put("tier", "default").put("order", order).put("selector", expression(selector));
        for (Direction direction : Direction.values()) {
            if (directions.contains(direction)) {
                spec.withArray("types").add(direction.type);
            }
        }
        return spec;
    }

    private static String peer(Direction direction) {
        return direction == Direction.INGRESS ? "source" : "destination";
    }

    private static ObjectNode rule(ArrayNode rules, String action) {
        return rules.addObject().put("action", action);
    }

    /** A rule has ranges of one version only. */
    private static void ranges(ArrayNode rules, String action, String peer, List<IpRange> ranges) {
        for (boolean version6 : List.of(false, true)) {
            List<IpRange> same = ranges.stream()
                    .filter(range -> range.version6() == version6)
                    .toList();
            if (!same.isEmpty()) {
                ArrayNode nets = rule(rules, action).putObject(peer).putArray("nets");
                same.forEach(range -> nets.add(range.text()));
            }
        }
    }

    private static void nameService(ArrayNode rules) {
        for (String protocol : List.of("UDP", "TCP")) {
            ObjectNode pods = rule(rules, "Allow").put("protocol", protocol).putObject("destination");
            pods.put(
                    "namespaceSelector",
                    NetworkPolicyDocument.NAMESPACE_NAME + " == '" + NetworkPolicyDocument.NAME_SERVICE_NAMESPACE
                            + "'");
            pods.put(
                    "selector",
                    NetworkPolicyDocument.NAME_SERVICE_LABEL + " == '" + NetworkPolicyDocument.NAME_SERVICE + "'");
            pods.putArray("ports").add(53);
            ObjectNode cache = rule(rules, "Allow").put("protocol", protocol).putObject("destination");
            cache.putArray("nets").add(NetworkPolicyDocument.NODE_CACHE);
            cache.putArray("ports").add(53);
        }
    }

    private static String quoted(List<String> words) {
        return words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(", ", "{", "}"));
    }

    /** A selector of the Kubernetes API in Calico's words. Neither keys nor values can hold a quote. */
    static String expression(JsonNode selector) {
        List<String> parts = new ArrayList<>();
        LabelSelector.texts(selector.path("matchLabels"))
                .forEach((key, value) -> parts.add(key + " == '" + value + "'"));
        for (JsonNode expression : selector.path("matchExpressions")) {
            String key = expression.path("key").asText();
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            parts.add(
                    switch (expression.path("operator").asText()) {
                        case "In" -> key + " in " + quoted(values);
                        case "NotIn" -> key + " not in " + quoted(values);
                        case "Exists" -> "has(" + key + ")";
                        case "DoesNotExist" -> "!has(" + key + ")";
                        default -> throw new IllegalArgumentException("no such operator: " + expression);
                    });
        }
        return parts.isEmpty() ? "all()" : String.join(" && ", parts);
    }
}
