package dev.pounce.action.process;

import dev.pounce.asset.ContainerRef;
import java.util.Optional;

/**
 * Knows where a container is among the control groups, from those of its processes. A control group's name is chosen by
 * whoever makes it, so two may bear the same id; they are told apart by where they are.
 */
@FunctionalInterface
public interface ContainerMembership {

    /** Of who knows no containers. */
    ContainerMembership NONE = (pid, container) -> Optional.empty();

    /**
     * The directory of the control group that bears the container's id and that the process is in or below of, with its
     * hierarchy; the outermost if there are several. Equal for all processes of the same container and for no others.
     * Reads {@code /proc/PID/cgroup} and two links; blocks for microseconds.
     *
     * @return empty also when the process is gone or its control group cannot be read
     */
    Optional<String> directoryOf(int pid, ContainerRef container);
}
