package dev.pounce.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;

/** What became of a {@link Request}. */
public sealed interface Reply {

    /** @param body what the server sent; a missing node when that was nothing */
    record Ok(int code, JsonNode body) implements Reply {}

    /**
     * The server said no.
     *
     * @param code of HTTP
     * @param reason the server's word for it, such as {@code NotFound}; empty when it gave none
     * @param message for a person
     * @param retryAfter when the server asks for that
     * @param details of its {@code Status}, such as the causes; a missing node when it gave none
     */
    record Refused(int code, String reason, String message, Optional<Duration> retryAfter, JsonNode details)
            implements Reply {

        /** Whether the same request may be heard later: the server is overloaded, or has an error of its own. */
        public boolean isPassing() {
            return code == 429 || code >= 500;
        }

        public boolean isNotFound() {
            return code == 404;
        }

        public boolean isConflict() {
            return code == 409;
        }
    }

    /** Nobody answered in time, or the connection broke. Whether the request was carried out is not known. */
    record Unheard(String why) implements Reply {}
}
