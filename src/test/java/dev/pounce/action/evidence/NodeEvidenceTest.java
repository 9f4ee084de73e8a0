package dev.pounce.action.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine without a cluster keeps of its containers. */
class NodeEvidenceTest {

    private static final ContainerRef CONTAINER = new ContainerRef(new NodeRef("n1"), "0123456789abcdef");
    private static final Clock CLOCK = Clock.systemUTC();
    private static final Parameters WHOLE_NODE = ActionType.EVIDENCE_TRACE.read(Map.of("scope", "node"));

    @TempDir
    Path folder;

    private final Telling node = new Telling();
    private Web web;
    private EvidenceActuator actuator;

    @BeforeEach
    void start() {
        web = new Web("test", CLOCK);
        Map<String, String> env = Map.of();
        actuator = EvidenceActuator.withoutCluster(
                node,
                new EvidenceStores(
                        folder.resolve("own"),
                        new AwsAccess(env::get, folder, web, CLOCK),
                        new GoogleAccess(env::get, web, CLOCK),
                        web,
                        CLOCK),
                CLOCK);
    }

    @AfterEach
    void stop() {
        actuator.close();
        web.close();
    }

    @Test
    void whatTheNodeTellsOfAContainerIsKept() throws IOException {
        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_PROCESSES, CONTAINER);

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        List<Path> kept = files();
        assertThat(kept).hasSize(2);
        assertThat(kept.get(0)).hasContent("what evidence.processes is of 0123456789abcdef");
        assertThat(new ObjectMapper()
                        .readTree(Files.readString(kept.get(1)))
                        .path("containerId")
                        .asText())
                .isEqualTo("0123456789abcdef");
    }

    @Test
    void whatWasReadBeforeItBrokeIsKeptAndSaidToBeCutOff() {
        // Given
        node.failure = "42 packets were lost";

        // When
        Outcome outcome = carryOut(ActionType.EVIDENCE_CAPTURE, CONTAINER);

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains(".pcap (", "cut off: 42 packets were lost"));
    }

    @Test
    void whatTheNodeObjectsToIsWithheldAndRehearsedSo() throws IOException {
        // Given
        node.objection = Optional.of("no process of it is left");

        // When / Then
        assertThat(carryOut(ActionType.EVIDENCE_PROCESSES, CONTAINER))
                .isEqualTo(new Outcome.Withheld("no process of it is left"));
        assertThat(rehearse(action(ActionType.EVIDENCE_PROCESSES, CONTAINER)))
                .isEqualTo(new Outcome.Withheld("no process of it is left"));
        assertThat(files()).isEmpty();
    }

    @Test
    void systemCallsAreKeptOfAContainerOrOfTheWholeNode() throws IOException {
        // When
        Outcome ofContainer = carryOut(ActionType.EVIDENCE_TRACE, CONTAINER);
        Outcome ofNode = carryOut(new Action.OnCluster(ActionType.EVIDENCE_TRACE, CONTAINER.node(), WHOLE_NODE));

        // Then
        assertThat(ofContainer).isInstanceOf(Outcome.Done.class);
        assertThat(ofNode).isInstanceOf(Outcome.Done.class);
        List<Path> kept = files();
        assertThat(kept).hasSize(4);
        assertThat(kept.get(0)).hasContent("what evidence.trace is of 0123456789abcdef");
        assertThat(description(kept.get(1)))
                .contains("\"what\":\"system calls\"", "\"scope\":\"pod\"", "\"id\":\"0123456789abcdef\"");
        assertThat(kept.get(2)).hasContent("what evidence.trace is of ");
        assertThat(description(kept.get(3)))
                .contains("\"node\":\"n1\"", "\"scope\":\"node\",\"containers\":[]")
                .doesNotContain("\"pod\":");
    }

    @Test
    void aRehearsedTraceSaysOfWhomItWouldBeAndReadsNothing() throws IOException {
        assertThat(rehearse(new Action.OnCluster(ActionType.EVIDENCE_TRACE, CONTAINER.node(), WHOLE_NODE)))
                .isInstanceOfSatisfying(Outcome.WouldAct.class, would -> assertThat(would.what())
                        .startsWith("would keep the system calls of 5s of node n1 in file:"));
        assertThat(rehearse(action(ActionType.EVIDENCE_TRACE, CONTAINER)))
                .isInstanceOfSatisfying(Outcome.WouldAct.class, would -> assertThat(would.what())
                        .startsWith("would keep the system calls of 5s of 0123456789ab in file:"));
        assertThat(files()).isEmpty();
    }

    @Test
    void aNodeIsNotRecordedUnlessItsSystemCallsAreAskedFor() {
        assertThat(carryOut(ActionType.EVIDENCE_TRACE, CONTAINER.node()))
                .isEqualTo(new Outcome.Withheld("the detection names no pod, and scope: node was not asked for"));
    }

    @Test
    void whatLastsForMinutesKeepsNothingElseFromBeingBegun() throws InterruptedException {
        // Given
        node.recordings = new CountDownLatch(1);
        List<CompletionStage<Outcome>> recorded = IntStream.range(0, 10)
                .mapToObj(number -> new ContainerRef(CONTAINER.node(), number + CONTAINER.id()))
                .map(container -> begin(action(ActionType.EVIDENCE_TRACE, container)))
                .toList();
        assertThat(node.begun.tryAcquire(4, 10, TimeUnit.SECONDS)).isTrue();

        // When
        Outcome ofAnother = carryOut(ActionType.EVIDENCE_PROCESSES, CONTAINER);
        Outcome ofTheSame =
                carryOut(ActionType.EVIDENCE_PROCESSES, new ContainerRef(CONTAINER.node(), "0" + CONTAINER.id()));
        int more = node.begun.availablePermits();
        node.recordings.countDown();

        // Then
        assertThat(ofAnother).isInstanceOf(Outcome.Done.class);
        assertThat(ofTheSame).isInstanceOf(Outcome.Done.class);
        assertThat(more).isZero();
        assertThat(recorded)
                .extracting(one -> one.toCompletableFuture().join())
                .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Done.class));
    }

    @Test
    void whatNeedsAClusterIsWithheld() {
        assertThat(carryOut(ActionType.EVIDENCE_LOGS, CONTAINER)).isInstanceOf(Outcome.Withheld.class);
        assertThat(carryOut(ActionType.EVIDENCE_LOGS, new PodRef("a", "b", Optional.of("c"))))
                .isEqualTo(new Outcome.Withheld("this engine has no way to a cluster"));
    }

    private Outcome carryOut(ActionType type, Asset target) {
        return carryOut(action(type, target));
    }

    private Outcome carryOut(Action.OnCluster action) {
        return begin(action).toCompletableFuture().join();
    }

    private CompletionStage<Outcome> begin(Action.OnCluster action) {
        return actuator.carryOut(action, why(), CLOCK.instant().plusSeconds(20), undo -> {});
    }

    private Outcome rehearse(Action.OnCluster action) {
        return actuator.rehearse(action, why(), CLOCK.instant().plusSeconds(20))
                .toCompletableFuture()
                .join();
    }

    private static String description(Path file) throws IOException {
        return new ObjectMapper().readTree(Files.readString(file)).toString();
    }

    private static Action.OnCluster action(ActionType type, Asset target) {
        return new Action.OnCluster(type, target, type.read(Map.of()));
    }

    private static Circumstances why() {
        return new Circumstances("RESPONSE1", "look", CLOCK.instant(), Optional.of(CONTAINER), () -> "{}");
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static final class Telling implements NodeEvidence {
        private Optional<String> objection = Optional.empty();
        private String failure = "";
        private CountDownLatch recordings = new CountDownLatch(0); // go on until then
        private final Semaphore begun = new Semaphore(0);

        @Override
        public Optional<String> objection(ActionType type, String node, List<String> containerIds) {
            return objection;
        }

        @Override
        public Read read(
                ActionType type,
                String node,
                List<String> containerIds,
                Parameters parameters,
                OutputStream to,
                Instant deadline) {
            try {
                if (type == ActionType.EVIDENCE_TRACE) {
                    begun.release();
                    recordings.await();
                }
                to.write(("what " + type.verb() + " is of " + String.join(" and ", containerIds)).getBytes(UTF_8));
                return new Read(failure, false);
            } catch (IOException | InterruptedException refused) {
                return new Read(refused.toString(), true);
            }
        }
    }
}
