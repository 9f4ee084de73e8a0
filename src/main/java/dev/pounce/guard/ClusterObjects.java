package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Family;
import dev.pounce.action.TargetKind;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a cluster stands on, by what can be told from names; no facts of a cluster are asked for. */
final class ClusterObjects {

    private static final Set<String> NAMESPACES = Set.of("kube-system", "kube-public", "kube-node-lease");

    /** Deleting one of them takes away more than the object itself, or what everything else relies on. */
    private static final Set<String> NEVER_DELETED = Set.of(
            "namespaces",
            "nodes",
            "persistentvolumes",
            "customresourcedefinitions",
            "apiservices",
            "storageclasses",
            "priorityclasses",
            "validatingwebhookconfigurations",
            "mutatingwebhookconfigurations");

    /** What Kubernetes itself brings along. */
    private static final Set<String> OWN_ROLES =
            Set.of("cluster-admin", "admin", "edit", "view", "kubeadm:get-nodes", "kubelet-api-admin");

    private ClusterObjects() {}

    /** Why it must not be touched, or null. Evidence and calls change nothing. */
    static @Nullable String objectionTo(Action.OnCluster action) {
        Family family = action.type().family();
        if (family == Family.EVIDENCE || family == Family.CALL) {
            return null;
        }
        Asset target = action.target();
        Optional<String> namespace =
                switch (target) {
                    // A node is named by one of its pods, and is not in the pod's namespace
                    case PodRef pod
                    when !action.type().targets().contains(TargetKind.NODE) -> Optional.of(pod.namespace());
                    case ObjectRef object -> object.namespace();
                    default -> Optional.empty();
                };
        if (namespace.isPresent() && isProtected(namespace.get())) {
            return target.display() + " is in namespace " + namespace.get() + ", which is protected";
        }
        return action.type() == ActionType.OBJECT_DELETE && target instanceof ObjectRef object
                ? aboutDeletion(object)
                : null;
    }

    private static @Nullable String aboutDeletion(ObjectRef object) {
        int dot = object.resource().indexOf('.');
        String resource = dot < 0 ? object.resource() : object.resource().substring(0, dot);
        if (NEVER_DELETED.contains(resource)) {
            return object.display() + ": " + resource + " are never deleted";
        }
        boolean role = resource.equals("clusterroles") || resource.equals("clusterrolebindings");
        return role
                        && (object.name().startsWith("system:")
                                || object.name().startsWith("pounce")
                                || OWN_ROLES.contains(object.name()))
                ? object.display() + " belongs to the cluster itself"
                : null;
    }

    private static boolean isProtected(String namespace) {
        return NAMESPACES.contains(namespace) || namespace.equals("pounce") || namespace.startsWith("pounce-");
    }
}
