package dev.pounce.action.process;

import dev.pounce.asset.ContainerRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every process of one container. */
record InContainer(ContainerRef container, ContainerMembership membership) implements Sweep.Group {

    @Override
    public List<ProcStat> membersAmong(List<ProcStat> processes, Map<Integer, ProcStat> known) {
        List<ProcStat> members = new ArrayList<>();
        for (ProcStat process : processes) {
            ProcStat same = known.get(process.pid());
            boolean isKnown = same != null && same.startTicks() == process.startTicks();
            if (!isKnown && !process.hasExited() && membership.isIn(process.pid(), container)) {
                members.add(process);
            }
        }
        return members;
    }

    @Override
    public String display() {
        return container.display();
    }
}
