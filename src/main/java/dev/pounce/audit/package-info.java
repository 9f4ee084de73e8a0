/**
 * What was seen, planned, judged and done, in an order that cannot be edited unnoticed.
 *
 * <p>Start at {@link Journal} and {@link JournalEntry} for writing, at {@link AuditQuery} for reading back,
 * at {@link JournalVerifier} for the proof. {@code src/docs/decisions/0003-durability.md} says what a crash
 * can and cannot lose.
 */
@NullMarked
package dev.pounce.audit;

import org.jspecify.annotations.NullMarked;
