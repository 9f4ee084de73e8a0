package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.guard.Verdict;
import dev.pounce.source.Printable;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditQueryTest {

    private final Path state;

    AuditQueryTest(@TempDir Path state) {
        this.state = state;
    }

    private void write(List<JournalEntry> entries) {
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(Entries.NOON, ZoneOffset.UTC))) {
            entries.forEach(journal::append);
        }
    }

    private ResponseRecord only() {
        return new AuditQuery(state).responses(AuditQuery.Filter.ALL).getFirst();
    }

    @Test
    void theStoryOfAResponseIsToldFromWhatWasSeenToWhatWasObserved() {
        // Given
        write(Entries.wholeStory("resp-1"));

        // When
        String story = AuditText.show(only());

        // Then
        assertThat(story).isEqualTo("""
                Response resp-1, planned 2026-11-23T12:00:00.123456Z
                Incident inc-resp-1, answered by contain-miner

                What was seen
                  2026-11-23T12:00:00.123456Z  Critical  Run miner
                    A miner ran (cmdline=xmrig)

                What was done
                  contain-miner/stop: process.kill (tree) process/4711, mode enforce
                    because  rule 'Run miner' fired in container cart
                    verdict  allow
                    outcome  done: 3 processes of tree of process/4711 dead after 0.4 ms
                    took     675 µs (detected 80 µs, planned 120 µs, judged 15 µs, sent 60 µs, observed 400 µs)

                What was left out
                  hold / suspend: killing makes suspending pointless
                """);
    }

    @Test
    void theListHasALinePerStep() {
        // Given
        write(Entries.wholeStory("resp-1"));
        write(Entries.wholeStory("resp-2"));

        // When
        String list = AuditText.list(new AuditQuery(state).responses(AuditQuery.Filter.ALL.newest(1)));

        // Then
        assertThat(list.lines().map(line -> line.replaceAll(" {2,}", " | ")))
                .containsExactly(
                        "TIME | RESPONSE | RULE | ACTION SET | STEP | ACTION | TARGET | VERDICT | OUTCOME | TOOK",
                        "2026-11-23T12:00:00.123Z | resp-2 | Run miner | contain-miner | contain-miner/stop"
                                + " | process.kill (tree) | process/4711 | allow | done | 675 µs");
    }

    @Test
    void filtersNarrowWhatIsListed() {
        // Given
        write(Entries.wholeStory("resp-1"));
        AuditQuery query = new AuditQuery(state);

        // Then
        assertThat(query.responses(AuditQuery.Filter.ALL.rule("Run miner"))).hasSize(1);
        assertThat(query.responses(AuditQuery.Filter.ALL.rule("Another"))).isEmpty();
        assertThat(query.responses(AuditQuery.Filter.ALL.since(Entries.NOON))).hasSize(1);
        assertThat(query.responses(
                        AuditQuery.Filter.ALL.actionSet("contain-miner").target("process/4711")))
                .hasSize(1);
        assertThat(query.responses(
                        AuditQuery.Filter.ALL.actionSet("contain-miner").target("process/1")))
                .isEmpty();
        assertThat(query.responses(AuditQuery.Filter.ALL.since(Entries.NOON.plusSeconds(1))))
                .isEmpty();
    }

    @Test
    void aResponseIsFoundByTheBeginningOfItsIdUnlessTwoBeginSo() {
        // Given
        write(Entries.wholeStory("resp-1"));
        write(Entries.wholeStory("resp-2"));
        AuditQuery query = new AuditQuery(state);

        // Then
        assertThat(query.response("resp-2")).map(ResponseRecord::id).contains("resp-2");
        assertThat(query.response("inc-resp-1")).map(ResponseRecord::id).contains("resp-1");
        assertThat(query.response("resp")).isEmpty();
    }

    @Test
    void aRefusedStepAnOpenOneAndAResolvedOneAreToldApart() {
        // Given
        write(List.of(
                new JournalEntry.Judged("r", "refused", new Verdict.Deny("budget", "20 steps in 1 m")),
                new JournalEntry.Judged("r", "open", new Verdict.Allow()),
                new JournalEntry.Intended("r", "open", Entries.KILL, Entries.NOON),
                new JournalEntry.Intended("r", "resolved", Entries.KILL, Entries.NOON),
                new JournalEntry.Recovered("r", "resolved", JournalEntry.Resolution.NOT_DONE, "it is alive"),
                new JournalEntry.Judged("r", "pending", new Verdict.Allow())));

        // Then
        assertThat(only().steps().stream().map(ResponseRecord.StepRecord::result))
                .containsExactly("refused", "open", "not done", "pending");
        assertThat(AuditText.list(List.of(only()))).contains("deny (budget)");
    }

    @Test
    void whatIsToBeUndoneSaysWhenAndWhatWasUndoneSaysHow() {
        // Given
        Instant due = Entries.NOON.plusSeconds(3600);
        write(List.of(
                new JournalEntry.UndoScheduled("r", "hold", new Action.ResumeProcess(Entries.MINER), due),
                new JournalEntry.Ended("r", "hold", new Outcome.Done("stopped"), StageTimings.NONE)));
        String inForce = AuditText.show(only());

        // When
        write(List.of(new JournalEntry.Undone("r", "hold", new Outcome.Done("running"))));

        // Then
        assertThat(inForce).contains("undo     process.resume due 2026-11-23T13:00:00.123456Z");
        assertThat(AuditText.show(only())).contains("undo     process.resume done at 2026-11-23T12:00");
    }

    @Test
    void aCommandLineCannotMoveTheReadersCursor() {
        assertThat(Printable.of("a\u001b[2Jb\nc\u202ed\u009be")).isEqualTo("a\\u001b[2Jb\\u000ac\\u202ed\\u009be");
    }

    @Test
    void asJsonTheStoryHasTheSameFacts() {
        // Given
        write(Entries.wholeStory("resp-1"));

        // When
        var json = AuditText.json(only());

        // Then
        assertThat(json.at("/steps/0/outcome/micros/total").asLong()).isEqualTo(675);
        assertThat(json.at("/steps/0/verdict/verdict").asText()).isEqualTo("allow");
        assertThat(json.at("/detections/0/rule").asText()).isEqualTo("Run miner");
        assertThat(json.at("/left_out/0/action_set").asText()).isEqualTo("hold");
    }
}
