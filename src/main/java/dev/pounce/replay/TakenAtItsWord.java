package dev.pounce.replay;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.detection.Detection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A detection from a file, with the process and the container that its fields name. A running engine would not touch
 * either on the word of a stranger, for a pid is soon somebody else's; here nothing is touched, and the question is what
 * an engine would plan that had seen it itself.
 */
final class TakenAtItsWord {

    private static final NodeRef SOMEWHERE = new NodeRef("unknown");

    private TakenAtItsWord() {}

    static Detection of(Detection detection) {
        List<Asset> assets = new ArrayList<>(detection.assets());
        NodeRef node = assets.stream()
                .filter(NodeRef.class::isInstance)
                .map(NodeRef.class::cast)
                .findFirst()
                .orElse(SOMEWHERE);
        if (detection.container().isEmpty()) {
            containerId(detection).ifPresent(id -> assets.addFirst(new ContainerRef(node, id)));
        }
        if (detection.process().isEmpty()
                && detection.fields().get("proc.pid") instanceof Long pid
                && pid > 0
                && pid <= Integer.MAX_VALUE) {
            long start = detection.fields().get("proc.pid.ts") instanceof Long time ? time : 0;
            assets.addFirst(new ProcessRef(node, pid.intValue(), start));
        }
        return assets.size() == detection.assets().size()
                ? detection
                : new Detection(
                        detection.id(),
                        detection.time(),
                        detection.source(),
                        detection.rule(),
                        detection.priority(),
                        detection.tags(),
                        detection.output(),
                        detection.fields(),
                        assets);
    }

    private static Optional<String> containerId(Detection detection) {
        return detection.fields().get("container.id") instanceof String id
                        && !id.isEmpty()
                        && !id.equals("host")
                        && !id.equals("<NA>")
                ? Optional.of(id)
                : Optional.empty();
    }
}
