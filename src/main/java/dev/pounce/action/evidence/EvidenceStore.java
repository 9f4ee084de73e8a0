package dev.pounce.action.evidence;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Optional;

/** A place where evidence is kept. Any thread; every call blocks until it is done, or its deadline. */
public interface EvidenceStore {

    /**
     * Begins something new. What is there under this name already stays as it is: then this, a write or {@link
     * Upload#finish} fails.
     *
     * @param key the name under this store, its parts joined by slashes
     * @throws Trouble when it cannot be written there
     */
    Upload begin(String key, String contentType, Instant deadline) throws Trouble;

    /** Whether it can be reached and may be written, as far as that can be found out by looking. */
    Readiness readiness(Instant deadline);

    /** Where something of this name is, as a URI. */
    String at(String key);

    /** What {@link #readiness} found. */
    sealed interface Readiness {
        record Ready() implements Readiness {}

        /** It is there; whether it may be written shows when it is tried. */
        record Unsure(String why) implements Readiness {}

        record Unusable(String why, boolean retryable) implements Readiness {}
    }

    /** Something that is being written. It is there for others once it is finished. Closing it unfinished gives it up. */
    abstract class Upload extends OutputStream {

        /** Makes what was written so far the whole of it, and durable. */
        abstract void finish() throws Trouble;

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        /** Gives up what is not finished. */
        @Override
        public abstract void close();
    }

    /** The store did not take it. */
    final class Trouble extends IOException {
        private final boolean retryable;

        Trouble(String why, boolean retryable) {
            super(why);
            this.retryable = retryable;
        }

        /** In words for a person. */
        String why() {
            return Optional.ofNullable(getMessage()).orElse("");
        }

        boolean isRetryable() {
            return retryable;
        }
    }
}
