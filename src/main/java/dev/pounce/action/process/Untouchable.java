package dev.pounce.action.process;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The last line of defence, behind all guards: what no signal of ours may ever reach, whoever asked for it.
 * These are pid 1, kernel threads, this process, and those that it descends from.
 *
 * <p>The ancestors are taken down once: a parent that dies hands us over to one of its own ancestors, so the
 * list can only become too long, and as it holds start times a reused pid is not mistaken for one of them.
 */
final class Untouchable {

    private final int self;
    private final Map<Integer, Long> ancestors;

    private Untouchable(int self, Map<Integer, Long> ancestors) {
        this.self = self;
        this.ancestors = Map.copyOf(ancestors);
    }

    static Untouchable aroundThisProcess() {
        int self = Math.toIntExact(ProcessHandle.current().pid());
        Map<Integer, Long> ancestors = new HashMap<>();
        Optional<ProcStat> at = ProcFiles.stat(self).flatMap(stat -> ProcFiles.stat(stat.parentPid()));
        while (at.isPresent() && ancestors.put(at.get().pid(), at.get().startTicks()) == null) {
            at = at.flatMap(stat -> ProcFiles.stat(stat.parentPid()));
        }
        return new Untouchable(self, ancestors);
    }

    /** This process and its ancestors, in no order. */
    List<Integer> pids() {
        return Stream.concat(Stream.of(self), ancestors.keySet().stream()).toList();
    }

    /** Why the process may not be signalled, or empty when it may. */
    Optional<String> objectionTo(ProcStat process) {
        if (process.pid() == 1) {
            return Optional.of("pid 1 is never signalled");
        }
        if (process.isKernelThread()) {
            return Optional.of("process/" + process.pid() + " (" + process.comm() + ") is a kernel thread");
        }
        if (process.pid() == self) {
            return Optional.of("process/" + process.pid() + " is this engine");
        }
        Long start = ancestors.get(process.pid());
        if (start != null && start == process.startTicks()) {
            return Optional.of("process/" + process.pid() + " (" + process.comm() + ") is an ancestor of this engine");
        }
        return Optional.empty();
    }
}
