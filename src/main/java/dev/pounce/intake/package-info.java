/**
 * Other products' alerts become detections.
 *
 * <p>{@link FalcoAlerts} reads one, {@link AlertServer} takes them from the network, and {@link Intake} hands them on one at
 * a time: each once, and its sender hears yes when it is planned and on the disk. What stands behind it (correlation, the
 * journal) is not known here. Vert.x is known to {@link AlertServer} alone.
 */
@NullMarked
package dev.pounce.intake;

import org.jspecify.annotations.NullMarked;
