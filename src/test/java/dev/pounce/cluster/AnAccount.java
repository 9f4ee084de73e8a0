package dev.pounce.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A service account of a test's own on the real cluster, which may do what it is allowed here and nothing else. What it is
 * allowed for the whole cluster goes with {@link #close}, all else with the namespace.
 */
public final class AnAccount implements AutoCloseable {

    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final ApiPath REVIEWS = ApiPath.of("authorization.k8s.io", "v1", "selfsubjectaccessreviews");

    /** One rule of a role, for one verb. */
    public record Rule(String group, String resource, String verb) {}

    private final Api admin;
    private final String namespace;
    private final String name;
    private final Path kubeconfig;
    private final ClusterAccess access;
    private Set<Rule> everywhere = Set.of();
    private Set<Rule> here = Set.of();

    /** @param rules what it may do, in all namespaces */
    public AnAccount(RealCluster cluster, String name, Collection<Rule> rules) {
        this.admin = cluster.access().api();
        this.namespace = cluster.namespace();
        this.name = namespace + "-" + name;
        ObjectNode account = JsonNodeFactory.instance.objectNode();
        account.putObject("metadata").put("name", name);
        ApiPath accounts = ApiPath.core("serviceaccounts").in(namespace);
        send("POST", accounts, account);
        for (boolean wide : new boolean[] {true, false}) {
            send("POST", roles(wide), role(List.of()));
            ObjectNode binding = named();
            binding.putObject("roleRef")
                    .put("apiGroup", GROUP)
                    .put("kind", wide ? "ClusterRole" : "Role")
                    .put("name", this.name);
            binding.putArray("subjects")
                    .addObject()
                    .put("kind", "ServiceAccount")
                    .put("name", name)
                    .put("namespace", namespace);
            send(
                    "POST",
                    wide ? path("clusterrolebindings") : path("rolebindings").in(namespace),
                    binding);
        }
        String token = send(
                        "POST",
                        accounts.named(name).sub("token"),
                        JsonNodeFactory.instance.objectNode().set("spec", JsonNodeFactory.instance.objectNode()))
                .path("status")
                .path("token")
                .asText();
        this.kubeconfig = kubeconfigWith(token);
        this.access = ClusterAccess.open(Optional.of(kubeconfig), "test", Clock.systemUTC());
        may(rules);
    }

    /** From now on it may do this in all namespaces, and nothing else. Returns when the API server knows. */
    public void may(Collection<Rule> rules) {
        may(rules, Set.of());
    }

    /** @param inNamespace what it may do in that of the test, besides */
    public void may(Collection<Rule> rules, Collection<Rule> inNamespace) {
        Set<Rule> wide = Set.copyOf(rules);
        Set<Rule> narrow = Set.copyOf(inNamespace);
        if (!wide.equals(everywhere)) {
            send("PUT", roles(true).named(name), role(wide));
        }
        if (!narrow.equals(here)) {
            send("PUT", roles(false).named(name), role(narrow));
        }
        differences(everywhere, wide).forEach(one -> await(one, "", wide.contains(one)));
        Set<Rule> all = new HashSet<>(wide);
        all.addAll(narrow);
        differences(here, narrow).forEach(one -> await(one, namespace, all.contains(one)));
        everywhere = wide;
        here = narrow;
    }

    private static Set<Rule> differences(Set<Rule> before, Set<Rule> now) {
        Set<Rule> all = new HashSet<>(before);
        all.addAll(now);
        all.removeIf(one -> before.contains(one) && now.contains(one));
        return all;
    }

    /** The authorizer learns of a role some milliseconds after it is written. */
    private void await(Rule rule, String in, boolean allowed) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        ObjectNode attributes = review.putObject("spec").putObject("resourceAttributes");
        int slash = rule.resource().indexOf('/');
        attributes.put("group", rule.group()).put("verb", rule.verb()).put("namespace", in);
        attributes.put("resource", slash < 0 ? rule.resource() : rule.resource().substring(0, slash));
        attributes.put("subresource", slash < 0 ? "" : rule.resource().substring(slash + 1));
        RealCluster.until(
                "the API server knows of " + rule,
                () -> send(access.api(), Request.review(REVIEWS, review.toString()))
                                .path("status")
                                .path("allowed")
                                .asBoolean()
                        == allowed);
    }

    /** As this account. */
    public ClusterAccess access() {
        return access;
    }

    private static ApiPath path(String resource) {
        return ApiPath.of(GROUP, "v1", resource);
    }

    private ApiPath roles(boolean wide) {
        return wide ? path("clusterroles") : path("roles").in(namespace);
    }

    private ObjectNode named() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.putObject("metadata").put("name", name);
        return object;
    }

    private ObjectNode role(Collection<Rule> rules) {
        ObjectNode role = named();
        ArrayNode all = role.putArray("rules");
        for (Rule rule : rules) {
            ObjectNode one = all.addObject();
            one.putArray("apiGroups").add(rule.group());
            one.putArray("resources").add(rule.resource());
            one.putArray("verbs").add(rule.verb());
        }
        return role;
    }

    private JsonNode send(String method, ApiPath path, JsonNode body) {
        return send(admin, new Request(method, path.text(), Map.of(), Request.JSON, body.toString()));
    }

    private static JsonNode send(Api api, Request request) {
        return switch (api.send(request, Instant.now().plusSeconds(20))) {
            case Reply.Ok ok -> ok.body();
            case Reply.Refused refused -> throw new AssertionError(request.path() + ": " + refused.message());
            case Reply.Unheard unheard -> throw new AssertionError(request.path() + ": " + unheard.why());
        };
    }

    /** That of the tests, with its token instead of their certificate. */
    private static Path kubeconfigWith(String token) {
        try {
            JsonNode cluster = new ObjectMapper()
                    .readTree(RealCluster.kubectlAnywhere("config", "view", "--raw", "--minify", "-o", "json"))
                    .path("clusters")
                    .path(0)
                    .path("cluster");
            String authority = cluster.has("certificate-authority-data")
                    ? cluster.path("certificate-authority-data").asText()
                    : Base64.getEncoder()
                            .encodeToString(Files.readAllBytes(Path.of(
                                    cluster.path("certificate-authority").asText())));
            Path file = Files.createTempFile("pounce-account", ".kubeconfig");
            Files.write(
                    file,
                    List.of(
                            "apiVersion: v1",
                            "kind: Config",
                            "current-context: it",
                            "contexts: [{ name: it, context: { cluster: it, user: it } }]",
                            "users: [{ name: it, user: { token: " + token + " } }]",
                            "clusters: [{ name: it, cluster: { server: '"
                                    + cluster.path("server").asText() + "', certificate-authority-data: " + authority
                                    + " } }]"),
                    UTF_8);
            return file;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        access.close();
        RealCluster.tryKubectl("delete", "clusterrolebinding/" + name, "clusterrole/" + name);
        try {
            Files.deleteIfExists(kubeconfig);
        } catch (IOException stays) {
            throw new UncheckedIOException(stays);
        }
    }
}
