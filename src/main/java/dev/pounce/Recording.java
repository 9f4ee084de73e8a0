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
    private static final int WRITTEN = -1;

    private int mark = WRITTEN;
    private boolean ahead;

    Recording(Journal journal) {
        this.journal = journal;
    }

    void note(JournalEntry entry) {
        noted.add(entry);
    }

    /** What is noted from here on can be forgotten, until the first of it is written. */
    void mark() {
        mark = noted.size();
    }

    /** @return false when some of what was noted since the mark has been written; then nothing is forgotten */
    boolean forget() {
        if (mark == WRITTEN) {
            return false;
        }
        noted.subList(mark, noted.size()).clear();
        return true;
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
     * @return the number of the journal's last entry
     * @throws dev.pounce.audit.JournalUnavailable when it could not be written: nothing may be done then
     */
    long writeAhead() {
        long last = journal.appendAhead(take());
        ahead = true;
        return last;
    }

    private List<JournalEntry> take() {
        List<JournalEntry> entries = List.copyOf(noted);
        noted.clear();
        mark = WRITTEN;
        return entries;
    }
}
