package dev.pounce.replay;

import dev.pounce.audit.JournalScan;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The journal of an engine, running or not, or a copy of one.
 *
 * @param state the engine's state directory
 */
public record JournalRecording(Path state) implements Recording {
    @Override
    public String name() {
        return "the journal in " + state;
    }

    @Override
    public boolean holdsPlans() {
        return true;
    }

    @Override
    public JournalScan.Outcome forEach(
            Optional<Instant> since, Optional<Instant> until, Consumer<JournalScan.Moment> listener) {
        return new JournalScan(state).forEach(since, until, listener);
    }
}
