package dev.pounce.cluster;

import dev.pounce.asset.PodRef;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What is kept of one pod.
 *
 * @param node empty until it has one
 * @param createdSeconds since the epoch
 * @param containers those that the kubelet has told the ids of, the ones before a restart among them
 * @param ip empty until it has one
 * @param phase as the API has it, such as {@code Running}
 * @param serviceAccount empty when it has none
 * @param ready it takes part in Services, as far as it is concerned, and is not being deleted
 * @param deleting somebody asked for its end
 * @param mirror the kubelet runs it from a file of its own, and only shows it to the API
 * @param onHostNetwork its ip is its node's
 */
public record Pod(
        String namespace,
        String name,
        String uid,
        String node,
        long createdSeconds,
        Optional<Owner> owner,
        Map<String, String> labels,
        List<Container> containers,
        String ip,
        String phase,
        String serviceAccount,
        boolean ready,
        boolean deleting,
        boolean mirror,
        boolean onHostNetwork) {

    /** @param id without the runtime's name */
    public record Container(String name, String id) {}

    /** By the API server's clock, in whole seconds. */
    public Instant created() {
        return Instant.ofEpochSecond(createdSeconds);
    }

    public PodRef ref() {
        return new PodRef(namespace, name, Optional.of(uid));
    }

    /** Whether all its containers have ended for good. */
    public boolean hasEnded() {
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    /** @param id of which the first twelve characters are enough */
    public boolean holds(String id) {
        return containers.stream().anyMatch(container -> container.id().startsWith(id));
    }

    public String display() {
        return "pod/" + namespace + "/" + name;
    }

    static String small(String kind) {
        return kind.toLowerCase(Locale.ROOT);
    }
}
