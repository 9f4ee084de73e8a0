package dev.pounce.guard;

import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

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

    /** Mode, protected set, cooldown: what asks less of the world is asked first. */
    public static GuardChain standard(ProcessFacts facts, InstantSource clock) {
        return new GuardChain(
                List.of(new ModeGuard(), new ProtectedSetGuard(facts), new CooldownGuard(SAME_AGAIN, clock)));
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        Verdict answer = new Verdict.Allow();
        for (Guard guard : guards) {
            switch (ask(guard, step)) {
                case Verdict.Allow allow -> {}
                case Verdict.Rehearse rehearse -> answer = rehearse;
                case Verdict.Deny deny -> {
                    return answer instanceof Verdict.Rehearse
                            ? new Verdict.Deny(deny.guard(), "would refuse, because " + deny.reason())
                            : deny;
                }
            }
        }
        return answer;
    }

    private static Verdict ask(Guard guard, ResponsePlan.Step step) {
        try {
            return guard.judge(step);
        } catch (RuntimeException bug) {
            return new Verdict.Deny(guard.getClass().getSimpleName(), "the guard failed: " + bug);
        }
    }
}
