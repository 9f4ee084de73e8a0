package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Calico's own policies that could be in force for a pod, beside ours. Of their selectors only what can be told for certain
 * is told: any that is more than a few comparisons could select.
 *
 * @param policies NetworkPolicies of the namespace, and GlobalNetworkPolicies
 */
record CalicoInForce(List<JsonNode> policies) {

    private static final Pattern COMPARISON =
            Pattern.compile("\\s*([\\w./-]+)\\s*==\\s*(?:'([^']*)'|\"([^\"]*)\")\\s*");

    CalicoInForce {
        policies = List.copyOf(policies);
    }

    /** @param exact whether these are all labels that pods have, or only some */
    static boolean couldSelect(String selector, Map<String, String> labels, boolean exact) {
        for (String part : selector.split("&&", -1)) {
            Matcher comparison = COMPARISON.matcher(part);
            if (comparison.matches()) {
                String wanted = Optional.ofNullable(comparison.group(2)).orElseGet(() -> comparison.group(3));
                String value = labels.get(comparison.group(1));
                // A key of Calico's own, such as the namespace's, is among no pod's labels
                boolean itsOwn = comparison.group(1).startsWith("projectcalico.org/");
                if (!itsOwn && (value == null ? exact : !value.equals(wanted)) && !selector.contains("||")) {
                    return false;
                }
            }
        }
        return true;
    }

    boolean isNone() {
        return policies.isEmpty();
    }

    String names() {
        return String.join(
                ", ",
                policies.stream()
                        .map(policy -> policy.path("metadata").path("name").asText())
                        .limit(3)
                        .toList());
    }

    /** Those that are asked before ours and could let something through, for a person. */
    Optional<String> before(long order) {
        List<String> before = new ArrayList<>();
        for (JsonNode policy : policies) {
            JsonNode spec = policy.path("spec");
            if (spec.path("order").isNumber() && spec.path("order").asDouble() <= order && allows(spec)) {
                before.add(policy.path("metadata").path("name").asText());
            }
        }
        return before.isEmpty()
                ? Optional.empty()
                : Optional.of("Calico asks " + String.join(", ", before) + " first, which may let something through");
    }

    private static boolean allows(JsonNode spec) {
        for (Direction direction : Direction.values()) {
            for (JsonNode rule : spec.path(direction.rules)) {
                if (!rule.path("action").asText().equals("Deny")) {
                    return true;
                }
            }
        }
        return false;
    }
}
