package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenContainmentsTest {

    private static final Instant LATER = Entries.NOON.plusSeconds(3600);
    private static final Action.TakeBack UNDO = new Action.TakeBack(
            new Action.OnCluster(
                    ActionType.POD_LABEL,
                    new PodRef("shop", "web-1", Optional.of("u-1")),
                    ActionType.POD_LABEL.read(Map.of("labels", Map.of("seen", "true")))),
            Map.of("label/seen", "", "set/seen", "true"));

    @TempDir
    Path state;

    @Test
    void whatWasPreparedAndNotTakenBackIsInForceAsItWasWritten() {
        // Given
        journal(prepared("r1", Optional.of(LATER)), prepared("r2", Optional.empty()));

        // Then: also what a crash left between the preparation and the end
        assertThat(OpenContainments.in(state, Instant.MIN))
                .containsExactly(
                        new OpenContainments.OpenContainment("r1", "s/1", UNDO, Entries.NOON, Optional.of(LATER)),
                        new OpenContainments.OpenContainment("r2", "s/1", UNDO, Entries.NOON, Optional.empty()));
    }

    @Test
    void aTimeThatWasPutOffIsTheLaterOne() {
        // Given
        journal(prepared("r1", Optional.of(LATER)), prepared("r1", Optional.of(LATER.plusSeconds(60))));

        // Then
        assertThat(OpenContainments.in(state, Instant.MIN))
                .extracting(OpenContainments.OpenContainment::due)
                .containsExactly(Optional.of(LATER.plusSeconds(60)));
    }

    @Test
    void whatChangedNothingOrIsTakenBackIsNotInForce() {
        // Given
        journal(
                prepared("r1", Optional.empty()),
                new JournalEntry.Ended("r1", "s/1", new Outcome.Withheld("not ours"), StageTimings.NONE),
                prepared("r2", Optional.empty()),
                new JournalEntry.Ended("r2", "s/1", new Outcome.Done("labelled"), StageTimings.NONE),
                new JournalEntry.Undone("r2", "s/1", new Outcome.Withheld("changed since by kubectl")));

        // Then
        assertThat(OpenContainments.in(state, Instant.MIN)).isEmpty();
    }

    @Test
    void whatACrashLeftIsInForceWhateverBecameOfAnotherTry() {
        // Given
        journal(
                prepared("r1", Optional.of(LATER)),
                new JournalEntry.Recovered("r1", "s/1", JournalEntry.Resolution.TRIED_AGAIN, "no answer"),
                new JournalEntry.Ended("r1", "s/1", new Outcome.Withheld("budget: used up"), StageTimings.NONE));

        // Then
        assertThat(OpenContainments.in(state, Instant.MIN)).hasSize(1);
    }

    @Test
    void whatCouldNotBeTakenBackIsStillInForce() {
        // Given
        journal(
                prepared("r1", Optional.of(LATER)),
                new JournalEntry.Ended("r1", "s/1", new Outcome.Done("labelled"), StageTimings.NONE),
                new JournalEntry.Undone("r1", "s/1", new Outcome.Failed("no answer", true)));

        // Then
        assertThat(OpenContainments.in(state, Instant.MIN)).hasSize(1);
    }

    private static JournalEntry prepared(String response, Optional<Instant> due) {
        return new JournalEntry.UndoPrepared(response, "s/1", UNDO, due);
    }

    private void journal(JournalEntry... entries) {
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(Entries.NOON, ZoneOffset.UTC))) {
            journal.append(List.of(entries));
        }
    }
}
