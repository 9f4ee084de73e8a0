package dev.pounce.action.process;

import dev.pounce.action.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What is waited for after a signal was sent to one process. Used by the watching thread alone. */
abstract sealed class Awaiting implements ExitWatch.Awaited {

    private final Resolved.Held held;
    private final long deadlineNanos;
    private final CompletableFuture<Outcome> result;
    private final long sentNanos = System.nanoTime();

    private Awaiting(Resolved.Held held, long deadlineNanos, CompletableFuture<Outcome> result) {
        this.held = held;
        this.deadlineNanos = deadlineNanos;
        this.result = result;
    }

    abstract Optional<Outcome> see(boolean exited, boolean late);

    @Override
    public boolean look(boolean exited, boolean late) {
        Optional<Outcome> seen = see(exited, late);
        seen.ifPresent(result::complete);
        return seen.isPresent();
    }

    @Override
    public int pidfd() {
        return held.pidfd();
    }

    @Override
    public long deadlineNanos() {
        return deadlineNanos;
    }

    @Override
    public void end() {
        Signals.close(held.pidfd());
    }

    String process() {
        return "process/" + held.stat().pid() + " (" + held.stat().comm() + ")";
    }

    int pid() {
        return held.stat().pid();
    }

    String elapsed() {
        return Elapsed.since(sentNanos);
    }

    long sentNanos() {
        return sentNanos;
    }

    /** Whether somebody has stopped it: the kernel stops all threads or none, so one that is stopped speaks for those that wait. */
    static boolean allStopped(List<ProcStat> threads) {
        return allHeld(threads) && threads.stream().anyMatch(ProcStat::isStopped);
    }

    /**
     * What may be expected after SIGSTOP was sent, and means nothing before. Threads that have ended do not count.
     */
    static boolean allHeld(List<ProcStat> threads) {
        boolean any = false;
        for (ProcStat thread : threads) {
            if (thread.isHeld()) {
                any = true;
            } else if (thread.state() != 'Z' && thread.state() != 'X') {
                return false;
            }
        }
        return any;
    }

    static boolean noneStopped(List<ProcStat> threads) {
        return !threads.isEmpty() && threads.stream().noneMatch(ProcStat::isStopped);
    }

    /** SIGKILL was sent: the kernel reports the exit of the last thread. */
    static final class Exit extends Awaiting {

        Exit(Resolved.Held held, long deadlineNanos, CompletableFuture<Outcome> result) {
            super(held, deadlineNanos, result);
        }

        @Override
        public long nextLookNanos() {
            return Long.MAX_VALUE;
        }

        @Override
        Optional<Outcome> see(boolean exited, boolean late) {
            if (exited) {
                return Optional.of(new Outcome.Done(process() + " dead after " + elapsed()));
            }
            if (late) {
                String state = ProcFiles.stat(pid())
                        .map(stat -> " in state " + stat.state())
                        .orElse("");
                return Optional.of(new Outcome.Failed(
                        "SIGKILL was sent to " + process() + ", which after " + elapsed() + " is still there" + state,
                        true));
            }
            return Optional.empty();
        }
    }

    /** SIGSTOP or SIGCONT was sent: each thread is looked at, at first often and then less so. */
    static final class Holding extends Awaiting {

        private static final long FIRST_WAIT_NANOS = 200_000;
        private static final long LONGEST_WAIT_NANOS = 20_000_000;

        private final boolean stop;
        private long waitNanos = FIRST_WAIT_NANOS;
        private long nextLookNanos = sentNanos();

        Holding(Resolved.Held held, boolean stop, long deadlineNanos, CompletableFuture<Outcome> result) {
            super(held, deadlineNanos, result);
            this.stop = stop;
        }

        @Override
        public long nextLookNanos() {
            return nextLookNanos;
        }

        @Override
        Optional<Outcome> see(boolean exited, boolean late) {
            if (exited) {
                return Optional.of(new Outcome.TargetGone(
                        process() + " exited before it was seen " + (stop ? "stopped" : "running")));
            }
            List<ProcStat> threads = ProcFiles.threads(pid());
            if (stop ? allHeld(threads) : noneStopped(threads)) {
                return Optional.of(new Outcome.Done(process() + (stop ? " stopped" : " running") + " after " + elapsed()
                        + (threads.size() > 1 ? ", all " + threads.size() + " threads" : "")));
            }
            if (late) {
                return Optional.of(new Outcome.Failed(
                        (stop ? "SIGSTOP" : "SIGCONT") + " was sent to " + process() + ", which after " + elapsed()
                                + " is still " + (stop ? "running" : "stopped"),
                        true));
            }
            nextLookNanos = System.nanoTime() + waitNanos;
            waitNanos = Math.min(waitNanos * 2, LONGEST_WAIT_NANOS);
            return Optional.empty();
        }
    }
}
