/**
 * Decides whether a planned action may happen.
 *
 * <p>Every step passes here after planning and before any actuator. Guards are asked in order and the first
 * {@link Verdict.Deny} ends the matter. A guard that cannot find out denies: an engine that does nothing
 * leaves an incident to a person, one that does the wrong thing causes a second.
 *
 * <p>Start at {@link GuardChain}. Guards look at the world (see {@link ProcessFacts}) and never change it.
 */
@NullMarked
package dev.pounce.guard;

import org.jspecify.annotations.NullMarked;
