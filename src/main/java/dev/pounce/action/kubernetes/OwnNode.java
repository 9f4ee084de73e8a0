package dev.pounce.action.kubernetes;

import dev.pounce.action.RemoteActuator;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Pod;
import java.util.Optional;
import java.util.function.Function;

/**
 * The node that this engine is on, whose kernel can do what the API server cannot.
 *
 * @param node its name in the cluster
 * @param containers carries out {@code node.isolate-container}; each isolation is released for itself, whatever others of the
 *     same container are in force
 * @param pods what is known of the very pod that is meant, without asking the API server
 */
public record OwnNode(NodeRef node, RemoteActuator containers, Function<PodRef, Optional<Pod>> pods) {}
