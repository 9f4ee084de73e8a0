package dev.pounce.action.process;

import dev.pounce.action.Outcome;
import dev.pounce.asset.ProcessRef;
import java.util.Optional;
import java.util.OptionalLong;

/** The answer to: is the process that was seen still there, and may it be signalled? */
sealed interface Resolved {

    /** Yes, and this descriptor is that process and can become no other. Whoever gets it closes it. */
    record Held(int pidfd, ProcStat stat) implements Resolved {}

    /** No; nothing is left open. */
    record Missed(Outcome outcome) implements Resolved {}

    /**
     * Opens first and compares second. The other way round, the pid could change hands in between. This way
     * it cannot matter: what is compared is the descriptor itself, by its inode, which the kernel gives to no
     * second process.
     *
     * <p>Before Linux 6.9 there is no such inode, and the start time alone decides: a process that took over the
     * pid after the opening started later than the one that was seen, so its start time differs, and the
     * descriptor of the old one answers ESRCH. There, a pid that went round within one tick (10 ms) cannot be told
     * from the old one; a kernel that counts upwards would have to start thousands of processes in that time, or
     * someone chooses pids (CAP_CHECKPOINT_RESTORE in this pid namespace).
     */
    static Resolved resolve(ProcessRef target, Untouchable untouchable) {
        return resolve(target.pid(), ProcStat.ticksOf(target.startTimeNanos()), target.inode(), untouchable);
    }

    /** @param inode of the pidfd; 0 when it is not known, and only the start time can be compared */
    static Resolved resolve(int pid, long startTicks, long inode, Untouchable untouchable) {
        int pidfd = Signals.openPidfd(pid);
        if (pidfd < 0) {
            return new Missed(couldNotOpen(pid, -pidfd));
        }
        OptionalLong found = inode == 0 ? OptionalLong.empty() : ProcFiles.inodeOf(pidfd);
        Optional<ProcStat> read = ProcFiles.stat(pid);
        Outcome problem;
        if (read.isEmpty()) {
            problem = Signals.send(pidfd, 0) == -Signals.ESRCH
                    ? gone(pid)
                    : new Outcome.Failed("could not read /proc/" + pid + "/stat to compare the start time", true);
        } else {
            ProcStat stat = read.get();
            Optional<Outcome> otherwise = another(stat, startTicks, inode, found);
            Optional<String> objection = untouchable.objectionTo(stat);
            if (otherwise.isPresent()) {
                problem = otherwise.get();
            } else if (stat.hasExited()) {
                problem = new Outcome.TargetGone("process/" + pid + " (" + stat.comm() + ") had already exited");
            } else if (objection.isPresent()) {
                problem = new Outcome.Withheld(objection.get());
            } else {
                return new Held(pidfd, stat.withPidInode(inode));
            }
        }
        Signals.close(pidfd);
        return new Missed(problem);
    }

    /**
     * Why this is not known to be the process that was seen, or empty when it is.
     *
     * @param found inode of the pidfd that was opened, empty when it could not be read: then the answer is no
     */
    static Optional<Outcome> another(ProcStat stat, long startTicks, long inode, OptionalLong found) {
        if (stat.startTicks() != startTicks) {
            return Optional.of(taken(stat, "one started at tick " + startTicks, "tick " + stat.startTicks()));
        }
        if (inode == 0) {
            return Optional.empty();
        }
        if (found.isEmpty()) {
            return Optional.of(new Outcome.Failed(
                    "could not compare the pidfd inode of process/" + stat.pid()
                            + ", /proc/self/fdinfo did not tell it",
                    true));
        }
        return found.getAsLong() == inode
                ? Optional.empty()
                : Optional.of(taken(stat, "pidfd inode " + inode, Long.toString(found.getAsLong())));
    }

    private static Outcome taken(ProcStat by, String expected, String found) {
        return new Outcome.TargetGone("pid " + by.pid() + " belongs to another process by now (" + by.comm()
                + "): expected " + expected + ", found " + found);
    }

    private static Outcome gone(int pid) {
        return new Outcome.TargetGone("process/" + pid + " does not exist any more");
    }

    private static Outcome couldNotOpen(int pid, int errno) {
        return switch (errno) {
            case Signals.ESRCH -> gone(pid);
            // Old and new kernels' words for: that number is a thread of some other process
            case Signals.EINVAL, Signals.ENOENT ->
                new Outcome.TargetGone("pid " + pid + " is a thread of another process by now");
            case Signals.EMFILE, Signals.ENFILE ->
                new Outcome.Failed("no file descriptor left to open process/" + pid, true);
            case Signals.ENOSYS ->
                new Outcome.Failed("this kernel has no pidfd_open; Linux 5.3 or newer is needed", false);
            default -> new Outcome.Failed("pidfd_open of process/" + pid + " answered errno " + errno, false);
        };
    }

    static Outcome couldNotSignal(ProcStat stat, int errno) {
        String process = "process/" + stat.pid() + " (" + stat.comm() + ")";
        return switch (errno) {
            case Signals.ESRCH -> new Outcome.TargetGone(process + " had already exited");
            case Signals.EPERM ->
                new Outcome.Failed("not permitted to signal " + process + "; CAP_KILL is needed", false);
            default -> new Outcome.Failed("pidfd_send_signal to " + process + " answered errno " + errno, false);
        };
    }
}
