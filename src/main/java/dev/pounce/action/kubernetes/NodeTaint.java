package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.asset.NodeRef;
import java.util.Map;
import java.util.Optional;

/** {@code node.taint}. A node has one taint of a key and effect; one that is there with another value is somebody else's. */
final class NodeTaint implements ClusterStep {

    private record Taint(String key, String value, String effect) {
        static Taint of(Parameters parameters) {
            return new Taint(
                    parameters.text("key").orElseThrow(),
                    parameters.text("value").orElse(""),
                    parameters.text("effect").orElse("NoSchedule"));
        }

        boolean hasPlaceOf(JsonNode taint) {
            return taint.path("key").asText().equals(key)
                    && taint.path("effect").asText().equals(effect);
        }

        /** What is there in its place, by value. */
        Optional<String> valueAt(JsonNode node) {
            for (JsonNode taint : node.path("spec").path("taints")) {
                if (hasPlaceOf(taint)) {
                    return Optional.of(taint.path("value").asText(""));
                }
            }
            return Optional.empty();
        }

        String display() {
            return key + (value.isEmpty() ? "" : "=" + value) + ":" + effect;
        }
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        NodeRef ref = NodeTarget.of(attempt);
        Taint taint = Taint.of(attempt.parameters());
        boolean[] told = new boolean[1];
        return NodeTarget.change(
                attempt,
                ref,
                node -> {
                    Optional<String> there = taint.valueAt(node);
                    if (there.isPresent()) {
                        if (!there.get().equals(taint.value())) {
                            throw StepEnds.failed(ref.display() + " has the taint " + taint.key() + "=" + there.get()
                                    + ":" + taint.effect() + ", which is not ours and stays");
                        }
                        return new NodeTarget.Decision.Nothing(
                                attempt.lostAnswer()
                                        ? attempt.done(ref.display() + " has the taint " + taint.display())
                                        : new Outcome.AlreadySo(
                                                ref.display() + " has the taint " + taint.display() + " since before"));
                    }
                    if (!told[0]) {
                        attempt.changes(ref, Map.of());
                        told[0] = true;
                    }
                    ObjectNode patch = NodeTarget.patch();
                    ArrayNode taints = patch.withObject("/spec").putArray("taints");
                    node.path("spec").path("taints").forEach(taints::add);
                    ObjectNode ours = taints.addObject().put("key", taint.key()).put("effect", taint.effect());
                    if (!taint.value().isEmpty()) {
                        ours.put("value", taint.value());
                    }
                    return new NodeTarget.Decision.Change(patch);
                },
                node -> taint.valueAt(node).isPresent()
                        ? attempt.done(ref.display() + " has the taint " + taint.display())
                        : new Outcome.Failed("something in the API server has undone it at once", true));
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        NodeRef ref = NodeTarget.of(attempt);
        Taint taint = Taint.of(attempt.parameters());
        return NodeTarget.change(
                attempt,
                ref,
                node -> {
                    Optional<String> there = taint.valueAt(node);
                    if (there.isEmpty()) {
                        return new NodeTarget.Decision.Nothing(new Outcome.AlreadySo(
                                ref.display() + " has no taint " + taint.display() + " any more"));
                    }
                    if (!there.get().equals(taint.value())) {
                        throw StepEnds.withheld("somebody has changed the taint of " + ref.display() + " to "
                                + taint.key() + "=" + there.get() + ":" + taint.effect());
                    }
                    ObjectNode patch = NodeTarget.patch();
                    ArrayNode taints = patch.withObject("/spec").putArray("taints");
                    node.path("spec").path("taints").forEach(other -> {
                        if (!taint.hasPlaceOf(other)) {
                            taints.add(other);
                        }
                    });
                    return new NodeTarget.Decision.Change(patch);
                },
                node -> attempt.done(ref.display() + " has no taint " + taint.display() + " any more"));
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        NodeRef ref = NodeTarget.of(attempt);
        Taint taint = Taint.of(attempt.parameters());
        return taint.valueAt(NodeTarget.read(attempt, ref))
                        .filter(taint.value()::equals)
                        .isPresent()
                ? new Outcome.AlreadySo(ref.display() + " has the taint " + taint.display())
                : new Outcome.Failed(ref.display() + " has no taint " + taint.display(), true);
    }
}
