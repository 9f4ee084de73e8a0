/**
 * The Kubernetes cluster as it is: the way to its API server, and what is known of its pods, workloads and nodes.
 *
 * <p>Changes nothing; what does is {@code action.kubernetes}, which alone may make a {@link dev.pounce.cluster.Request} that
 * changes something.
 */
@NullMarked
package dev.pounce.cluster;

import org.jspecify.annotations.NullMarked;
