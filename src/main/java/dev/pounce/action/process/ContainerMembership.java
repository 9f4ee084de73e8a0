package dev.pounce.action.process;

import dev.pounce.asset.ContainerRef;

/** Knows which container a process lives in, from its control group. */
@FunctionalInterface
public interface ContainerMembership {

    /**
     * Reads {@code /proc/PID/cgroup}; blocks for microseconds.
     *
     * @return false also when the process is gone or its control group cannot be read
     */
    boolean isIn(int pid, ContainerRef container);
}
