package dev.pounce;

import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ProcSnapshot;

/**
 * Tells, for who kills a whole container, which container a process lives in now. Has container ids of its own, for the
 * probe's are the probe's thread's.
 */
final class ContainersOfProcesses implements ContainerMembership {

    private final ProcSnapshot proc;
    private final ContainerIds ids;

    ContainersOfProcesses(ProcSnapshot proc, ContainerIds ids) {
        this.proc = proc;
        this.ids = ids;
    }

    @Override
    public synchronized boolean isIn(int pid, ContainerRef container) {
        return proc.read(pid)
                .flatMap(found -> ids.idOf(
                        found.cgroup(), found.subject().pidNs(), found.subject().mntNs(), proc.boottimeNanos()))
                .filter(container.id()::equals)
                .isPresent();
    }
}
