package dev.pounce.action.process;

import dev.pounce.action.Outcome;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/*
 * How a group of processes is killed although it goes on forking.
 *
 * A list of processes is out of date when it has been read. Whoever kills along such a list leaves alive what
 * was forked meanwhile, and, as a killed parent's children go to another parent, loses the thread that led to
 * them. So the group is held first and killed second:
 *
 *   1. freeze: read /proc, SIGSTOP each member that is not known yet, and read again, until one reading has seen
 *      every known member stopped, and the next one has found no new member. It takes the two: within one
 *      reading, a process may fork after the list of pids was taken and be stopped before its own line is read.
 *      Then ask about each; if there is an objection to one, let all go.
 *   2. kill: SIGKILL each. A stopped process dies of it without running one more instruction.
 *   3. confirm: read again until none is left alive; newcomers are killed as they are found.
 *
 * Every signal goes to a pidfd whose start time was compared after it was opened, of the root of a tree the inode
 * as well; of the others no event has told it, and /proc shows it to nobody but the holder of a pidfd. Only one is
 * open at a time, so a fork bomb does not use up our descriptors.
 *
 * When the engine ends, the freezing is cut short: whom it has stopped is killed, and nobody is left behind stopped.
 *
 * Limits. Somebody outside of the group may send SIGCONT to its members; the freezing then does not settle, is
 * given up after FREEZE_ROUNDS readings, and the killing begins anyway. A process that has left its *tree*, by
 * a session of its own and a parent that ended before we came, belongs to init by then and cannot be told from
 * others. The scope CONTAINER has no such gap, since nobody leaves a control group by forking.
 */
final class Sweep implements Runnable {

    static final int FREEZE_ROUNDS = 16;
    private static final long FIRST_WAIT_NANOS = 200_000;

    /** With 16 rounds at most 50 ms: on a machine without idle time, stopping takes as long as dying would. */
    private static final long LONGEST_FREEZE_WAIT_NANOS = 4_000_000;

    private static final long LONGEST_WAIT_NANOS = 20_000_000;

    /** Decides who belongs to the group. */
    interface Group {
        /** Those of {@code processes} that belong to it and are not among the members found before. */
        List<ProcStat> membersAmong(List<ProcStat> processes, Map<Integer, ProcStat> known);

        String display();
    }

    private enum Phase {
        FREEZE,
        CONFIRM
    }

    private final Group group;
    private final Untouchable untouchable;
    private final Objections objections;
    private final BooleanSupplier hurried;
    private final ScheduledExecutorService threads;
    private final CompletableFuture<Outcome> result;
    private final long beganNanos;
    private final long deadlineNanos;
    private final Map<Integer, ProcStat> known = new HashMap<>();
    private final Set<Integer> killed = new HashSet<>();
    private Phase phase = Phase.FREEZE;
    private int rounds;
    private boolean stoppedBefore;
    private long waitNanos = FIRST_WAIT_NANOS;
    private Optional<Outcome> refused = Optional.empty();

    /**
     * @param held members that were stopped on the caller's thread
     * @param dying members that were killed on the caller's thread
     * @param hurried whether the freezing is to end with the round that is under way
     * @param beganNanos {@link System#nanoTime} of that first signal
     */
    Sweep(
            Group group,
            Collection<ProcStat> held,
            Collection<ProcStat> dying,
            Untouchable untouchable,
            Objections objections,
            BooleanSupplier hurried,
            ScheduledExecutorService threads,
            CompletableFuture<Outcome> result,
            long beganNanos,
            long deadlineNanos) {
        this.group = group;
        this.untouchable = untouchable;
        this.objections = objections;
        this.hurried = hurried;
        this.threads = threads;
        this.result = result;
        this.beganNanos = beganNanos;
        this.deadlineNanos = deadlineNanos;
        for (ProcStat stat : held) {
            known.put(stat.pid(), stat);
        }
        for (ProcStat stat : dying) {
            known.put(stat.pid(), stat);
            killed.add(stat.pid());
        }
    }

    /** Who would be killed by now, found without touching anyone; those who are no more are left out. */
    static List<ProcStat> wouldReach(Group group, Collection<ProcStat> roots) {
        Map<Integer, ProcStat> known = new HashMap<>();
        for (ProcStat root : roots) {
            known.put(root.pid(), root);
        }
        List<ProcStat> processes = ProcFiles.processes();
        List<ProcStat> fresh = group.membersAmong(processes, known);
        while (!fresh.isEmpty()) {
            for (ProcStat stat : fresh) {
                known.put(stat.pid(), stat);
            }
            fresh = group.membersAmong(processes, known);
        }
        return known.values().stream().filter(stat -> !stat.hasExited()).toList();
    }

    @Override
    public void run() {
        try {
            boolean over =
                    switch (phase) {
                        case FREEZE -> freezeRound();
                        case CONFIRM -> confirmRound();
                    };
            if (!over) {
                // Nothing to ask of the future: run reports everything through the result
                ScheduledFuture<?> unused = threads.schedule(this, waitNanos, TimeUnit.NANOSECONDS);
                waitNanos =
                        Math.min(waitNanos * 2, phase == Phase.FREEZE ? LONGEST_FREEZE_WAIT_NANOS : LONGEST_WAIT_NANOS);
            }
        } catch (RuntimeException bug) {
            if (phase == Phase.FREEZE) {
                release();
            }
            result.complete(new Outcome.Failed("killing " + group.display() + " broke off: " + bug, true));
        }
    }

    private boolean freezeRound() {
        rounds++;
        List<ProcStat> processes = ProcFiles.processes();
        List<ProcStat> fresh = group.membersAmong(processes, known);
        boolean settled = fresh.isEmpty() && stoppedBefore;
        stoppedBefore = fresh.isEmpty() && allStopped(processes);
        while (!fresh.isEmpty()) {
            for (ProcStat stat : fresh) {
                Optional<String> objection = untouchable.objectionTo(stat);
                if (objection.isPresent()) {
                    return withhold(objection.get());
                }
                known.put(stat.pid(), stat);
                signal(stat, Signals.SIGSTOP);
            }
            // The children of those, as the same reading knows them
            fresh = group.membersAmong(processes, known);
        }
        if (known.isEmpty()) {
            result.complete(new Outcome.TargetGone(group.display() + " has no process left"));
            return true;
        }
        if (settled || rounds >= FREEZE_ROUNDS || isLate() || hurried.getAsBoolean()) {
            for (ProcStat stat : known.values()) {
                Optional<String> objection = objections.to(stat.pid());
                if (objection.isPresent()) {
                    return withhold(objection.get());
                }
            }
            for (ProcStat stat : known.values()) {
                kill(stat);
            }
            phase = Phase.CONFIRM;
            waitNanos = FIRST_WAIT_NANOS;
        }
        return false;
    }

    private boolean withhold(String objection) {
        release();
        result.complete(withheld(group, objection));
        return true;
    }

    static Outcome withheld(Group group, String objection) {
        return new Outcome.Withheld(group.display() + " contains what may not be touched: " + objection);
    }

    private boolean allStopped(List<ProcStat> processes) {
        for (ProcStat now : processes) {
            ProcStat member = known.get(now.pid());
            if (member != null && member.startTicks() == now.startTicks() && !now.isHeld() && !now.hasExited()) {
                return false;
            }
        }
        return true;
    }

    /** A group that holds something untouchable was the wrong group: let go of whom we held. */
    private void release() {
        for (ProcStat stat : known.values()) {
            signal(stat, Signals.SIGCONT);
        }
    }

    private boolean confirmRound() {
        List<ProcStat> processes = ProcFiles.processes();
        for (ProcStat straggler : group.membersAmong(processes, known)) {
            if (untouchable.objectionTo(straggler).isEmpty()
                    && objections.to(straggler.pid()).isEmpty()) {
                known.put(straggler.pid(), straggler);
                kill(straggler);
            }
        }
        int alive = 0;
        String last = "";
        for (ProcStat now : processes) {
            ProcStat member = known.get(now.pid());
            if (member != null && member.startTicks() == now.startTicks() && !now.hasExited()) {
                alive++;
                last = "process/" + now.pid() + " (" + now.comm() + ") in state " + now.state();
            }
        }
        if (alive == 0) {
            result.complete(new Outcome.Done(killed.size() + (killed.size() == 1 ? " process" : " processes") + " of "
                    + group.display() + " dead after " + Elapsed.since(beganNanos)));
            return true;
        }
        if (isLate()) {
            String survivors = alive + " of " + known.size() + " processes of " + group.display()
                    + " still alive after " + Elapsed.since(beganNanos) + ", among them " + last;
            result.complete(refused.orElseGet(() -> new Outcome.Failed(survivors, true)));
            return true;
        }
        return false;
    }

    private boolean isLate() {
        return System.nanoTime() - deadlineNanos >= 0;
    }

    private void kill(ProcStat stat) {
        if (signal(stat, Signals.SIGKILL)) {
            killed.add(stat.pid());
        }
    }

    /** @return false when the process was gone, or could not be signalled, which is then remembered */
    private boolean signal(ProcStat stat, int signal) {
        return switch (Resolved.resolve(stat.pid(), stat.startTicks(), stat.pidInode(), untouchable)) {
            case Resolved.Held(int pidfd, ProcStat now) -> {
                int answer = Signals.send(pidfd, signal);
                Signals.close(pidfd);
                if (answer < 0 && answer != -Signals.ESRCH) {
                    refused = Optional.of(Resolved.couldNotSignal(now, -answer));
                }
                yield answer == 0;
            }
            case Resolved.Missed(Outcome.Failed failed) -> {
                refused = Optional.of(failed);
                yield false;
            }
            case Resolved.Missed(Outcome ignored) -> false;
        };
    }
}
