package dev.pounce.audit;

import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Where everything that is decided or done is written down, in order. Thread-safe. */
public interface Journal {

    /**
     * When it returns, the entry has been handed to the operating system and outlives this process, though
     * not the machine. Blocks for microseconds, now and then for as long as the disk takes.
     *
     * @return the entry's number, one more than that of the entry before
     * @throws JournalUnavailable if it could not be written; whoever meant to act must not
     */
    default long append(JournalEntry entry) {
        return append(List.of(entry));
    }

    /**
     * The same for several entries, which become neighbours and cost one write: all of them are there, or, when it
     * throws, none.
     *
     * @return the number of the last entry of the journal
     */
    long append(List<JournalEntry> entries);

    /**
     * The same for whoever is about to act and in a hurry: nobody is woken to make the entries durable until somebody
     * appends again, be it an empty list.
     */
    default long appendAhead(List<JournalEntry> entries) {
        return append(entries);
    }

    /**
     * Completes when this entry, and so all before it, is on the disk, and exceptionally with {@link
     * JournalUnavailable} when that failed. Dependents run on the committing thread and must not block.
     */
    CompletionStage<Void> durable(long seq);

    /**
     * Puts all that was appended so far on the disk and returns when it is there. Blocks for as long as the disk takes; for
     * whoever waits anyway, because it wakes nobody else for it.
     *
     * @throws JournalUnavailable when that failed
     */
    default void commit() {
        try {
            durable(append(List.of())).toCompletableFuture().join();
        } catch (CompletionException failed) {
            throw new JournalUnavailable("the journal could not be made durable: " + failed.getMessage(), failed);
        }
    }
}
