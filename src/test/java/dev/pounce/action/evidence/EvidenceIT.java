package dev.pounce.action.evidence;

import static dev.pounce.cluster.RealCluster.until;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.SigV4;
import dev.pounce.action.cloud.Web;
import dev.pounce.action.kubernetes.PodStreams;
import dev.pounce.action.node.ContainerReadings;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.Answer;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import dev.pounce.probe.ProcSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of pods that really run. */
class EvidenceIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final Clock CLOCK = Clock.systemUTC();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Two containers, and one before them; files of every kind that makes trouble. */
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: { name: web }
            spec:
              terminationGracePeriodSeconds: 0
              initContainers:
                - { name: prepare, image: %1$s, imagePullPolicy: Never, command: [echo, prepared] }
              containers:
                - name: app
                  image: %1$s
                  imagePullPolicy: Never
                  command:
                    - sh
                    - -c
                    - >-
                      for i in 1 2 3 4 5; do echo line $i; done; mkdir /work; cd /work;
                      echo -n secret > 'a file; $(with) words'; dd if=/dev/urandom of=big bs=1024 count=3000 2>/dev/null; : > empty;
                      mkfifo pipe; echo ready; exec sleep 3600
                - { name: side, image: %1$s, imagePullPolicy: Never, command: [sh, -c, "echo beside; exec sleep 3600"] }
                - { name: bare, image: "registry.local/pause:1", imagePullPolicy: Never }
            """.formatted(RealCluster.IMAGE);

    /** Two containers, each of which opens a file of its own every moment. */
    private static final String OPENING = """
            apiVersion: v1
            kind: Pod
            metadata: { name: %1$s }
            spec:
              terminationGracePeriodSeconds: 0
              containers:
                - name: app
                  image: %2$s
                  imagePullPolicy: Never
                  command: [sh, -c, "while :; do cat /opened-by-%1$s-app; sleep 0.1; done"]
                - name: side
                  image: %2$s
                  imagePullPolicy: Never
                  command: [sh, -c, "while :; do cat /opened-by-%1$s-side; sleep 0.1; done"]
            """;

    private static final Path PROBE = Stream.of("native-probe/build/pounce-probe", "target/pounce/bin/pounce-probe")
            .map(file -> Path.of(file).toAbsolutePath())
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(Path.of("pounce-probe"));

    private static PodRef web = new PodRef("none", "none", Optional.empty());

    @TempDir
    Path folder;

    private Web http;
    private EvidenceActuator actuator;

    @BeforeAll
    static void aPodRuns() {
        CLUSTER.apply(POD);
        CLUSTER.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=60s");
        until("files are there", () -> CLUSTER.kubectl("logs", "web", "-c", "app")
                .contains("ready"));
        web = new PodRef(
                CLUSTER.namespace(),
                "web",
                Optional.of(CLUSTER.kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.uid}")));
    }

    @BeforeEach
    void start() {
        http = new Web("test", CLOCK);
        actuator = actuator(NodeEvidence.NONE);
    }

    private EvidenceActuator actuator(NodeEvidence node) {
        Map<String, String> env = Map.of();
        return new EvidenceActuator(
                CLUSTER.access().api(),
                new PodStreams(CLUSTER.access(), CLOCK),
                node,
                new EvidenceStores(
                        folder.resolve("own"),
                        new AwsAccess(env::get, folder, http, CLOCK),
                        new GoogleAccess(env::get, http, CLOCK),
                        http,
                        CLOCK),
                container -> new Answer.Known<>(web),
                CLOCK);
    }

    @AfterEach
    void stop() {
        actuator.close();
        http.close();
    }

    @Test
    void theLastLinesOfEveryContainerAreKeptAndDescribed() throws IOException {
        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_LOGS, Map.of("tail", "3", "container", "*"));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("app.log (20 bytes, sha256 " + SigV4.sha256("line 4\nline 5\nready\n".getBytes(UTF_8)))
                .doesNotContain("line 5", "beside", "prepared"));
        Map<String, byte[]> kept = kept("own");
        assertThat(text(kept, "app.log")).isEqualTo("line 4\nline 5\nready\n");
        assertThat(text(kept, "side.log")).isEqualTo("beside\n");
        assertThat(text(kept, "prepare.log")).isEqualTo("prepared\n");
        assertThat(text(kept, "bare.log")).isEmpty();
        assertThat(kept.keySet()).allMatch(name -> name.startsWith("RESPONSE1/logs/2"));
        JsonNode about = JSON.readTree(bytes(kept, "app.log.json"));
        assertThat(about.path("what").asText()).isEqualTo("logs");
        assertThat(about.path("pod").path("uid").asText()).isEqualTo(web.uid().orElseThrow());
        assertThat(about.path("container").asText()).isEqualTo("app");
        assertThat(about.path("containerId").asText()).hasSize(64);
        assertThat(about.path("bytes").asInt()).isEqualTo(20);
        assertThat(about.path("sha256").asText()).isEqualTo(SigV4.sha256(bytes(kept, "app.log")));
        assertThat(about.path("truncated").asBoolean(true)).isFalse();
        assertThat(Instant.parse(about.path("ended").asText()))
                .isAfterOrEqualTo(Instant.parse(about.path("started").asText()));
    }

    @Test
    void whatIsKeptIsForItsOwnersEyesOnly() throws IOException {
        Outcome ignored = carryOut(ActionType.EVIDENCE_LOGS, Map.of());

        // When / Then
        try (Stream<Path> all = Files.walk(folder.resolve("own"))) {
            for (Path path : all.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .as(path.toString())
                        .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------");
            }
        }
    }

    @Test
    void theContainerThatWasSeenIsMeantWhenNoneIsNamed() {
        String id = CLUSTER.kubectl(
                        "get",
                        "pod",
                        "web",
                        "-o",
                        "jsonpath={.status.containerStatuses[?(@.name==\"side\")].containerID}")
                .replace("containerd://", "");

        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_LOGS,
                web,
                Map.of(),
                Optional.of(new ContainerRef(new NodeRef("node1"), id.substring(0, 12))));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(text(kept("own"), "side.log")).isEqualTo("beside\n");
    }

    @Test
    void theLogOfTheContainerThatWasSeenIsKeptAlsoWhenItWasStartedAgain() {
        // Given
        CLUSTER.apply("""
                apiVersion: v1
                kind: Pod
                metadata: { name: again }
                spec:
                  terminationGracePeriodSeconds: 0
                  volumes: [{ name: memory, emptyDir: {} }]
                  containers:
                    - name: app
                      image: %s
                      imagePullPolicy: Never
                      volumeMounts: [{ name: memory, mountPath: /memory }]
                      command: [sh, -c, "[ -e /memory/once ] && { echo second; exec sleep 3600; }; : > /memory/once; echo first"]
                """.formatted(RealCluster.IMAGE));
        until("it was started again", () -> CLUSTER.kubectl(
                        "get", "pod", "again", "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
                .equals("1"));
        String status = "jsonpath={.status.containerStatuses[0].lastState.terminated.containerID}";
        String first = CLUSTER.kubectl("get", "pod", "again", "-o", status).replace("containerd://", "");
        PodRef again = new PodRef(
                CLUSTER.namespace(),
                "again",
                Optional.of(CLUSTER.kubectl("get", "pod", "again", "-o", "jsonpath={.metadata.uid}")));

        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_LOGS, again, Map.of(), Optional.of(new ContainerRef(new NodeRef("node1"), first)));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(text(kept("own"), "app.log")).isEqualTo("first\n");
        assertThat(text(kept("own"), "app.log.json")).contains(first, "\"previous\" : true");
    }

    @Test
    void filesAreKeptByteForByteAndOneThatIsNotThereLosesNoOther() {
        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_FILES,
                Map.of(
                        "container",
                        "app",
                        "paths",
                        List.of("/work/a file; $(with) words", "/nowhere", "/work", "/work/big", "/work/empty")));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.reason())
                    .contains("kept in file:", "_with__words (6 bytes", "-big (3072000 bytes", "-empty (0 bytes")
                    .contains("/nowhere: there is no such file", "/work: it is a directory")
                    .doesNotContain("secret");
            assertThat(failed.retryable()).isFalse();
        });
        Map<String, byte[]> kept = kept("own");
        assertThat(text(kept, "_with__words")).isEqualTo("secret");
        assertThat(SigV4.sha256(bytes(kept, "-big")))
                .isEqualTo(CLUSTER.kubectl("exec", "web", "-c", "app", "--", "sha256sum", "/work/big")
                        .split(" ")[0]);
        assertThat(kept).hasSize(6);
    }

    @Test
    void whatIsBeyondTheLimitIsLeftOutAndSaid() throws IOException {
        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_FILES,
                Map.of("container", "app", "limit", "100000", "paths", List.of("/work/big", "/work/empty")));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("-big (100000 bytes", "cut off: at its limit")
                .contains("/work/empty: the limit of 100000 bytes was reached"));
        Map<String, byte[]> kept = kept("own");
        assertThat(bytes(kept, "-big")).hasSize(100_000);
        assertThat(JSON.readTree(bytes(kept, "-big.json")).path("truncated").asBoolean())
                .isTrue();
    }

    @Test
    void aPipeThatNobodyWritesToCostsItsShareOfTheTimeAndNoMore() {
        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_FILES,
                web,
                Map.of("container", "app", "paths", List.of("/work/pipe", "/work/big")),
                Optional.empty(),
                Duration.ofSeconds(8));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("-big (3072000 bytes", "/work/pipe: its time was over"));
        assertThat(kept("own")).hasSize(2);
    }

    @Test
    void aContainerWithoutTheProgramIsSaidToBeOne() {
        // When
        Outcome outcome =
                carryOut(ActionType.EVIDENCE_FILES, Map.of("container", "bare", "paths", List.of("/etc/passwd")));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed("not kept: /etc/passwd: the container has no program cat", false));
        assertThat(kept("own")).isEmpty();
    }

    @Test
    void thePodThatWasReplacedByOneOfTheSameNameIsGoneAndTheOtherIsLeftAlone() {
        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_LOGS,
                new PodRef(web.namespace(), web.name(), Optional.of("0d3f8b6e-1111-2222-3333-444455556666")),
                Map.of(),
                Optional.empty());
        Outcome older = actuator.carryOut(
                        new Action.OnCluster(
                                ActionType.EVIDENCE_LOGS,
                                new PodRef(web.namespace(), web.name(), Optional.empty()),
                                ActionType.EVIDENCE_LOGS.read(Map.of())),
                        new Circumstances(
                                "RESPONSE1",
                                "logs",
                                CLOCK.instant().minus(Duration.ofDays(1)),
                                Optional.empty(),
                                () -> "{}"),
                        CLOCK.instant().plusSeconds(20),
                        undo -> {})
                .toCompletableFuture()
                .join();

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(older).isInstanceOf(Outcome.TargetGone.class);
        assertThat(kept("own")).isEmpty();
    }

    @Test
    void aRehearsalFindsOutEverythingAndWritesNothing() {
        // When
        Outcome logs = rehearse(ActionType.EVIDENCE_LOGS, Map.of("container", "*"));
        Outcome elsewhere = rehearse(ActionType.EVIDENCE_LOGS, Map.of("to", "file:///etc/passwd/of/ours"));
        Outcome nobody = rehearse(ActionType.EVIDENCE_LOGS, Map.of("container", "nobody"));

        // Then
        assertThat(logs).isInstanceOfSatisfying(Outcome.WouldAct.class, would -> assertThat(would.what())
                .contains(
                        "the last 500 lines of app, side, bare, prepare",
                        folder.toUri().toString()));
        assertThat(elsewhere).isInstanceOf(Outcome.Failed.class);
        assertThat(nobody).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("no container nobody, but app, side, bare, prepare"));
        assertThat(Files.exists(folder.resolve("own"))).isFalse();
    }

    @Test
    void aCheckpointThatTheRuntimeCannotMakeIsSaidToBeRefused() {
        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_CHECKPOINT, Map.of("container", "app"));

        // Then: the runtime of the tests knows no checkpoints; one that does is said to have made one
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .startsWith("not kept: checkpoint of app: the kubelet refused (")
                .contains("CheckpointContainer"));
    }

    @Test
    void whatOnlyTheNodeCanTellIsWithheldElsewhere() {
        assertThat(carryOut(ActionType.EVIDENCE_PROCESSES, Map.of()))
                .isEqualTo(new Outcome.Withheld("needs the agent on the pod's node, which is node1"));
        assertThat(carryOut(ActionType.EVIDENCE_CAPTURE, Map.of())).isInstanceOf(Outcome.Withheld.class);
        assertThat(carryOut(ActionType.EVIDENCE_TRACE, Map.of())).isInstanceOf(Outcome.Withheld.class);
    }

    @Test
    void systemCallsOfAPodAreItsOwnAndOfAllItsContainers() throws IOException {
        Assumptions.assumeTrue(
                Files.isExecutable(PROBE) && System.getProperty("user.name").equals("root"),
                "wants root and a built probe");

        // Given
        CLUSTER.apply(OPENING.formatted("watched", RealCluster.IMAGE));
        CLUSTER.apply(OPENING.formatted("neighbour", RealCluster.IMAGE));
        CLUSTER.kubectl("wait", "--for=condition=Ready", "pod/watched", "pod/neighbour", "--timeout=60s");
        PodRef watched = new PodRef(
                CLUSTER.namespace(),
                "watched",
                Optional.of(CLUSTER.kubectl("get", "pod", "watched", "-o", "jsonpath={.metadata.uid}")));
        ProcSnapshot proc = new ProcSnapshot(Path.of("/proc"));
        ContainerMembership membership = (pid, container) -> proc.cgroupPathsOf(pid).stream()
                .filter(path -> path.contains(container.id()))
                .map(path -> path.substring(
                        0, path.indexOf(container.id()) + container.id().length()))
                .findFirst();
        try (ContainerReadings readings = new ContainerReadings(PROBE, new NodeRef("node1"), membership, CLOCK);
                EvidenceActuator onNode = actuator(readings)) {
            Action.OnCluster trace = new Action.OnCluster(
                    ActionType.EVIDENCE_TRACE, watched, ActionType.EVIDENCE_TRACE.read(Map.of("duration", "2s")));

            // When
            Outcome would = onNode.rehearse(
                            trace, why(Optional.empty()), CLOCK.instant().plusSeconds(20))
                    .toCompletableFuture()
                    .join();
            Map<String, byte[]> afterRehearsal = kept("own");
            Outcome outcome = onNode.carryOut(
                            trace, why(Optional.empty()), CLOCK.instant().plusSeconds(30), undo -> {})
                    .toCompletableFuture()
                    .join();

            // Then
            assertThat(would).isInstanceOfSatisfying(Outcome.WouldAct.class, said -> assertThat(said.what())
                    .contains("the system calls of 2s of app, side"));
            assertThat(afterRehearsal).isEmpty();
            assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                    .contains("calls.jsonl (")
                    .doesNotContain("cut off"));
        }
        Map<String, byte[]> kept = kept("own");
        List<JsonNode> lines = new ArrayList<>();
        for (String line : text(kept, "calls.jsonl").lines().toList()) {
            lines.add(JSON.readTree(line));
        }
        assertThat(lines.getFirst().path("containers")).hasSize(2);
        assertThat(lines.getLast().path("ended").asText()).isEqualTo("time");
        assertThat(lines.getLast().path("lost").asInt(-1)).isZero();
        assertThat(lines)
                .anyMatch(line -> line.path("call").asText().startsWith("open")
                        && line.path("path").asText().equals("/opened-by-watched-app")
                        && line.path("error").asText().equals("ENOENT")
                        && line.path("container").asInt(-1) == 0)
                .anyMatch(line -> line.path("path").asText().equals("/opened-by-watched-side")
                        && line.path("container").asInt(-1) == 1)
                .anyMatch(line -> line.path("call").asText().equals("execve")
                        && line.path("argv").path(1).asText().equals("/opened-by-watched-app"))
                .noneMatch(line -> line.toString().contains("opened-by-neighbour"));
        JsonNode about = JSON.readTree(bytes(kept, "calls.jsonl.json"));
        assertThat(about.path("what").asText()).isEqualTo("system calls");
        assertThat(about.path("containers")).hasSize(2);
        assertThat(about.path("sha256").asText()).isEqualTo(SigV4.sha256(bytes(kept, "calls.jsonl")));
        assertThat(about.path("doubt").isMissingNode()).isTrue();
    }

    @Test
    void aStoreThatCannotBeWrittenIsTheFailure() {
        assertThat(carryOut(ActionType.EVIDENCE_LOGS, Map.of("to", "file:///etc/passwd/of")))
                .isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                        .startsWith("not kept: logs of app: /etc/passwd/of"));
    }

    private Outcome carryOut(ActionType type, Map<String, ?> parameters) {
        return carryOut(type, web, parameters, Optional.empty());
    }

    private Outcome carryOut(ActionType type, PodRef pod, Map<String, ?> parameters, Optional<ContainerRef> seen) {
        return carryOut(type, pod, parameters, seen, Duration.ofSeconds(30));
    }

    private Outcome carryOut(
            ActionType type, PodRef pod, Map<String, ?> parameters, Optional<ContainerRef> seen, Duration within) {
        return actuator.carryOut(
                        new Action.OnCluster(type, pod, type.read(parameters)),
                        why(seen),
                        CLOCK.instant().plus(within),
                        undo -> {
                            throw new AssertionError("nothing here is taken back");
                        })
                .toCompletableFuture()
                .join();
    }

    private Outcome rehearse(ActionType type, Map<String, ?> parameters) {
        return actuator.rehearse(
                        new Action.OnCluster(type, web, type.read(parameters)),
                        why(Optional.empty()),
                        CLOCK.instant().plusSeconds(20))
                .toCompletableFuture()
                .join();
    }

    private static Circumstances why(Optional<ContainerRef> seen) {
        return new Circumstances("RESPONSE1", "logs", CLOCK.instant(), seen, () -> "{}");
    }

    /** By name below the folder. */
    private Map<String, byte[]> kept(String store) {
        Path root = folder.resolve(store);
        Map<String, byte[]> kept = new TreeMap<>();
        if (!Files.exists(root)) {
            return kept;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                kept.put(root.relativize(file).toString(), Files.readAllBytes(file));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return kept;
    }

    private static byte[] bytes(Map<String, byte[]> kept, String end) {
        List<String> names =
                kept.keySet().stream().filter(name -> name.endsWith(end)).toList();
        assertThat(names).as("%s of %s", end, kept.keySet()).hasSize(1);
        return kept.getOrDefault(names.getFirst(), new byte[0]);
    }

    private static String text(Map<String, byte[]> kept, String end) {
        return new String(bytes(kept, end), UTF_8);
    }
}
