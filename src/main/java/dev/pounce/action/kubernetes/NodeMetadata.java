package dev.pounce.action.kubernetes;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import java.util.Optional;

/** {@code node.label} and {@code node.annotate}. */
final class NodeMetadata implements ClusterStep {

    private final Metadata.Field field;
    private final Metadata metadata;

    NodeMetadata(Metadata.Field field) {
        this.field = field;
        this.metadata = new Metadata(field);
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        NodeRef node = NodeTarget.of(attempt);
        return metadata.set(
                attempt,
                NodeTarget.path(node),
                attempt.parameters().map(field.key()),
                Optional.empty(),
                () -> NodeTarget.read(attempt, node),
                node);
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        NodeRef node = NodeTarget.of(attempt);
        return metadata.restore(undo, attempt, NodeTarget.path(node), () -> NodeTarget.read(attempt, node));
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        NodeRef node = NodeTarget.of(attempt);
        return metadata.observe(attempt.parameters().map(field.key()), NodeTarget.read(attempt, node), node);
    }
}
