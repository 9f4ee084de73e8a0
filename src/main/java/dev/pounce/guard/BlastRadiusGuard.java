package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.planning.ResponsePlan;

/**
 * Keeps a set that limits itself from taking too much of a workload or namespace out of service. Until a view of the
 * cluster tells how much there is, it cannot find out, and what it cannot find out it denies.
 */
public final class BlastRadiusGuard implements Guard {

    private static final String NAME = "blast-radius";

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        return step.guards().blastRadius().isPresent() && takesOutOfService(step.action())
                ? new Verdict.Deny(
                        NAME,
                        "it is not known how many pods of its workload and namespace are ready, and action set '"
                                + step.actionSet() + "' limits how many may be taken out")
                : new Verdict.Allow();
    }

    private static boolean takesOutOfService(Action action) {
        return switch (action.type()) {
            case POD_TERMINATE,
                    POD_QUARANTINE,
                    POD_ISOLATE,
                    NODE_ISOLATE_CONTAINER,
                    NODE_DRAIN,
                    NODE_TAINT,
                    WORKLOAD_SCALE -> true;
            case PROCESS_KILL,
                    PROCESS_SUSPEND,
                    PROCESS_RESUME,
                    POD_LABEL,
                    POD_ANNOTATE,
                    POD_EXEC,
                    POD_SCRIPT,
                    NODE_CORDON,
                    NODE_LABEL,
                    NODE_ANNOTATE,
                    OBJECT_DELETE,
                    EVIDENCE_LOGS,
                    EVIDENCE_FILES,
                    EVIDENCE_PROCESSES,
                    EVIDENCE_CAPTURE,
                    EVIDENCE_TRACE,
                    EVIDENCE_CHECKPOINT,
                    CALL_WEBHOOK,
                    CALL_LAMBDA,
                    CALL_FUNCTION -> false;
        };
    }
}
