package dev.pounce.cluster;

import dev.pounce.asset.WorkloadRef;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What makes pods and keeps their number: the owner's owner, where there is one.
 *
 * @param kind as the API has it, such as {@code Deployment}
 * @param desired how many there should be; empty for kinds that nobody here counts
 * @param pods all that it has now, those of older templates and those that end among them
 */
public record Workload(String kind, String namespace, String name, String uid, OptionalInt desired, List<Pod> pods) {

    public Workload {
        pods = List.copyOf(pods);
    }

    public int ready() {
        return Math.toIntExact(pods.stream().filter(Pod::ready).count());
    }

    public WorkloadRef ref() {
        return new WorkloadRef(Pod.small(kind), namespace, name, Optional.of(uid));
    }

    /** Such as {@code deployment/shop/web}. */
    public String display() {
        return ref().display();
    }
}
