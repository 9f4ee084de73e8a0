package dev.pounce.action.process;

import java.nio.charset.StandardCharsets;

/**
 * What {@code /proc/PID/stat} says about one process or thread, as far as we need it (proc_pid_stat(5)).
 *
 * @param comm up to 15 bytes that the process chose itself, so never proof of anything
 * @param state R, S, D, T, t, Z, X, …
 * @param flags the kernel's PF_ bits
 * @param threads those that have not been reaped
 * @param startTicks since boot, in clock ticks
 * @param pidInode of its pidfd, where that was compared; 0 otherwise, as the line does not tell
 */
record ProcStat(
        int pid,
        String comm,
        char state,
        int parentPid,
        int processGroup,
        int session,
        long flags,
        int threads,
        long startTicks,
        long pidInode) {

    /** USER_HZ is 100 on every architecture that Pounce supports, whatever the kernel's own HZ. */
    static final long NANOS_PER_TICK = 10_000_000;

    private static final long PF_KTHREAD = 0x0020_0000;

    /** @throws IllegalArgumentException if this is not a stat line */
    static ProcStat parse(byte[] line, int length) {
        // The name may hold anything, ") S 1" too: it ends at the last bracket, numbers have none
        int close = length - 1;
        while (close >= 0 && line[close] != ')') {
            close--;
        }
        int open = 0;
        while (open < close && line[open] != '(') {
            open++;
        }
        if (close < 2 || open >= close || close + 2 >= length) {
            throw new IllegalArgumentException("not a line of /proc/PID/stat");
        }
        Numbers numbers = new Numbers(line, close + 4, length);
        String comm = new String(line, open + 1, close - open - 1, StandardCharsets.UTF_8);
        char state = (char) line[close + 2];
        int pid = (int) new Numbers(line, 0, open).next();
        int parentPid = (int) numbers.next();
        int processGroup = (int) numbers.next();
        int session = (int) numbers.next();
        numbers.skip(2);
        long flags = numbers.next();
        numbers.skip(10);
        int threads = (int) numbers.next();
        numbers.skip(1);
        return new ProcStat(pid, comm, state, parentPid, processGroup, session, flags, threads, numbers.next(), 0);
    }

    /**
     * A main thread that ended before the others is shown as a zombie while the program runs on, a simple
     * way to hide; only when it is alone the process is over.
     */
    boolean hasExited() {
        return state == 'X' || (state == 'Z' && threads <= 1);
    }

    ProcStat withPidInode(long inode) {
        return new ProcStat(pid, comm, state, parentPid, processGroup, session, flags, threads, startTicks, inode);
    }

    boolean isKernelThread() {
        return (flags & PF_KTHREAD) != 0;
    }

    boolean isStopped() {
        return state == 'T';
    }

    /**
     * Whether it runs no more instructions of its own, once SIGSTOP was sent. In an uninterruptible wait the signal is
     * pending, and is delivered before the next instruction; a parent in vfork waits like that for its child, so
     * to wait until it is stopped could be to wait forever. One that is traced stops in its tracer's way.
     */
    boolean isHeld() {
        return isStopped() || state == 't' || state == 'D';
    }

    static long ticksOf(long startTimeNanos) {
        return startTimeNanos / NANOS_PER_TICK;
    }

    private static final class Numbers {
        private final byte[] line;
        private final int end;
        private int at;

        Numbers(byte[] line, int at, int end) {
            this.line = line;
            this.at = at;
            this.end = end;
        }

        long next() {
            while (at < end && line[at] == ' ') {
                at++;
            }
            boolean negative = at < end && line[at] == '-';
            if (negative) {
                at++;
            }
            if (at >= end || line[at] < '0' || line[at] > '9') {
                throw new IllegalArgumentException("not a line of /proc/PID/stat");
            }
            long number = 0;
            while (at < end && line[at] >= '0' && line[at] <= '9') {
                number = number * 10 + (line[at++] - '0');
            }
            return negative ? -number : number;
        }

        void skip(int count) {
            for (int i = 0; i < count; i++) {
                next();
            }
        }
    }
}
