package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.util.function.Function;

/** The node that a step means: its target, or where its target runs. */
final class NodeTarget {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(50);

    private NodeTarget() {}

    static NodeRef of(Attempt attempt) throws StepEnds {
        return switch (attempt.action().target()) {
            case NodeRef node -> node;
            case PodRef pod -> {
                String name = attempt.meantPod().path("spec").path("nodeName").asText("");
                if (name.isEmpty()) {
                    throw StepEnds.failedForNow(pod.display() + " is on no node yet");
                }
                yield new NodeRef(name);
            }
            default ->
                throw new IllegalStateException("no node: " + attempt.action().target());
        };
    }

    static ApiPath path(NodeRef node) {
        return ApiPath.core("nodes").named(node.name());
    }

    static JsonNode read(Attempt attempt, NodeRef node) throws StepEnds {
        return attempt.read(path(node)).orElseThrow(() -> StepEnds.gone("there is no " + node.display() + " any more"));
    }

    /** What a look at the node came to. */
    sealed interface Decision {
        /** @param patch of JSON merge, without the version that was looked at */
        record Change(ObjectNode patch) implements Decision {}

        record Nothing(Outcome outcome) implements Decision {}
    }

    @FunctionalInterface
    interface Deciding {
        Decision on(JsonNode node) throws StepEnds;
    }

    /**
     * Looks, decides, and changes just what was looked at: again, when somebody else was faster. The kubelet writes to the
     * same object all the time.
     *
     * @param done what came of a change; its argument is the node as the server has it then
     */
    static Outcome change(Attempt attempt, NodeRef ref, Deciding deciding, Function<JsonNode, Outcome> done)
            throws StepEnds {
        while (true) {
            JsonNode node = read(attempt, ref);
            Decision decision = deciding.on(node);
            switch (decision) {
                case Decision.Nothing nothing -> {
                    return nothing.outcome();
                }
                case Decision.Change change -> {
                    ObjectNode metadata = change.patch().withObject("/metadata");
                    metadata.put("uid", node.path("metadata").path("uid").asText());
                    metadata.put(
                            "resourceVersion",
                            node.path("metadata").path("resourceVersion").asText());
                    Reply reply = attempt.tryChangeUnlessConflict(Request.patch(
                            path(ref), Request.MERGE_PATCH, change.patch().toString()));
                    if (!(reply instanceof Reply.Refused refused && refused.isConflict())) {
                        return done.apply(attempt.heard(reply));
                    }
                    if (!attempt.pause(BETWEEN_TRIES)) {
                        throw StepEnds.failedForNow("others change " + ref.display() + " all the time");
                    }
                }
            }
        }
    }

    static ObjectNode patch() {
        return JSON.createObjectNode();
    }
}
