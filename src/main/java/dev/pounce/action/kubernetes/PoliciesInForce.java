package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * NetworkPolicies that a pod is, or could be, subject to beside ours.
 *
 * <p>They add up: a pod that any policy selects in a direction may speak with whomever any of these policies allows, and one
 * that none selects with everybody. So a policy of ours takes away only where there was none before; where there is one,
 * whatever ours allowed would be added to what may be done, and what theirs allows stays allowed.
 *
 * @param policies as the server has them
 */
record PoliciesInForce(List<JsonNode> policies) {

    private static final int MOST_NAMED = 3;

    PoliciesInForce {
        policies = List.copyOf(policies);
    }

    static PoliciesInForce of(JsonNode list, Predicate<JsonNode> isMeant) {
        List<JsonNode> meant = new ArrayList<>();
        list.path("items").forEach(policy -> {
            if (isMeant.test(policy)) {
                meant.add(policy);
            }
        });
        return new PoliciesInForce(meant);
    }

    /** Whether what is not allowed in this direction is refused already. */
    boolean restrict(Direction direction) {
        return policies.stream().anyMatch(policy -> restricts(policy, direction));
    }

    private static boolean restricts(JsonNode policy, Direction direction) {
        JsonNode types = policy.path("spec").path("policyTypes");
        for (JsonNode type : types) {
            if (type.asText().equals(direction.type)) {
                return true;
            }
        }
        // Left out by whoever wrote it, the server fills it in; this is what it would say
        return types.isEmpty()
                && (direction == Direction.INGRESS
                        || !policy.path("spec").path("egress").isEmpty());
    }

    /** What they go on allowing beyond this list, for a person; empty if nothing. */
    Optional<String> allowBeyond(AllowList allow, String namespace) {
        List<String> beyond = new ArrayList<>();
        for (JsonNode policy : policies) {
            for (Direction direction : Direction.values()) {
                if (restricts(policy, direction)) {
                    for (JsonNode rule : policy.path("spec").path(direction.rules)) {
                        if (!isCovered(rule, direction, allow, namespace)) {
                            beyond.add("policy "
                                    + policy.path("metadata").path("name").asText() + " lets "
                                    + direction.words + " " + peers(rule.path(direction.peers))
                                    + ports(rule.path("ports")));
                        }
                    }
                }
            }
        }
        return beyond.isEmpty()
                ? Optional.empty()
                : Optional.of(String.join("; ", beyond.subList(0, Math.min(MOST_NAMED, beyond.size())))
                        + (beyond.size() > MOST_NAMED ? "; and " + (beyond.size() - MOST_NAMED) + " rules more" : ""));
    }

    private static boolean isCovered(JsonNode rule, Direction direction, AllowList allow, String namespace) {
        JsonNode peers = rule.path(direction.peers);
        if (peers.isEmpty()) {
            return allow.ranges().stream().filter(range -> range.prefix() == 0).count() == 2;
        }
        boolean nameService = direction == Direction.EGRESS && allow.dns() && isNameServicePort(rule.path("ports"));
        for (JsonNode peer : peers) {
            if (!isCovered(peer, allow, namespace) && !(nameService && NetworkPolicyDocument.isNameService(peer))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isCovered(JsonNode peer, AllowList allow, String namespace) {
        if (peer.has("ipBlock")) {
            return IpRange.parse(peer.path("ipBlock").path("cidr").asText())
                    .filter(range -> allow.ranges().stream().anyMatch(wider -> wider.contains(range)))
                    .isPresent();
        }
        if (!peer.has("namespaceSelector")) {
            return allow.namespaces().contains(namespace);
        }
        return allow.namespaces()
                .contains(peer.path("namespaceSelector")
                        .path("matchLabels")
                        .path(NetworkPolicyDocument.NAMESPACE_NAME)
                        .asText());
    }

    private static boolean isNameServicePort(JsonNode ports) {
        for (JsonNode port : ports) {
            if (port.path("port").asInt() != 53 || port.has("endPort")) {
                return false;
            }
        }
        return !ports.isEmpty();
    }

    private static String peers(JsonNode peers) {
        if (peers.isEmpty()) {
            return "everywhere";
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode peer : peers) {
            texts.add(
                    peer.has("ipBlock")
                            ? peer.path("ipBlock").path("cidr").asText()
                            : peer.has("namespaceSelector") ? "pods of other namespaces" : "pods of its namespace");
        }
        return String.join(", ", texts.stream().distinct().limit(MOST_NAMED).toList())
                + (texts.stream().distinct().count() > MOST_NAMED ? ", …" : "");
    }

    private static String ports(JsonNode ports) {
        List<String> texts = new ArrayList<>();
        for (JsonNode port : ports) {
            texts.add(port.path("protocol").asText("TCP") + " "
                    + port.path("port").asText("all"));
        }
        return texts.isEmpty()
                ? ""
                : " (" + String.join(", ", texts.stream().limit(MOST_NAMED).toList()) + ")";
    }
}
