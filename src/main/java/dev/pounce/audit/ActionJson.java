package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Family;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads back what {@link EntryJson} wrote of an action. */
final class ActionJson {

    private ActionJson() {}

    /** Empty for an action that this release does not know, or whose target cannot be read. */
    static Optional<Action> read(JsonNode json) {
        Optional<Asset> target = asset(json.path("target"));
        Optional<ActionType> type = ActionType.of(json.path("verb").asText());
        return target.isEmpty() ? Optional.empty() : type.flatMap(known -> read(known, target.get(), json));
    }

    private static Optional<Action> read(ActionType type, Asset target, JsonNode json) {
        if (type.family() != Family.PROCESS) {
            try {
                Action.OnCluster action = new Action.OnCluster(type, target, type.read(plain(json.path("parameters"))));
                JsonNode before = json.path("takes_back");
                return Optional.of(before.isObject() ? new Action.TakeBack(action, texts(before)) : action);
            } catch (IllegalArgumentException unknownToThisRelease) {
                return Optional.empty();
            }
        }
        if (!(target instanceof ProcessRef process)) {
            return Optional.empty();
        }
        return switch (type) {
            case PROCESS_KILL ->
                Action.Scope.parse(json.path("scope").asText())
                        .map(scope -> new Action.KillProcess(
                                process,
                                scope,
                                asset(json.path("container"))
                                        .filter(ContainerRef.class::isInstance)
                                        .map(ContainerRef.class::cast)));
            case PROCESS_SUSPEND -> Optional.of(new Action.SuspendProcess(process));
            case PROCESS_RESUME -> Optional.of(new Action.ResumeProcess(process));
            default -> Optional.empty();
        };
    }

    private static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new LinkedHashMap<>();
        object.properties()
                .forEach(member -> texts.put(member.getKey(), member.getValue().asText()));
        return texts;
    }

    /** Maps, lists and texts, as {@link ActionType#read} takes them. */
    private static Map<String, Object> plain(JsonNode object) {
        Map<String, Object> plain = new LinkedHashMap<>();
        object.properties().forEach(member -> plain.put(member.getKey(), value(member.getValue())));
        return plain;
    }

    private static Object value(JsonNode json) {
        if (json.isObject()) {
            return plain(json);
        }
        if (json.isArray()) {
            List<Object> list = new ArrayList<>();
            json.forEach(element -> list.add(value(element)));
            return list;
        }
        return json.asText();
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
            case "pod" ->
                Optional.of(new PodRef(
                        json.path("namespace").asText(), json.path("name").asText(), text(json.path("uid"))));
            case "object" ->
                Optional.of(new ObjectRef(
                        json.path("resource").asText(),
                        text(json.path("namespace")),
                        json.path("name").asText()));
            case "workload" ->
                Optional.of(new WorkloadRef(
                        json.path("resource").asText(),
                        json.path("namespace").asText(),
                        json.path("name").asText(),
                        text(json.path("uid"))));
            case "endpoint" -> Optional.of(new EndpointRef(json.path("name").asText()));
            default -> Optional.empty();
        };
    }

    private static Optional<String> text(JsonNode json) {
        return json.isTextual() ? Optional.of(json.asText()) : Optional.empty();
    }
}
