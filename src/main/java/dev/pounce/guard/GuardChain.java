package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Family;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.OwnPlace;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * All guards, in order. The first that denies ends the matter. One that would have the step rehearsed does
 * not: the others are asked all the same, so that a dry run finds out what would be refused and why.
 */
public final class GuardChain implements Guard {

    /** For how long the same action is not sent to the same target again, whichever sets want it. */
    public static final Duration SAME_AGAIN = Duration.ofSeconds(5);

    private final List<Guard> guards;

    public GuardChain(List<Guard> guards) {
        this.guards = List.copyOf(guards);
    }

    /** All of them, where only processes can be reached and no budget was used up before. */
    public static GuardChain standard(ProcessFacts facts, InstantSource clock) {
        return standard(facts, clock, ActionType.of(Family.PROCESS), new BudgetGuard(clock));
    }

    /** The same with other actuators. */
    public static GuardChain standard(
            ProcessFacts facts, InstantSource clock, Set<ActionType> reachable, BudgetGuard budgets) {
        return of(
                new ProtectedSetGuard(facts), ClusterFacts.NO_CLUSTER, new PermissionGuard(reachable), clock, budgets);
    }

    /**
     * Where a cluster is answered for.
     *
     * @param own where in it this engine runs
     * @param reachable what there is an actuator for
     */
    public static GuardChain standard(
            ProcessFacts facts,
            ClusterFacts cluster,
            OwnPlace own,
            Permissions permissions,
            InstantSource clock,
            Set<ActionType> reachable,
            BudgetGuard budgets) {
        return of(
                new ProtectedSetGuard(facts, cluster, own),
                cluster,
                new PermissionGuard(reachable, Optional.of(permissions)),
                clock,
                budgets);
    }

    /** Mode, protected set, permission, blast radius, cooldown, budget: those that take for done what they allow come last. */
    private static GuardChain of(
            ProtectedSetGuard protectedSet,
            ClusterFacts cluster,
            PermissionGuard permission,
            InstantSource clock,
            BudgetGuard budgets) {
        return new GuardChain(List.of(
                new ModeGuard(),
                protectedSet,
                permission,
                new BlastRadiusGuard(cluster, clock),
                new CooldownGuard(SAME_AGAIN, clock),
                budgets));
    }

    @Override
    public CompletableFuture<Void> prepare(ResponsePlan.Step step) {
        if (step.mode() == Mode.OBSERVE) {
            return ClusterFacts.KNOWN;
        }
        CompletableFuture<Void> all = ClusterFacts.KNOWN;
        for (Guard guard : guards) {
            CompletableFuture<Void> one = prepare(guard, step);
            if (!one.isDone()) {
                all = CompletableFuture.allOf(all, one);
            }
        }
        return all;
    }

    private static CompletableFuture<Void> prepare(Guard guard, ResponsePlan.Step step) {
        try {
            return guard.prepare(step);
        } catch (RuntimeException bug) {
            return ClusterFacts.KNOWN; // it will be unknown, and other steps are not in need of it
        }
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        Verdict answer = new Verdict.Allow();
        for (int i = 0; i < guards.size(); i++) {
            switch (ask(guards.get(i), step)) {
                case Verdict.Allow allow -> {}
                case Verdict.Rehearse rehearse -> answer = rehearse;
                case Verdict.Deny deny -> {
                    guards.subList(0, i).forEach(asked -> asked.takeBack(step));
                    return answer instanceof Verdict.Rehearse
                            ? new Verdict.Deny(deny.guard(), "would refuse, because " + deny.reason())
                            : deny;
                }
            }
        }
        return answer;
    }

    @Override
    public void recall(Action action, Instant begun) {
        guards.forEach(guard -> guard.recall(action, begun));
    }

    private static Verdict ask(Guard guard, ResponsePlan.Step step) {
        try {
            return guard.judge(step);
        } catch (RuntimeException bug) {
            return new Verdict.Deny(guard.getClass().getSimpleName(), "the guard failed: " + bug);
        }
    }
}
