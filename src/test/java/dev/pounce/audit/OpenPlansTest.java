package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.correlation.AnIncident;
import dev.pounce.correlation.Incident;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenPlansTest {

    private static final Outcome DONE = new Outcome.Done("seen");

    @TempDir
    Path state;

    @Test
    void stepsWhoseTurnHadNotComeAreLeftAsTheyWerePlanned() {
        // Given: the first has ended, the second was under way, two had not had their turn
        ResponsePlan plan = plan("r1", "s/1", "s/2", "s/3", "s/4");
        journal(
                new JournalEntry.Planned(plan),
                new JournalEntry.Intended("r1", "s/1", Entries.KILL, Entries.NOON),
                new JournalEntry.Ended("r1", "s/1", DONE, StageTimings.NONE),
                new JournalEntry.Intended("r1", "s/2", Entries.KILL, Entries.NOON),
                new JournalEntry.Judged("r1", "s/3", new Verdict.Allow()));

        // When
        List<OpenPlans.OpenPlan> open = OpenPlans.in(state, Instant.MIN);

        // Then
        assertThat(open).singleElement().satisfies(found -> {
            assertThat(found.time()).isEqualTo(Entries.NOON);
            assertThat(found.plan().id()).isEqualTo("r1");
            assertThat(found.plan().steps()).isEqualTo(plan.steps());
            assertThat(found.left()).containsExactly("s/3", "s/4");
            assertThat(found.turnsTaken()).containsExactlyInAnyOrder("s/1", "s/2");
            assertThat(found.unreadable()).isEmpty();
            assertThat(found.done()).containsExactly("s/1");
            assertThat(found.failed()).as("nobody knows how it ended").containsExactly("s/2");
        });
    }

    @Test
    void aPlanWhoseStepsAllHadTheirTurnOrThatHasNoneIsNotOpen() {
        // Given
        journal(
                new JournalEntry.Planned(plan("r1", "s/1", "s/2")),
                new JournalEntry.Planned(plan("r2")),
                new JournalEntry.Ended("r1", "s/1", new Outcome.Withheld("no"), StageTimings.NONE),
                new JournalEntry.Recovered("r1", "s/2", JournalEntry.Resolution.UNKNOWN, "gone"));

        // Then
        assertThat(OpenPlans.in(state, Instant.MIN)).isEmpty();
    }

    @Test
    void whatWasTakenBackBeforeTheCrashIsNotTakenBackOnceMore() {
        // Given: meanwhile somebody else may have wanted it as it was
        journal(
                new JournalEntry.Planned(plan("r1", "s/1", "s/2", "s/3")),
                new JournalEntry.Ended("r1", "s/1", DONE, StageTimings.NONE),
                new JournalEntry.Ended("r1", "s/2", new Outcome.Failed("no rights", false), StageTimings.NONE),
                new JournalEntry.UndoScheduled("r1", "s/1", Entries.KILL, Entries.NOON));

        // When
        List<OpenPlans.OpenPlan> open = OpenPlans.in(state, Instant.MIN);

        // Then
        assertThat(open).singleElement().satisfies(found -> {
            assertThat(found.done()).isEmpty();
            assertThat(found.failed()).containsExactly("s/2");
            assertThat(found.left()).containsExactly("s/3");
        });
    }

    @Test
    void aStepOnTheClusterOfWhichNobodyKnowsHowItEndedHasItsTurnAgain() {
        // Given: both were under way; a process is not met again, a pod with its uid is
        Action label = new Action.OnCluster(
                ActionType.POD_LABEL,
                new PodRef("shop", "web-1", Optional.of("u-1")),
                ActionType.POD_LABEL.read(Map.of("labels", Map.of("seen", "true"))));
        ResponsePlan.Step onCluster =
                new ResponsePlan.Step("s/1", "s", label, Mode.ENFORCE, Duration.ofSeconds(5), "why");
        ResponsePlan.Step onProcess =
                new ResponsePlan.Step("s/2", "s", Entries.KILL, Mode.ENFORCE, Duration.ofSeconds(5), "why");
        ResponsePlan plan = new ResponsePlan(
                "r1",
                AnIncident.of("i1", Entries.NOON, List.of("s"), List.of(), List.of(Entries.detection("d1"))),
                List.of(onCluster, onProcess),
                List.of());
        journal(
                new JournalEntry.Planned(plan),
                new JournalEntry.Intended("r1", "s/1", label, Entries.NOON),
                new JournalEntry.Intended("r1", "s/2", Entries.KILL, Entries.NOON),
                new JournalEntry.Recovered("r1", "s/1", JournalEntry.Resolution.TRIED_AGAIN, "it has no such label"),
                new JournalEntry.Recovered("r1", "s/2", JournalEntry.Resolution.NOT_DONE, "it runs"));

        // When
        List<OpenPlans.OpenPlan> open = OpenPlans.in(state, Instant.MIN);

        // Then
        assertThat(open).singleElement().satisfies(found -> {
            assertThat(found.left()).containsExactly("s/1");
            assertThat(found.failed()).containsExactly("s/2");
        });
    }

    private void journal(JournalEntry... entries) {
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(Entries.NOON, ZoneOffset.UTC))) {
            journal.append(List.of(entries));
        }
    }

    private static ResponsePlan plan(String id, String... steps) {
        Incident incident = AnIncident.of("i", Entries.NOON, List.of("s"), List.of(), List.of(Entries.detection("d")));
        Action action = new Action.SuspendProcess(Entries.MINER_SINCE_6_9);
        return new ResponsePlan(
                id,
                incident,
                Arrays.stream(steps)
                        .map(step -> new ResponsePlan.Step(
                                step, "s", action, Mode.ENFORCE, Duration.ofSeconds(5), "because"))
                        .toList(),
                List.of());
    }
}
