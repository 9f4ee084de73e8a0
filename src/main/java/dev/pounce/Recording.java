package dev.pounce;

import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * What one response has to say to the journal up to the next moment at which it must have been said: one write instead of
 * one per entry. Of one thread.
 */
final class Recording {

    private final Journal journal;
    private final List<JournalEntry> noted = new ArrayList<>(4);
    private boolean ahead;

    Recording(Journal journal) {
        this.journal = journal;
    }

    void note(JournalEntry entry) {
        noted.add(entry);
    }

    /**
     * Writes what was noted since the last time.
     *
     * @throws dev.pounce.audit.JournalUnavailable when it could not be written
     */
    void write() {
        if (ahead || !noted.isEmpty()) {
            ahead = false;
            journal.append(take());
        }
    }

    /**
     * The same before an act, to which it comes first; {@link #write} must follow after it.
     *
     * @throws dev.pounce.audit.JournalUnavailable when it could not be written: nothing may be done then
     */
    void writeAhead() {
        journal.appendAhead(take());
        ahead = true;
    }

    private List<JournalEntry> take() {
        List<JournalEntry> entries = List.copyOf(noted);
        noted.clear();
        return entries;
    }
}
