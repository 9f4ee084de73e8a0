package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/** What a {@code networking.k8s.io/v1} NetworkPolicy says. All defaults are written out, so that what the server has compares equal. */
final class NetworkPolicyDocument {

    /** The API server sets it on every namespace, and nobody can change it. */
    static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";

    static final String NAME_SERVICE_NAMESPACE = "kube-system";
    static final String NAME_SERVICE_LABEL = "k8s-app";
    static final String NAME_SERVICE = "kube-dns";

    /** Where the node's own cache of the name service listens, if there is one: it is in the node's network. */
    static final String NODE_CACHE = "169.254.20.10/32";

    private NetworkPolicyDocument() {}

    /**
     * @param selector of pods, as the API has it
     * @param granted directions in which the list is allowed; in the others nothing is
     */
    static ObjectNode isolating(JsonNode selector, AllowList allow, Set<Direction> granted) {
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        spec.set("podSelector", selector.deepCopy());
        spec.withArray("policyTypes").add("Ingress").add("Egress");
        for (Direction direction : Direction.values()) {
            if (!granted.contains(direction)) {
                continue;
            }
            ArrayNode peers = peers(allow);
            if (!peers.isEmpty()) {
                spec.withArray(direction.rules).addObject().set(direction.peers, peers);
            }
            if (direction == Direction.EGRESS && allow.dns()) {
                nameService(spec.withArray(direction.rules).addObject());
            }
        }
        return spec;
    }

    private static ArrayNode peers(AllowList allow) {
        ArrayNode peers = JsonNodeFactory.instance.arrayNode();
        allow.ranges().forEach(range -> peers.addObject().putObject("ipBlock").put("cidr", range.text()));
        allow.namespaces().forEach(name -> peers.addObject()
                .putObject("namespaceSelector")
                .putObject("matchLabels")
                .put(NAMESPACE_NAME, name));
        return peers;
    }

    private static void nameService(ObjectNode rule) {
        ObjectNode pods = rule.withArray("to").addObject();
        pods.putObject("namespaceSelector").putObject("matchLabels").put(NAMESPACE_NAME, NAME_SERVICE_NAMESPACE);
        pods.putObject("podSelector").putObject("matchLabels").put(NAME_SERVICE_LABEL, NAME_SERVICE);
        rule.withArray("to").addObject().putObject("ipBlock").put("cidr", NODE_CACHE);
        rule.withArray("ports").addObject().put("protocol", "UDP").put("port", 53);
        rule.withArray("ports").addObject().put("protocol", "TCP").put("port", 53);
    }

    /** Whether a peer of a rule is no more than the name service. */
    static boolean isNameService(JsonNode peer) {
        return peer.path("ipBlock").path("cidr").asText().equals(NODE_CACHE)
                || (peer.path("namespaceSelector")
                                .path("matchLabels")
                                .path(NAMESPACE_NAME)
                                .asText()
                                .equals(NAME_SERVICE_NAMESPACE)
                        && peer.path("podSelector")
                                .path("matchLabels")
                                .path(NAME_SERVICE_LABEL)
                                .asText()
                                .equals(NAME_SERVICE));
    }
}
