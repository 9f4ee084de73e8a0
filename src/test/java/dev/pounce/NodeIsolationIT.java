package dev.pounce;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.evidence.NodeEvidence;
import dev.pounce.action.kubernetes.KubernetesActuator;
import dev.pounce.action.kubernetes.OwnNode;
import dev.pounce.action.node.ContainerReadings;
import dev.pounce.action.node.NodeActuator;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.RealCluster;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods of a real cluster whose node is this machine, cut off in its kernel. */
class NodeIsolationIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final NodeRef HERE = new NodeRef("node1");
    private static final int ECHO = 7;
    private static final int PATIENCE_MILLIS = 700;

    private static final Path PROBE =
            List.of("native-probe/build/pounce-probe", "target/pounce/bin/pounce-probe").stream()
                    .map(file -> Path.of(file).toAbsolutePath())
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElse(Path.of("pounce-probe"));

    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<Action.TakeBack> undos = new ArrayList<>();
    private final NodeActuator actuator = actuator();

    @BeforeAll
    static void onlyOnTheNodeItself() {
        if (!Files.isExecutable(PROBE) || !System.getProperty("user.name").equals("root")) {
            System.out.println("left out: NodeIsolationIT, because it wants root and a built probe");
            Assumptions.abort("wants root and a built probe");
        }
    }

    @AfterEach
    void nothingStaysCutOff() throws Exception {
        undos.forEach(
                undo -> actuator.takeBack(undo, soon()).toCompletableFuture().join());
        for (AutoCloseable one : open) {
            one.close();
        }
        actuator.close();
    }

    private static NodeActuator actuator() {
        return new NodeActuator(PROBE, HERE, membership(), Clock.systemUTC());
    }

    private static ContainerMembership membership() {
        ProcSnapshot proc = new ProcSnapshot(Path.of("/proc"));
        return new ContainersOfProcesses(proc, ContainerIds.of(ContainerStates.under(Path.of("/run")), proc));
    }

    @Test
    void cutsOffOneContainerWithItsPodAndNobodyElse() throws IOException {
        // Given
        Pod victim = pod("victim");
        Pod control = pod("control");
        Socket held = victim.connect();
        assertThat(answers(held)).isTrue();

        // When
        Outcome outcome = isolate(victim.container("app"), Map.of(), "r1");

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(outcome.toString())
                .contains(
                        "the node's end of its interface",
                        victim.container("beside").substring(0, 12));
        assertThat(answers(held)).isFalse();
        assertThat(victim.canBeReached()).isFalse();
        assertThat(control.canBeReached()).isTrue();

        // When
        Outcome released = actuator.takeBack(undos.getFirst(), soon())
                .toCompletableFuture()
                .join();

        // Then
        assertThat(released).isEqualTo(new Outcome.Done("its network is given back"));
        assertThat(victim.canBeReached()).isTrue();
    }

    @Test
    void aSecondIsolationNeverLoosensTheFirst() throws IOException {
        // Given
        Pod victim = pod("twice");
        isolate(victim.container("app"), Map.of(), "r1");

        // When
        Outcome second = isolate(victim.container("app"), Map.of("cidrs", List.of("0.0.0.0/0")), "r2");

        // Then
        assertThat(second).isInstanceOf(Outcome.Done.class);
        assertThat(victim.canBeReached()).isFalse();

        // When
        Outcome released = actuator.takeBack(undos.getFirst(), soon())
                .toCompletableFuture()
                .join();

        // Then
        assertThat(released.toString()).contains("it stays cut off by r2/step/");
        assertThat(victim.canBeReached()).isTrue();
    }

    @Test
    void whatIsCutOffAlreadyIsSoAndStaysOneThing() throws IOException {
        // Given
        Pod victim = pod("already");
        isolate(victim.container("app"), Map.of(), "r1");

        // When
        Outcome again = isolate(victim.container("app"), Map.of(), "r2");

        // Then
        assertThat(again).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(again.toString()).contains("r1/step/");
        assertThat(undos).hasSize(1);
    }

    @Test
    void aRehearsalFindsEverythingAndChangesNothing() throws IOException {
        // Given
        Pod victim = pod("rehearsed");

        // When
        Outcome outcome = actuator.rehearse(step(victim.container("app"), Map.of()), why("r1"), soon())
                .toCompletableFuture()
                .join();

        // Then
        assertThat(outcome).isInstanceOf(Outcome.WouldAct.class);
        assertThat(victim.canBeReached()).isTrue();
        assertThat(actuator.observe(step(victim.container("app"), Map.of()), soon())
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Outcome.WouldAct.class);
    }

    @Test
    void nothingIsCutOffWhenItsUndoCannotBeWrittenDown() throws IOException {
        // Given
        Pod victim = pod("unwritten");

        // When
        Outcome outcome = actuator.carryOut(step(victim.container("app"), Map.of()), why("r1"), soon(), undo -> {
                    throw new IllegalStateException("the disk is full");
                })
                .toCompletableFuture()
                .join();

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed(
                        "nothing was changed: what would take it back could not be written down: the disk is full",
                        true));
        assertThat(victim.canBeReached()).isTrue();
    }

    @Test
    void staysInForceWithoutTheEngineAndIsGivenBackByTheNextOne() throws IOException {
        // Given
        Pod victim = pod("outlives");
        try (NodeActuator dying = actuator()) {
            dying.carryOut(step(victim.container("app"), Map.of()), why("r1"), soon(), undos::add)
                    .toCompletableFuture()
                    .join();
        }
        assertThat(victim.canBeReached()).isFalse();

        // When
        Outcome seen = actuator.observe(step(victim.container("app"), Map.of()), soon())
                .toCompletableFuture()
                .join();
        Outcome released = actuator.takeBack(undos.getFirst(), soon())
                .toCompletableFuture()
                .join();

        // Then
        assertThat(seen).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(released).isInstanceOf(Outcome.Done.class);
        assertThat(victim.canBeReached()).isTrue();
    }

    @Test
    void whatFalcoTellsOfAnIdIsEnough() throws IOException {
        // Given
        Pod victim = pod("short");

        // When
        Outcome outcome = isolate(victim.container("app").substring(0, 12), Map.of(), "r1");

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(victim.canBeReached()).isFalse();
        assertThat(undos.getFirst().target()).isEqualTo(new ContainerRef(HERE, victim.container("app")));
    }

    @Test
    void aContainerThatIsGoneOrElsewhereIsNobodys() {
        // Given
        String id = UUID.randomUUID().toString().replace("-", "").repeat(2);
        Action.OnCluster elsewhere = new Action.OnCluster(
                ActionType.NODE_ISOLATE_CONTAINER,
                new ContainerRef(new NodeRef("node2"), id),
                ActionType.NODE_ISOLATE_CONTAINER.read(Map.of()));

        // When
        Outcome gone = isolate(id, Map.of(), "r1");
        Outcome notHere = actuator.carryOut(elsewhere, why("r1"), soon(), undos::add)
                .toCompletableFuture()
                .join();

        // Then
        assertThat(gone).isInstanceOf(Outcome.TargetGone.class);
        assertThat(notHere).isEqualTo(new Outcome.Withheld("it runs on node2, and this is node1"));
        assertThat(undos).isEmpty();
    }

    @Test
    void aPodInTheNodesNetworkIsRefusedAndTheNodeGoesOn() {
        // Given
        Pod hosted = pod("hosted", true);

        // When
        Outcome outcome = isolate(hosted.container("app"), Map.of(), "r1");

        // Then
        boolean byControlGroup = outcome instanceof Outcome.Done;
        assertThat(byControlGroup || outcome instanceof Outcome.Withheld)
                .as(outcome.toString())
                .isTrue();
        assertThat(outcome.toString()).containsAnyOf("it is in the network of its node", "its control group");
        assertThat(RealCluster.kubectlAnywhere("get", "--raw", "/readyz")).isEqualTo("ok");
    }

    @Test
    void aPodIsCutOffByItsNodeAndByAPolicyAndGetsBothBack() throws Exception {
        // Given
        Pod byPolicy = pod("by-policy");
        Pod byBoth = pod("by-both");
        Socket stays = byPolicy.connect();
        Socket ends = byBoth.connect();
        assertThat(answers(stays) && answers(ends)).isTrue();
        try (KubernetesActuator kubernetes = kubernetes()) {
            // When
            Outcome one = isolate(kubernetes, byPolicy, Map.of("by", "policy"));
            Outcome both = isolate(kubernetes, byBoth, Map.of());
            Outcome seen = kubernetes
                    .observe(step(byBoth, Map.of()), soon())
                    .toCompletableFuture()
                    .join();
            boolean ended = !answers(ends);

            // Then
            assertThat(one).isInstanceOf(Outcome.Done.class);
            assertThat(both).isInstanceOf(Outcome.Done.class);
            assertThat(both.words())
                    .contains("policy pounce-isolate-", "in the kernel of its node it is cut off at the node's end");
            assertThat(seen).isInstanceOf(Outcome.AlreadySo.class);
            assertThat(seen.words())
                    .contains("policy pounce-isolate-", "in the kernel of its node it is cut off at the node's end");
            assertThat(ended).isTrue();
            assertThat(byBoth.canBeReached()).isFalse();
            // That policies keep other pods away is PodIsolationIT's; a node reaches its own pods whatever they say
            assertThat(CLUSTER.kubectl("get", "networkpolicies", "-o", "name").lines())
                    .hasSize(2);
            assertThat(answers(stays))
                    .as("the connection that only a policy is about")
                    .isTrue();
            assertThat(undos.getLast().how().orElseThrow()).startsWith("in the kernel of node1 and by policy pounce-");

            // When
            Outcome released = kubernetes
                    .takeBack(undos.getLast(), soon())
                    .toCompletableFuture()
                    .join();
            Outcome again = kubernetes
                    .takeBack(undos.getLast(), soon())
                    .toCompletableFuture()
                    .join();

            // Then
            assertThat(released).isInstanceOf(Outcome.Done.class);
            assertThat(released.words()).contains("was removed", "its network is given back");
            Eventually.until("answer from by-both", byBoth::canBeReached);
            assertThat(again.words()).contains("was gone", "it was not cut off any more");
            assertThat(kubernetes
                            .takeBack(undos.getFirst(), soon())
                            .toCompletableFuture()
                            .join())
                    .isInstanceOf(Outcome.Done.class);
        }
        undos.clear();
    }

    @Test
    void eachResponseHoldsAPodForItselfAndANextEngineReleasesBoth() throws Exception {
        // Given
        Pod victim = pod("held-twice");
        try (KubernetesActuator first = kubernetes()) {
            isolate(first, "r1", victim, Map.of("for", "1h"));
            isolate(first, "r2", victim, Map.of("for", "2h"));
        }
        Action.TakeBack ofFirst = undos.stream()
                .filter(undo -> isOf("r1", undo))
                .reduce((one, last) -> last)
                .orElseThrow();
        Action.TakeBack ofSecond = undos.getLast();
        assertThat(isOf("r2", ofSecond)).isTrue();
        try (KubernetesActuator next = kubernetes()) {
            // When
            Outcome one = next.takeBack(ofFirst, soon()).toCompletableFuture().join();

            // Then
            assertThat(one).isInstanceOf(Outcome.Withheld.class);
            assertThat(one.words()).contains("response r2 holds it", "it stays cut off by r2/");
            assertThat(victim.canBeReached()).isFalse();

            // When
            Outcome other =
                    next.takeBack(ofSecond, soon()).toCompletableFuture().join();

            // Then
            assertThat(other).isInstanceOf(Outcome.Done.class);
            Eventually.until("answer from held-twice", victim::canBeReached);
        }
        undos.clear();
    }

    @Test
    void whatAnotherPolicyLetsThroughTheNodeRefuses() throws Exception {
        // Given
        Pod victim = pod("let-through");
        CLUSTER.apply("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: everybody}
                spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
                """);
        try (KubernetesActuator kubernetes = kubernetes()) {
            // When
            Outcome rehearsed = kubernetes
                    .rehearse(step(victim, Map.of()), why("r1"), soon())
                    .toCompletableFuture()
                    .join();
            boolean before = victim.canBeReached();
            Outcome outcome = isolate(kubernetes, victim, Map.of());

            // Then
            assertThat(rehearsed).isInstanceOf(Outcome.WouldAct.class);
            assertThat(before).isTrue();
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(outcome.words()).contains("policy everybody lets in");
            assertThat(victim.canBeReached()).isFalse();
            kubernetes.takeBack(undos.getLast(), soon()).toCompletableFuture().join();
        } finally {
            CLUSTER.kubectl("delete", "networkpolicy", "everybody");
        }
        undos.clear();
    }

    private static boolean isOf(String response, Action.TakeBack undo) {
        return response.equals(undo.before().get("response"));
    }

    private KubernetesActuator kubernetes() {
        return new KubernetesActuator(
                CLUSTER.access(),
                Clock.systemUTC(),
                new Random(1),
                HERE.name(),
                pod -> Optional.empty(),
                Optional.of(new OwnNode(HERE, actuator.besideOthers(), pod -> Optional.empty())));
    }

    private Outcome isolate(KubernetesActuator kubernetes, Pod pod, Map<String, ?> parameters) {
        return isolate(kubernetes, "r-" + pod.name, pod, parameters);
    }

    private Outcome isolate(KubernetesActuator kubernetes, String response, Pod pod, Map<String, ?> parameters) {
        return kubernetes
                .carryOut(step(pod, parameters), why(response), soon(), undos::add)
                .toCompletableFuture()
                .join();
    }

    private static Action.OnCluster step(Pod pod, Map<String, ?> parameters) {
        String uid = CLUSTER.kubectl("get", "pod", pod.name, "-o", "jsonpath={.metadata.uid}");
        ActionType type = ActionType.POD_ISOLATE;
        return new Action.OnCluster(
                type, new PodRef(CLUSTER.namespace(), pod.name, Optional.of(uid)), type.read(parameters));
    }

    @Test
    void tellsPacketsAndProcessesFromTheNode() throws Exception {
        // Given
        Pod pod = pod("watched");
        ByteArrayOutputStream packets = new ByteArrayOutputStream();
        ByteArrayOutputStream processes = new ByteArrayOutputStream();
        Parameters second = ActionType.EVIDENCE_CAPTURE.read(Map.of("duration", "1s", "snaplen", "96"));

        try (ContainerReadings readings = new ContainerReadings(PROBE, HERE, membership(), Clock.systemUTC())) {
            // When
            CompletableFuture<NodeEvidence.Read> capture = CompletableFuture.supplyAsync(() -> readings.read(
                    ActionType.EVIDENCE_CAPTURE, HERE.name(), List.of(pod.container("app")), second, packets, soon()));
            Eventually.until("packet in the capture", () -> pod.canBeReached() && packets.size() > 24);
            NodeEvidence.Read listed = readings.read(
                    ActionType.EVIDENCE_PROCESSES,
                    HERE.name(),
                    List.of(pod.container("app")),
                    ActionType.EVIDENCE_PROCESSES.read(Map.of()),
                    processes,
                    soon());

            // Then
            assertThat(capture.get()).isEqualTo(new NodeEvidence.Read("", false));
            assertThat(packets.toByteArray()).startsWith(0x4d, 0x3c, 0xb2, 0xa1);
            assertThat(listed).isEqualTo(new NodeEvidence.Read("", false));
            assertThat(processes.toString(UTF_8)).contains("\"arguments\":[\"nc\",", "\"sha256\":", ":" + ECHO + "\"");
            assertThat(readings.objection(ActionType.EVIDENCE_CAPTURE, "node2", List.of(pod.container("app"))))
                    .contains("needs the agent on the pod's node, which is node2, and this is node1");
        }
    }

    private Outcome isolate(String id, Map<String, Object> allow, String response) {
        return actuator.carryOut(step(id, allow), why(response), soon(), undos::add)
                .toCompletableFuture()
                .join();
    }

    private static Action.OnCluster step(String id, Map<String, Object> allow) {
        ActionType type = ActionType.NODE_ISOLATE_CONTAINER;
        return new Action.OnCluster(
                type, new ContainerRef(HERE, id), type.read(allow.isEmpty() ? Map.of() : Map.of("allow", allow)));
    }

    private static Circumstances why(String response) {
        return new Circumstances(response, "step", Instant.now(), Optional.empty(), () -> "{}");
    }

    private static Instant soon() {
        return Instant.now().plusSeconds(20);
    }

    private Pod pod(String name) {
        return pod(name, false);
    }

    /** Two containers, of which one sends back what it is sent. */
    private Pod pod(String name, boolean hosted) {
        CLUSTER.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s}
                spec:
                  hostNetwork: %3$s
                  terminationGracePeriodSeconds: 0
                  containers:
                    - {name: app, image: "%2$s", imagePullPolicy: Never, command: [%4$s]}
                    - {name: beside, image: "%2$s", imagePullPolicy: Never, command: [sleep, "3600"]}
                """.formatted(
                name, RealCluster.IMAGE, hosted, hosted ? "sleep, '3600'" : "nc, -ll, -p, '" + ECHO + "', -e, cat"));
        CLUSTER.kubectl("wait", "--for=condition=Ready", "pod/" + name, "--timeout=60s");
        Pod pod = new Pod(name, CLUSTER.kubectl("get", "pod", name, "-o", "jsonpath={.status.podIP}"));
        if (!hosted) {
            Eventually.until("answer from pod " + name, pod::canBeReached);
        }
        return pod;
    }

    private final class Pod {
        private final String name;
        private final String address;

        Pod(String name, String address) {
            this.name = name;
            this.address = address;
        }

        /** The runtime's id. */
        String container(String container) {
            return CLUSTER.kubectl(
                            "get",
                            "pod",
                            name,
                            "-o",
                            "jsonpath={.status.containerStatuses[?(@.name==\"" + container + "\")].containerID}")
                    .replaceFirst("^[a-z]+://", "");
        }

        Socket connect() throws IOException {
            Socket socket = new Socket();
            open.add(socket);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(new InetSocketAddress(address, ECHO), PATIENCE_MILLIS);
            return socket;
        }

        boolean canBeReached() {
            try {
                return answers(connect());
            } catch (IOException refused) {
                return false;
            }
        }
    }

    private static boolean answers(Socket socket) {
        try {
            socket.getOutputStream().write('x');
            return socket.getInputStream().read() == 'x';
        } catch (IOException silent) {
            return false;
        }
    }
}
