package dev.pounce.action.process;

import java.util.Optional;

/**
 * Is asked about each process that a kill of a tree or of a container would take along. Who decided on the kill saw
 * the group earlier and from further away, so it may have members that he did not know of.
 */
@FunctionalInterface
public interface Objections {

    /** Of who lets everything be killed. */
    Objections NONE = pid -> Optional.empty();

    /**
     * Called on any thread, while the process is stopped; blocks for as long as reading a few files of /proc takes.
     *
     * @return why the process must live, a whole clause; empty when it may be killed or is gone
     */
    Optional<String> to(int pid);
}
