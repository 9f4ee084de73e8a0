package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/**
 * One entry as it stands in the journal.
 *
 * @param type as in {@link JournalEntry#type}, or one that a newer release wrote
 * @param json the whole line, number and hashes included
 */
public record RecordedEntry(long seq, Instant time, String type, JsonNode json) {

    /** The text of a member, or an empty one. */
    public String text(String member) {
        return json.path(member).asText("");
    }
}
