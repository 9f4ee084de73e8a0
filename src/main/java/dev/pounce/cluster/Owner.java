package dev.pounce.cluster;

/**
 * What controls an object.
 *
 * @param kind as the API has it, such as {@code ReplicaSet}
 */
public record Owner(String kind, String name, String uid) {}
