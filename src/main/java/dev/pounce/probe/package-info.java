/**
 * Bytes from the native probe become events.
 *
 * <p>Owns the wire ({@code native-probe/include/probe_event.h}), the process table, and the accounting of
 * what was lost. Start at {@link NativeProbe}, which runs the probe and hands each {@link ProbeEvent} to a {@link
 * ProbeListener}; a listener feeds {@link ProcessTable} and gets back who acted.
 *
 * <p>An event stays on one thread from the socket to the detection. Whoever listens calls {@link
 * ProcessTable#reconcile} when the probe is armed for the first time after {@code hello}: what happened before is
 * in /proc only.
 */
@NullMarked
package dev.pounce.probe;

import org.jspecify.annotations.NullMarked;
