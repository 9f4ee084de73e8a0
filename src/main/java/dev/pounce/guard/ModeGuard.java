package dev.pounce.guard;

import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;

/** How far the operator lets this step go. */
public final class ModeGuard implements Guard {

    private static final String NAME = "mode";

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        return judge(step.mode());
    }

    /** What is said about every step of this mode. */
    public static Verdict judge(Mode mode) {
        return switch (mode) {
            case OBSERVE -> new Verdict.Deny(NAME, "mode is observe: steps are planned and not tried");
            case DRY_RUN -> new Verdict.Rehearse("mode is dry-run");
            case ASK -> new Verdict.Deny(NAME, "mode is ask, and approval is not built yet: nobody could say yes");
            case ENFORCE -> new Verdict.Allow();
        };
    }
}
