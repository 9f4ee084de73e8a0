package dev.pounce.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.planning.NeededRights.Permission;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Roles that allow what is needed and nothing else, as the API takes them. */
final class RbacManifest {

    private static final String NAME = "pounce";
    private static final String GROUP = "rbac.authorization.k8s.io";

    /** What needs no quotes in YAML, whichever version reads it. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9./-]*");

    private static final Set<String> WORDS_OF_YAML =
            Set.of("true", "false", "null", "yes", "no", "on", "off", "y", "n");

    private RbacManifest() {}

    /**
     * @param clusterWide for a ClusterRole
     * @param inNamespaces for a Role in each of the namespaces
     * @param account {@code NAMESPACE/NAME} of who gets them; made, too. Empty for nobody
     */
    static List<ObjectNode> of(
            Set<Permission> clusterWide, Set<Permission> inNamespaces, List<String> namespaces, String account) {
        List<ObjectNode> objects = new ArrayList<>();
        if (!account.isEmpty()) {
            ObjectNode serviceAccount = object("v1", "ServiceAccount", account.substring(account.indexOf('/') + 1));
            in(serviceAccount, account.substring(0, account.indexOf('/')));
            objects.add(serviceAccount);
        }
        if (!clusterWide.isEmpty()) {
            ObjectNode role = object(GROUP + "/v1", "ClusterRole", NAME);
            role.set("rules", rules(clusterWide));
            objects.add(role);
            if (!account.isEmpty()) {
                objects.add(binding(object(GROUP + "/v1", "ClusterRoleBinding", NAME), "ClusterRole", account));
            }
        }
        for (String namespace : inNamespaces.isEmpty() ? List.<String>of() : namespaces) {
            ObjectNode role = object(GROUP + "/v1", "Role", NAME);
            in(role, namespace);
            role.set("rules", rules(inNamespaces));
            objects.add(role);
            if (!account.isEmpty()) {
                ObjectNode binding = object(GROUP + "/v1", "RoleBinding", NAME);
                in(binding, namespace);
                objects.add(binding(binding, "Role", account));
            }
        }
        return objects;
    }

    private static ObjectNode object(String apiVersion, String kind, String name) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("apiVersion", apiVersion).put("kind", kind);
        object.putObject("metadata").put("name", name);
        return object;
    }

    private static void in(ObjectNode object, String namespace) {
        object.withObject("/metadata").put("namespace", namespace);
    }

    private static ObjectNode binding(ObjectNode binding, String kind, String account) {
        binding.putObject("roleRef").put("apiGroup", GROUP).put("kind", kind).put("name", NAME);
        binding.putArray("subjects")
                .addObject()
                .put("kind", "ServiceAccount")
                .put("name", account.substring(account.indexOf('/') + 1))
                .put("namespace", account.substring(0, account.indexOf('/')));
        return binding;
    }

    /** Resources of a group with the same verbs share a rule. */
    private static ArrayNode rules(Set<Permission> permissions) {
        Map<String, Map<String, Set<String>>> verbs = new TreeMap<>(); // by group and resource
        permissions.forEach(one -> verbs.computeIfAbsent(one.group(), none -> new TreeMap<>())
                .computeIfAbsent(one.resource(), none -> new TreeSet<>())
                .add(one.verb()));
        ArrayNode rules = JsonNodeFactory.instance.arrayNode();
        verbs.forEach((group, resources) -> {
            Map<String, Set<String>> byVerbs = new TreeMap<>();
            resources.forEach(
                    (resource, words) -> byVerbs.computeIfAbsent(String.join(",", words), none -> new TreeSet<>())
                            .add(resource));
            byVerbs.forEach((words, names) -> {
                ObjectNode rule = rules.addObject();
                rule.putArray("apiGroups").add(group);
                add(names, rule.putArray("resources"));
                add(List.of(words.split(",")), rule.putArray("verbs"));
            });
        });
        return rules;
    }

    private static void add(Collection<String> words, ArrayNode into) {
        words.forEach(into::add);
    }

    /** One document of YAML; lists of words on one line. */
    static String yaml(JsonNode object) {
        StringBuilder text = new StringBuilder();
        write(object, "", text);
        return text.toString();
    }

    private static void write(JsonNode object, String indent, StringBuilder text) {
        String before = indent;
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            text.append(before).append(entry.getKey()).append(':');
            before = indent.replace('-', ' ');
            JsonNode value = entry.getValue();
            if (value.isObject()) {
                text.append('\n');
                write(value, before + "  ", text);
            } else if (value.isArray() && !value.isEmpty() && value.get(0).isObject()) {
                text.append('\n');
                String item = before + "  - ";
                value.forEach(one -> write(one, item, text));
            } else if (value.isArray()) {
                List<String> words = new ArrayList<>();
                value.forEach(word -> words.add(word(word.asText())));
                text.append(" [").append(String.join(", ", words)).append("]\n");
            } else {
                text.append(' ').append(word(value.asText())).append('\n');
            }
        }
    }

    private static String word(String text) {
        return PLAIN.matcher(text).matches() && !WORDS_OF_YAML.contains(text) ? text : '"' + text + '"';
    }
}
