package dev.pounce.audit;

import dev.pounce.action.Action;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What steps had changed when the engine ended, and can still be taken back. */
public final class OpenContainments {

    private static final Set<String> TYPES = Set.of("undo-prepared", "recovered", "ended", "undone");

    /** Ends of a step that has changed nothing, or of which nothing is left. */
    private static final Set<String> NOTHING_CHANGED = Set.of("already so", "target gone", "withheld");

    /** Ends of an undo after which there is nothing more to do. */
    private static final Set<String> TAKEN_BACK = Set.of("done", "already so", "target gone", "withheld");

    /**
     * @param since when it was prepared
     * @param due when it is taken back by itself; empty when only a person does that
     */
    public record OpenContainment(
            String response, String step, Action.TakeBack undo, Instant since, Optional<Instant> due) {}

    private OpenContainments() {}

    /** Oldest first. Reads the journal from that time on: what is in force is written again now and then. */
    public static List<OpenContainment> in(Path state, Instant since) {
        Map<String, OpenContainment> open = new LinkedHashMap<>();
        Set<String> again =
                new HashSet<>(); // what had come so far before a crash is there, whatever is said of another try
        new JournalReader(state).forEachSince(since, TYPES::contains, entry -> {
            String response = entry.text("response");
            String step = entry.text("step");
            String key = response + '\n' + step;
            switch (entry.type()) {
                case "undo-prepared" -> {
                    if (ActionJson.read(entry.json().path("undo")).orElse(null) instanceof Action.TakeBack undo) {
                        open.merge(
                                key,
                                new OpenContainment(response, step, undo, entry.time(), due(entry)),
                                (before, now) -> new OpenContainment(response, step, undo, before.since(), now.due()));
                    }
                }
                case "recovered" -> again.add(key);
                case "ended" -> {
                    if (!again.contains(key) && NOTHING_CHANGED.contains(entry.text("outcome"))) {
                        open.remove(key);
                    }
                }
                default -> {
                    if (TAKEN_BACK.contains(entry.text("outcome"))) {
                        open.remove(key);
                    }
                }
            }
        });
        return new ArrayList<>(open.values());
    }

    private static Optional<Instant> due(RecordedEntry entry) {
        return entry.json().path("due").isTextual() ? Optional.of(Instant.parse(entry.text("due"))) : Optional.empty();
    }
}
