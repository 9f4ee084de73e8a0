package dev.pounce;

import dev.pounce.action.ActionType;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.call.CallActuator;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.Web;
import dev.pounce.action.evidence.EvidenceActuator;
import dev.pounce.action.evidence.EvidenceStores;
import dev.pounce.action.evidence.NodeEvidence;
import dev.pounce.action.kubernetes.KubernetesActuator;
import dev.pounce.action.kubernetes.OwnNode;
import dev.pounce.action.kubernetes.OwnObjects;
import dev.pounce.action.kubernetes.PodStreams;
import dev.pounce.action.node.ContainerReadings;
import dev.pounce.action.node.NodeActuator;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.Answer;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.ClusterView;
import dev.pounce.cluster.NodeView;
import dev.pounce.cluster.Pod;
import dev.pounce.guard.Permissions;
import dev.pounce.planning.NeededRights;
import java.nio.file.Path;
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
    private AutoCloseable view = () -> {};
    private ClusterFacts facts = ClusterFacts.NO_CLUSTER;
    private NodeEvidence evidenceOfNode = NodeEvidence.NONE;
    private Optional<RemoteActuator> containersOfNode = Optional.empty();
    private final List<AutoCloseable> parts = new ArrayList<>(); // in the order in which they are closed

    /** @throws UnusableCluster when a kubeconfig is wrong; no connection is made yet */
    static Reach of(EngineSettings settings, ContainerMembership membership, Clock clock) {
        Reach reach = new Reach();
        Web web = new Web(settings.version(), clock);
        AwsAccess aws = new AwsAccess(System::getenv, Path.of(System.getProperty("user.home")), web, clock);
        GoogleAccess google = new GoogleAccess(System::getenv, web, clock);
        reach.add(new CallActuator(web, aws, google, clock), CallActuator.types());
        settings.probe().ifPresent(program -> {
            NodeActuator node = new NodeActuator(program, new NodeRef(settings.node()), membership, clock);
            reach.add(node, node.types());
            reach.containersOfNode = Optional.of(node.besideOthers());
            ContainerReadings readings =
                    new ContainerReadings(program, new NodeRef(settings.node()), membership, clock);
            reach.evidenceOfNode = readings;
        });
        EvidenceStores stores = new EvidenceStores(settings.state().resolve("evidence"), aws, google, web, clock);
        if (settings.cluster().isEmpty() && settings.probe().isPresent()) {
            reach.add(
                    EvidenceActuator.withoutCluster(reach.evidenceOfNode, stores, clock),
                    Set.of(ActionType.EVIDENCE_PROCESSES, ActionType.EVIDENCE_CAPTURE, ActionType.EVIDENCE_TRACE));
        }
        settings.cluster().ifPresent(cluster -> {
            ClusterAccess access = reach.cluster(cluster, settings, clock);
            reach.add(
                    new EvidenceActuator(
                            access.api(),
                            new PodStreams(access, clock),
                            reach.evidenceOfNode,
                            stores,
                            reach::podOf,
                            clock),
                    EvidenceActuator.types());
            reach.parts.add(reach.view);
            reach.parts.add(access);
        });
        if (reach.evidenceOfNode instanceof ContainerReadings readings) {
            reach.parts.add(readings);
        }
        reach.parts.add(web);
        return reach;
    }

    private ClusterAccess cluster(ClusterSettings cluster, EngineSettings settings, Clock clock) {
        ClusterAccess access;
        try {
            access = ClusterAccess.open(cluster.kubeconfig(), settings.version(), clock);
        } catch (IllegalArgumentException unusable) {
            throw new UnusableCluster(unusable);
        }
        permissions = new Permissions(
                access.api(),
                clock,
                cluster.namespaces(),
                cluster.actionSets() ? NeededRights.forOwnResources() : Set.of());
        objects = new Objects(access, new OwnObjects(access.api(), clock, settings.node()));
        if (cluster.ownNode()) {
            NodeView following = NodeView.follow(access, settings.node(), clock);
            view = following;
            facts = following;
        } else {
            ClusterView following = ClusterView.follow(access);
            view = following;
            facts = following;
        }
        Function<PodRef, Optional<Pod>> known = knownBy(facts);
        KubernetesActuator kubernetes = new KubernetesActuator(
                access,
                clock,
                new SecureRandom(),
                settings.node(),
                pod -> known.apply(pod).map(Pod::labels),
                containersOfNode.map(containers -> new OwnNode(new NodeRef(settings.node()), containers, known)));
        add(kubernetes, kubernetes.types());
        return access;
    }

    private Answer<PodRef> podOf(ContainerRef container) {
        return switch (facts.podOfContainer(container.id())) {
            case Answer.Known<Pod>(Pod pod) -> new Answer.Known<>(pod.ref());
            case Answer.Gone<Pod> gone -> new Answer.Gone<>();
            case Answer.Unknown<Pod>(String why) -> new Answer.Unknown<>(why);
        };
    }

    private void add(RemoteActuator actuator, Set<ActionType> types) {
        types.forEach(type -> actuators.put(type, actuator));
        parts.add(actuator);
    }

    /** Of the very pod that is meant; empty when the view does not know it. */
    private static Function<PodRef, Optional<Pod>> knownBy(ClusterFacts facts) {
        return pod -> pod.uid().map(facts::podWithUid).flatMap(answer -> switch (answer) {
            case Answer.Known<Pod>(Pod known) -> Optional.of(known);
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

    /** Whether steps on the cluster can be judged: its pods are known, and what the engine may do there. */
    boolean isKnown() {
        return permissions == null || (permissions.problem().isEmpty() && facts.knowsPods());
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
