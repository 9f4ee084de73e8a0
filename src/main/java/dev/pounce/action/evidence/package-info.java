/**
 * What is kept before something is gone: copied out as a stream, hashed while it is written, described beside it, and never
 * written over anything. Contents go to the store and nowhere else.
 *
 * <p>Start reading at {@link dev.pounce.action.evidence.EvidenceActuator}; where things are kept is an {@link
 * dev.pounce.action.evidence.EvidenceStore}, what comes out of a container a {@link
 * dev.pounce.action.evidence.ContainerStreams}.
 */
@NullMarked
package dev.pounce.action.evidence;

import org.jspecify.annotations.NullMarked;
