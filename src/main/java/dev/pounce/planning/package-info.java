/**
 * An incident and the action sets become a plan that explains itself.
 *
 * <p>Start at {@link ActionSet}, which is what a person writes, and {@link Planner}, which turns it into a
 * {@link ResponsePlan}. Nothing here knows whether a step will be allowed; that is for the guards.
 */
@NullMarked
package dev.pounce.planning;

import org.jspecify.annotations.NullMarked;
