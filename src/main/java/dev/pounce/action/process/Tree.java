package dev.pounce.action.process;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A process and its descendants: children by parent pid, and whoever is in a session that a member leads.
 * A session is only ever inherited, so the second also finds those whose parent has ended; and the kernel
 * gives nobody the leader's pid while the session has a member.
 *
 * @param display of the root
 */
record Tree(String display) implements Sweep.Group {

    @Override
    public List<ProcStat> membersAmong(List<ProcStat> processes, Map<Integer, ProcStat> known) {
        Map<Integer, ProcStat> now = new HashMap<>();
        for (ProcStat process : processes) {
            now.put(process.pid(), process);
        }
        List<ProcStat> members = new ArrayList<>();
        for (ProcStat process : processes) {
            ProcStat same = known.get(process.pid());
            boolean isKnown = same != null && same.startTicks() == process.startTicks();
            if (!isKnown && (isChild(process, known, now) || isInSession(process, known))) {
                members.add(process);
            }
        }
        return members;
    }

    private static boolean isChild(ProcStat process, Map<Integer, ProcStat> known, Map<Integer, ProcStat> now) {
        ProcStat parent = known.get(process.parentPid());
        if (parent == null || process.startTicks() < parent.startTicks()) {
            return false;
        }
        ProcStat parentNow = now.get(process.parentPid());
        return parentNow == null || parentNow.startTicks() == parent.startTicks();
    }

    private static boolean isInSession(ProcStat process, Map<Integer, ProcStat> known) {
        ProcStat leader = known.get(process.session());
        return leader != null && leader.session() == leader.pid();
    }
}
