package dev.pounce.guard;

import dev.pounce.planning.Guards;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.source.DurationText;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * Stops an action set that acts more often than it allows itself, in any stretch of time as long as its budget's. It stays
 * stopped until a person re-arms it, also after a restart: whoever makes this guard tells it which sets are.
 *
 * <p>Rehearsals have a window of their own and stop nothing: a dry run finds out what would be refused. Belongs at the end
 * of the chain, since what it allows it takes for done. Any thread.
 */
public final class BudgetGuard implements Guard {

    private static final String NAME = "budget";

    private record Window(String actionSet, boolean rehearsal) {}

    private final InstantSource clock;
    private final BiConsumer<String, String> whenTripped;

    // Both guarded by this
    private final Set<String> tripped;
    private final Map<Window, Deque<Instant>> windows = new HashMap<>();

    /** For when nobody has to know, and nothing was stopped before. */
    public BudgetGuard(InstantSource clock) {
        this(clock, Set.of(), (actionSet, reason) -> {});
    }

    /**
     * @param tripped names of the sets that are stopped from the beginning
     * @param whenTripped gets the set's name and the reason, on the thread that acts, before the step is refused
     */
    public BudgetGuard(InstantSource clock, Set<String> tripped, BiConsumer<String, String> whenTripped) {
        this.clock = clock;
        this.tripped = new TreeSet<>(tripped);
        this.whenTripped = whenTripped;
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        if (step.guards().budget().isEmpty()) {
            return new Verdict.Allow();
        }
        Guards.Budget budget = step.guards().budget().get();
        String set = step.actionSet();
        boolean rehearsal = step.mode() != Mode.ENFORCE;
        String reason = "action set '" + set + "' has had " + budget.steps() + " steps in "
                + DurationText.display(budget.per()) + ", all that its budget allows";
        String stopped = "; it is stopped until a person re-arms it: pounce rearm " + set;
        synchronized (this) {
            if (!rehearsal && tripped.contains(set)) {
                return new Verdict.Deny(NAME, "action set '" + set + "' has used up its budget" + stopped);
            }
            if (spend(new Window(set, rehearsal), budget)) {
                return new Verdict.Allow();
            }
            if (rehearsal) {
                return new Verdict.Deny(NAME, reason);
            }
            tripped.add(set);
        }
        whenTripped.accept(set, reason);
        return new Verdict.Deny(NAME, reason + stopped);
    }

    /** False when there is none left. */
    private boolean spend(Window window, Guards.Budget budget) {
        Instant now = clock.instant();
        Deque<Instant> spent = windows.computeIfAbsent(window, one -> new ArrayDeque<>());
        while (!spent.isEmpty() && !now.isBefore(spent.peekFirst().plus(budget.per()))) {
            spent.removeFirst();
        }
        if (spent.size() >= budget.steps()) {
            return false;
        }
        spent.addLast(now);
        return true;
    }

    /** A step of the set was carried out before a restart. */
    public synchronized void recall(String actionSet, Instant at) {
        windows.computeIfAbsent(new Window(actionSet, false), one -> new ArrayDeque<>())
                .addLast(at);
    }

    /** The set was re-armed before a restart: what it had spent by then does not count. */
    public synchronized void forgetSpent(String actionSet) {
        windows.remove(new Window(actionSet, false));
    }

    /** The set may act again, with a whole budget. False when it was not stopped. */
    public synchronized boolean rearm(String actionSet) {
        forgetSpent(actionSet);
        return tripped.remove(actionSet);
    }

    /** Names of the sets that are stopped, in alphabetical order. */
    public synchronized Set<String> tripped() {
        return new TreeSet<>(tripped);
    }
}
