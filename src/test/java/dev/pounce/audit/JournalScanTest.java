package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.audit.JournalScan.Moment;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalScanTest {

    private final Path state;
    private final List<Moment> moments = new ArrayList<>();

    JournalScanTest(@TempDir Path state) {
        this.state = state;
    }

    private void write(JournalEntry... entries) {
        write(Entries.NOON, entries);
    }

    private void write(Instant now, JournalEntry... entries) {
        try (FileJournal journal = FileJournal.open(state, Clock.fixed(now, ZoneOffset.UTC))) {
            journal.append(Arrays.asList(entries));
        }
    }

    private JournalScan.Outcome scan() {
        return new JournalScan(state).forEach(Optional.empty(), Optional.empty(), moments::add);
    }

    @Test
    void aDetectionComesBackAsItWas() {
        // Given
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("proc.cmdline", "xmrig \"pool\" \\ \n\u0007 ünï 😀");
        fields.put("proc.pid", 4711L);
        fields.put("evt.latency", 0.5);
        fields.put("fd.sport", null);
        fields.put("evt.failed", false);
        fields.put("proc.aname", Arrays.asList("sh", null, 7L));
        List<Asset> assets = List.of(
                Entries.MINER_SINCE_6_9,
                Entries.CART,
                new PodRef("shop", "cart-1", Optional.of("u-1")),
                new PodRef("shop", "cart-2", Optional.empty()),
                new NodeRef("worker-1"),
                new ObjectRef("secrets", Optional.of("shop"), "key"),
                new ObjectRef("clusterroles", Optional.empty(), "all"));
        Detection detection = new Detection(
                "d-1",
                Entries.NOON,
                "syscall",
                "Run miner",
                Priority.INFORMATIONAL,
                List.of("a", "b"),
                "A miner\tran",
                fields,
                assets);

        // When
        write(new JournalEntry.DetectionSeen(detection));
        scan();

        // Then
        assertThat(moments).containsExactly(new Moment.Seen(Entries.NOON, detection));
    }

    @Test
    void aPlanComesBackInTheWordsInWhichItsStepsCompare() {
        // Given
        ResponsePlan plan = Entries.plan("r-1", "d-1", "d-2");

        // When
        write(new JournalEntry.Planned(plan));
        scan();

        // Then
        PlannedStep step = PlannedStep.of(plan.steps().getFirst());
        assertThat(step)
                .isEqualTo(new PlannedStep(
                        "contain-miner/stop",
                        "contain-miner",
                        "process.kill",
                        "{\"scope\":\"tree\"}",
                        "process/4711",
                        "enforce"));
        assertThat(step.what()).isEqualTo("process.kill {\"scope\":\"tree\"} on process/4711");
        assertThat(moments)
                .containsExactly(new Moment.Planned(
                        Entries.NOON, "r-1", List.of("contain-miner"), List.of("d-1", "d-2"), List.of(step)));
    }

    @Test
    void aPlanOfVeryManyDetectionsStillNamesTheOneThatCompletedIt() {
        // Given
        String[] ids = IntStream.range(0, 1000).mapToObj(i -> "d-" + i).toArray(String[]::new);

        // When
        write(new JournalEntry.Planned(Entries.plan("r-1", ids)));
        scan();

        // Then
        assertThat(((Moment.Planned) moments.getFirst()).detections())
                .hasSize(256)
                .endsWith("d-999");
    }

    @Test
    void whatTheEngineCountedAndHowFarItWentIsToldAndTheRestIsNot() {
        // When
        write(Entries.ofEveryKind().toArray(JournalEntry[]::new));
        scan();

        // Then
        assertThat(moments)
                .hasSize(4)
                .contains(
                        new Moment.Started(Entries.NOON, Mode.ENFORCE),
                        new Moment.Counted(Entries.NOON, "Rule \"R\"", 12));
    }

    @Test
    void onlyTheMomentsOfTheTimeAskedForAreTold() {
        // Given
        for (int i = 0; i < 5; i++) {
            write(
                    Entries.NOON.plus(Duration.ofMinutes(i)),
                    new JournalEntry.DetectionSeen(Entries.detection("d-" + i)));
        }

        // When
        new JournalScan(state)
                .forEach(
                        Optional.of(Entries.NOON.plusSeconds(60)),
                        Optional.of(Entries.NOON.plusSeconds(180)),
                        moments::add);

        // Then
        assertThat(moments)
                .map(moment -> ((Moment.Seen) moment).detection().id())
                .containsExactly("d-1", "d-2", "d-3");
    }

    @Test
    void aDamagedLineIsToldWithItsPlaceAndTheOthersAreRead() throws IOException {
        // Given
        write(new JournalEntry.DetectionSeen(Entries.detection("d-1")));
        Path segment = Segments.in(Segments.directoryIn(state)).getFirst();
        String good = Files.readString(segment);
        Files.writeString(
                segment,
                good
                        + "rubbish\n"
                        + good.replace("Critical", "Terrible")
                        + good.substring(0, good.indexOf("output_fields")) + "\n"
                        + good.replace("d-1", "d-2")
                        + good.substring(0, 50),
                StandardOpenOption.TRUNCATE_EXISTING);

        // When
        JournalScan.Outcome outcome = scan();

        // Then
        assertThat(moments)
                .map(moment -> ((Moment.Seen) moment).detection().id())
                .containsExactly("d-1", "d-2");
        assertThat(outcome.damaged()).isEqualTo(3);
        assertThat(outcome.damages())
                .map(JournalScan.Damage::render)
                .containsExactly(
                        "00000000000000000001.jsonl:2: is no entry",
                        "00000000000000000001.jsonl:3: cannot be read: 'Terrible' is not a priority",
                        "00000000000000000001.jsonl:4: is no JSON");
    }

    @Test
    void withoutAJournalNothingIsTold() {
        assertThat(scan()).isEqualTo(new JournalScan.Outcome(0, List.of()));
    }

    @Test
    void timesAreReadHoweverManyDigitsTheyHave() {
        for (String time : List.of(
                "2026-11-23T15:04:05Z",
                "2026-11-23T15:04:05.1Z",
                "2026-11-23T15:04:05.123456Z",
                "2026-11-23T15:04:05.123456789Z",
                "1969-12-31T23:59:59.999999999Z")) {
            assertThat(JournalTokens.time(time)).isEqualTo(Instant.parse(time));
        }
        assertThat(JournalTokens.time("2026-11-23T15:04:05.5+02:00"))
                .isEqualTo(Instant.parse("2026-11-23T13:04:05.5Z"));
    }
}
