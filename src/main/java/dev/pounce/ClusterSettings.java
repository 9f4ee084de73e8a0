package dev.pounce;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which cluster the engine belongs to.
 *
 * @param kubeconfig empty inside of a cluster, for the service account of the engine's own pod
 * @param ownNode whether only the pods of this engine's node are followed, and what else a guard has to know is asked for
 * @param actionSets whether its ActionSet resources are loaded, and what is in force is shown as Containments
 * @param namespaces to which the engine's steps are confined; empty for none
 */
public record ClusterSettings(Optional<Path> kubeconfig, boolean ownNode, boolean actionSets, List<String> namespaces) {
    public ClusterSettings {
        namespaces = List.copyOf(namespaces);
    }
}
