package dev.pounce.action.process;

import dev.pounce.asset.ContainerRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Every process of one container.
 *
 * @param directory of the container's control group, in the words of {@code membership}
 */
record InContainer(ContainerRef container, String directory, ContainerMembership membership) implements Sweep.Group {

    @Override
    public List<ProcStat> membersAmong(List<ProcStat> processes, Map<Integer, ProcStat> known) {
        List<ProcStat> members = new ArrayList<>();
        for (ProcStat process : processes) {
            ProcStat same = known.get(process.pid());
            boolean isKnown = same != null && same.startTicks() == process.startTicks();
            if (!isKnown && !process.hasExited() && has(process.pid())) {
                members.add(process);
            }
        }
        return members;
    }

    boolean has(int pid) {
        return membership.directoryOf(pid, container).filter(directory::equals).isPresent();
    }

    @Override
    public String display() {
        return container.display();
    }
}
