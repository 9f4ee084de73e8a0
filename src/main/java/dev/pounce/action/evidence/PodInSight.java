package dev.pounce.action.evidence;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A pod as the API server has it, as far as evidence needs it.
 *
 * @param ref with its uid
 * @param node empty when it has none yet
 */
record PodInSight(PodRef ref, String node, List<Container> containers) {

    PodInSight {
        containers = List.copyOf(containers);
    }

    /**
     * @param id the runtime's, without the runtime's name; empty when it was never started
     * @param previousId of the one that ran before it
     * @param kind for a person: container, init container or ephemeral container
     */
    record Container(String name, String id, String previousId, boolean running, String kind) {

        boolean wasStarted() {
            return !id.isEmpty();
        }
    }

    static PodInSight of(JsonNode pod) {
        JsonNode meta = pod.path("metadata");
        List<Container> containers = new ArrayList<>();
        add(containers, pod, "containers", "containerStatuses", "container");
        add(containers, pod, "initContainers", "initContainerStatuses", "init container");
        add(containers, pod, "ephemeralContainers", "ephemeralContainerStatuses", "ephemeral container");
        return new PodInSight(
                new PodRef(
                        meta.path("namespace").asText(),
                        meta.path("name").asText(),
                        Optional.of(meta.path("uid").asText())),
                pod.path("spec").path("nodeName").asText(""),
                containers);
    }

    /** One of which only a container is known. */
    static PodInSight unknown(ContainerRef container) {
        return new PodInSight(
                new PodRef("", "container-" + container.shortId(), Optional.empty()),
                container.node().name(),
                List.of(new Container(container.shortId(), container.id(), "", true, "container")));
    }

    /** A node of which no pod is known. */
    static PodInSight ofNode(NodeRef node) {
        return new PodInSight(new PodRef("", "node-" + node.name(), Optional.empty()), node.name(), List.of());
    }

    /** Whether it stands for a node alone. */
    boolean isNode() {
        return ref.namespace().isEmpty() && containers.isEmpty();
    }

    private static void add(List<Container> containers, JsonNode pod, String specs, String statuses, String kind) {
        for (JsonNode spec : pod.path("spec").path(specs)) {
            String name = spec.path("name").asText();
            JsonNode status = null;
            for (JsonNode one : pod.path("status").path(statuses)) {
                if (one.path("name").asText().equals(name)) {
                    status = one;
                }
            }
            containers.add(
                    status == null
                            ? new Container(name, "", "", false, kind)
                            : new Container(
                                    name,
                                    id(status.path("containerID")),
                                    id(status.path("lastState")
                                            .path("terminated")
                                            .path("containerID")),
                                    status.path("state").has("running"),
                                    kind));
        }
    }

    private static String id(JsonNode withRuntime) {
        String text = withRuntime.asText("");
        return text.substring(text.indexOf("://") < 0 ? 0 : text.indexOf("://") + 3);
    }

    /** The one that the detection speaks of, also if another has taken its place since. */
    Optional<Container> seen(ContainerRef seen) {
        return containers.stream()
                .filter(one -> is(one.id(), seen) || is(one.previousId(), seen))
                .findFirst();
    }

    private static boolean is(String id, ContainerRef seen) {
        // Falco tells twelve digits of it
        return !id.isEmpty() && seen.id().length() >= 12 && id.startsWith(seen.id());
    }

    /** Whether it was the one before the one that runs. */
    static boolean isPrevious(Container container, ContainerRef seen) {
        return !is(container.id(), seen) && is(container.previousId(), seen);
    }

    Optional<Container> named(String name) {
        return containers.stream().filter(one -> one.name().equals(name)).findFirst();
    }
}
