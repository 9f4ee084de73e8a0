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
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A service account of a test's own on the real cluster, which may do what it is allowed here and nothing else. The role goes
 * with {@link #close}, the account with its namespace.
 */
public final class AnAccount implements AutoCloseable {

    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final ApiPath ROLES = ApiPath.of(GROUP, "v1", "clusterroles");
    private static final ApiPath BINDINGS = ApiPath.of(GROUP, "v1", "clusterrolebindings");

    /** One rule of a role, for one verb. */
    public record Rule(String group, String resource, String verb) {}

    private final Api admin;
    private final String name;
    private final Path kubeconfig;
    private final ClusterAccess access;

    /** @param rules what it may do, in all namespaces */
    public AnAccount(RealCluster cluster, String name, Collection<Rule> rules) {
        this.admin = cluster.access().api();
        this.name = cluster.namespace() + "-" + name;
        ObjectNode account = JsonNodeFactory.instance.objectNode();
        account.putObject("metadata").put("name", name);
        ApiPath accounts = ApiPath.core("serviceaccounts").in(cluster.namespace());
        send(new Request("POST", accounts.text(), Map.of(), Request.JSON, account.toString()));
        send(new Request(
                "POST", ROLES.text(), Map.of(), Request.JSON, role(rules).toString()));
        ObjectNode binding = named();
        binding.putObject("roleRef")
                .put("apiGroup", GROUP)
                .put("kind", "ClusterRole")
                .put("name", this.name);
        binding.putArray("subjects")
                .addObject()
                .put("kind", "ServiceAccount")
                .put("name", name)
                .put("namespace", cluster.namespace());
        send(new Request("POST", BINDINGS.text(), Map.of(), Request.JSON, binding.toString()));
        String token = send(Request.review(accounts.named(name).sub("token"), "{\"spec\":{}}"))
                .path("status")
                .path("token")
                .asText();
        this.kubeconfig = kubeconfigWith(token);
        this.access = ClusterAccess.open(Optional.of(kubeconfig), "test", Clock.systemUTC());
    }

    /** From now on it may do this and nothing else. The API server takes a moment to know. */
    public void may(Collection<Rule> rules) {
        send(new Request(
                "PUT",
                ROLES.named(name).text(),
                Map.of(),
                Request.JSON,
                role(rules).toString()));
    }

    /** As this account. */
    public ClusterAccess access() {
        return access;
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

    private JsonNode send(Request request) {
        return switch (admin.send(request, Instant.now().plusSeconds(20))) {
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
