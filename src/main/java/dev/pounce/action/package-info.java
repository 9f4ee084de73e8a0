/**
 * What can be done, and the contract of those who do it.
 *
 * <p>Start at {@link Action} and {@link Actuator}. Whatever the world does to an actuator comes back as an
 * {@link Outcome}; an exception out of one is a bug of ours.
 */
@NullMarked
package dev.pounce.action;

import org.jspecify.annotations.NullMarked;
