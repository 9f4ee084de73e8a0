package dev.pounce.correlation;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.asset.WorkloadRef;
import dev.pounce.detection.Detection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whom a set holds still for after an answer. */
final class CooldownKeys {

    /** Not an asset: nothing is done to it. */
    private record Namespace(String name) {}

    /**
     * What other products' alerts name and no asset stands for: a container by the beginning of its id, a process by a pid
     * that may be another's by now. Enough to hold still for; without it one of them would silence the set for all.
     */
    private record Told(String kind, Object node, Object name) {}

    private CooldownKeys() {}

    /** An asset, a namespace, or the name of the rule. */
    static Object of(Detection detection, Trigger.Per per) {
        Object found =
                switch (per) {
                    case PROCESS -> process(detection);
                    case CONTAINER -> container(detection);
                    case POD -> pod(detection);
                    case NAMESPACE -> namespace(detection);
                    case NODE -> node(detection);
                    case RULE -> null;
                };
        return found != null ? found : detection.rule();
    }

    static String display(Object key) {
        return switch (key) {
            case Asset asset -> asset.display();
            case Namespace namespace -> "namespace/" + namespace.name;
            case Told told -> told.kind + "/" + told.name;
            default -> "rule/" + key;
        };
    }

    private static @Nullable Object process(Detection detection) {
        Asset process = first(ProcessRef.class, detection);
        return process != null || !(detection.fields().get("proc.pid") instanceof Long pid)
                ? process
                : new Told("process", nodeOrNothing(detection), pid);
    }

    private static @Nullable Object container(Detection detection) {
        Asset container = first(ContainerRef.class, detection);
        if (container != null) {
            return container;
        }
        return detection.fields().get("container.id") instanceof String id
                        && !id.isEmpty()
                        && !id.equals("host")
                        && !id.equals("<NA>")
                        && first(ProcessRef.class, detection) == null
                ? new Told("container", nodeOrNothing(detection), id)
                : process(detection);
    }

    private static Object nodeOrNothing(Detection detection) {
        Asset node = first(NodeRef.class, detection);
        return node != null ? node : "";
    }

    private static @Nullable Object pod(Detection detection) {
        Asset pod = first(PodRef.class, detection);
        return pod != null ? pod : container(detection);
    }

    private static @Nullable Object namespace(Detection detection) {
        for (Asset asset : detection.assets()) {
            Optional<String> name =
                    switch (asset) {
                        case PodRef pod -> Optional.of(pod.namespace());
                        case ObjectRef object -> object.namespace();
                        case ProcessRef process -> Optional.empty();
                        case ContainerRef container -> Optional.empty();
                        case NodeRef node -> Optional.empty();
                        case WorkloadRef workload -> Optional.of(workload.namespace());
                        case EndpointRef endpoint -> Optional.empty();
                    };
            if (name.isPresent()) {
                return new Namespace(name.get());
            }
        }
        return pod(detection);
    }

    /** Where the first thing is that is on a node at all. */
    private static @Nullable Object node(Detection detection) {
        for (Asset asset : detection.assets()) {
            NodeRef found =
                    switch (asset) {
                        case ProcessRef process -> process.node();
                        case ContainerRef container -> container.node();
                        case NodeRef node -> node;
                        case PodRef pod -> null;
                        case ObjectRef object -> null;
                        case WorkloadRef workload -> null;
                        case EndpointRef endpoint -> null;
                    };
            if (found != null) {
                return found;
            }
        }
        return pod(detection);
    }

    private static @Nullable Asset first(Class<? extends Asset> kind, Detection detection) {
        for (Asset asset : detection.assets()) {
            if (kind.isInstance(asset)) {
                return asset;
            }
        }
        return null;
    }
}
