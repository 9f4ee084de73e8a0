package dev.pounce;

import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ProcSnapshot;
import java.util.Optional;

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
    public boolean isIn(int pid, ContainerRef container) {
        Optional<ProcSnapshot.Place> place = proc.placeOf(pid);
        if (place.isEmpty()) {
            return false;
        }
        long now = proc.boottimeNanos();
        synchronized (ids) { // and nothing that a process could hold up
            return ids.idOf(
                            place.get().cgroup(),
                            place.get().pidNs(),
                            place.get().mntNs(),
                            now)
                    .filter(container.id()::equals)
                    .isPresent();
        }
    }
}
