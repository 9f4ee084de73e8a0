package dev.pounce.cluster;

import dev.pounce.asset.Answer;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.WorkloadRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Adds to the assets that a detection speaks of what the cluster knows about them: the pod of a container, the uid of a pod
 * that is told by name, its node as the cluster calls it, and its workload, so that people read what was hit.
 *
 * <p>A uid is added only if it can be no other pod's: the one that has the name now was made before the detection, and holds
 * the container that the detection names. In all other cases the pod stays without, and whoever acts on it looks for himself.
 * Any thread; does not block.
 */
public final class AssetCompletion {

    private final ClusterFacts facts;

    public AssetCompletion(ClusterFacts facts) {
        this.facts = facts;
    }

    /**
     * @param seen when it happened
     * @return the same assets in the same order, completed, with those that were found behind them
     */
    public List<Asset> complete(List<Asset> assets, Instant seen) {
        Optional<PodRef> told = first(PodRef.class, assets);
        Optional<ContainerRef> container = first(ContainerRef.class, assets);
        Optional<Pod> pod = told.isPresent()
                ? podOf(told.get(), container, seen)
                : container.flatMap(id -> known(facts.podOfContainer(id.id())));
        if (pod.isEmpty()) {
            return assets;
        }
        Optional<NodeRef> node =
                Optional.of(pod.get().node()).filter(name -> !name.isEmpty()).map(NodeRef::new);
        List<Asset> completed = new ArrayList<>(assets.size() + 3);
        for (Asset asset : assets) {
            if (asset instanceof PodRef one && told.filter(one::equals).isPresent()) {
                completed.add(pod.get().ref());
            } else if (!(asset instanceof NodeRef) || node.isEmpty()) {
                // An alert's node is where it was sent from: with one about the API, not where the pod is
                completed.add(asset);
            }
        }
        if (told.isEmpty()) {
            completed.add(pod.get().ref());
        }
        node.ifPresent(completed::add);
        if (first(WorkloadRef.class, assets).isEmpty()) {
            known(facts.workloadNameOf(pod.get())).ifPresent(completed::add);
        }
        return List.copyOf(completed);
    }

    /** The pod that is meant, if there is no doubt about it. */
    private Optional<Pod> podOf(PodRef told, Optional<ContainerRef> container, Instant seen) {
        Optional<Pod> named = known(facts.pod(told.namespace(), told.name()));
        if (told.uid().isPresent()) {
            // A pod out of a kubelet's own file has one uid on its node and another in the API
            return named.filter(pod -> told.uid().get().equals(pod.uid()) || pod.mirror());
        }
        return named.filter(pod -> container.isPresent()
                ? pod.holds(container.get().id()) && !pod.created().isAfter(seen)
                // In the API's whole seconds it could otherwise be made after what was seen, and seem older
                : !pod.created().plusSeconds(1).isAfter(seen));
    }

    private static <T> Optional<T> known(Answer<T> answer) {
        return answer instanceof Answer.Known<T>(T value) ? Optional.of(value) : Optional.empty();
    }

    private static <A extends Asset> Optional<A> first(Class<A> kind, List<Asset> assets) {
        return assets.stream().filter(kind::isInstance).map(kind::cast).findFirst();
    }
}
