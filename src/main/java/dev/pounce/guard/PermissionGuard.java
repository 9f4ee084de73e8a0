package dev.pounce.guard;

import dev.pounce.action.Family;
import dev.pounce.planning.ResponsePlan;
import java.util.Set;

/** Refuses what nobody here could carry out. */
public final class PermissionGuard implements Guard {

    private static final String NAME = "permission";

    private final Set<Family> reachable;

    /** @param reachable the families that have an actuator */
    public PermissionGuard(Set<Family> reachable) {
        this.reachable = Set.copyOf(reachable);
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        return reachable.contains(step.action().type().family())
                ? new Verdict.Allow()
                : new Verdict.Deny(NAME, "this engine has no way to the cluster yet");
    }
}
