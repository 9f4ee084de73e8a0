package dev.pounce;

import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ProcSnapshot;
import java.util.Optional;

/**
 * Tells, for who kills a whole container, where a container is among the control groups. Has container ids of its own, for the
 * probe's are the probe's thread's.
 */
final class ContainersOfProcesses implements ContainerMembership {

    /** Falco tells no more of an id; of two with the same beginning, each has a directory of its own. */
    private static final int SHORT = 12;

    private final ProcSnapshot proc;
    private final ContainerIds ids;

    ContainersOfProcesses(ProcSnapshot proc, ContainerIds ids) {
        this.proc = proc;
        this.ids = ids;
    }

    @Override
    public Optional<String> directoryOf(int pid, ContainerRef container) {
        for (String path : proc.cgroupPathsOf(pid)) {
            // From the outside in; most processes are in no cgroup with that in its name, and cost no more than a look
            int at = path.indexOf(container.id());
            while (at >= 0) {
                int slash = path.indexOf('/', at);
                String directory = slash < 0 ? path : path.substring(0, slash);
                if (isOf(pid, directory.substring(directory.indexOf(':') + 1), container)) {
                    return Optional.of(directory);
                }
                at = slash < 0 ? -1 : path.indexOf(container.id(), slash);
            }
        }
        return Optional.empty();
    }

    private boolean isOf(int pid, String cgroup, ContainerRef container) {
        String process = Integer.toString(pid);
        long pidNs = proc.namespaceOf(process, "pid");
        long mntNs = proc.namespaceOf(process, "mnt");
        long now = proc.boottimeNanos();
        synchronized (ids) { // and nothing that a process could hold up
            return ids.idOf(cgroup, pidNs, mntNs, now)
                    .filter(id -> id.equals(container.id())
                            || (container.id().length() == SHORT && id.startsWith(container.id())))
                    .isPresent();
        }
    }
}
