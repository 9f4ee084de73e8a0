/**
 * Rule files of Falco Talon become action sets, so that who comes from there need not begin again.
 *
 * <p>Start at {@link dev.pounce.planning.talon.TalonFiles}. A file is read ({@code EntryReader}), entries of one name are
 * put together ({@code Merging}), and each rule becomes an action set. Where Talon would do something that its user
 * cannot want, Pounce does what was meant and warns.
 */
@NullMarked
package dev.pounce.planning.talon;

import org.jspecify.annotations.NullMarked;
