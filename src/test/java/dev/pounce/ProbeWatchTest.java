package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.NodeRef;
import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.detection.Detector;
import dev.pounce.detection.MatchMode;
import dev.pounce.detection.ProbeFields;
import dev.pounce.detection.TimeOrderedIds;
import dev.pounce.detection.UserNames;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.probe.BootClock;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.CpuCounters;
import dev.pounce.probe.EventKind;
import dev.pounce.probe.ProbeFrame;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.probe.ProcessTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeWatchTest {

    private static final long SECOND = 1_000_000_000L;

    private final Path root;
    private final ProcessTable table;
    private final List<JournalEntry> written = new ArrayList<>();
    private final ProbeWatch watch;

    ProbeWatchTest(@TempDir Path root) {
        this.root = root;
        ProcSnapshot proc = new ProcSnapshot(root);
        NodeRef node = new NodeRef("node");
        this.table = new ProcessTable(proc, new ContainerIds(ContainerStates.NONE, Set.of(), Set.of()));
        ProbeFields fields = new ProbeFields(node, table, new UserNames(root, root, System::nanoTime), ZoneOffset.UTC);
        this.watch = new ProbeWatch(
                table,
                proc,
                new BootClock(),
                new Detector<>(
                        RuleSet.empty(),
                        "syscall",
                        fields,
                        new EventViews(node, fields),
                        MatchMode.ALL,
                        new TimeOrderedIds(Clock.systemUTC(), new Random(1)),
                        Set.of()),
                detection -> {},
                new Memory(),
                () -> {});
    }

    @Test
    void aRefusalIsWrittenDownOnceThoughTheConnectionEndsWithIt() {
        // When
        watch.hello(new ProbeFrame.Hello(1, 1, 7, 1, "6.1", "1"));
        watch.refused(new ProbeFrame.Refused(2, ProbeFrame.Refusal.NO_BTF, "no BTF"));
        watch.gone("it closed the connection");

        // Then
        assertThat(written).containsExactly(new JournalEntry.ProbeChanged("blind", "no BTF"));

        // When the next one comes and goes
        watch.hello(new ProbeFrame.Hello(3, 3, 8, 1, "6.1", "1"));
        watch.gone("it closed the connection");

        // Then
        assertThat(written).last().isEqualTo(new JournalEntry.ProbeChanged("blind", "it closed the connection"));
    }

    @Test
    void lostForksAreMadeUpForFromProcAtMostEveryTenSeconds() throws IOException {
        // Given
        watch.hello(new ProbeFrame.Hello(100 * SECOND, 1, 7, 1, "6.1", "1"));
        watch.armed(new ProbeFrame.Armed(100 * SECOND, 1, Set.of(), List.of()));

        // When
        process(70);
        beat(105, EventKind.FORK, 3);

        // Then
        assertThat(table.find(70)).as("too soon").isNull();

        // When
        beat(110, EventKind.FORK, 3);

        // Then
        assertThat(table.find(70)).isNotNull();

        // When
        process(71);
        beat(130, EventKind.FORK, 3);
        beat(131, EventKind.OPEN, 5);

        // Then
        assertThat(table.find(71)).as("nothing that concerns it was lost").isNull();
    }

    private void beat(long second, EventKind kind, long lost) {
        watch.heartbeat(new ProbeFrame.Heartbeat(
                second * SECOND, 1, 0, 0, 0, 0, 1, List.of(new CpuCounters(Map.of(), Map.of(kind, lost)))));
    }

    private void process(int pid) throws IOException {
        Path directory = Files.createDirectories(root.resolve(Integer.toString(pid)));
        Files.writeString(
                directory.resolve("stat"),
                pid + " (sh) S 0 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 " + pid + " 1 1\n");
    }

    private final class Memory implements Journal {
        @Override
        public long append(List<JournalEntry> entries) {
            written.addAll(entries);
            return written.size();
        }

        @Override
        public CompletionStage<Void> durable(long seq) {
            return CompletableFuture.completedFuture(null);
        }
    }
}
