/**
 * An incident and the action sets become a plan that explains itself.
 */
@NullMarked
package dev.pounce.planning;

import org.jspecify.annotations.NullMarked;
