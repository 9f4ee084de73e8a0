package dev.pounce.cluster;

import java.util.Optional;

/**
 * What is kept of an object that makes pods.
 *
 * @param kind as the API has it, such as {@code ReplicaSet}
 * @param desired how many pods it should have
 */
record Controller(String kind, String namespace, String name, String uid, Optional<Owner> owner, int desired) {}
