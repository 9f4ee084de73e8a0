package dev.pounce.audit;

/** Nothing can be recorded, so nothing may be done: a full or broken disk, a lock that another engine holds. */
public final class JournalUnavailable extends RuntimeException {

    public JournalUnavailable(String message) {
        super(message);
    }

    public JournalUnavailable(String message, Throwable cause) {
        super(message, cause);
    }
}
