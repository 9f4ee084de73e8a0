package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Family;
import dev.pounce.action.TargetKind;
import dev.pounce.asset.Answer;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.Node;
import dev.pounce.cluster.OwnPlace;
import dev.pounce.cluster.Pod;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What a cluster stands on: its own namespaces, what kubelets run from files, who runs the cluster, and ourselves. */
final class ClusterObjects {

    private static final Set<String> NAMESPACES =
            Set.of("kube-system", "kube-public", "kube-node-lease", "pounce", "pounce-system");

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

    /** Null for who judges by names alone. */
    private final @Nullable ClusterFacts facts;

    private final OwnPlace own;

    ClusterObjects(@Nullable ClusterFacts facts, OwnPlace own) {
        this.facts = facts;
        this.own = own;
    }

    /** Begins to find out what is not followed. */
    CompletableFuture<Void> prepare(Action.OnCluster action) {
        return facts != null && changesSomething(action) && action.target() instanceof PodRef pod
                ? facts.lookUp(pod)
                : ClusterFacts.KNOWN;
    }

    private static boolean changesSomething(Action.OnCluster action) {
        Family family = action.type().family();
        return family != Family.EVIDENCE && family != Family.CALL;
    }

    /** Why it must not be touched, or null. */
    @Nullable
    String objectionTo(Action.OnCluster action) {
        if (!changesSomething(action)) {
            return null;
        }
        Asset target = action.target();
        boolean onNode = action.type().targets().contains(TargetKind.NODE);
        Optional<String> namespace =
                switch (target) {
                    // A node is named by one of its pods, and is not in the pod's namespace
                    case PodRef pod when !onNode -> Optional.of(pod.namespace());
                    case ObjectRef object -> object.namespace();
                    default -> Optional.empty();
                };
        if (namespace.isPresent() && NAMESPACES.contains(namespace.get())) {
            return target.display() + " is in namespace " + namespace.get() + ", which is protected";
        }
        if (target instanceof ObjectRef object && isOurs(object)) {
            return target.display() + " is in namespace " + own.namespace() + ", in which this engine runs";
        }
        String deletion = action.type() == ActionType.OBJECT_DELETE && target instanceof ObjectRef object
                ? aboutDeletion(object)
                : null;
        if (deletion != null || facts == null) {
            return deletion;
        }
        return onNode ? aboutNode(action.type(), target, facts) : aboutPod(target, facts);
    }

    /** Whatever is beside us: our workloads, roles, and secrets have names that whoever installed us has chosen. */
    private boolean isOurs(ObjectRef object) {
        return !own.namespace().isEmpty()
                && object.namespace().filter(own.namespace()::equals).isPresent()
                && !object.resource().equals("pods"); // those are told by what they are
    }

    private @Nullable String aboutPod(Asset target, ClusterFacts known) {
        return switch (target) {
            case PodRef pod -> aboutPod(target, podOf(pod, known));
            case ContainerRef container -> aboutPod(target, known.podOfContainer(container.id()));
            case ObjectRef object
            when object.resource().equals("pods") ->
                aboutPod(target, known.pod(object.namespace().orElse(""), object.name()));
            default -> null;
        };
    }

    /** One out of a kubelet's file has another uid in the API than on its node. */
    private static Answer<Pod> podOf(PodRef pod, ClusterFacts known) {
        // An API server that is away for a minute does not make a pod of the control plane out of another; who acts
        // looks himself
        Answer<Pod> named = known.lastKnownPod(pod.namespace(), pod.name());
        if (pod.uid().isEmpty() || (named instanceof Answer.Known<Pod>(Pod found) && found.mirror())) {
            return named;
        }
        return known.podWithUid(pod.uid().get());
    }

    private @Nullable String aboutPod(Asset target, Answer<Pod> answer) {
        return switch (answer) {
            case Answer.Gone<Pod> gone -> null;
            case Answer.Unknown<Pod>(String why) ->
                "whether the cluster stands on " + target.display() + " is not known: " + why;
            case Answer.Known<Pod>(Pod pod) -> {
                if (NAMESPACES.contains(pod.namespace())) {
                    yield pod.display() + " is in namespace " + pod.namespace() + ", which is protected";
                }
                if (pod.mirror()) {
                    yield pod.display() + " is run by its node's kubelet from a file, as the control plane is";
                }
                yield own.isOurs(pod) ? pod.display() + " is a part of this engine" : null;
            }
        };
    }

    /** Whoever runs the cluster itself has to stay where he is; what is written on his node harms nobody. */
    private static @Nullable String aboutNode(ActionType type, Asset target, ClusterFacts known) {
        boolean drivesAway =
                type == ActionType.NODE_CORDON || type == ActionType.NODE_DRAIN || type == ActionType.NODE_TAINT;
        if (!drivesAway) {
            return null;
        }
        String unknown = "whether " + target.display() + " runs the control plane is not known: ";
        String name;
        switch (target) {
            case NodeRef node -> name = node.name();
            case PodRef pod -> {
                switch (podOf(pod, known)) {
                    case Answer.Known<Pod>(Pod found) -> name = found.node();
                    case Answer.Gone<Pod> gone -> {
                        return unknown + "the pod is not (or not yet) among the cluster's";
                    }
                    case Answer.Unknown<Pod>(String why) -> {
                        return unknown + why;
                    }
                }
            }
            default -> {
                return null;
            }
        }
        return switch (known.node(name)) {
            case Answer.Known<Node>(Node node) ->
                node.controlPlane() ? "node " + node.name() + " runs the control plane" : null;
            case Answer.Gone<Node> gone -> null;
            case Answer.Unknown<Node>(String why) -> unknown + why;
        };
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
}
