/**
 * Kills, suspends and resumes processes: the only place in Pounce that sends a signal.
 *
 * <p>Start at {@link ProcessActuator}. A pid is only a slot that the kernel reuses, so nothing here signals
 * by pid: a pidfd is opened, then its inode (before Linux 6.9: the start time in {@code /proc}) is compared with the one that was seen,
 * then the signal goes to the pidfd. Whoever was compared is whoever is signalled.
 */
@NullMarked
package dev.pounce.action.process;

import org.jspecify.annotations.NullMarked;
