package dev.pounce.audit;

import dev.pounce.action.Action;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What was to be taken back when the engine ended, and was not seen taken back. Unlike a step, it is tried again: whatever
 * undoes can be done twice.
 */
public final class OpenUndos {

    private static final Set<String> TYPES = Set.of("undo-scheduled", "undone");

    /** @param inverse empty if this release cannot read it */
    public record OpenUndo(String response, String step, Optional<Action> inverse, Instant due) {}

    private OpenUndos() {}

    /** Oldest first. Reads the journal from that time on; what is older was settled by a start before. */
    public static List<OpenUndo> in(Path state, Instant since) {
        Map<String, OpenUndo> open = new LinkedHashMap<>();
        new JournalReader(state).forEachSince(since, TYPES::contains, entry -> {
            String response = entry.text("response");
            String step = entry.text("step");
            String key = response + '\n' + step;
            if (entry.type().equals("undo-scheduled")) {
                open.put(
                        key,
                        new OpenUndo(
                                response,
                                step,
                                ActionJson.read(entry.json().path("inverse")),
                                Instant.parse(entry.text("due"))));
            } else if (!entry.text("outcome").equals("failed")) {
                open.remove(key);
            }
        });
        return new ArrayList<>(open.values());
    }
}
