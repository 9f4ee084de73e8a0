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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OpenIntentsTest {

    private final Path state;

    OpenIntentsTest(@TempDir Path state) {
        this.state = state;
    }

    private FileJournal open() {
        return FileJournal.open(state, Clock.fixed(Entries.NOON, ZoneOffset.UTC));
    }

    private static JournalEntry.Intended intended(String response, Action action) {
        return new JournalEntry.Intended(response, "stop", action, Entries.NOON);
    }

    private void oneEndedAndACrashLeftOne() {
        try (FileJournal journal = open()) {
            journal.append(intended("ended", Entries.KILL));
            journal.append(new JournalEntry.Ended("ended", "stop", new Outcome.Done("dead"), StageTimings.NONE));
            journal.append(intended("open", Entries.KILL));
        }
    }

    @Test
    void onlyAnIntentWithoutAnEndIsOpenAndARestartResolvesItOnce() {
        // Given
        oneEndedAndACrashLeftOne();
        List<OpenIntents.OpenIntent> intents = OpenIntents.in(state, Instant.MIN);
        assertThat(intents).singleElement().satisfies(intent -> {
            assertThat(intent.response()).isEqualTo("open");
            assertThat(intent.action()).contains(Entries.KILL);
        });

        // When
        try (FileJournal journal = open()) {
            OpenIntents.resolve(intents, action -> new Outcome.AlreadySo("gone"), journal);
        }

        // Then
        assertThat(OpenIntents.in(state, Instant.MIN)).isEmpty();
    }

    @Test
    void whateverWasBegunIsToldWithItsEndOrWithout() {
        // Given
        oneEndedAndACrashLeftOne();

        // When
        List<OpenIntents.OpenIntent> begun = OpenIntents.begun(state, Entries.NOON);

        // Then
        assertThat(begun).extracting(OpenIntents.OpenIntent::response).containsExactly("ended", "open");
    }

    static List<Arguments> whatIsSeenAndWhatFollows() {
        return List.of(
                Arguments.of(new Outcome.AlreadySo("x"), JournalEntry.Resolution.DONE),
                Arguments.of(new Outcome.Done("x"), JournalEntry.Resolution.DONE),
                Arguments.of(new Outcome.WouldAct("x"), JournalEntry.Resolution.NOT_DONE),
                Arguments.of(new Outcome.TargetGone("x"), JournalEntry.Resolution.UNKNOWN),
                Arguments.of(new Outcome.Failed("x", true), JournalEntry.Resolution.UNKNOWN),
                Arguments.of(new Outcome.Withheld("x"), JournalEntry.Resolution.UNKNOWN));
    }

    @ParameterizedTest
    @MethodSource("whatIsSeenAndWhatFollows")
    void theWorldDecidesHowAnIntentEnded(Outcome seen, JournalEntry.Resolution expected) {
        try (FileJournal journal = open()) {
            // Given
            journal.append(intended("open", Entries.KILL));

            // When
            List<JournalEntry.Recovered> recovered =
                    OpenIntents.resolve(OpenIntents.in(state, Instant.MIN), action -> seen, journal);

            // Then
            assertThat(recovered).containsExactly(new JournalEntry.Recovered("open", "stop", expected, "x"));
        }
    }

    @Test
    void whatCouldNotBeSeenIsTriedAgainIfThatDoesNoHarm() {
        // Given: the API server is away; a label can be set twice, a program must not run twice
        PodRef pod = new PodRef("shop", "web-1", Optional.of("u-1"));
        try (FileJournal journal = open()) {
            journal.append(intended(
                    "label",
                    new Action.OnCluster(
                            ActionType.POD_LABEL,
                            pod,
                            ActionType.POD_LABEL.read(Map.of("labels", Map.of("seen", "yes"))))));
            journal.append(intended(
                    "run",
                    new Action.OnCluster(
                            ActionType.POD_EXEC, pod, ActionType.POD_EXEC.read(Map.of("argv", List.of("sync"))))));
        }

        // When
        List<JournalEntry.Recovered> resolved;
        try (FileJournal journal = open()) {
            resolved = OpenIntents.resolve(
                    OpenIntents.in(state, Instant.MIN), action -> new Outcome.Failed("no answer", true), journal);
        }

        // Then
        assertThat(resolved)
                .extracting(JournalEntry.Recovered::resolution)
                .containsExactly(JournalEntry.Resolution.TRIED_AGAIN, JournalEntry.Resolution.UNKNOWN);
    }

    @Test
    void aMachineWithoutAJournalHasNothingOpen() {
        assertThat(OpenIntents.in(state, Instant.MIN)).isEmpty();
    }
}
