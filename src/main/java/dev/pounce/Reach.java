package dev.pounce;

import dev.pounce.action.ActionType;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.kubernetes.KubernetesActuator;
import dev.pounce.cluster.ClusterAccess;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the engine reaches beyond this machine's processes, made from its settings. */
final class Reach implements AutoCloseable {

    private final Map<ActionType, RemoteActuator> actuators = new EnumMap<>(ActionType.class);
    private final List<AutoCloseable> parts = new ArrayList<>(); // in the order in which they are closed

    /** @throws RuntimeException when a kubeconfig is wrong; no connection is made yet */
    static Reach of(EngineSettings settings, Clock clock) {
        Reach reach = new Reach();
        settings.cluster().ifPresent(cluster -> reach.cluster(cluster, settings, clock));
        return reach;
    }

    private void cluster(ClusterSettings cluster, EngineSettings settings, Clock clock) {
        ClusterAccess access = ClusterAccess.open(cluster.kubeconfig(), settings.version(), clock);
        KubernetesActuator kubernetes =
                new KubernetesActuator(access, clock, new SecureRandom(), settings.node(), pod -> Optional.empty());
        kubernetes.types().forEach(type -> actuators.put(type, kubernetes));
        parts.add(kubernetes);
        parts.add(access);
    }

    Map<ActionType, RemoteActuator> actuators() {
        return actuators;
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable part : parts) {
            part.close();
        }
    }
}
