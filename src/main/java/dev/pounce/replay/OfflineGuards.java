package dev.pounce.replay;

import dev.pounce.action.ActionType;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.detection.Detection;
import dev.pounce.guard.BlastRadiusGuard;
import dev.pounce.guard.BudgetGuard;
import dev.pounce.guard.CooldownGuard;
import dev.pounce.guard.Guard;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.ModeGuard;
import dev.pounce.guard.PermissionGuard;
import dev.pounce.guard.ProtectedSetGuard;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ResponsePlan;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * The engine's guards, as far as they can be asked without the machine: they look at the recording instead of
 * {@code /proc}. Not thread-safe.
 */
final class OfflineGuards {

    /**
     * @param unknown the guards that could not find out; a running engine's would have looked
     */
    record Judgement(Verdict verdict, List<String> unknown) {
        Judgement {
            unknown = List.copyOf(unknown);
        }
    }

    private record Named(String name, Guard guard) {}

    private final RecordedFacts facts = new RecordedFacts();
    private final List<Named> guards;

    OfflineGuards(InstantSource clock) {
        guards = List.of(
                new Named("mode", new ModeGuard()),
                new Named("protected", new ProtectedSetGuard(facts)),
                new Named("blast-radius", new BlastRadiusGuard(ClusterFacts.NO_CLUSTER, clock)),
                new Named("permission", new PermissionGuard(EnumSet.allOf(ActionType.class))),
                new Named("cooldown", new CooldownGuard(GuardChain.SAME_AGAIN, clock)),
                new Named("budget", new BudgetGuard(clock)));
    }

    /** @param detection that completed the incident */
    Judgement judge(ResponsePlan.Step step, Detection detection) {
        Verdict answer = new Verdict.Allow();
        List<String> unknown = new ArrayList<>(0);
        for (Named named : guards) {
            facts.speakOf(detection);
            switch (named.guard.judge(step)) {
                case Verdict.Allow allow -> {}
                case Verdict.Rehearse rehearse -> answer = rehearse;
                case Verdict.Deny deny -> {
                    if (!facts.askedInVain()) {
                        return new Judgement(deny, unknown);
                    }
                    unknown.add(named.name);
                }
            }
        }
        return new Judgement(answer, unknown);
    }
}
