package dev.pounce.planning.merge.facts;

/**
 * What a step does to its target, as far as another step can get in its way.
 *
 * <p>In the order of disruption: where two contradict each other, the one further up is done. First what changes
 * nothing, then what can be undone, then what cannot; within each, first what touches less.
 */
public enum Deed {
    /** Looks, and keeps what it sees. Is never pointless, and comes before what destroys it. */
    EVIDENCE,
    RESUME_PROCESS,
    ANNOTATE_POD,
    LABEL_POD,
    SUSPEND_PROCESS,
    /** Cuts the pod off from the network. */
    ISOLATE_POD,
    /** Takes the pod out of its workload and off the network, and keeps it for whoever investigates. */
    QUARANTINE_POD,
    KILL_PROCESS,
    KILL_TREE,
    KILL_CONTAINER,
    TERMINATE_POD,
    /** Has nothing to do with other steps, except the same one. */
    OTHER;

    /** Whether something that another step could act on is gone afterwards. */
    boolean destroys() {
        return switch (this) {
            case KILL_PROCESS, KILL_TREE, KILL_CONTAINER, TERMINATE_POD -> true;
            case EVIDENCE,
                    RESUME_PROCESS,
                    ANNOTATE_POD,
                    LABEL_POD,
                    SUSPEND_PROCESS,
                    ISOLATE_POD,
                    QUARANTINE_POD,
                    OTHER -> false;
        };
    }
}
