package dev.pounce.cluster;

/**
 * What is kept of one machine.
 *
 * @param controlPlane it has the role by which kubeadm and others mark who runs the cluster itself
 */
public record Node(String name, String uid, boolean ready, boolean unschedulable, boolean controlPlane) {}
