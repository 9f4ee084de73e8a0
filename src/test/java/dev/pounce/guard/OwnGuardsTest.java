package dev.pounce.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import dev.pounce.action.Family;
import dev.pounce.action.Lane;
import dev.pounce.action.Share;
import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.planning.Guards;
import dev.pounce.planning.Mode;
import dev.pounce.planning.OnFailure;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.MutableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The guards that know what an action set allows itself, and those that know what is out of bounds in a cluster. */
class OwnGuardsTest {

    private final MutableClock clock = new MutableClock(ADetection.TIME);
    private final List<String> tripped = new ArrayList<>();

    private BudgetGuard budgets(String... stopped) {
        return new BudgetGuard(clock, Set.of(stopped), (set, reason) -> tripped.add(set + ": " + reason));
    }

    private static ResponsePlan.Step step(Action action, Mode mode, Guards guards) {
        return new ResponsePlan.Step(
                "set/step",
                "set",
                action,
                mode,
                Duration.ofSeconds(5),
                "",
                Lane.CONTAINMENT,
                List.of(),
                List.of(),
                OnFailure.STOP,
                guards);
    }

    private static ResponsePlan.Step spending(Mode mode, int steps, Duration per) {
        return step(
                new Action.SuspendProcess(AStep.process(7)),
                mode,
                new Guards(Optional.of(new Guards.Budget(steps, per)), Optional.empty()));
    }

    private static ResponsePlan.Step on(ActionType type, Asset target) {
        return AStep.of(
                new Action.OnCluster(type, target, type.read(ActionSamples.given(type, new Random(1)))), Mode.ENFORCE);
    }

    @Test
    void aSetThatWasReArmedBeforeARestartHasItsBudgetAfterIt() {
        // Given
        BudgetGuard guard = budgets("set");
        guard.recall("another", clock.instant().minusSeconds(50));
        guard.recall("set", clock.instant().minusSeconds(50));

        // When
        guard.forgetSpent("set");

        // Then: forgotten is what was spent, and not that it is stopped
        assertThat(guard.tripped()).containsExactly("set");
        guard.rearm("set");
        assertThat(guard.judge(spending(Mode.ENFORCE, 1, Duration.ofMinutes(1))))
                .isEqualTo(new Verdict.Allow());
    }

    @Test
    void whatWasSpentBeforeARestartIsNotThereAfterIt() {
        // Given
        BudgetGuard guard = budgets();
        guard.recall("set", clock.instant().minusSeconds(50));

        // When
        Verdict first = guard.judge(spending(Mode.ENFORCE, 2, Duration.ofMinutes(1)));
        Verdict second = guard.judge(spending(Mode.ENFORCE, 2, Duration.ofMinutes(1)));

        // Then
        assertThat(first).isEqualTo(new Verdict.Allow());
        assertThat(second).isInstanceOf(Verdict.Deny.class);
    }

    @Test
    void aSetThatSpendsMoreThanItsBudgetIsStoppedUntilItIsRearmed() {
        // Given
        BudgetGuard guard = budgets();
        ResponsePlan.Step step = spending(Mode.ENFORCE, 2, Duration.ofMinutes(1));

        // When
        Verdict first = guard.judge(step);
        Verdict second = guard.judge(step);
        Verdict third = guard.judge(step);
        clock.advance(Duration.ofDays(1));
        Verdict nextDay = guard.judge(step);
        boolean rearmed = guard.rearm("set");
        Verdict afterwards = guard.judge(step);

        // Then
        assertThat(List.of(first, second, afterwards)).containsOnly(new Verdict.Allow());
        assertThat(third)
                .isEqualTo(new Verdict.Deny(
                        "budget",
                        "action set 'set' has had 2 steps in 1m, all that its budget allows; it is stopped until a"
                                + " person re-arms it: pounce rearm set"));
        assertThat(nextDay)
                .isEqualTo(new Verdict.Deny(
                        "budget",
                        "action set 'set' has used up its budget; it is stopped until a person re-arms it: pounce"
                                + " rearm set"));
        assertThat(rearmed).isTrue();
        assertThat(tripped).containsExactly("set: action set 'set' has had 2 steps in 1m, all that its budget allows");
    }

    @Test
    void theWindowSlides() {
        // Given
        BudgetGuard guard = budgets();
        ResponsePlan.Step step = spending(Mode.ENFORCE, 2, Duration.ofSeconds(10));

        // When
        guard.judge(step);
        clock.advance(Duration.ofSeconds(6));
        guard.judge(step);
        clock.advance(Duration.ofSeconds(4));
        Verdict atTen = guard.judge(step);
        clock.advance(Duration.ofSeconds(5));
        Verdict atFifteen = guard.judge(step);

        // Then
        assertThat(atTen).isEqualTo(new Verdict.Allow());
        assertThat(atFifteen).isInstanceOf(Verdict.Deny.class);
    }

    @Test
    void aRehearsalFindsOutAndStopsNothing() {
        // Given
        BudgetGuard guard = budgets();
        ResponsePlan.Step rehearsal = spending(Mode.DRY_RUN, 1, Duration.ofMinutes(1));

        // When
        guard.judge(rehearsal);
        Verdict second = guard.judge(rehearsal);
        Verdict real = guard.judge(spending(Mode.ENFORCE, 1, Duration.ofMinutes(1)));

        // Then
        assertThat(second)
                .isEqualTo(new Verdict.Deny(
                        "budget", "action set 'set' has had 1 steps in 1m, all that its budget allows"));
        assertThat(real).isEqualTo(new Verdict.Allow());
        assertThat(guard.tripped()).isEmpty();
    }

    @Test
    void whatWasStoppedBeforeARestartStaysStopped() {
        // Given
        BudgetGuard guard = budgets("set", "other");

        // When
        Verdict verdict = guard.judge(spending(Mode.ENFORCE, 9, Duration.ofMinutes(1)));

        // Then
        assertThat(verdict).isInstanceOf(Verdict.Deny.class);
        assertThat(guard.tripped()).containsExactly("other", "set");
        assertThat(guard.rearm("nobody")).isFalse();
    }

    @Test
    void aSetThatLimitsItselfIsRefusedWhileNobodyKnowsTheWorkload() {
        // Given
        Action terminate = new Action.OnCluster(
                ActionType.POD_TERMINATE,
                new PodRef("shop", "cart-1", Optional.empty()),
                ActionType.POD_TERMINATE.read(Map.of()));
        Action label = new Action.OnCluster(
                ActionType.POD_LABEL,
                new PodRef("shop", "cart-1", Optional.empty()),
                ActionType.POD_LABEL.read(Map.of("labels", Map.of("a", "b"))));
        Guards limited = new Guards(
                Optional.empty(),
                Optional.of(new Guards.BlastRadius(Optional.of(new Share(33, true)), Optional.empty())));
        BlastRadiusGuard guard = new BlastRadiusGuard(ClusterFacts.NO_CLUSTER, clock);

        // When // Then
        assertThat(guard.judge(step(terminate, Mode.ENFORCE, limited)))
                .isInstanceOfSatisfying(
                        Verdict.Deny.class, deny -> assertThat(deny.guard()).isEqualTo("blast-radius"));
        assertThat(guard.judge(step(terminate, Mode.ENFORCE, Guards.NONE))).isEqualTo(new Verdict.Allow());
        assertThat(guard.judge(step(label, Mode.ENFORCE, limited))).isEqualTo(new Verdict.Allow());
    }

    @ParameterizedTest
    @EnumSource
    void whatNobodyHereCanCarryOutIsRefused(ActionType type) {
        // Given
        PermissionGuard guard = new PermissionGuard(ActionType.of(Family.PROCESS));

        // When
        Verdict verdict = guard.judge(AStep.of(ActionSamples.action(type, new Random(1)), Mode.ENFORCE));

        // Then
        assertThat(verdict)
                .isEqualTo(
                        type.family() == Family.PROCESS
                                ? new Verdict.Allow()
                                : new Verdict.Deny(
                                        "permission", "this engine has nobody who could do that: " + type.verb()));
    }

    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource({
        "POD_TERMINATE, shop, Allow",
        "POD_TERMINATE, kube-system, Deny",
        "POD_LABEL, kube-public, Deny",
        "POD_ISOLATE, pounce, Deny",
        "POD_ISOLATE, pounce-system, Deny",
        "POD_ISOLATE, pouncewood, Allow",
        "EVIDENCE_LOGS, kube-system, Allow",
        "NODE_CORDON, kube-system, Allow"
    })
    void podsThatTheClusterStandsOnAreLeftAlone(ActionType type, String namespace, String expected) {
        // When
        Verdict verdict = new ProtectedSetGuard(new FakeProcesses())
                .judge(on(type, new PodRef(namespace, "p", Optional.empty())));

        // Then
        assertThat(verdict.getClass().getSimpleName()).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} {2} in {1}: {3}")
    @CsvSource({
        "secrets, shop, token, Allow",
        "secrets, kube-system, token, Deny",
        "namespaces, '', shop, Deny",
        "nodes, '', worker-1, Deny",
        "customresourcedefinitions.apiextensions.k8s.io, '', a, Deny",
        "clusterroles.rbac.authorization.k8s.io, '', mine, Allow",
        "clusterroles.rbac.authorization.k8s.io, '', cluster-admin, Deny",
        "clusterrolebindings.rbac.authorization.k8s.io, '', system:node, Deny"
    })
    void objectsThatTheClusterStandsOnAreNotDeleted(String resource, String namespace, String name, String expected) {
        // Given
        Optional<String> in = namespace.isEmpty() ? Optional.empty() : Optional.of(namespace);

        // When
        Verdict verdict = new ProtectedSetGuard(new FakeProcesses())
                .judge(on(ActionType.OBJECT_DELETE, new ObjectRef(resource, in, name)));

        // Then
        assertThat(verdict.getClass().getSimpleName()).isEqualTo(expected);
    }

    @Test
    void aCallIsMadeForEachIncident() {
        // Given
        CooldownGuard guard = new CooldownGuard(Duration.ofSeconds(5), clock);
        ResponsePlan.Step call = AStep.of(ActionSamples.action(ActionType.CALL_WEBHOOK, new Random(1)), Mode.ENFORCE);
        ResponsePlan.Step cordon = on(ActionType.NODE_CORDON, new NodeRef("n"));

        // When
        guard.judge(call);
        guard.judge(cordon);

        // Then
        assertThat(guard.judge(call)).isEqualTo(new Verdict.Allow());
        assertThat(guard.judge(cordon)).isInstanceOf(Verdict.Deny.class);
    }
}
