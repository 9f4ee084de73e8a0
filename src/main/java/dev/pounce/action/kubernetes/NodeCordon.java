package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import dev.pounce.cluster.Request;
import java.util.Map;
import java.util.Optional;

/**
 * {@code node.cordon}. An annotation says which response did it, and the server's own book-keeping whose the field is: only
 * what is still ours by both is taken back.
 */
final class NodeCordon implements ClusterStep {

    private static final String BY = "pounce.dev/cordoned-by";

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        return cordon(attempt, NodeTarget.of(attempt));
    }

    /** {@link Outcome.AlreadySo} if it was, by whomever. */
    static Outcome cordon(Attempt attempt, NodeRef ref) throws StepEnds {
        boolean[] told = new boolean[1]; // one undo is enough, however often it is tried
        return NodeTarget.change(
                attempt,
                ref,
                node -> {
                    if (isCordoned(node)) {
                        return new NodeTarget.Decision.Nothing(
                                isBy(node, attempt.response()) && attempt.lostAnswer()
                                        ? attempt.done(ref.display() + " takes no new pods")
                                        : new Outcome.AlreadySo(ref.display() + " takes no new pods since before"));
                    }
                    if (!told[0]) {
                        attempt.changes(ref, Map.of());
                        told[0] = true;
                    }
                    ObjectNode patch = NodeTarget.patch();
                    patch.withObject("/metadata").withObject("/annotations").put(BY, attempt.response());
                    patch.withObject("/spec").put("unschedulable", true);
                    return new NodeTarget.Decision.Change(patch);
                },
                node -> isCordoned(node)
                        ? attempt.done(ref.display() + " takes no new pods")
                        : new Outcome.Failed("something in the API server has undone it at once", true));
    }

    private static boolean isCordoned(JsonNode node) {
        return node.path("spec").path("unschedulable").asBoolean();
    }

    private static boolean isBy(JsonNode node, String response) {
        return Ours.annotation(node, BY).filter(response::equals).isPresent();
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        NodeRef ref = NodeTarget.of(attempt);
        return NodeTarget.change(
                attempt,
                ref,
                node -> {
                    if (!isCordoned(node)) {
                        return new NodeTarget.Decision.Nothing(
                                new Outcome.AlreadySo(ref.display() + " takes new pods again since before"));
                    }
                    Optional<String> owner = owner(node);
                    if (!isBy(node, attempt.response())
                            || !owner.map(Request.FIELD_MANAGER::equals).orElse(true)) {
                        throw StepEnds.withheld(ref.display() + " is kept from taking new pods by "
                                + owner.filter(name -> !name.equals(Request.FIELD_MANAGER))
                                        .orElse("somebody else")
                                + " by now");
                    }
                    ObjectNode patch = NodeTarget.patch();
                    patch.withObject("/metadata").withObject("/annotations").putNull(BY);
                    patch.withObject("/spec").putNull("unschedulable");
                    return new NodeTarget.Decision.Change(patch);
                },
                node -> attempt.done(ref.display() + " takes new pods again"));
    }

    /** Who has set the field as it is, by the server's book-keeping; empty if that does not tell. */
    private static Optional<String> owner(JsonNode node) {
        for (JsonNode fields : node.path("metadata").path("managedFields")) {
            if (fields.path("fieldsV1").path("f:spec").has("f:unschedulable")) {
                return Optional.of(fields.path("manager").asText());
            }
        }
        return Optional.empty();
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        NodeRef ref = NodeTarget.of(attempt);
        return isCordoned(NodeTarget.read(attempt, ref))
                ? new Outcome.AlreadySo(ref.display() + " takes no new pods")
                : new Outcome.Failed(ref.display() + " takes new pods", true);
    }
}
