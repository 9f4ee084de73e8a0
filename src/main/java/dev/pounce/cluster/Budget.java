package dev.pounce.cluster;

/**
 * A PodDisruptionBudget.
 *
 * @param disruptionsAllowed at this moment; 0 while the cluster has not counted
 * @param pods which ones it is about, in its namespace
 */
public record Budget(String namespace, String name, int disruptionsAllowed, LabelSelector pods) {}
