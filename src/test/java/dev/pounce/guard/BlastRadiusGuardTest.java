package dev.pounce.guard;

import static dev.pounce.testing.ACluster.containerOf;
import static dev.pounce.testing.ACluster.notReady;
import static dev.pounce.testing.ACluster.owner;
import static dev.pounce.testing.ACluster.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Lane;
import dev.pounce.action.Share;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Node;
import dev.pounce.planning.Guards;
import dev.pounce.planning.Mode;
import dev.pounce.planning.OnFailure;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.testing.ACluster;
import dev.pounce.testing.MutableClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BlastRadiusGuardTest {

    private final MutableClock clock = new MutableClock(ACluster.MORNING);
    private final ACluster cluster = new ACluster().has(new Node("node-1", "u", true, false, false));
    private final BlastRadiusGuard guard = new BlastRadiusGuard(cluster, clock);

    private static Guards share(String share) {
        return new Guards(Optional.empty(), Optional.of(new Guards.BlastRadius(Share.parse(share), Optional.empty())));
    }

    private static Guards perNamespace(int pods) {
        return new Guards(Optional.empty(), Optional.of(new Guards.BlastRadius(Optional.empty(), Optional.of(pods))));
    }

    private static ResponsePlan.Step step(
            ActionType type, Map<String, ?> given, Asset target, Mode mode, Guards guards) {
        Action action = new Action.OnCluster(type, target, type.read(given));
        return new ResponsePlan.Step(
                "set/step",
                "set",
                action,
                mode,
                Duration.ofSeconds(5),
                "a test wants it",
                Lane.CONTAINMENT,
                List.of(),
                List.of(),
                OnFailure.STOP,
                guards);
    }

    private static PodRef ref(String name) {
        return new PodRef("shop", name, Optional.of("uid-of-" + name));
    }

    private static ResponsePlan.Step terminate(String name, Guards guards) {
        return step(ActionType.POD_TERMINATE, Map.of(), ref(name), Mode.ENFORCE, guards);
    }

    private static ResponsePlan.Step isolate(String name, String lease, Guards guards) {
        return step(ActionType.POD_ISOLATE, Map.of("for", lease), ref(name), Mode.ENFORCE, guards);
    }

    private String judged(ResponsePlan.Step step) {
        return guard.judge(step).getClass().getSimpleName();
    }

    @ParameterizedTest(name = "{1} of {0} replicas already out, {2} may be: {3}")
    @CsvSource({
        "6, 0, 34%, Allow",
        "6, 1, 34%, Allow",
        "6, 2, 34%, Deny",
        "2, 0, 34%, Deny",
        "1, 0, 34%, Deny",
        "1, 0, 100%, Allow",
        "6, 1, 2, Allow",
        "6, 2, 2, Deny"
    })
    void noMoreThanTheShareOfAWorkloadIsOutOfService(int replicas, int out, String share, String expected) {
        // Given
        cluster.running("shop", "web", replicas);
        for (int i = 1; i <= out; i++) {
            cluster.has(notReady(pod("shop", "web-" + i, owner("web"))));
        }

        // When
        String verdict = judged(terminate("web-0", share(share)));

        // Then
        assertThat(verdict).isEqualTo(expected);
    }

    private List<String> lookedUpFor(ResponsePlan.Step step) {
        cluster.lookedUp().clear();
        guard.prepare(step).join();
        return List.copyOf(cluster.lookedUp());
    }

    @Test
    void asksBeforehandForTheWorkloadsThatItsJudgementTakesAndForNoMore() {
        // Given
        cluster.running("shop", "web", 2);
        ResponsePlan.Step label = step(
                ActionType.POD_LABEL, Map.of("labels", Map.of("a", "b")), ref("web-0"), Mode.ENFORCE, share("50%"));
        ResponsePlan.Step isolateAll =
                step(ActionType.POD_ISOLATE, Map.of("scope", "workload"), ref("web-0"), Mode.ENFORCE, Guards.NONE);
        NodeRef node = new NodeRef("node-1");

        // When / Then
        assertThat(lookedUpFor(label)).isEmpty();
        assertThat(lookedUpFor(terminate("web-0", Guards.NONE))).isEmpty();
        assertThat(lookedUpFor(terminate("web-0", perNamespace(1)))).isEmpty();
        assertThat(lookedUpFor(terminate("web-0", share("50%"))))
                .containsExactly("pod/shop/web-0", "workload of pod/shop/web-0");
        assertThat(lookedUpFor(terminate("nobody", share("50%")))).containsExactly("pod/shop/nobody");
        assertThat(lookedUpFor(isolateAll)).containsExactly("pod/shop/web-0", "workload of pod/shop/web-0");
        assertThat(lookedUpFor(step(ActionType.NODE_DRAIN, Map.of(), node, Mode.ENFORCE, Guards.NONE)))
                .isEmpty();
        assertThat(lookedUpFor(step(ActionType.NODE_DRAIN, Map.of(), node, Mode.ENFORCE, share("50%"))))
                .containsExactly("workload of pod/shop/web-0", "workload of pod/shop/web-1");
    }

    @Test
    void theRefusalCounts() {
        // Given
        cluster.running("shop", "web", 3);

        // When
        Verdict verdict = guard.judge(terminate("web-0", share("10%")));

        // Then
        assertThat(verdict)
                .isEqualTo(new Verdict.Deny(
                        "blast-radius",
                        "1 of 3 pods of deployment/shop/web would be out of service, more than action set 'set' allows:"
                                + " 10%, which is 0"));
    }

    @Test
    void whatWasAllowedCountsBeforeTheClusterShowsIt() {
        // Given
        cluster.running("shop", "web", 6);

        // When
        List<String> verdicts = List.of(
                judged(terminate("web-0", share("2"))),
                judged(terminate("web-1", share("2"))),
                judged(terminate("web-2", share("2"))));

        // Then
        assertThat(verdicts).containsExactly("Allow", "Allow", "Deny");
    }

    @Test
    void aPodThatIsOutAlreadyMayBeDealtWith() {
        // Given
        cluster.running("shop", "web", 2).has(notReady(pod("shop", "web-0", owner("web"))));

        // When
        String verdict = judged(terminate("web-0", share("1%")));

        // Then
        assertThat(verdict).isEqualTo("Allow");
    }

    @Test
    void thePodThatIsIsolatedMayBeTerminated() {
        // Given
        cluster.running("shop", "web", 3);
        judged(isolate("web-0", "1h", share("1")));

        // When
        String same = judged(terminate("web-0", share("1")));
        String other = judged(terminate("web-1", share("1")));

        // Then
        assertThat(same).isEqualTo("Allow");
        assertThat(other).isEqualTo("Deny");
    }

    @Test
    void aPodThatIsReadyAndIsolatedIsOutUntilItsTimeHasPassed() {
        // Given
        cluster.running("shop", "web", 3);
        judged(isolate("web-0", "1h", share("1")));

        // When
        clock.advance(Duration.ofMinutes(59));
        String before = judged(terminate("web-1", share("1")));
        clock.advance(Duration.ofMinutes(1));
        String after = judged(terminate("web-1", share("1")));

        // Then
        assertThat(before).isEqualTo("Deny");
        assertThat(after).isEqualTo("Allow");
    }

    @Test
    void aReplacementThatServesMakesRoomForTheNext() {
        // Given
        cluster.running("shop", "web", 3);
        judged(terminate("web-0", share("1")));

        // When
        cluster.without("shop", "web-0").has(pod("shop", "web-9", owner("web")));
        String verdict = judged(terminate("web-1", share("1")));

        // Then
        assertThat(verdict).isEqualTo("Allow");
    }

    @Test
    void whatAGuardBehindDeniesWasNotTaken() {
        // Given
        cluster.running("shop", "web", 3);
        ResponsePlan.Step step = terminate("web-0", share("1"));
        judged(step);

        // When
        guard.takeBack(step);

        // Then
        assertThat(judged(terminate("web-1", share("1")))).isEqualTo("Allow");
    }

    @Test
    void aSetThatDoesNotLimitItselfCountsForOneThatDoes() {
        // Given
        cluster.running("shop", "web", 3);

        // When
        String unlimited = judged(terminate("web-0", Guards.NONE));
        String limited = judged(terminate("web-1", share("1")));

        // Then
        assertThat(unlimited).isEqualTo("Allow");
        assertThat(limited).isEqualTo("Deny");
    }

    @Test
    void soManyPodsOfANamespaceAreTakenInAnyTenMinutes() {
        // Given
        cluster.running("shop", "web", 3).running("shop", "db", 3).running("bank", "till", 3);

        // When
        judged(step(
                ActionType.POD_TERMINATE,
                Map.of(),
                new PodRef("bank", "till-0", Optional.of("uid-of-till-0")),
                Mode.ENFORCE,
                perNamespace(2)));
        List<String> verdicts = List.of(
                judged(terminate("web-0", perNamespace(2))),
                judged(terminate("db-0", perNamespace(2))),
                judged(terminate("db-0", perNamespace(2))),
                judged(terminate("db-1", perNamespace(2))));
        clock.advance(BlastRadiusGuard.WINDOW);
        String later = judged(terminate("db-1", perNamespace(2)));

        // Then
        assertThat(verdicts).containsExactly("Allow", "Allow", "Allow", "Deny");
        assertThat(later).isEqualTo("Allow");
    }

    @Test
    void aRehearsalCountsWhatIsAndDoesNotCountItself() {
        // Given
        cluster.running("shop", "web", 6);
        ResponsePlan.Step rehearsal = step(ActionType.POD_TERMINATE, Map.of(), ref("web-1"), Mode.DRY_RUN, share("1"));

        // When
        String first = judged(rehearsal);
        String real = judged(terminate("web-0", share("1")));
        String other = judged(step(ActionType.POD_TERMINATE, Map.of(), ref("web-2"), Mode.DRY_RUN, share("1")));

        // Then
        assertThat(List.of(first, real, other)).containsExactly("Allow", "Allow", "Deny");
    }

    @Test
    void isolatingAWorkloadTakesAllOfIt() {
        // Given
        cluster.running("shop", "web", 3);
        ResponsePlan.Step all =
                step(ActionType.POD_ISOLATE, Map.of("scope", "workload"), ref("web-0"), Mode.ENFORCE, share("99%"));

        // When
        Verdict verdict = guard.judge(all);

        // Then
        assertThat(verdict).isInstanceOfSatisfying(Verdict.Deny.class, deny -> assertThat(deny.reason())
                .startsWith("3 of 3 pods of deployment/shop/web"));
    }

    @Test
    void aContainersPodCounts() {
        // Given
        cluster.running("shop", "web", 2);
        ResponsePlan.Step isolate = step(
                ActionType.NODE_ISOLATE_CONTAINER,
                Map.of(),
                new ContainerRef(new NodeRef("node-1"), containerOf("web-0")),
                Mode.ENFORCE,
                share("10%"));

        // When
        String verdict = judged(isolate);

        // Then
        assertThat(verdict).isEqualTo("Deny");
    }

    @Test
    void aDrainTakesThePodsOfItsNode() {
        // Given
        cluster.running("shop", "web", 2);
        NodeRef node = new NodeRef("node-1");

        // When
        List<String> verdicts = List.of(
                judged(step(ActionType.NODE_DRAIN, Map.of(), node, Mode.ENFORCE, perNamespace(1))),
                judged(step(ActionType.NODE_DRAIN, Map.of(), ref("web-0"), Mode.ENFORCE, perNamespace(1))),
                judged(step(ActionType.NODE_DRAIN, Map.of(), node, Mode.ENFORCE, perNamespace(2))),
                judged(step(ActionType.NODE_DRAIN, Map.of(), new NodeRef("none"), Mode.ENFORCE, perNamespace(2))));

        // Then
        assertThat(verdicts).containsExactly("Deny", "Deny", "Allow", "Deny");
    }

    @Test
    void onlyATaintThatDrivesAwayTakesAnything() {
        // Given
        cluster.running("shop", "web", 2);
        NodeRef node = new NodeRef("node-1");

        // When
        List<String> verdicts = List.of(
                judged(step(ActionType.NODE_TAINT, Map.of("key", "a"), node, Mode.ENFORCE, perNamespace(1))),
                judged(step(
                        ActionType.NODE_TAINT,
                        Map.of("key", "a", "effect", "NoExecute"),
                        node,
                        Mode.ENFORCE,
                        perNamespace(1))));

        // Then
        assertThat(verdicts).containsExactly("Allow", "Deny");
    }

    @Test
    void scalingDownTakesTheDifference() {
        // Given
        cluster.running("shop", "web", 4);
        ObjectRef web = new ObjectRef("deployments.apps", Optional.of("shop"), "web");

        // When
        List<String> verdicts = List.of(
                judged(step(ActionType.WORKLOAD_SCALE, Map.of("replicas", 1), web, Mode.ENFORCE, share("2"))),
                judged(step(ActionType.WORKLOAD_SCALE, Map.of("replicas", 2), web, Mode.ENFORCE, share("2"))),
                judged(step(ActionType.WORKLOAD_SCALE, Map.of("replicas", 9), ref("web-0"), Mode.ENFORCE, share("2"))));

        // Then
        assertThat(verdicts).containsExactly("Deny", "Allow", "Allow");
    }

    @Test
    void deletingAWorkloadTakesAllOfIt() {
        // Given
        cluster.running("shop", "web", 4);
        ObjectRef web = new ObjectRef("deployments.apps", Optional.of("shop"), "web");
        ObjectRef secret = new ObjectRef("secrets", Optional.of("shop"), "web");
        ObjectRef jobs = new ObjectRef("cronjobs.batch", Optional.of("shop"), "web");

        // When
        List<String> verdicts = List.of(
                judged(step(ActionType.OBJECT_DELETE, Map.of(), web, Mode.ENFORCE, share("3"))),
                judged(step(ActionType.OBJECT_DELETE, Map.of(), jobs, Mode.ENFORCE, share("3"))),
                judged(step(ActionType.OBJECT_DELETE, Map.of(), secret, Mode.ENFORCE, share("3"))),
                judged(step(ActionType.OBJECT_DELETE, Map.of(), web, Mode.ENFORCE, share("100%"))),
                judged(terminate("web-0", share("100%"))),
                judged(step(ActionType.OBJECT_DELETE, Map.of(), web, Mode.ENFORCE, Guards.NONE)));

        // Then
        assertThat(verdicts).containsExactly("Deny", "Deny", "Allow", "Allow", "Allow", "Allow");
    }

    @Test
    void whatAnEngineBeforeThisOneTookStillCounts() {
        // Given
        cluster.running("shop", "web", 6).running("shop", "db", 6);
        clock.advance(Duration.ofMinutes(5));
        Action ofLongAgo = terminate("web-5", Guards.NONE).action();
        Action byUid = terminate("web-0", Guards.NONE).action();
        Action byName = new Action.OnCluster(
                ActionType.POD_TERMINATE,
                new PodRef("shop", "db-0", Optional.empty()),
                ActionType.POD_TERMINATE.read(Map.of()));
        Action leased = isolate("db-1", "2h", Guards.NONE).action();

        // When
        guard.recall(ofLongAgo, clock.instant().minus(BlastRadiusGuard.WINDOW));
        guard.recall(byUid, clock.instant().minusSeconds(30));
        guard.recall(byName, clock.instant().minusSeconds(30));
        guard.recall(leased, clock.instant().minus(Duration.ofHours(1)));
        List<String> verdicts = List.of(
                judged(terminate("web-1", share("1"))),
                judged(terminate("web-1", share("2"))),
                judged(terminate("db-2", share("2"))),
                judged(terminate("db-2", share("3"))));

        // Then
        assertThat(verdicts).containsExactly("Deny", "Allow", "Deny", "Allow");
    }

    @Test
    void aPodThatHasTakenTheNameSinceIsNotOutAlready() {
        // Given
        cluster.running("shop", "db", 6);
        Action byName = new Action.OnCluster(
                ActionType.POD_TERMINATE,
                new PodRef("shop", "db-0", Optional.empty()),
                ActionType.POD_TERMINATE.read(Map.of()));

        // When
        clock.advance(Duration.ofMinutes(1));
        guard.recall(byName, ACluster.MORNING.minusSeconds(1));
        String first = judged(terminate("db-0", share("1")));
        String second = judged(terminate("db-1", share("1")));

        // Then
        assertThat(first).isEqualTo("Allow");
        assertThat(second).as("the one that has the name now counts").isEqualTo("Deny");
    }

    private static final NodeRef NODE = new NodeRef("node-1");
    private static final ObjectRef WEB = new ObjectRef("deployments.apps", Optional.of("shop"), "web");

    private static Action action(ActionType type, Map<String, ?> given, Asset target) {
        return new Action.OnCluster(type, target, type.read(given));
    }

    @Test
    void aWorkloadThatAnEngineBeforeThisOneIsolatedIsOutOfService() {
        // Given
        cluster.running("shop", "web", 3).running("shop", "db", 3);

        // When
        guard.recall(
                action(ActionType.POD_ISOLATE, Map.of("scope", "workload", "for", "2h"), ref("web-0")),
                clock.instant());
        clock.advance(Duration.ofHours(1));
        List<String> verdicts = List.of(
                judged(terminate("web-1", share("1"))), // out already
                judged(terminate("db-0", perNamespace(3))),
                judged(terminate("db-0", perNamespace(4))),
                judged(terminate("db-1", share("2"))));

        // Then
        assertThat(verdicts).containsExactly("Allow", "Deny", "Allow", "Allow");
    }

    @Test
    void aWorkloadThatWasIsolatedAndCannotBeFoundMayBeAnyWorkloadOfItsNamespace() {
        // Given
        cluster.running("shop", "web", 3).running("bank", "till", 3);

        // When
        guard.recall(
                action(ActionType.POD_ISOLATE, Map.of("scope", "workload", "for", "2h"), ref("gone")), clock.instant());
        Verdict verdict = guard.judge(terminate("web-1", share("100%")));
        String elsewhere = judged(step(
                ActionType.POD_TERMINATE,
                Map.of(),
                new PodRef("bank", "till-0", Optional.of("uid-of-till-0")),
                Mode.ENFORCE,
                share("1")));

        // Then
        assertThat(verdict)
                .isEqualTo(new Verdict.Deny(
                        "blast-radius",
                        "how many pods of namespace shop are out of service since before the restart is not known"
                                + " (pod.isolate of pod/shop/gone), and action set 'set' limits how many pods may be taken"
                                + " out of service"));
        assertThat(elsewhere).isEqualTo("Allow");
    }

    private static List<Action> whatTakesPodsAway() {
        return List.of(
                action(ActionType.NODE_DRAIN, Map.of(), NODE),
                action(ActionType.NODE_TAINT, Map.of("key", "a", "effect", "NoExecute"), NODE),
                action(ActionType.WORKLOAD_SCALE, Map.of("replicas", 1), WEB),
                action(ActionType.OBJECT_DELETE, Map.of(), WEB),
                action(ActionType.OBJECT_DELETE, Map.of(), new ObjectRef("namespaces", Optional.empty(), "shop")));
    }

    @ParameterizedTest
    @MethodSource("whatTakesPodsAway")
    void howManyPodsAnEngineBeforeThisOneTookAwayIsNotKnownForTenMinutes(Action action) {
        // Given
        cluster.running("shop", "db", 6);
        cluster.isUnheardOf("nothing was heard yet");

        // When
        guard.recall(action, clock.instant());
        cluster.isHeardOf();
        cluster.has(pod("shop", "later", owner("late"), ACluster.MORNING.plusSeconds(60)));
        clock.advance(Duration.ofMinutes(5));
        List<String> verdicts =
                List.of(judged(terminate("later", perNamespace(9))), judged(terminate("later", share("100%"))));
        clock.advance(Duration.ofMinutes(5));
        String after = judged(terminate("later", perNamespace(9)));

        // Then
        assertThat(verdicts).containsExactly("Deny", "Allow");
        assertThat(after).isEqualTo("Allow");
    }

    @Test
    void whatIsStillThereOfADrainBeforeTheRestartMayBeDrainedFurther() {
        // Given
        cluster.running("shop", "web", 4);
        Action drain = action(ActionType.NODE_DRAIN, Map.of(), NODE);

        // When
        guard.recall(drain, clock.instant());
        String again = judged(step(ActionType.NODE_DRAIN, Map.of(), NODE, Mode.ENFORCE, perNamespace(4)));

        // Then
        assertThat(again).isEqualTo("Allow");
    }

    @Test
    void aPodThatIsGoneStillCountsInItsNamespace() {
        // Given
        cluster.running("shop", "web", 6).running("bank", "till", 3);

        // When
        guard.recall(
                action(ActionType.POD_TERMINATE, Map.of(), new PodRef("shop", "gone", Optional.empty())),
                clock.instant());
        guard.recall(
                action(
                        ActionType.NODE_ISOLATE_CONTAINER,
                        Map.of("for", "1h"),
                        new ContainerRef(NODE, containerOf("anybody"))),
                clock.instant());
        List<String> verdicts = List.of(
                judged(terminate("web-0", perNamespace(2))),
                judged(terminate("web-0", perNamespace(3))),
                judged(terminate("web-1", share("2"))),
                judged(step(
                        ActionType.POD_TERMINATE,
                        Map.of(),
                        new PodRef("bank", "till-0", Optional.of("uid-of-till-0")),
                        Mode.ENFORCE,
                        perNamespace(1))));

        // Then
        assertThat(verdicts).containsExactly("Deny", "Allow", "Allow", "Deny");
    }

    @Test
    void whatTakesNoPodsIsNotRecalled() {
        // Given
        cluster.running("shop", "web", 6);

        // When
        guard.recall(
                action(ActionType.OBJECT_DELETE, Map.of(), new ObjectRef("secrets", Optional.of("shop"), "web")),
                clock.instant());
        guard.recall(action(ActionType.NODE_TAINT, Map.of("key", "a"), NODE), clock.instant());
        guard.recall(action(ActionType.POD_LABEL, Map.of("labels", Map.of("a", "b")), ref("web-1")), clock.instant());
        String verdict = judged(terminate("web-0", perNamespace(1)));

        // Then
        assertThat(verdict).isEqualTo("Allow");
    }

    @Test
    void howManyPodsANamespaceHasIsNotKnownWhenItIsDeleted() {
        // Given
        ObjectRef shop = new ObjectRef("namespaces", Optional.empty(), "shop");

        // When
        String limited = judged(step(ActionType.OBJECT_DELETE, Map.of(), shop, Mode.ENFORCE, perNamespace(100)));
        String unlimited = judged(step(ActionType.OBJECT_DELETE, Map.of(), shop, Mode.ENFORCE, Guards.NONE));

        // Then
        assertThat(List.of(limited, unlimited)).containsExactly("Deny", "Allow");
    }

    @Test
    void whatCannotBeFoundOutIsRefused() {
        // Given
        cluster.running("shop", "web", 9);

        // When
        Verdict gone = guard.judge(terminate("unheard-of", share("50%")));
        cluster.isUnheardOf("nothing was heard of the cluster's pods for 61 seconds");
        Verdict unknown = guard.judge(terminate("web-0", share("50%")));
        Verdict unlimited = guard.judge(terminate("web-0", Guards.NONE));

        // Then
        assertThat(gone).isInstanceOf(Verdict.Deny.class);
        assertThat(unknown)
                .isEqualTo(new Verdict.Deny(
                        "blast-radius",
                        "nothing was heard of the cluster's pods for 61 seconds, and action set 'set' limits how many"
                                + " pods may be taken out of service"));
        assertThat(unlimited).isInstanceOf(Verdict.Allow.class);
    }
}
