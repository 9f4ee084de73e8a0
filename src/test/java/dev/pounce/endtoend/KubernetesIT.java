package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.cluster.OwnResources;
import dev.pounce.cluster.RealCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The packaged engine beside a real API server: alerts in, changes of the cluster out, and back again. */
class KubernetesIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final String RULE = "Terminal shell in container";

    @TempDir
    Path folder;

    private Path state = Path.of("/");

    @BeforeEach
    void prepare() {
        Machine.assumeItIsPackaged();
        state = folder.resolve("state");
    }

    @Test
    void anAlertLabelsThePodAndReleasingItRestoresTheLabel() throws Exception {
        // Given: a pod that has the label already, with another value
        CLUSTER.unscheduled("labelled", "team=shop");
        try (RunningEngine engine = engine(set("mark", "{ pod.label: { labels: { team: pounce, seen: \"yes\" } } }"))) {
            // When
            FalcoSender.to(engine).send(about("labelled"));

            // Then
            JsonNode step = awaitResult(engine, "labelled", "done");
            assertThat(label("labelled", "team")).isEqualTo("pounce");
            assertThat(label("labelled", "seen")).isEqualTo("yes");

            // When
            String response = responseOf(engine, step);
            Machine.Ran released = Machine.pounce("release", response, "--state", state.toString());

            // Then
            assertThat(released.exit()).as(released.out()).isZero();
            assertThat(label("labelled", "team")).isEqualTo("shop");
            assertThat(label("labelled", "seen")).isEmpty();
            assertThat(engine.verify().exit()).isZero();
        }
    }

    @Test
    void inDryRunTheApiServerIsAskedAndNothingIsChanged() throws Exception {
        // Given
        CLUSTER.unscheduled("rehearsed", "team=shop");
        try (RunningEngine engine = engine(
                set("mark", "{ pod.label: { labels: { team: pounce } } }").replace("enforce", "dry-run"))) {
            // When
            FalcoSender.to(engine).send(about("rehearsed"));

            // Then
            awaitResult(engine, "rehearsed", "would act");
            assertThat(label("rehearsed", "team")).isEqualTo("shop");
        }
    }

    @Test
    void aPodOfTheSameNameThatCameAfterwardsSurvives() throws Exception {
        // Given: what was seen happened to the one before
        Instant seen = Instant.now();
        CLUSTER.unscheduled("replaced", "app=a");
        CLUSTER.kubectl("delete", "pod", "replaced", "--grace-period=0", "--force");
        String second = CLUSTER.unscheduled("replaced", "app=a");
        try (RunningEngine engine = engine(set("end", "{ pod.terminate: { grace: 0s, ignoreStandalone: false } }"))) {
            // When
            FalcoSender.to(engine).send(about("replaced").at(seen.minusSeconds(60)));

            // Then
            awaitResult(engine, "replaced", "target gone");
            assertThat(CLUSTER.kubectl("get", "pod", "replaced", "-o", "jsonpath={.metadata.uid}"))
                    .isEqualTo(second);
        }
    }

    @Test
    void whatWasAcceptedBeforeAKillIsDoneAfterItOnce() throws Exception {
        // Given
        int pods = 20;
        for (int i = 0; i < pods; i++) {
            CLUSTER.unscheduled("many-" + i, "app=many");
        }
        String mark = set("mark", "{ pod.label: { labels: { seen: \"yes\" } } }");
        try (RunningEngine engine = engine(mark)) {
            FalcoSender falco = FalcoSender.to(engine);

            // When
            for (int i = 0; i < pods; i++) {
                falco.send(about("many-" + i));
            }
            engine.kill();
        }

        // Then
        try (RunningEngine next = engine(mark)) {
            next.until(
                    "label on each of them",
                    () -> CLUSTER.kubectl(
                                            "get",
                                            "pods",
                                            "-l",
                                            "app=many,seen=yes",
                                            "-o",
                                            "jsonpath={.items[*].metadata.name}")
                                    .split(" ")
                                    .length
                            == pods);
            assertThat(next.responses()).hasSize(pods);
            assertThat(next.verify().exit()).isZero();
        }
    }

    @Test
    void aLeaseEndsByItselfAlsoWhenTheEngineWasKilledMeanwhile() throws Exception {
        // Given
        CLUSTER.unscheduled("leased", "app=leased");
        String isolate = set("isolate", "{ pod.isolate: { for: 15s } }");
        try (RunningEngine engine = engine(isolate)) {
            FalcoSender.to(engine).send(about("leased"));
            awaitResult(engine, "leased", "done");
            assertThat(policiesOf("leased")).contains("pounce");

            // When
            engine.kill();
        }
        assertThat(policiesOf("leased")).contains("pounce");
        try (RunningEngine next = engine(isolate)) {
            // Then
            next.until("end of the lease", () -> policiesOf("leased").isEmpty());
            assertThat(next.verify().exit()).isZero();
        }
    }

    @Test
    void whoFollowsHisNodeAsksForTheWorkloadBeforeHeTakesAPartOfItOutOfService() throws Exception {
        // Given
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: { name: shop }
                spec:
                  replicas: 2
                  selector: { matchLabels: { app: shop } }
                  template:
                    metadata: { labels: { app: shop } }
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers: [{ name: shop, image: "registry.local/pause:1", imagePullPolicy: Never }]
                """);
        CLUSTER.kubectl("rollout", "status", "deployment/shop", "--timeout=60s");
        String[] pods = CLUSTER.kubectl("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[*].metadata.name}")
                .split(" ");
        String half =
                set("cut", "{ pod.isolate: { for: 1m } }") + "  guards: { blastRadius: { shareOfWorkload: 50% } }\n";
        try (RunningEngine engine = engine(half, "--follow-node")) {
            // When
            FalcoSender falco = FalcoSender.to(engine);
            falco.send(about(pods[0]));
            awaitResult(engine, pods[0], "done");
            falco.send(about(pods[1]));

            // Then
            JsonNode refused = awaitResult(engine, pods[1], "withheld");
            assertThat(refused.toString())
                    .contains("2 of 2 pods of deployment/" + CLUSTER.namespace() + "/shop would be out of service");
            assertThat(engine.verify().exit()).isZero();
        }
    }

    @Test
    void actionSetsAreResourcesOfTheClusterAndSayHowTheyAreTaken() throws Exception {
        // Given
        RealCluster.kubectlAnywhere("apply", "--server-side", "-f", definitions());
        String name = "it-" + UUID.randomUUID().toString().substring(0, 8);
        CLUSTER.unscheduled("watched", "app=watched");
        try (RunningEngine engine = engine("", "--cluster-actionsets")) {
            try {
                // When
                CLUSTER.apply(set(name, "{ pod.label: { labels: { seen: \"yes\" } } }"));

                // Then
                engine.until("armed set", () -> status(name, "armed").equals("true"));
                FalcoSender.to(engine).send(about("watched"));
                awaitResult(engine, "watched", "done");
                engine.until("counted step", () -> status(name, "steps").equals("1"));

                // When: what it did is a resource, too, and deleting that takes it back
                engine.until("containment", () -> containments(name).contains(name));
                assertThat(label("watched", "seen")).isEqualTo("yes");
                String shown = containments(name).strip().split(" ")[0];
                Map<String, String> last = new ConcurrentHashMap<>();
                try (OwnResources watched = OwnResources.follow(
                        CLUSTER.access(),
                        OwnResources.CONTAINMENTS,
                        all -> {},
                        one -> last.put(
                                one.path("metadata").path("name").asText(),
                                one.path("status").toString()))) {
                    engine.until("watched containments", () -> watched.problem().isEmpty());
                    RealCluster.kubectlAnywhere("delete", "containment", shown);
                    engine.until("last word of it", () -> last.containsKey(shown));
                }

                // Then
                assertThat(label("watched", "seen")).isEmpty();
                assertThat(last.get(shown)).contains("\"outcome\":\"done\"", "are as they were before");

                // When: it is changed, and said to be armed as it is now
                CLUSTER.unscheduled("changed", "app=watched");
                CLUSTER.apply(set(name, "{ pod.label: { labels: { changed: \"yes\" } } }"));
                engine.until(
                        "armed change",
                        () -> status(name, "generation").equals("2")
                                && status(name, "armed").equals("true"));

                // Then
                FalcoSender.to(engine).send(about("changed"));
                awaitResult(engine, "changed", "done");
                assertThat(label("changed", "changed")).isEqualTo("yes");
                engine.until("its containment", () -> containments(name).contains(name));
                RealCluster.kubectlAnywhere(
                        "delete", "containment", containments(name).strip().split(" ")[0]);

                // When: one that the API server cannot judge
                CLUSTER.apply(set(name, "{ pod.label: { labels: { \"not a key!\": x } } }"));

                // Then: the one before stays, and the status says what pounce check says
                engine.until("status of the error", () -> status(name, "armed").equals("false"));
                assertThat(status(name, "problems")).contains("not a key!").contains("expected");
                assertThat(status(name, "because")).contains("what was loaded before them is in force");
            } finally {
                RealCluster.tryKubectl("delete", "actionset", name);
            }
            engine.until("unloaded set", () -> engine.messages().stream()
                    .anyMatch(line -> line.contains("0 action sets are in force now")));
        }
    }

    private static String definitions() throws Exception {
        Path file = Files.createTempFile("pounce-crds", ".yaml");
        Files.writeString(file, Machine.pounce("crds").out());
        return file.toString();
    }

    private RunningEngine engine(String actionSet, String... more) throws Exception {
        Path sets = Files.createDirectories(folder.resolve("actionsets"));
        List<String> arguments = new ArrayList<>(List.of(more));
        arguments.addAll(
                List.of("--kubeconfig", RealCluster.kubeconfig().orElseThrow().toString(), "--mode", "enforce"));
        if (!actionSet.isEmpty()) {
            Files.writeString(sets.resolve("set.yaml"), actionSet);
            arguments.addAll(List.of("--actionsets", sets.toString()));
        }
        return RunningEngine.listening(state, arguments.toArray(String[]::new));
    }

    private static String set(String name, String step) {
        return """
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: %s }
                spec:
                  mode: enforce
                  when: { detection: { rules: [%s] } }
                  steps:
                    - { id: answer, %s
                """.formatted(name, RULE, step.substring(1).strip());
    }

    private static FalcoAlert about(String pod) {
        return FalcoAlert.of(RULE, UUID.randomUUID().toString())
                .with("k8s.ns.name", CLUSTER.namespace())
                .with("k8s.pod.name", pod)
                .at(Instant.now().plusSeconds(1)); // pods are as old as the whole second in which they were made
    }

    private static JsonNode awaitResult(RunningEngine engine, String pod, String result) {
        return engine.awaitStep(
                "'" + result + "' for pod " + pod,
                step -> step.path("target").asText().equals("pod/" + CLUSTER.namespace() + "/" + pod)
                        && step.path("result").asText().equals(result));
    }

    private static String responseOf(RunningEngine engine, JsonNode step) {
        return engine.responses().stream()
                .filter(response -> response.path("steps")
                        .findValuesAsText("target")
                        .contains(step.path("target").asText()))
                .findFirst()
                .orElseThrow()
                .path("response")
                .asText();
    }

    private static String label(String pod, String key) {
        return CLUSTER.kubectl("get", "pod", pod, "-o", "jsonpath={.metadata.labels." + key + "}");
    }

    private static String policiesOf(String pod) {
        String uid = CLUSTER.kubectl("get", "pod", pod, "-o", "jsonpath={.metadata.uid}");
        return CLUSTER.kubectl(
                        "get", "networkpolicies", "-o", "jsonpath={range .items[*]}{.metadata.name}{\"\\n\"}{end}")
                .lines()
                .filter(name -> name.contains(uid.replace("-", "").substring(0, 12)))
                .collect(Collectors.joining(" "));
    }

    private static String status(String set, String field) {
        RealCluster.Ran ran =
                RealCluster.tryKubectl("get", "actionset", set, "-o", "jsonpath={.status.engines[0]." + field + "}");
        return ran.exit() == 0 ? ran.said().strip() : "";
    }

    /** Names, each with the step that it is about. */
    private static String containments(String set) {
        return RealCluster.tryKubectl(
                        "get",
                        "containments",
                        "-o",
                        "jsonpath={range .items[?(@.spec.step==\"" + set
                                + "/answer\")]}{.metadata.name} {.spec.step}{end}")
                .said();
    }
}
