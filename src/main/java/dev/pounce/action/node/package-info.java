/**
 * What is done to containers in the kernel of the node they run on, whatever the cluster thinks of it.
 *
 * <p>Start at {@link NodeActuator}. Nothing here talks to the kernel: {@code pounce-probe} does, as a command that begins, answers
 * and ends. What it has put in force stays so when it, the engine or both are gone.
 */
@NullMarked
package dev.pounce.action.node;

import org.jspecify.annotations.NullMarked;
