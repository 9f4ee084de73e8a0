package dev.pounce.action.evidence;

import dev.pounce.action.ActionType;
import dev.pounce.action.Parameters;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What only the node can tell of the containers that run on it, read there and without touching them. */
public interface NodeEvidence {

    /** An engine that is not on the node. */
    NodeEvidence NONE = new NodeEvidence() {
        @Override
        public Optional<String> objection(ActionType type, String node, List<String> containerIds) {
            return Optional.of("needs the agent on the pod's node"
                    + (node.isEmpty() ? ", and the pod has none yet" : ", which is " + node));
        }

        @Override
        public Read read(
                ActionType type,
                String node,
                List<String> containerIds,
                Parameters parameters,
                OutputStream to,
                Instant deadline) {
            return new Read("needs the agent on the pod's node", false);
        }
    };

    /**
     * How reading ended.
     *
     * @param failure why not all of it was read; empty when it was
     * @param retryable whether the same may work later
     */
    record Read(String failure, boolean retryable) {}

    /**
     * Why this cannot be read here; empty when it can.
     *
     * @param type {@code evidence.processes}, {@code evidence.capture} or {@code evidence.trace}
     * @param node the one that the containers run on
     * @param containerIds the runtime's full ids; none for the whole node, and several only for a trace
     */
    Optional<String> objection(ActionType type, String node, List<String> containerIds);

    /**
     * Reads it. Blocks until it is read, at the latest until the deadline.
     *
     * @param to where it goes; a write that fails ends the reading
     */
    Read read(
            ActionType type,
            String node,
            List<String> containerIds,
            Parameters parameters,
            OutputStream to,
            Instant deadline);
}
