package dev.pounce.asset;

/**
 * One process on one node. A pid names a slot that the kernel reuses; pid and start time together name
 * the process, so every actuator compares both before it sends a signal.
 *
 * @param pid in the host's pid namespace
 * @param startTimeNanos CLOCK_BOOTTIME at which its first thread started; what {@code /proc/PID/stat}
 *     shows in clock ticks
 */
public record ProcessRef(NodeRef node, int pid, long startTimeNanos) implements Asset {
    public ProcessRef {
        if (pid < 1) {
            throw new IllegalArgumentException("pid must be above 0, was " + pid);
        }
    }

    @Override
    public String display() {
        return "process/" + pid;
    }
}
