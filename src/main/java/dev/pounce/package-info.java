/**
 * Automated response for Linux nodes.
 *
 * <p>The stages are the packages, in the order of the flow: {@code probe} turns the native probe's frames into events,
 * {@code detection} turns events into detections by rules in Falco's language, {@code correlation} (Drools) turns detections
 * into incidents, {@code planning} turns an incident and the action sets into a plan, {@code guard} judges each step of it,
 * {@code action} carries out what is allowed, and {@code audit} keeps a journal of all of it.
 *
 * <p>Start reading at {@link dev.pounce.ResponsePipeline}, which joins them.
 */
@NullMarked
package dev.pounce;

import org.jspecify.annotations.NullMarked;
