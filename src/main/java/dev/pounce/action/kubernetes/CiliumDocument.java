package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a {@code cilium.io/v2} CiliumNetworkPolicy says. Only denies, which Cilium puts above everything that any policy
 * allows: so it cuts off whatever else is in force, and cannot loosen it. What may still be reached is what is not denied.
 *
 * <p>Cilium's ranges never mean pods: those are denied, and left out of what is denied, by their namespaces. The kubelet's
 * probes come from the pod's own node and are not denied, lest the container be started again.
 *
 * <p>Source: Cilium's documentation, "Layer 3 Examples" and "Deny Policies".
 */
final class CiliumDocument {

    private static final String NAMESPACE = "k8s:io.kubernetes.pod.namespace";

    /** Labels of the template's own that Cilium leaves out of a pod's identity unless it is told otherwise. */
    private static final Set<String> NOT_OF_THE_IDENTITY =
            Set.of("pod-template-hash", "pod-template-generation", "controller-revision-hash");

    private CiliumDocument() {}

    static ObjectNode isolating(JsonNode selector, AllowList allow) {
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        spec.set("endpointSelector", visible(selector));
        boolean nothing = allow.ranges().isEmpty() && allow.namespaces().isEmpty();
        ArrayNode in = spec.withArray("ingressDeny");
        entities(
                in,
                "fromEntities",
                nothing ? List.of("world", "remote-node", "kube-apiserver") : List.of("remote-node"));
        if (!nothing) {
            world(in, "fromCIDRSet", allow);
        }
        pods(in, "fromEndpoints", allow.namespaces(), false);
        ArrayNode out = spec.withArray("egressDeny");
        if (allow.isNobody()) {
            entities(out, "toEntities", List.of("all"));
        } else {
            entities(out, "toEntities", List.of("host", "remote-node"));
            world(out, "toCIDRSet", allow);
            pods(out, "toEndpoints", allow.namespaces(), allow.dns());
            leaveTheRest(spec);
        }
        return spec;
    }

    static ObjectNode denying(JsonNode selector, List<IpRange> ranges) {
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        spec.set("endpointSelector", visible(selector));
        ranges.forEach(range ->
                spec.withArray("ingressDeny").addObject().withArray("fromCIDR").add(range.text()));
        ranges.forEach(range ->
                spec.withArray("egressDeny").addObject().withArray("toCIDR").add(range.text()));
        leaveTheRest(spec);
        return spec;
    }

    /** Since Cilium 1.16; before, whoever has a rule is refused all that nothing allows. */
    private static void leaveTheRest(ObjectNode spec) {
        spec.putObject("enableDefaultDeny").put("ingress", false).put("egress", false);
    }

    private static void entities(ArrayNode rules, String key, List<String> entities) {
        entities.forEach(rules.addObject().withArray(key)::add);
    }

    private static void world(ArrayNode rules, String key, AllowList allow) {
        for (boolean version6 : List.of(false, true)) {
            List<IpRange> allowed = allow.ranges().stream()
                    .filter(range -> range.version6() == version6)
                    .toList();
            if (allowed.stream().noneMatch(range -> range.prefix() == 0)) {
                ObjectNode set =
                        rules.addObject().withArray(key).addObject().put("cidr", version6 ? "::/0" : "0.0.0.0/0");
                allowed.forEach(range -> set.withArray("except").add(range.text()));
            }
        }
    }

    private static void pods(ArrayNode rules, String key, List<String> but, boolean nameService) {
        ObjectNode all = rules.addObject().withArray(key).addObject();
        expression(all, NAMESPACE, "Exists", List.of());
        List<String> left = nameService && !but.contains(NetworkPolicyDocument.NAME_SERVICE_NAMESPACE)
                ? Stream.concat(but.stream(), Stream.of(NetworkPolicyDocument.NAME_SERVICE_NAMESPACE))
                        .toList()
                : but;
        if (!left.isEmpty()) {
            expression(all, NAMESPACE, "NotIn", left);
        }
        if (left.size() > but.size()) {
            ObjectNode others = rules.addObject().withArray(key).addObject();
            expression(others, NAMESPACE, "In", List.of(NetworkPolicyDocument.NAME_SERVICE_NAMESPACE));
            expression(
                    others,
                    "k8s:" + NetworkPolicyDocument.NAME_SERVICE_LABEL,
                    "NotIn",
                    List.of(NetworkPolicyDocument.NAME_SERVICE));
        }
    }

    private static void expression(ObjectNode selector, String key, String operator, List<String> values) {
        ObjectNode expression = selector.withArray("matchExpressions")
                .addObject()
                .put("key", key)
                .put("operator", operator);
        values.forEach(value -> expression.withArray("values").add(value));
    }

    private static JsonNode visible(JsonNode selector) {
        JsonNode visible = selector.deepCopy();
        if (visible.path("matchLabels") instanceof ObjectNode labels) {
            labels.remove(NOT_OF_THE_IDENTITY);
        }
        return visible;
    }

    /** Whether it takes more than it ought to: nothing is left that tells these pods from others. */
    static boolean selectsAll(JsonNode spec) {
        JsonNode selector = spec.path("endpointSelector");
        return selector.path("matchLabels").isEmpty()
                && selector.path("matchExpressions").isEmpty();
    }
}
