package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.correlation.Incident;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Reason;
import dev.pounce.planning.ResponsePlan;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReasonTextTest {

    private final Path state;

    ReasonTextTest(@TempDir Path state) {
        this.state = state;
    }

    private ResponseRecord read(JournalEntry... entries) {
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(Entries.NOON, ZoneOffset.UTC))) {
            journal.append(List.of(entries));
        }
        return new AuditQuery(state).response("r-1").orElseThrow();
    }

    /** Two sets: one that waited for two detections, and one that only needed the second. */
    private static JournalEntry[] story() {
        Map<String, @Nullable Object> first = new LinkedHashMap<>();
        first.put("container.id", "0123456789ab");
        first.put("proc.name", "xmrig");
        Map<String, @Nullable Object> second = new LinkedHashMap<>(first);
        second.put("fd.sport", 3333L);
        var dropped = Entries.detection("d-1", first, "A miner was dropped");
        var connected = Entries.detection("d-2", second, "A miner called its pool");
        Incident incident = new Incident(
                "i-1",
                Entries.NOON,
                List.of(
                        new Incident.Match("stop-miner", List.of(dropped, connected)),
                        new Incident.Match("hold", List.of(connected))),
                List.of());
        ResponsePlan plan = new ResponsePlan(
                "r-1",
                incident,
                List.of(
                        step("stop-miner/hold", new Action.SuspendProcess(Entries.MINER_SINCE_6_9), Mode.ENFORCE),
                        step("stop-miner/stop", Entries.KILL, Mode.OBSERVE)),
                List.of(
                        new ResponsePlan.LeftOut("hold", "suspend", "stop-miner suspends it already"),
                        new ResponsePlan.LeftOut("late", "*", "it is cooling down")),
                List.of("oncall"),
                List.of(
                        new Reason(
                                "stop-miner",
                                "in this order: rule Dropped; then rule Called; within 5m, same container.id",
                                List.of("container.id")),
                        new Reason("hold", "rule Called where fd.sport = 3333", List.of("fd.rport", "fd.sport"))));
        return new JournalEntry[] {
            new JournalEntry.DetectionSeen(dropped),
            new JournalEntry.DetectionSeen(connected),
            new JournalEntry.Planned(plan),
            new JournalEntry.Judged("r-1", "stop-miner/hold", new Verdict.Deny("budget", "20 steps in 1 m")),
            new JournalEntry.Ended(
                    "r-1",
                    "stop-miner/hold",
                    new Outcome.Withheld("budget: 20 steps in 1 m"),
                    new StageTimings(80, 120, 15, 60, StageTimings.UNKNOWN))
        };
    }

    private static ResponsePlan.Step step(String id, Action action, Mode mode) {
        return new ResponsePlan.Step(id, "stop-miner", action, mode, Duration.ofSeconds(5), "the miner ran");
    }

    @Test
    void aResponseIsExplainedFromTheValuesThatWereLookedAtToWhatTheGuardsSaid() {
        assertThat(ReasonText.of(read(story()))).isEqualTo("""
                Response r-1, planned 2026-11-23T12:00:00.123456Z

                What was seen
                  1. 2026-11-23T12:00:00.123456Z  Critical  Run miner  (syscall, d-1)
                    A miner was dropped
                    speaks of process/4711, container/0123456789ab
                    container.id = "0123456789ab"
                  2. 2026-11-23T12:00:00.123456Z  Critical  Run miner  (syscall, d-2)
                    A miner called its pool
                    speaks of process/4711, container/0123456789ab
                    container.id = "0123456789ab"
                    fd.sport = 3333

                Who answers, and what it had waited for
                  stop-miner: in this order: rule Dropped; then rule Called; within 5m, same container.id
                    met by detections 1, 2
                  hold: rule Called where fd.sport = 3333
                    met by detection 2

                What is done, and why
                  stop-miner/hold: process.suspend on process/4711, mode enforce
                    target   pid 4711 on node worker-1, started 123456789012 ns after boot, inode 1099511627783 of its pidfd
                    because  the miner ran
                    verdict  deny (budget): 20 steps in 1 m
                    outcome  withheld: budget: 20 steps in 1 m
                    took     275 µs (detected 80 µs, planned 120 µs, judged 15 µs, sent 60 µs)
                  stop-miner/stop: process.kill {"scope":"tree"} on process/4711, mode observe
                    target   pid 4711 on node worker-1, started 123456789012 ns after boot
                    because  the miner ran
                    guards   none was asked; mode would have refused: mode is observe: steps are planned and not tried

                What was left out, and why
                  hold / suspend: stop-miner suspends it already
                  late / every step: it is cooling down

                Who is told: oncall
                """);
    }

    @Test
    void aJournalOfAnEarlierReleaseIsExplainedAsFarAsItGoes() {
        // When
        String story = ReasonText.of(read(Entries.wholeStory("r-1").toArray(JournalEntry[]::new)));

        // Then
        assertThat(story)
                .contains("  contain-miner (the journal does not say what it had waited for)\n")
                .contains("    outcome  done: 3 processes of tree of process/4711 dead after 0.4 ms\n");
    }

    @Test
    void asJsonEachMatchNamesItsDetectionsAndEachDetectionTheValues() {
        // When
        var json = AuditText.json(read(story()));

        // Then
        assertThat(json.at("/matches/1/when").asText()).isEqualTo("rule Called where fd.sport = 3333");
        assertThat(json.at("/matches/0/detections")).hasSize(2);
        assertThat(json.at("/matches/1/detections/0").asText()).isEqualTo("d-2");
        assertThat(json.at("/detections/1/assets/0").asText()).isEqualTo("process/4711");
        assertThat(json.toString()).contains("\"fd.sport\":3333").contains("\"parameters\":{\"scope\":\"tree\"}");
        assertThat(json.at("/notify/0").asText()).isEqualTo("oncall");
    }
}
