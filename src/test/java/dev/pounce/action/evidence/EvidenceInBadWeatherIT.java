package dev.pounce.action.evidence;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import dev.pounce.action.kubernetes.PodStreams;
import dev.pounce.asset.Answer;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.BadWeather;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.RealCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of copies when the way to the cluster is bad. */
class EvidenceInBadWeatherIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final Clock CLOCK = Clock.systemUTC();
    private static PodRef pod = new PodRef("none", "none", Optional.empty());

    @TempDir
    Path folder;

    private BadWeather weather;
    private ClusterAccess access;
    private Web web;
    private EvidenceActuator actuator;

    @BeforeAll
    static void aPodRuns() {
        CLUSTER.kubectl(
                "run",
                "web",
                "--image=" + RealCluster.IMAGE,
                "--image-pull-policy=Never",
                "--restart=Never",
                "--command",
                "--",
                "sh",
                "-c",
                "echo ready; exec sleep 3600");
        until(
                "it has written",
                () -> CLUSTER.kubectl("get", "pod", "web", "-o", "jsonpath={.status.phase}")
                                .equals("Running")
                        && CLUSTER.kubectl("logs", "web").contains("ready"));
        pod = new PodRef(
                CLUSTER.namespace(),
                "web",
                Optional.of(CLUSTER.kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.uid}")));
    }

    @BeforeEach
    void start() {
        weather = BadWeather.before(CLUSTER.access());
        access = weather.access(CLOCK);
        web = new Web("test", CLOCK);
        Map<String, String> env = Map.of();
        actuator = new EvidenceActuator(
                access.api(),
                new PodStreams(access, CLOCK),
                NodeEvidence.NONE,
                new EvidenceStores(
                        folder.resolve("own"),
                        new AwsAccess(env::get, folder, web, CLOCK),
                        new GoogleAccess(env::get, web, CLOCK),
                        web,
                        CLOCK),
                container -> new Answer.Unknown<>("nobody knows"),
                CLOCK);
    }

    @AfterEach
    void stop() {
        weather.clearsUp();
        actuator.close();
        web.close();
        access.close();
        weather.close();
    }

    @Test
    void whatIsRefusedForNowIsAskedForAgain() throws IOException {
        // Given
        BadWeather.Rule pods = weather.on("GET", "/pods/web").times(1).answers(500, "InternalError", "not now");
        BadWeather.Rule busy = weather.on("GET", "/log?").times(1).answers(429, "TooManyRequests", "busy");
        BadWeather.Rule broken = weather.on("GET", "/log?").times(1).cuts();

        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_LOGS, Map.of(), Duration.ofSeconds(20));

        // Then
        assertThat(List.of(pods.met(), busy.met(), broken.met())).containsOnly(1);
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(Files.readString(files().getFirst())).isEqualTo("ready\n");
    }

    @Test
    void aProgramWhoseConnectionIsRefusedOrCutIsRunAgain() throws IOException {
        // Given
        BadWeather.Rule busy = weather.on("GET", "/exec?").times(1).answers(503, "ServiceUnavailable", "not now");
        BadWeather.Rule broken = weather.on("GET", "/exec?").times(1).cuts();

        // When
        Outcome outcome = carryOut(
                ActionType.EVIDENCE_FILES, Map.of("paths", List.of("/proc/self/comm")), Duration.ofSeconds(20));

        // Then
        assertThat(List.of(busy.met(), broken.met())).containsOnly(1);
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(Files.readString(files().getFirst())).isEqualTo("cat\n");
    }

    @Test
    void whatIsForbiddenIsNotAskedForAgainAndSaidInTheServersWords() throws IOException {
        // Given
        BadWeather.Rule no = weather.on("GET", "/log?").answers(403, "Forbidden", "you cannot get pods/log");

        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_LOGS, Map.of(), Duration.ofSeconds(20));

        // Then
        assertThat(no.met()).isEqualTo(1);
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed("not kept: logs of web: refused (403): you cannot get pods/log", false));
        assertThat(files()).isEmpty();
    }

    @Test
    void whoeverNeverAnswersCostsTheStepsTimeAndNoMore() {
        // Given
        BadWeather.Rule silent = weather.on("GET", "/log?").holds();

        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_LOGS, Map.of(), Duration.ofSeconds(2));

        // Then
        assertThat(silent.met()).isEqualTo(1);
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed("not kept: logs of web: the API server did not answer in time", true));
    }

    @Test
    void onePodWithoutAnAnswerDelaysNoOther() {
        // Given
        BadWeather.Rule silent = weather.on("GET", "/pods/elsewhere").holds();

        // When
        CompletableFuture<Outcome> stuck = actuator.carryOut(
                        new Action.OnCluster(
                                ActionType.EVIDENCE_LOGS,
                                new PodRef(CLUSTER.namespace(), "elsewhere", Optional.empty()),
                                ActionType.EVIDENCE_LOGS.read(Map.of())),
                        why(),
                        CLOCK.instant().plusSeconds(30),
                        undo -> {})
                .toCompletableFuture();
        until("it is held", () -> silent.met() == 1);
        Outcome outcome = carryOut(ActionType.EVIDENCE_LOGS, Map.of(), Duration.ofSeconds(20));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(stuck).isNotDone();
    }

    private Outcome carryOut(ActionType type, Map<String, ?> parameters, Duration within) {
        return actuator.carryOut(
                        new Action.OnCluster(type, pod, type.read(parameters)),
                        why(),
                        CLOCK.instant().plus(within),
                        undo -> {})
                .toCompletableFuture()
                .join();
    }

    private static Circumstances why() {
        return new Circumstances("RESPONSE1", "keep", CLOCK.instant(), Optional.empty(), () -> "{}");
    }

    private List<Path> files() throws IOException {
        if (!Files.exists(folder.resolve("own"))) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(folder.resolve("own"))) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
