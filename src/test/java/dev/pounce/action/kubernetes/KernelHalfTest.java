package dev.pounce.action.kubernetes;

import static dev.pounce.testing.ACluster.containerOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.cluster.Pod;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import dev.pounce.testing.ACluster;
import dev.pounce.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code pod.isolate} makes of its two halves when one of them cannot; with both in force it is NodeIsolationIT's. */
class KernelHalfTest {

    private static final Instant START = Instant.parse("2026-11-23T21:00:00Z");
    private static final NodeRef HERE = new NodeRef("node-1");
    private static final Pod CART = ACluster.pod("shop", "cart", Optional.empty());
    private static final String POD = """
            {"metadata": {"name": "cart", "namespace": "shop", "uid": "uid-of-cart", "labels": {}},
             "spec": {"nodeName": "%s", "hostNetwork": %s, "containers": [{"name": "main"%s}]},
             "status": {"phase": "Running", "containerStatuses": [
               {"name": "done", "containerID": "containerd://ended", "state": {"terminated": {}}},
               {"name": "main", "containerID": "containerd://%s", "state": {"running": {}}}]}}
            """;

    private static final String POLICY =
            "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/pounce-isolate-uidofcart";
    private static final Reply FORBIDDEN =
            new Reply.Refused(403, "Forbidden", "forbidden", Optional.empty(), MissingNode.getInstance());

    private final MutableClock clock = new MutableClock(START);
    private final List<String> happened = new ArrayList<>();
    private final List<Action.TakeBack> undos = new ArrayList<>();
    private final Map<String, String> served = new HashMap<>();
    private final Map<String, Reply> broken = new HashMap<>(); // by method
    private final FakeKernel kernel = new FakeKernel();
    private Optional<Pod> known = Optional.of(CART);
    private boolean apiIsAway;

    KernelHalfTest() {
        served.put("/api/v1/namespaces/shop/pods/cart", POD.formatted("node-1", false, "", containerOf("cart")));
        served.put("/apis", "{\"groups\": []}");
        served.put("/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies", "{\"items\": []}");
    }

    @Test
    void thePodIsCutOffInTheKernelBeforeTheApiServerIsAskedForAnything() throws StepEnds {
        // When
        Outcome outcome = carryOut(Map.of());

        // Then
        assertThat(happened.getFirst()).isEqualTo("isolate " + containerOf("cart") + " {}");
        assertThat(happened).anyMatch(what -> what.startsWith("POST"));
        assertThat(outcome.words())
                .contains("in the kernel of its node it is cut off at veth1; there, open connections end");
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(undos).hasSize(2);
        assertThat(undos.getLast().how()).contains("in the kernel of node-1 and by policy pounce-isolate-uidofcart");
        assertThat(undos.getLast().before())
                .containsAllEntriesOf(undos.getFirst().before());
    }

    @Test
    void itIsDoneWhenTheKernelHoldsAndTheApiServerCannotBeReached() throws StepEnds {
        // Given
        apiIsAway = true;

        // When
        Outcome outcome = carryOut(Map.of());

        // Then
        assertThat(outcome).isEqualTo(new Outcome.Done("it is cut off at veth1; no policy was made: refused"));
        assertThat(undos).hasSize(1);
        assertThat(undos.getFirst().how()).contains("in the kernel of node-1");
    }

    @Test
    void aWorkloadIsNotCutOffByTheKernelOfOneNode() throws StepEnds {
        // Given
        apiIsAway = true;

        // When
        Outcome outcome = carryOut(Map.of("scope", "workload"));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed(
                        "no policy was made: refused; in the kernel of its node only pod/shop/cart: it is cut off at veth1;"
                                + " there, open connections end, too",
                        true));
    }

    @Test
    void whatWasPutInForceIsNotForgottenWhenThePodIsGone() throws StepEnds {
        // Given
        served.remove("/api/v1/namespaces/shop/pods/cart");

        // When
        Outcome outcome = carryOut(Map.of());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void whatCannotBeSaidToTheKernelIsLeftToThePolicyAndSaid() throws StepEnds {
        assertThat(leftOutOf(Map.of("allow", Map.of("namespaces", List.of("forensics")))))
                .contains("which addresses a namespace's pods have is not known there");
        served.put("/apis", "{\"groups\": [{\"name\": \"cilium.io\"}]}");
        assertThat(leftOutOf(Map.of("allow", Map.of("dns", "true")))).contains("with Cilium");
        served.put("/apis", "{\"groups\": []}");
        known = Optional.empty();
        served.put("/api/v1/namespaces/shop/pods/cart", POD.formatted("node-2", false, "", containerOf("cart")));
        assertThat(leftOutOf(Map.of())).contains("that is node-2, another engine's, and this is node-1");
    }

    @Test
    void aPolicyAloneIsAPolicyAlone() throws StepEnds {
        // When
        Outcome outcome = carryOut(Map.of("by", "policy"));

        // Then
        assertThat(outcome.words()).endsWith("; connections that are open may stay open");
        assertThat(happened).noneMatch(what -> what.startsWith("isolate"));
    }

    @Test
    void aListIsTheSameForBothAndAPodThatIsNotKnownYetIsAskedFor() throws StepEnds {
        // Given
        known = Optional.empty();

        // When
        Outcome outcome = carryOut(Map.of("allow", Map.of("dns", "true", "cidrs", List.of("10.0.0.0/8"))));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(happened)
                .contains("isolate " + containerOf("cart") + " {allow={dns=true, cidrs=[10.0.0.0/8]}}")
                .noneMatch(what -> what.contains("isolate ended"));
    }

    @Test
    void aKernelThatCannotIsSaidAndThePolicyIsJudgedByItself() throws StepEnds {
        // Given
        kernel.answer = new Outcome.Failed("it takes CAP_NET_ADMIN", true);

        // When
        Outcome outcome = carryOut(Map.of());

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(outcome.words())
                .endsWith(
                        "not in the kernel of its node: it takes CAP_NET_ADMIN; connections that are open may stay open");
    }

    @Test
    void thatProbesOfTheKubeletDoNotPassEitherIsSaid() throws StepEnds {
        // Given
        served.put(
                "/api/v1/namespaces/shop/pods/cart",
                POD.formatted("node-1", false, ", \"livenessProbe\": {\"httpGet\": {}}", containerOf("cart")));

        // When, Then
        assertThat(carryOut(Map.of()).words()).contains("the kubelet's probes do not reach it either");
    }

    @Test
    void aPodInItsNodesOwnNetworkIsOutOfReachOfBoth() {
        // Given
        known = Optional.empty();
        served.put("/api/v1/namespaces/shop/pods/cart", POD.formatted("node-1", true, "", containerOf("cart")));

        // When, Then
        assertThatThrownBy(() -> carryOut(Map.of())).isInstanceOfSatisfying(StepEnds.class, ends -> assertThat(
                        ends.outcome().words())
                .contains("in its node's own network"));
        assertThat(undos).isEmpty();
    }

    @Test
    void aRehearsalRehearsesBoth() throws StepEnds {
        // When
        Outcome outcome = isolation().carryOut(Attempt.toRehearse(means(), action(Map.of()), why("r1"), deadline()));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.WouldAct.class);
        assertThat(outcome.words()).contains("it would be cut off at veth1");
        assertThat(happened).contains("rehearse " + containerOf("cart")).noneMatch(what -> what.startsWith("isolate"));
    }

    @Test
    void bothAreTakenBackAndOneThatCannotBeIsTriedAgain() throws StepEnds {
        // Given
        carryOut(Map.of());
        Action.TakeBack undo = undos.getLast();
        kernel.released = new Outcome.Failed("one interface could not be reached", true);

        // When
        Outcome failed = takeBack(isolation(), undo);
        kernel.released = new Outcome.Done("its network is given back");
        Outcome done = takeBack(isolation(), undo);
        Outcome elsewhere = takeBack(new PodIsolation(Optional.empty()), undo);

        // Then
        assertThat(failed).isInstanceOfSatisfying(Outcome.Failed.class, one -> assertThat(one.reason())
                .contains("one interface could not be reached"));
        assertThat(done)
                .isEqualTo(new Outcome.Done("policy pounce-isolate-uidofcart was gone; its label was gone;"
                        + " in the kernel of its node: its network is given back"));
        assertThat(elsewhere).isInstanceOf(Outcome.Failed.class);
        assertThat(happened).contains("release key-1 of " + containerOf("cart"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsThereOfAPolicyThatIsNotWholeIsLookedFor(boolean unheard) throws StepEnds {
        // Given
        broken.put(unheard ? "POST" : "PATCH", unheard ? new Reply.Unheard("no answer") : FORBIDDEN);

        // When
        Outcome outcome = carryOut(Map.of());

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Done("it is cut off at veth1; what a policy does besides is not certain: "
                        + (unheard ? "no answer" : "the API server refused (403): forbidden")
                        + "; looked for: policy pounce-isolate-uidofcart is there, but the pod has not its label"));
        assertThat(undos.getLast().before()).containsKey("policies");
    }

    @Test
    void aLookSaysWhatIsInForceByEither() throws StepEnds {
        // Given
        kernel.seen = new Outcome.AlreadySo("it is cut off at veth1 (r1/set/isolate)");

        // When
        Outcome kernelAlone = observe(Map.of());
        Outcome notAskedFor = observe(Map.of("by", "policy"));
        carryOut(Map.of());
        Outcome both = observe(Map.of());
        kernel.seen = new Outcome.WouldAct("it would be cut off at veth1");
        Outcome policyAlone = observe(Map.of());

        // Then
        assertThat(kernelAlone)
                .isEqualTo(new Outcome.Failed(
                        "there is no policy pounce-isolate-uidofcart of ours; in the kernel of its node it is cut off at"
                                + " veth1 (r1/set/isolate); there, open connections end, too",
                        true));
        assertThat(notAskedFor)
                .isEqualTo(new Outcome.Failed("there is no policy pounce-isolate-uidofcart of ours", true));
        assertThat(both.words())
                .startsWith("policy pounce-isolate-uidofcart cuts off pod/shop/cart; in the kernel of its node it is");
        assertThat(policyAlone)
                .isEqualTo(new Outcome.AlreadySo("policy pounce-isolate-uidofcart cuts off pod/shop/cart"));
    }

    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aKernelThatIsBusyWithSomethingElseIsNotWaitedForAndDoesNothingLater() throws StepEnds {
        // Given
        kernel.busy = true;

        // When
        Outcome outcome = isolation()
                .carryOut(Attempt.toCarryOut(
                        means(), action(Map.of()), why("r1"), clock.instant().plusMillis(200), undos::add));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(outcome.words())
                .endsWith(
                        "not in the kernel of its node: no answer came in time; connections that are open may stay open");
        assertThat(undos).singleElement().satisfies(undo -> assertThat(undo.how())
                .contains("by policy pounce-isolate-uidofcart"));
        assertThatThrownBy(() -> kernel.begin.run()).hasMessage("its time was over");
        assertThat(undos).hasSize(1);
    }

    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatTheKernelHadBegunWhenItWasGivenUpIsTakenBackToo() throws StepEnds {
        // Given
        kernel.hangs = true;

        // When
        Outcome outcome = isolation()
                .carryOut(Attempt.toCarryOut(
                        means(), action(Map.of()), why("r1"), clock.instant().plusMillis(200), undos::add));
        takeBack(isolation(), undos.getLast());

        // Then
        assertThat(outcome.words())
                .endsWith(
                        "not certainly in the kernel of its node: no answer came in time; connections that are open may"
                                + " stay open");
        assertThat(happened).contains("release key-1 of " + containerOf("cart"));
    }

    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aReleaseThatTheKernelDoesNotAnswerIsNotWaitedFor() throws StepEnds {
        // Given
        carryOut(Map.of());
        kernel.busy = true;

        // When
        Outcome outcome = isolation()
                .takeBack(
                        undos.getLast(),
                        Attempt.toTakeBack(
                                means(), undos.getLast(), clock.instant().plusMillis(200)));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed(
                        "policy pounce-isolate-uidofcart was removed; its label was removed; in the kernel of its node:"
                                + " no answer came in time",
                        true));
    }

    @Test
    void aPolicyIsGivenUpOnceHoweverOftenTheKernelIsTriedAgain() throws StepEnds {
        // Given
        carryOut(Map.of());
        Action.TakeBack first = undos.getLast();
        carryOutAs("r2", Map.of("for", "2h"));
        kernel.released = new Outcome.Failed("one interface could not be reached", true);

        // When
        takeBack(isolation(), first);
        happened.clear();
        takeBack(isolation(), first);
        kernel.released = new Outcome.Done("its network is given back");
        Outcome outcome = takeBack(isolation(), first);

        // Then
        assertThat(served.get(POLICY)).contains("\"pounce.dev/given-up\":\"r1\"");
        assertThat(happened).noneMatch(what -> what.startsWith("PATCH"));
        assertThat(outcome).isInstanceOf(Outcome.Withheld.class);
    }

    @Test
    void aPolicyIsHandedBackOnceHoweverOftenTheKernelIsTriedAgain() throws StepEnds {
        // Given
        carryOut(Map.of());
        carryOutAs("r2", Map.of("for", "2h"));
        Action.TakeBack second = undos.getLast();
        kernel.released = new Outcome.Failed("one interface could not be reached", true);

        // When
        Outcome failed = takeBack(isolation(), second);
        happened.clear();
        kernel.released = new Outcome.Done("its network is given back");
        Outcome outcome = takeBack(isolation(), second);

        // Then
        assertThat(failed.words()).startsWith("policy pounce-isolate-uidofcart is again as it was for response r1");
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(outcome.words()).startsWith("policy pounce-isolate-uidofcart is again as it was for response r1");
        assertThat(happened).noneMatch(what -> what.startsWith("PATCH"));
        assertThat(served.get(POLICY)).doesNotContain("given-up");
    }

    private String leftOutOf(Map<String, ?> parameters) throws StepEnds {
        happened.clear();
        String said = carryOut(parameters).words();
        assertThat(happened).noneMatch(what -> what.startsWith("isolate"));
        return said;
    }

    private Outcome carryOut(Map<String, ?> parameters) throws StepEnds {
        return carryOutAs("r1", parameters);
    }

    private Outcome carryOutAs(String response, Map<String, ?> parameters) throws StepEnds {
        return isolation()
                .carryOut(Attempt.toCarryOut(means(), action(parameters), why(response), deadline(), undos::add));
    }

    private Outcome observe(Map<String, ?> parameters) throws StepEnds {
        return isolation().observe(Attempt.toObserve(means(), action(parameters), deadline()));
    }

    private Outcome takeBack(PodIsolation isolation, Action.TakeBack undo) throws StepEnds {
        return isolation.takeBack(undo, Attempt.toTakeBack(means(), undo, deadline()));
    }

    private PodIsolation isolation() {
        return new PodIsolation(Optional.of(new OwnNode(HERE, kernel, pod -> known)));
    }

    private static Action.OnCluster action(Map<String, ?> parameters) {
        return new Action.OnCluster(ActionType.POD_ISOLATE, CART.ref(), ActionType.POD_ISOLATE.read(parameters));
    }

    private static Circumstances why(String response) {
        return new Circumstances(response, "set/isolate", START, Optional.empty(), () -> "{}");
    }

    private Instant deadline() {
        return clock.instant().plusSeconds(20);
    }

    private Attempt.Means means() {
        return new Attempt.Means(this::answer, clock, new Random(1), time -> {
            clock.advance(time);
            return true;
        });
    }

    private Reply answer(Request request, Instant until) {
        happened.add(request.method() + " " + request.path());
        if (apiIsAway) {
            clock.advance(Duration.ofMillis(1));
            return new Reply.Unheard("refused");
        }
        if (!request.method().equals("GET")) {
            change(request);
            return broken.getOrDefault(request.method(), new Reply.Ok(200, MissingNode.getInstance()));
        }
        String found = served.get(request.path());
        return found == null
                ? new Reply.Refused(404, "NotFound", "not found", Optional.empty(), MissingNode.getInstance())
                : new Reply.Ok(200, json(found));
    }

    /** Also when no answer comes of it; what is forbidden is not done. */
    private void change(Request request) {
        if (broken.get(request.method()) == FORBIDDEN || request.query().containsKey("dryRun")) {
            return;
        }
        switch (request.method()) {
            case "POST" ->
                served.put(
                        request.path() + "/"
                                + json(request.body())
                                        .path("metadata")
                                        .path("name")
                                        .asText(),
                        request.body());
            case "PATCH" ->
                served.computeIfPresent(request.path(), (path, there) -> {
                    ObjectNode merged = (ObjectNode) json(there);
                    merge(merged, json(request.body()));
                    return merged.toString();
                });
            default -> served.remove(request.path());
        }
    }

    private static void merge(ObjectNode there, JsonNode patch) {
        patch.properties().forEach(one -> {
            if (one.getValue().isNull()) {
                there.remove(one.getKey());
            } else if (one.getValue().isObject()) {
                merge(there.withObject("/" + one.getKey().replace("/", "~1")), one.getValue());
            } else {
                there.set(one.getKey(), one.getValue());
            }
        });
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException mistake) {
            throw new IllegalArgumentException(mistake);
        }
    }

    private final class FakeKernel implements RemoteActuator {
        private boolean busy;
        private boolean hangs;
        private Runnable begin = () -> {};
        private Outcome seen = new Outcome.WouldAct("it would be cut off at veth1");
        private Outcome answer = new Outcome.Done("it is cut off at veth1");
        private Outcome released = new Outcome.Done("its network is given back");

        @Override
        public CompletionStage<Outcome> carryOut(
                Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
            ContainerRef container = (ContainerRef) action.target();
            Map<String, Object> said = new HashMap<>(action.parameters().plain());
            said.remove("for");
            happened.add("isolate " + container.id() + " " + said);
            begin = () -> beforeChange.canBeTakenBackBy(new Action.TakeBack(action, Map.of("key", "key-1")));
            if (answer instanceof Outcome.Done && !busy) {
                begin.run();
            }
            return busy || hangs ? new CompletableFuture<>() : CompletableFuture.completedStage(answer);
        }

        @Override
        public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
            happened.add("rehearse " + ((ContainerRef) action.target()).id());
            return CompletableFuture.completedStage(new Outcome.WouldAct("it would be cut off at veth1"));
        }

        @Override
        public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
            happened.add("release " + undo.before().get("key") + " of " + ((ContainerRef) undo.target()).id());
            return busy ? new CompletableFuture<>() : CompletableFuture.completedStage(released);
        }

        @Override
        public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
            return CompletableFuture.completedStage(seen);
        }

        @Override
        public void close() {}
    }
}
