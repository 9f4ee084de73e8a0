package dev.pounce.asset;

/**
 * One process on one node. A pid names a slot that the kernel reuses. Since Linux 6.9 the inode of the pidfd names the
 * process, exactly. Before that, pid and start time together do, as exactly as the start time can be read: another
 * process may have had the same pid within the same clock tick. Every actuator compares both before it sends a signal.
 *
 * @param pid in the host's pid namespace
 * @param startTimeNanos CLOCK_BOOTTIME at which its first thread started; what {@code /proc/PID/stat}
 *     shows in clock ticks
 * @param inode of its pidfd: unique for the life of the machine; 0 when the kernel does not tell
 */
public record ProcessRef(NodeRef node, int pid, long startTimeNanos, long inode) implements Asset {
    public ProcessRef {
        if (pid < 1) {
            throw new IllegalArgumentException("pid must be above 0, was " + pid);
        }
    }

    /** One whose inode nobody told. */
    public ProcessRef(NodeRef node, int pid, long startTimeNanos) {
        this(node, pid, startTimeNanos, 0);
    }

    @Override
    public String display() {
        return "process/" + pid;
    }
}
