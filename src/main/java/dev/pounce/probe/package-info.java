/**
 * Bytes from the native probe become events.
 *
 * <p>Owns the wire ({@code native-probe/include/probe_event.h}), the process table, and the accounting of
 * what was lost. Start at {@link ProbeEvent}.
 */
@NullMarked
package dev.pounce.probe;

import org.jspecify.annotations.NullMarked;
