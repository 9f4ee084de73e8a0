package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import java.util.Optional;

/** Reads back what {@link EntryJson} wrote of an action. */
final class ActionJson {

    private ActionJson() {}

    /** Empty for an action that this release does not know, or whose target cannot be read. */
    static Optional<Action> read(JsonNode json) {
        if (!(asset(json.path("target")).orElse(null) instanceof ProcessRef process)) {
            return Optional.empty();
        }
        return switch (json.path("verb").asText()) {
            case "process.kill" ->
                scope(json.path("scope").asText())
                        .map(scope -> new Action.KillProcess(
                                process,
                                scope,
                                asset(json.path("container"))
                                        .filter(ContainerRef.class::isInstance)
                                        .map(ContainerRef.class::cast)));
            case "process.suspend" -> Optional.of(new Action.SuspendProcess(process));
            case "process.resume" -> Optional.of(new Action.ResumeProcess(process));
            default -> Optional.empty();
        };
    }

    private static Optional<Action.Scope> scope(String word) {
        return switch (word) {
            case "process" -> Optional.of(Action.Scope.PROCESS);
            case "tree" -> Optional.of(Action.Scope.TREE);
            case "container" -> Optional.of(Action.Scope.CONTAINER);
            default -> Optional.empty();
        };
    }

    static Optional<Asset> asset(JsonNode json) {
        NodeRef node = new NodeRef(json.path("node").asText());
        return switch (json.path("kind").asText()) {
            case "process" ->
                json.path("pid").asInt() < 1
                        ? Optional.empty()
                        : Optional.of(new ProcessRef(
                                node,
                                json.path("pid").asInt(),
                                json.path("start").asLong(),
                                json.path("inode").asLong()));
            case "container" ->
                Optional.of(new ContainerRef(node, json.path("id").asText()));
            case "node" -> Optional.of(new NodeRef(json.path("name").asText()));
            default -> Optional.empty();
        };
    }
}
