package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrippedBudgetsTest {

    @Test
    void aSetStaysStoppedUntilItIsRearmedAlsoAfterARestart(@TempDir Path state) {
        // Given
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(Entries.NOON, ZoneOffset.UTC))) {
            journal.append(new JournalEntry.BudgetTripped("a", "20 steps in 1m"));
            journal.append(new JournalEntry.BudgetTripped("b", "20 steps in 1m"));
            journal.append(new JournalEntry.BudgetTripped("c", "20 steps in 1m"));
            journal.append(new JournalEntry.Rearmed("b", "ada"));
            journal.append(new JournalEntry.Rearmed("c", "ada"));
            journal.append(new JournalEntry.BudgetTripped("c", "20 steps in 1m"));
        }

        // When // Then
        assertThat(TrippedBudgets.in(state)).containsExactly("a", "c");
    }
}
