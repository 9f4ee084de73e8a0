package dev.pounce.action;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import java.util.Locale;
import java.util.Set;

/** What an action can be aimed at. */
public enum TargetKind {
    PROCESS,
    CONTAINER,
    POD,
    NODE,
    /** An object that owns pods and has a number of replicas. */
    WORKLOAD,
    OBJECT,
    /** Named by the parameters and not by the detection. */
    ENDPOINT;

    private static final Set<String> WORKLOADS = Set.of(
            "deployments.apps",
            "statefulsets.apps",
            "replicasets.apps",
            "deployments",
            "statefulsets",
            "replicasets",
            "replicationcontrollers");

    public String display() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean fits(Asset asset) {
        return switch (this) {
            case PROCESS -> asset instanceof ProcessRef;
            case CONTAINER -> asset instanceof ContainerRef;
            case POD -> asset instanceof PodRef;
            case NODE -> asset instanceof NodeRef;
            case WORKLOAD -> asset instanceof ObjectRef object && WORKLOADS.contains(object.resource());
            case OBJECT -> asset instanceof ObjectRef;
            case ENDPOINT -> asset instanceof EndpointRef;
        };
    }
}
