package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.action.Family;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Refuses what was allowed a moment ago: the same action on the same target, whichever action set wants it. A
 * process that trips a rule a thousand times a second is killed once, and if that failed, again only when
 * the time has passed.
 *
 * <p>Rehearsals count apart: one must not keep the real step from happening. Belongs at the end of the chain,
 * since what it allows it takes for done. Any thread.
 */
public final class CooldownGuard implements Guard {

    private static final int REMEMBERED = 10_000;

    private record Key(Action action, boolean rehearsal) {}

    private final Duration length;
    private final InstantSource clock;

    // Guarded by this. All last equally long, so the order of insertion is the order in which they end.
    private final LinkedHashMap<Key, Instant> allowed = new LinkedHashMap<>();

    public CooldownGuard(Duration length, InstantSource clock) {
        this.length = length;
        this.clock = clock;
    }

    @Override
    public synchronized Verdict judge(ResponsePlan.Step step) {
        if (step.action().type().family() == Family.CALL) {
            return new Verdict.Allow(); // about another incident it says something else
        }
        Instant now = clock.instant();
        boolean rehearsal = step.mode() != Mode.ENFORCE;
        Key key = new Key(step.action(), rehearsal);
        Instant last = allowed.get(key);
        // A clock that was set back must not make it last longer than its length.
        if (last != null && now.isBefore(last.plus(length)) && !now.isBefore(last)) {
            return new Verdict.Deny(
                    "cooldown",
                    "the same was allowed for " + step.action().target().display() + " "
                            + Duration.between(last, now).toMillis() + " ms ago, less than " + length.toMillis()
                            + " ms");
        }
        forgetWhatItUndoes(step.action(), rehearsal);
        allowed.remove(key);
        allowed.put(key, now);
        makeRoom(now);
        return new Verdict.Allow();
    }

    /** What was allowed and is not done shields its target from nobody. */
    @Override
    public synchronized void takeBack(ResponsePlan.Step step) {
        allowed.remove(new Key(step.action(), step.mode() != Mode.ENFORCE));
    }

    /** After a resume the process may be suspended again at once, and the other way round. */
    private void forgetWhatItUndoes(Action action, boolean rehearsal) {
        switch (action) {
            case Action.SuspendProcess suspend ->
                allowed.remove(new Key(new Action.ResumeProcess(suspend.target()), rehearsal));
            case Action.ResumeProcess resume ->
                allowed.remove(new Key(new Action.SuspendProcess(resume.target()), rehearsal));
            case Action.KillProcess kill -> {} // nothing undoes it
            case Action.OnCluster onCluster -> {} // nobody may write what undoes it
            case Action.TakeBack takeBack -> {} // asks no guard
        }
    }

    private void makeRoom(Instant now) {
        Iterator<Map.Entry<Key, Instant>> oldest = allowed.entrySet().iterator();
        while (oldest.hasNext()) {
            Map.Entry<Key, Instant> entry = oldest.next();
            if (allowed.size() <= REMEMBERED && now.isBefore(entry.getValue().plus(length))) {
                return;
            }
            oldest.remove();
        }
    }
}
