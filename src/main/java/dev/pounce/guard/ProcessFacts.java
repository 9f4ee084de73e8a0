package dev.pounce.guard;

import dev.pounce.asset.Answer;
import java.util.List;
import java.util.Optional;

/**
 * What can be known about a process at this moment. Pids are the host's. Each call looks at the world; none
 * remembers.
 */
public interface ProcessFacts {

    /** The pid of this engine. */
    int self();

    Answer<Facts> about(int pid);

    /** The path of its executable as the process sees it. Threads of the kernel and ended processes have none. */
    Answer<String> program(int pid);

    /**
     * Whether it is the host's own: in the first process's namespaces and in no container. Asked only about
     * processes whose program is one worth protecting.
     */
    Answer<Boolean> isOnHost(int pid);

    /**
     * Its effective user id, as the host counts. Asked only about processes whose program is one worth protecting.
     */
    Answer<Long> user(int pid);

    /** The full id of the container it is in. */
    Answer<Optional<String>> container(int pid);

    /** Empty also for a process that has none any more. */
    Answer<List<Integer>> children(int pid);

    /**
     * @param parent 0 for the first process and for the kernel's own
     * @param startTimeTicks since boot, in clock ticks
     * @param ended and waiting for its parent to notice
     * @param name up to 15 characters, which the process chooses itself: never proof of anything
     */
    record Facts(int pid, int parent, long startTimeTicks, boolean kernelThread, boolean ended, String name) {}
}
