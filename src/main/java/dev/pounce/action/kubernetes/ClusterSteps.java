package dev.pounce.action.kubernetes;

import dev.pounce.action.ActionType;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Which class does what. A new verb does not compile until it stands here. */
final class ClusterSteps {

    /** The kubelet puts it into every pod that has a service account. */
    private static final Path OWN_NAMESPACE = Path.of("/var/run/secrets/kubernetes.io/serviceaccount/namespace");

    private ClusterSteps() {}

    /** All that go to the API server; the others are other actuators'. */
    static Map<ActionType, ClusterStep> all(
            ClusterAccess cluster,
            Function<PodRef, Optional<Map<String, String>>> knownLabels,
            Optional<OwnNode> ownNode) {
        Map<ActionType, ClusterStep> all = new EnumMap<>(ActionType.class);
        Replicas replicas = new Replicas();
        for (ActionType type : ActionType.values()) {
            of(type, cluster, knownLabels, ownNode, replicas).ifPresent(step -> all.put(type, step));
        }
        return all;
    }

    private static Optional<ClusterStep> of(
            ActionType type,
            ClusterAccess cluster,
            Function<PodRef, Optional<Map<String, String>>> knownLabels,
            Optional<OwnNode> ownNode,
            Replicas replicas) {
        return switch (type) {
            case POD_TERMINATE -> Optional.of(new PodTerminate(replicas));
            case POD_LABEL -> Optional.of(new PodMetadata(Metadata.Field.LABELS, knownLabels));
            case POD_ANNOTATE -> Optional.of(new PodMetadata(Metadata.Field.ANNOTATIONS, pod -> Optional.empty()));
            case POD_QUARANTINE -> Optional.of(new PodQuarantine());
            case POD_EXEC -> Optional.of(new PodProgram(new Programs(cluster)));
            case POD_SCRIPT -> Optional.of(new PodProgram(new Programs(cluster)));
            case POD_ISOLATE -> Optional.of(new PodIsolation(ownNode));
            case NODE_CORDON -> Optional.of(new NodeCordon());
            case NODE_DRAIN -> Optional.of(new NodeDrain(ownNamespace(), replicas));
            case NODE_TAINT -> Optional.of(new NodeTaint());
            case NODE_LABEL -> Optional.of(new NodeMetadata(Metadata.Field.LABELS));
            case NODE_ANNOTATE -> Optional.of(new NodeMetadata(Metadata.Field.ANNOTATIONS));
            case WORKLOAD_SCALE -> Optional.of(new WorkloadScale());
            case OBJECT_DELETE -> Optional.of(new ObjectDeletion());
            case PROCESS_KILL,
                    PROCESS_SUSPEND,
                    PROCESS_RESUME,
                    NODE_ISOLATE_CONTAINER,
                    EVIDENCE_LOGS,
                    EVIDENCE_FILES,
                    EVIDENCE_PROCESSES,
                    EVIDENCE_CAPTURE,
                    EVIDENCE_TRACE,
                    EVIDENCE_CHECKPOINT,
                    CALL_WEBHOOK,
                    CALL_LAMBDA,
                    CALL_FUNCTION -> Optional.empty();
        };
    }

    /** Where our own pods are; empty outside of a cluster. */
    private static Optional<String> ownNamespace() {
        try {
            return Optional.of(Files.readString(OWN_NAMESPACE).strip()).filter(name -> !name.isEmpty());
        } catch (IOException inNoPod) {
            return Optional.empty();
        }
    }
}
