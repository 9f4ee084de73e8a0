package dev.pounce.action.kubernetes;

import static dev.pounce.action.kubernetes.Trial.action;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Right;
import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.BadWeather;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.RealCluster;
import java.time.Clock;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What steps ask of the API server is what they declare as their rights, and nothing that they declare goes unused: they are
 * carried out, rehearsed, looked for and taken back, and a proxy takes down the requests.
 */
class RightsInUseIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private final ClusterAccess access = weather.access(Clock.systemUTC());
    private final Trial trial = new Trial(access);
    private final Set<Right> declared = new LinkedHashSet<>();

    @AfterEach
    void end() {
        trial.close();
        access.close();
        weather.close();
    }

    /** Everything that can be done with a step. */
    private void use(ActionType type, Asset target, Map<String, ?> parameters) {
        Action.OnCluster action = action(type, target, parameters);
        declared.addAll(type.rightsFor(action.parameters()));
        trial.rehearse(action);
        int undos = trial.undos().size();
        trial.carryOut(action);
        trial.observe(action);
        if (trial.undos().size() > undos) {
            trial.takeBack(trial.undo());
        }
    }

    private void assertUsedIsDeclared(String... impliedByTheServer) {
        Set<String> expected = new TreeSet<>();
        for (Right right : declared) {
            if (right instanceof Right.Api api) {
                api.verbs().forEach(verb -> expected.add(verb + " " + api.resource() + "." + api.group()));
            }
        }
        expected.removeAll(Arrays.asList(impliedByTheServer));
        if (expected.contains("create events.events.k8s.io")) {
            RealCluster.until("its Event", () -> used().contains("create events.events.k8s.io"));
        }
        assertThat(used()).isEqualTo(expected);
    }

    private Set<String> used() {
        Set<String> used = new TreeSet<>();
        weather.seen().stream()
                .filter(seen -> !isGrantedToEverybody(seen.target()))
                .forEach(seen -> used.add(permission(seen.method(), seen.target())));
        return used;
    }

    /** By {@code system:discovery} and {@code system:basic-user}: what APIs there are, and what one may do oneself. */
    private static boolean isGrantedToEverybody(String target) {
        return target.matches("/apis(/[^/?]+(/[^/?]+)?)?") || target.contains("/selfsubjectaccessreviews");
    }

    /** As the API server's request info has it. */
    private static String permission(String method, String target) {
        String path = target.replaceFirst("\\?.*", "");
        String[] parts = path.substring(1).split("/");
        int at = parts[0].equals("api") ? 2 : 3;
        String group = parts[0].equals("api") ? "" : parts[1];
        if (parts[at].equals("namespaces") && parts.length > at + 2) {
            at += 2;
        }
        String sub = parts.length > at + 2 ? "/" + parts[at + 2] : "";
        boolean one = parts.length > at + 1;
        String verb =
                switch (method) {
                    case "GET" -> one ? "get" : target.contains("watch=") ? "watch" : "list";
                    case "POST" -> "create";
                    case "PUT" -> "update";
                    default -> method.toLowerCase(Locale.ROOT);
                };
        return verb + " " + parts[at] + sub + "." + group;
    }

    private static PodRef ref(String name) {
        return new PodRef(CLUSTER.namespace(), name, Optional.empty());
    }

    /** Of a workload of that kind, whose pods no node runs. */
    private static PodRef podOf(String kind, String name) {
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: %1$s
                metadata: {name: %2$s}
                spec:
                  %3$s
                  selector: {matchLabels: {app: %2$s}}
                  template:
                    metadata: {labels: {app: %2$s}}
                    spec: {schedulerName: nobody, containers: [{name: c, image: none}]}
                """.formatted(kind, name, kind.equals("DaemonSet") ? "" : "replicas: 1"));
        String[] pod = new String[1];
        RealCluster.until("a pod of it", () -> {
            pod[0] = CLUSTER.kubectl("get", "pods", "-l", "app=" + name, "-o", "jsonpath={.items[*].metadata.name}");
            return !pod[0].isEmpty();
        });
        return ref(pod[0].split(" ")[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POD_LABEL", "POD_ANNOTATE"})
    void ofAMark(ActionType type) {
        // Given
        String pod = type.verb().replace('.', '-');
        CLUSTER.unscheduled(pod, "app=mark");

        // When
        use(type, ref(pod), Map.of(type == ActionType.POD_LABEL ? "labels" : "annotations", Map.of("a", "b")));

        // Then
        assertUsedIsDeclared();
    }

    @Test
    void ofATermination() {
        // When
        use(ActionType.POD_TERMINATE, podOf("Deployment", "end-1"), Map.of("minHealthy", "0"));
        use(ActionType.POD_TERMINATE, podOf("StatefulSet", "end-2"), Map.of("minHealthy", "0"));
        use(ActionType.POD_TERMINATE, podOf("Deployment", "end-3"), Map.of("ignoreBudgets", "true"));

        // Then
        assertUsedIsDeclared();
    }

    @Test
    void ofAQuarantine() {
        // When
        use(ActionType.POD_QUARANTINE, podOf("Deployment", "hold"), Map.of());
        // Its time is over: nothing would take it back any more
        use(ActionType.POD_QUARANTINE, podOf("ReplicaSet", "hold-too"), Map.of("for", "1m"));

        // Then
        assertUsedIsDeclared("delete pods.");
    }

    @Test
    void ofProgramsInAContainer() {
        // Given
        CLUSTER.pod("program", "app=program");

        // When
        use(ActionType.POD_EXEC, ref("program"), Map.of("argv", List.of("true")));
        use(ActionType.POD_SCRIPT, ref("program"), Map.of("script", "true"));

        // Then: who opens a stream by GET needs both since Kubernetes 1.35
        assertUsedIsDeclared("create pods/exec.");
    }

    @Test
    void ofAnIsolation() {
        // When
        PodRef twice = podOf("Deployment", "cut-1");
        trial.carryOut(
                action(ActionType.POD_ISOLATE, twice, Map.of("allow", Map.of("cidrs", List.of("192.0.2.0/24")))));
        use(ActionType.POD_ISOLATE, twice, Map.of());
        for (String kind : List.of("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")) {
            use(
                    ActionType.POD_ISOLATE,
                    podOf(kind, "cut-" + kind.toLowerCase(Locale.ROOT)),
                    Map.of("scope", "workload"));
        }

        // Then
        assertUsedIsDeclared();
    }

    @ParameterizedTest
    @ValueSource(strings = {"NODE_CORDON", "NODE_TAINT", "NODE_LABEL", "NODE_ANNOTATE", "NODE_DRAIN"})
    void ofANode(ActionType type) {
        // Given
        String part = type.verb().replace("node.", "");
        try (FakeNode node = FakeNode.named(CLUSTER, part)) {
            node.pod(part, "app: node", "");
            Map<String, ?> parameters =
                    switch (type) {
                        case NODE_TAINT -> Map.of("key", "a");
                        case NODE_LABEL -> Map.of("labels", Map.of("a", "b"));
                        case NODE_ANNOTATE -> Map.of("annotations", Map.of("a", "b"));
                        default -> Map.of();
                    };

            // When
            use(type, ref(part), parameters);
            use(type, new NodeRef(node.name()), parameters);
        }

        // Then
        assertUsedIsDeclared();
    }

    @Test
    void ofAScale() {
        // When
        for (String kind : List.of("Deployment", "StatefulSet", "ReplicaSet")) {
            use(
                    ActionType.WORKLOAD_SCALE,
                    podOf(kind, "scale-" + kind.toLowerCase(Locale.ROOT)),
                    Map.of("replicas", "0"));
        }

        // Then
        assertUsedIsDeclared();
    }

    @Test
    void ofADeletion() {
        // Given
        String workload = "spec: {selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d}},"
                + " spec: {schedulerName: nobody, containers: [{name: c, image: none}]}}}";
        String job = "spec: {suspend: true, template: {spec: {restartPolicy: Never,"
                + " containers: [{name: c, image: none}]}}}";
        String rolesGroup = "rbac.authorization.k8s.io";
        Map<String, String> objects = new TreeMap<>();
        objects.put("configmaps", "apiVersion: v1\nkind: ConfigMap");
        objects.put("secrets", "apiVersion: v1\nkind: Secret");
        objects.put("services", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}");
        objects.put("serviceaccounts", "apiVersion: v1\nkind: ServiceAccount");
        objects.put("daemonsets", "apiVersion: apps/v1\nkind: DaemonSet\n" + workload);
        objects.put("deployments", "apiVersion: apps/v1\nkind: Deployment\n" + workload);
        objects.put("replicasets", "apiVersion: apps/v1\nkind: ReplicaSet\n" + workload);
        objects.put("statefulsets", "apiVersion: apps/v1\nkind: StatefulSet\n" + workload);
        objects.put("jobs", "apiVersion: batch/v1\nkind: Job\n" + job);
        objects.put(
                "cronjobs",
                "apiVersion: batch/v1\nkind: CronJob\nspec: {schedule: '0 0 1 1 *', jobTemplate: {" + job + "}}");
        for (String scope : List.of("", "Cluster")) {
            String plural = scope.isEmpty() ? "" : "cluster";
            objects.put(plural + "roles", "apiVersion: " + rolesGroup + "/v1\nkind: " + scope + "Role");
            objects.put(
                    plural + "rolebindings",
                    "apiVersion: " + rolesGroup + "/v1\nkind: " + scope + "RoleBinding\nroleRef: {apiGroup: "
                            + rolesGroup + ", kind: " + scope + "Role, name: none}");
        }

        // When
        objects.forEach((resource, yaml) -> {
            String name = CLUSTER.namespace() + "-d";
            CLUSTER.apply(yaml + "\nmetadata: {name: " + name + "}\n");
            use(
                    ActionType.OBJECT_DELETE,
                    new ObjectRef(
                            resource,
                            resource.startsWith("cluster") ? Optional.empty() : Optional.of(CLUSTER.namespace()),
                            name),
                    Map.of("propagation", "background"));
        });

        // Then
        assertUsedIsDeclared();
    }
}
