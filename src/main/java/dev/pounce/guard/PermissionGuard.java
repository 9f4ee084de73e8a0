package dev.pounce.guard;

import dev.pounce.action.ActionType;
import dev.pounce.planning.NeededRights;
import dev.pounce.planning.ResponsePlan;
import java.util.Optional;
import java.util.Set;

/** Refuses what nobody here could carry out, and what the API server would refuse. */
public final class PermissionGuard implements Guard {

    private static final String NAME = "permission";

    private final Set<ActionType> reachable;
    private final Optional<Permissions> permissions;

    /** @param reachable what there is an actuator for */
    public PermissionGuard(Set<ActionType> reachable) {
        this(reachable, Optional.empty());
    }

    /** @param permissions empty where there is no cluster to ask */
    public PermissionGuard(Set<ActionType> reachable, Optional<Permissions> permissions) {
        this.reachable = Set.copyOf(reachable);
        this.permissions = permissions;
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        if (!reachable.contains(step.action().type())) {
            return new Verdict.Deny(
                    NAME,
                    "this engine has nobody who could do that: " + step.action().verb());
        }
        return permissions
                .flatMap(said ->
                        said.objectionTo(step.actionSet(), step.action().target(), NeededRights.of(step.action())))
                .<Verdict>map(reason -> new Verdict.Deny(NAME, reason))
                .orElseGet(Verdict.Allow::new);
    }
}
