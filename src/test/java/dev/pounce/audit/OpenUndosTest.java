package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenUndosTest {

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
    private static final Action GO_ON = new Action.ResumeProcess(new ProcessRef(new NodeRef("here"), 7, 5, 9));

    @TempDir
    Path state;

    @Test
    void whatWasToBeTakenBackAndWasNotIsStillOpen() {
        // Given
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(NOON, ZoneOffset.UTC))) {
            journal.append(List.of(
                    new JournalEntry.UndoScheduled("r1", "a/hold", GO_ON, NOON),
                    new JournalEntry.UndoScheduled("r2", "a/hold", GO_ON, NOON),
                    new JournalEntry.Undone("r1", "a/hold", new Outcome.Done("runs again"))));
        }

        // When
        List<OpenUndos.OpenUndo> open = OpenUndos.in(state, Instant.MIN);

        // Then
        assertThat(open).containsExactly(new OpenUndos.OpenUndo("r2", "a/hold", Optional.of(GO_ON), NOON));
    }
}
