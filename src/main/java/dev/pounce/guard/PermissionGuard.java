package dev.pounce.guard;

import dev.pounce.action.ActionType;
import dev.pounce.planning.ResponsePlan;
import java.util.Set;

/** Refuses what nobody here could carry out. */
public final class PermissionGuard implements Guard {

    private static final String NAME = "permission";

    private final Set<ActionType> reachable;

    /** @param reachable what there is an actuator for */
    public PermissionGuard(Set<ActionType> reachable) {
        this.reachable = Set.copyOf(reachable);
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        return reachable.contains(step.action().type())
                ? new Verdict.Allow()
                : new Verdict.Deny(
                        NAME,
                        "this engine has nobody who could do that: "
                                + step.action().verb());
    }
}
