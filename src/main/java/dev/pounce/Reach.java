package dev.pounce;

import dev.pounce.action.ActionType;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.kubernetes.KubernetesActuator;
import dev.pounce.action.kubernetes.OwnObjects;
import dev.pounce.action.node.NodeActuator;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.Answer;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.ClusterView;
import dev.pounce.cluster.Pod;
import dev.pounce.guard.Permissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the engine reaches beyond this machine's processes, made from its settings. */
final class Reach implements AutoCloseable {

    private final Map<ActionType, RemoteActuator> actuators = new EnumMap<>(ActionType.class);
    private @Nullable Permissions permissions;
    private @Nullable Objects objects;
    private ClusterFacts facts = ClusterFacts.NO_CLUSTER;
    private final List<AutoCloseable> parts = new ArrayList<>(); // in the order in which they are closed

    /** @throws RuntimeException when a kubeconfig is wrong; no connection is made yet */
    static Reach of(EngineSettings settings, ContainerMembership membership, Clock clock) {
        Reach reach = new Reach();
        settings.probe()
                .ifPresent(program -> reach.add(
                        new NodeActuator(program, new NodeRef(settings.node()), membership, clock),
                        NodeActuator::types));
        settings.cluster().ifPresent(cluster -> reach.cluster(cluster, settings, clock));
        return reach;
    }

    private void cluster(ClusterSettings cluster, EngineSettings settings, Clock clock) {
        ClusterAccess access = ClusterAccess.open(cluster.kubeconfig(), settings.version(), clock);
        permissions = new Permissions(access.api(), clock, List.of());
        objects = new Objects(access, new OwnObjects(access.api(), clock, settings.node()));
        ClusterView view = ClusterView.follow(access);
        facts = view;
        KubernetesActuator kubernetes =
                new KubernetesActuator(access, clock, new SecureRandom(), settings.node(), Reach.labelsBy(view));
        add(kubernetes, KubernetesActuator::types);
        parts.add(view);
        parts.add(access);
    }

    private <A extends RemoteActuator> void add(A actuator, Function<A, Set<ActionType>> types) {
        types.apply(actuator).forEach(type -> actuators.put(type, actuator));
        parts.add(actuator);
    }

    /** Of the very pod that is meant; empty when the view does not know it. */
    private static Function<PodRef, Optional<Map<String, String>>> labelsBy(ClusterFacts facts) {
        return pod -> pod.uid().map(facts::podWithUid).flatMap(answer -> switch (answer) {
            case Answer.Known<Pod>(Pod known) -> Optional.of(known.labels());
            case Answer.Gone<Pod> gone -> Optional.empty();
            case Answer.Unknown<Pod> unknown -> Optional.empty();
        });
    }

    /** What is needed to follow and to write resources of our own kinds. */
    record Objects(ClusterAccess access, OwnObjects own) {}

    Optional<Permissions> permissions() {
        return Optional.ofNullable(permissions);
    }

    Optional<Objects> objects() {
        return Optional.ofNullable(objects);
    }

    ClusterFacts facts() {
        return facts;
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
