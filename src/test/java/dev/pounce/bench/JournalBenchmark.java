package dev.pounce.bench;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.FileJournal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalVerifier;
import dev.pounce.audit.StageTimings;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.guard.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How many entries a second one thread records, all of them durable at the end: per round the four entries of
 * one kill and its detection. {@code main [directory] [rounds]}; prints one line per repetition.
 */
public final class JournalBenchmark {

    private static final int REPETITIONS = 5;

    private JournalBenchmark() {}

    public static void main(String[] args) throws IOException {
        Path base = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("journal-benchmark");
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 40_000;
        for (int repetition = 1; repetition <= REPETITIONS; repetition++) {
            Path state = base.resolve("run-" + repetition);
            long began = System.nanoTime();
            long appended;
            long entries;
            long[] latencies = new long[rounds];
            try (FileJournal journal = FileJournal.open(state, Clock.systemUTC())) {
                for (int round = 0; round < rounds; round++) {
                    record(journal, round, latencies);
                }
                appended = System.nanoTime();
                entries = journal.append(new JournalEntry.EngineStopped("end"));
                journal.durable(entries).toCompletableFuture().join();
            }
            long durable = System.nanoTime();
            Arrays.sort(latencies);
            System.out.printf(
                    Locale.ROOT,
                    "%d entries: appended %,.0f/s, durable %,.0f/s; append of an intent p50 %.1f us, p99 %.1f us, max %.1f ms%n",
                    entries,
                    entries / ((appended - began) / 1e9),
                    entries / ((durable - began) / 1e9),
                    latencies[rounds / 2] / 1e3,
                    latencies[(int) (rounds * 0.99)] / 1e3,
                    latencies[rounds - 1] / 1e6);
            if (repetition == 1) {
                long verifying = System.nanoTime();
                boolean holds = JournalVerifier.verify(state).holds();
                System.out.printf(
                        Locale.ROOT,
                        "verified: %s, %,.0f entries/s%n",
                        holds,
                        entries / ((System.nanoTime() - verifying) / 1e9));
            }
            delete(state);
        }
    }

    private static void record(FileJournal journal, int round, long[] latencies) {
        ProcessRef process = new ProcessRef(new NodeRef("worker-1"), 4711, 1_000_000L * round);
        Action kill = new Action.KillProcess(process, Action.Scope.PROCESS, Optional.empty());
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("proc.name", "xmrig");
        fields.put("proc.cmdline", "xmrig -o pool.example:3333 --threads 8");
        fields.put("proc.exepath", "/tmp/.x/xmrig");
        fields.put("proc.pname", "sh");
        fields.put("proc.pid", 4711L);
        fields.put("user.name", "www-data");
        fields.put("container.id", "0123456789ab");
        fields.put("k8s.pod.name", null);
        journal.append(new JournalEntry.DetectionSeen(new Detection(
                "01J-" + round,
                Instant.now(),
                "syscall",
                "Run miner",
                Priority.CRITICAL,
                List.of("mitre_impact"),
                "A miner ran (cmdline=xmrig -o pool.example:3333 --threads 8)",
                fields,
                List.of(process))));
        journal.append(new JournalEntry.Judged("resp-" + round, "stop", new Verdict.Allow()));
        long began = System.nanoTime();
        journal.append(new JournalEntry.Intended("resp-" + round, "stop", kill, Instant.now()));
        latencies[round] = System.nanoTime() - began;
        journal.append(new JournalEntry.Ended(
                "resp-" + round,
                "stop",
                new Outcome.Done("process/4711 (xmrig) dead after 0.4 ms"),
                new StageTimings(80, 120, 15, 60, 400)));
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
