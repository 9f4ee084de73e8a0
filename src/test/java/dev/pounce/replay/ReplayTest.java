package dev.pounce.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.FileJournal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalScan;
import dev.pounce.audit.PlannedStep;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
    private static final String HOLD = Sets.set(
            "hold-shell", "dry-run", "{ detection: { rules: [Shell] } }", "[{ id: hold, process.suspend: {} }]");
    private static final String STOP = Sets.set(
            "stop-shell",
            "enforce",
            "{ detection: { rules: [Shell] } }",
            "[{ id: stop, process.kill: { scope: process } }]");
    private static final String NEVER = Sets.set(
            "never",
            "enforce",
            "{ detection: { rules: [Unheard of] } }",
            "[{ id: stop, process.kill: { scope: tree } }]");

    /** What a test says was recorded. */
    private static final class Tape implements Recording {
        private final List<JournalScan.Moment> moments = new ArrayList<>();

        Tape add(Instant at, Detection detection) {
            moments.add(new JournalScan.Moment.Seen(at, detection));
            return this;
        }

        @Override
        public String name() {
            return "a tape";
        }

        @Override
        public boolean holdsPlans() {
            return moments.stream().anyMatch(JournalScan.Moment.Planned.class::isInstance);
        }

        @Override
        public JournalScan.Outcome forEach(
                Optional<Instant> since, Optional<Instant> until, Consumer<JournalScan.Moment> listener) {
            moments.stream()
                    .filter(moment ->
                            since.map(from -> !moment.at().isBefore(from)).orElse(true))
                    .forEach(listener);
            return new JournalScan.Outcome(0, List.of());
        }
    }

    private static Detection shell(int number) {
        return detection(
                number,
                "Shell",
                NOON.plusSeconds(number),
                Map.of("k8s.ns.name", "shop", "k8s.pod.name", "cart-7d4b9c6f5d-x" + "bcdf".charAt(number % 4) + "z2k"));
    }

    private static Detection detection(int number, String rule, Instant time, Map<String, ?> fields) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(fields);
        all.put("proc.exepath", "/usr/bin/sh");
        NodeRef node = new NodeRef("worker-1");
        return new Detection(
                "d-" + number,
                time,
                "syscall",
                rule,
                Priority.WARNING,
                List.of(),
                rule + " happened",
                all,
                List.of(new ProcessRef(node, 1000 + number, 7L * number), new ContainerRef(node, "c".repeat(64))));
    }

    private static Tape shells(int count) {
        Tape tape = new Tape();
        for (int i = 0; i < count; i++) {
            tape.add(NOON.plusSeconds(i), shell(i));
        }
        return tape;
    }

    private static ReplayReport replay(Recording recording, String sets, @Nullable String before) {
        return Replay.run(
                recording,
                new Replay.Question(
                        Optional.empty(),
                        Optional.empty(),
                        Sets.of(sets),
                        Optional.ofNullable(before).map(Sets::of),
                        Mode.ENFORCE,
                        3),
                (detections, at) -> {});
    }

    @Test
    void whatSetsWouldHaveDoneIsCountedBySetStepTargetAndWorkload() {
        // When
        ReplayReport report = replay(shells(10), HOLD + NEVER, null);

        // Then
        assertThat(report.detections()).isEqualTo(10);
        assertThat(report.responses()).isEqualTo(10);
        assertThat(report.first()).contains(NOON);
        assertThat(report.last()).contains(NOON.plusSeconds(9));
        assertThat(report.sets()).map(ReplayReport.OfSet::name).containsExactly("hold-shell", "never");
        assertThat(report.sets()).map(ReplayReport.OfSet::responses).containsExactly(10L, 0L);
        assertThat(report.sets().getFirst().steps().getFirst().judged().rehearsed())
                .isEqualTo(10);
        assertThat(report.targets().distinct()).isEqualTo(10);
        assertThat(report.targets().most())
                .containsExactly(
                        new ReplayReport.Named("process/1000", 1),
                        new ReplayReport.Named("process/1001", 1),
                        new ReplayReport.Named("process/1002", 1));
        assertThat(report.workloads().most()).containsExactly(new ReplayReport.Named("pod/shop/cart-*", 10));
        assertThat(report.difference()).isEmpty();
    }

    @Test
    void theSameRecordingGivesTheSameReport() {
        assertThat(replay(shells(50), STOP + HOLD, HOLD)).isEqualTo(replay(shells(50), STOP + HOLD, HOLD));
    }

    @Test
    void whatOtherSetsAddAndTakeAwayIsToldWithTheDetectionsToLookAt() {
        // When
        ReplayReport.Difference difference =
                replay(shells(10), STOP, HOLD + NEVER).difference().orElseThrow();

        // Then
        assertThat(difference.changed()).isEqualTo(10);
        assertThat(difference.stepsAdded()).containsExactly(Map.entry("stop-shell/stop process.kill", 10L));
        assertThat(difference.stepsRemoved()).containsExactly(Map.entry("hold-shell/hold process.suspend", 10L));
        assertThat(difference.examples()).hasSize(3).first().satisfies(example -> {
            assertThat(example.kind()).isEqualTo(ReplayReport.Kind.CHANGED);
            assertThat(example.detection()).isEqualTo("d-0");
            assertThat(example.added())
                    .map(PlannedStep::what)
                    .containsExactly("process.kill {\"scope\":\"process\"} on process/1000");
            assertThat(example.removed()).map(PlannedStep::what).containsExactly("process.suspend on process/1000");
        });
    }

    @Test
    void aSetThatAnswersMoreOrLessShowsAsNewAndGone() {
        assertThat(replay(shells(4), HOLD, NEVER).difference())
                .get()
                .extracting(ReplayReport.Difference::onlyNow, ReplayReport.Difference::onlyBefore)
                .containsExactly(4L, 0L);
        assertThat(replay(shells(4), NEVER, HOLD).difference())
                .get()
                .extracting(ReplayReport.Difference::onlyNow, ReplayReport.Difference::onlyBefore)
                .containsExactly(0L, 4L);
    }

    @Test
    void aModeThatChangedIsToldApartFromAStepThatChanged() {
        // When
        ReplayReport.Difference difference = replay(shells(2), HOLD.replace("dry-run", "enforce"), HOLD)
                .difference()
                .orElseThrow();

        // Then
        assertThat(difference.modesChanged()).containsExactly(Map.entry("hold-shell/hold dry-run → enforce", 2L));
        assertThat(difference.stepsAdded()).isEmpty();
        assertThat(difference.stepsRemoved()).isEmpty();
    }

    @Test
    void guardsThatCanBeAskedAfterwardsAreAsked() {
        // Given
        Tape tape = new Tape();
        Map<String, @Nullable Object> fields = new HashMap<>();
        fields.put("proc.exepath", "/usr/sbin/sshd");
        fields.put("container.id", "host");
        fields.put("user.uid", 0L);
        Detection sshd = detection(0, "Shell", NOON, Map.of());
        sshd = new Detection("d-0", NOON, "syscall", "Shell", Priority.WARNING, List.of(), "", fields, sshd.assets());
        tape.add(NOON, sshd);
        tape.add(NOON.plusMillis(1), shell(1));
        tape.add(NOON.plusMillis(2), shell(1));
        tape.add(NOON.plusSeconds(60), shell(1));

        // When
        ReplayReport.Judged judged = replay(tape, STOP, null).judged();

        // Then
        assertThat(judged.steps()).isEqualTo(4);
        assertThat(judged.allowed()).isEqualTo(2);
        assertThat(judged.denied()).containsOnly(Map.entry("cooldown", 1L), Map.entry("protected", 1L));
    }

    @Test
    void aGuardThatCannotKnowAfterwardsSaysSoAndTheStepCountsAsTheOthersSay() {
        // Given: nobody knows any more which children it had
        ReplayReport.Judged judged = replay(shells(1), STOP.replace("scope: process", "scope: tree"), null)
                .judged();

        // Then
        assertThat(judged.allowed()).isEqualTo(1);
        assertThat(judged.unknown()).containsExactly(Map.entry("protected", 1L));
    }

    @Test
    void aCooldownFollowsTheClockOfTheRecording() {
        // Given
        String cooling = STOP + "  guards: { cooldown: { per: rule, for: 10s } }\n";

        // When
        ReplayReport report = replay(shells(30), cooling, null);

        // Then
        assertThat(report.responses()).isEqualTo(3);
        assertThat(report.heldBack()).isEqualTo(27);
    }

    @Test
    void whatCooledDownBeforeTheTimeAskedAboutStillDoes() {
        // Given
        String cooling = STOP + "  guards: { cooldown: { per: rule, for: 10s } }\n";

        // When
        ReplayReport report = Replay.run(
                shells(30),
                new Replay.Question(
                        Optional.of(NOON.plusSeconds(15)),
                        Optional.empty(),
                        Sets.of(cooling),
                        Optional.empty(),
                        Mode.ENFORCE,
                        3),
                (detections, at) -> {});

        // Then: answered at 10 (as far as 5 to 15 tell), and so again at 20
        assertThat(report.detections()).isEqualTo(15);
        assertThat(report.responses()).isEqualTo(2);
    }

    @Test
    void aJournalIsComparedWithWhatItSaysWasPlanned(@TempDir Path state) {
        // Given
        record(state, Sets.of(HOLD), Mode.DRY_RUN, 20);

        // When
        ReplayReport same = replay(new JournalRecording(state), HOLD.replace("dry-run", "enforce"), null);
        ReplayReport other = replay(new JournalRecording(state), STOP, null);

        // Then
        assertThat(same.difference())
                .get()
                .extracting(ReplayReport.Difference::same, ReplayReport.Difference::differences)
                .containsExactly(20L, 0L);
        assertThat(other.difference().orElseThrow().changed()).isEqualTo(20);
        assertThat(other.difference().orElseThrow().examples().getFirst().response())
                .contains("r-000000001");
        assertThat(same.notRecorded()).containsExactly(Map.entry("Shell", 12L));
    }

    @Test
    void aPlanThatNobodyWouldMakeAnyMoreIsGone(@TempDir Path state) {
        // Given
        record(state, Sets.of(HOLD), Mode.ENFORCE, 5);

        // When
        ReplayReport.Difference difference =
                replay(new JournalRecording(state), NEVER, null).difference().orElseThrow();

        // Then
        assertThat(difference.onlyBefore()).isEqualTo(5);
        assertThat(difference.examples().getFirst().rule()).isEqualTo("Shell");
    }

    /** As an engine with these sets would have written it, a second each. */
    private static void record(Path state, ActionSets sets, Mode ceiling, int count) {
        SteppingClock clock = new SteppingClock();
        try (OfflineEngine engine = new OfflineEngine(sets, ceiling);
                FileJournal journal = FileJournal.open(state, clock)) {
            journal.append(new JournalEntry.EngineStarted("1", "worker-1", ceiling, List.of()));
            for (int i = 0; i < count; i++) {
                List<JournalEntry> entries = new ArrayList<>();
                Detection detection = shell(i);
                entries.add(new JournalEntry.DetectionSeen(detection));
                for (ResponsePlan plan : engine.accept(detection, clock.instant())) {
                    entries.add(new JournalEntry.Planned(plan));
                }
                journal.append(entries);
                clock.now = clock.now.plusSeconds(1);
            }
            journal.append(new JournalEntry.DetectionsRepeated("Shell", "*", 12, NOON, NOON));
        }
    }

    private static final class SteppingClock extends Clock {
        private volatile Instant now = NOON;

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @Test
    void aWeekOfSilenceIsPassedOverAtOnce() {
        // Given
        Tape tape = new Tape();
        tape.add(NOON, shell(1));
        tape.add(NOON.plus(Duration.ofDays(20_000)), shell(2));

        // Then
        assertThat(replay(tape, HOLD, null).responses()).isEqualTo(2);
    }

    @Test
    void memoryIsForCountsAndNotForTheRecording() {
        // Given
        Tally<String> tally = new Tally<>(3);

        // When
        for (int i = 0; i < 1000; i++) {
            tally.add("name " + i % 10, 1);
        }

        // Then
        assertThat(tally.distinct()).isEqualTo(3);
        assertThat(tally.overflowed()).isTrue();
        assertThat(tally.total()).isEqualTo(1000);
        assertThat(tally.top(2)).containsExactly(new Tally.Count<>("name 0", 100), new Tally.Count<>("name 1", 100));
    }
}
