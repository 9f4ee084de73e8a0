package dev.pounce.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class RbacCommandTest {

    private static final String SET = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: mark }
            spec:
              mode: enforce
              when: { detection: { rules: [Any] } }
              steps:
                - { id: mark, node.label: { labels: { seen: "${proc.name}" } } }
                - { id: log, evidence.logs: {} }
                - { id: kill, process.kill: {} }
            """;

    @TempDir
    Path directory;

    private Path set;

    @BeforeEach
    void write() throws IOException {
        set = Files.writeString(directory.resolve("set.yaml"), SET);
        Files.createDirectory(directory.resolve("rules"));
    }

    private record Ran(int exit, String out, String err) {}

    private Ran run(String... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> arguments = new ArrayList<>(
                List.of("--rules", directory.resolve("rules").toString(), "--actionsets", set.toString()));
        arguments.addAll(List.of(more));
        int exit = new CommandLine(new RbacCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments.toArray(String[]::new));
        return new Ran(exit, out.toString(), err.toString());
    }

    @Test
    void whatTheStepsNeedIsPrintedAndWhatItTakesToFollowTheCluster() {
        assertThat(run().out()).isEqualTo("""
                # What the engine needs for 1 action set; made by: pounce rbac
                # Not granted here: CAP_KILL
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: pounce
                rules:
                  - apiGroups: [""]
                    resources: [pods/log]
                    verbs: [get]
                  - apiGroups: [""]
                    resources: [nodes]
                    verbs: [get, list, patch, watch]
                  - apiGroups: [""]
                    resources: [pods]
                    verbs: [get, list, watch]
                  - apiGroups: [apps]
                    resources: [daemonsets, deployments, replicasets, statefulsets]
                    verbs: [list, watch]
                  - apiGroups: [events.k8s.io]
                    resources: [events]
                    verbs: [create]
                  - apiGroups: [policy]
                    resources: [poddisruptionbudgets]
                    verbs: [list, watch]
                """);
    }

    @Test
    void whoIsConfinedToNamespacesHasARoleInEach() throws JsonProcessingException {
        // When
        Ran ran = run("--namespace", "shop", "--namespace", "bank", "--service-account", "sec/engine", "-o", "json");

        // Then
        List<String> objects = new ArrayList<>();
        for (JsonNode item : new ObjectMapper().readTree(ran.out()).path("items")) {
            objects.add(item.path("kind").asText() + " "
                    + item.path("metadata").path("namespace").asText("-"));
        }
        assertThat(objects)
                .containsExactly(
                        "ServiceAccount sec",
                        "ClusterRole -",
                        "ClusterRoleBinding -",
                        "Role shop",
                        "RoleBinding shop",
                        "Role bank",
                        "RoleBinding bank");
        JsonNode role = new ObjectMapper().readTree(ran.out()).path("items").path(3);
        assertThat(role.path("rules")).hasSize(1);
        assertThat(role.toString()).contains("pods/log").doesNotContain("nodes", "events");
        // Those on a node are in the namespace default
        assertThat(new ObjectMapper()
                        .readTree(ran.out())
                        .path("items")
                        .path(1)
                        .path("rules")
                        .toString())
                .contains("nodes", "events.k8s.io")
                .doesNotContain("pods/log");
    }

    @Test
    void whatTheClustersOwnResourcesNeedIsPrintedWhenTheyAreUsed() {
        assertThat(run().out()).doesNotContain("pounce.dev");
        assertThat(run("--cluster-actionsets", "--namespace", "shop").out()).contains("""
                  - apiGroups: [pounce.dev]
                    resources: [containments]
                    verbs: [create, delete, list, patch, watch]
                  - apiGroups: [pounce.dev]
                    resources: [actionsets]
                    verbs: [list, watch]
                  - apiGroups: [pounce.dev]
                    resources: [actionsets/status, containments/status]
                    verbs: [patch]
                """);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--namespace=a b", "--service-account=engine", "--service-account=a/B"})
    void aNameThatIsNoneIsRefused(String argument) {
        assertThat(run(argument).exit()).isEqualTo(2);
    }
}
