package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** With a real probe on a real kernel, as root: {@code POUNCE_PROBE=/path/of/pounce-probe}. */
@EnabledIfEnvironmentVariable(named = "POUNCE_PROBE", matches = ".+")
@Timeout(120)
class NativeProbeLiveTest {

    private static final int EXECS = 200;

    /** What was known of a process when its event was judged. */
    private record Seen(ProbeEvent event, String commandLine, List<String> ancestors, long epochNanos) {}

    @Test
    void whatThisProcessStartsIsSeenWithItsPast(@TempDir Path directory) throws Exception {
        // Given
        Path binary = Path.of(Objects.requireNonNull(System.getenv("POUNCE_PROBE")));
        Path watched = Files.writeString(directory.resolve("pounce-live-secret"), "x");
        ProcSnapshot proc = new ProcSnapshot(Path.of("/proc"));
        ProcessTable table = new ProcessTable(proc, ContainerIds.of(ContainerStates.under(Path.of("/run")), proc));
        BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
        CountDownLatch armed = new CountDownLatch(1);
        BootClock clock = new BootClock();
        List<Long> delays = Collections.synchronizedList(new ArrayList<>());
        ProbeListener listener = new ProbeListener() {
            @Override
            public void hello(ProbeFrame.Hello hello) {
                clock.set(hello.boottimeNanos(), hello.realtimeNanos());
            }

            @Override
            public void armed(ProbeFrame.Armed now) {
                long before = proc.boottimeNanos();
                table.reconcile(proc.all(), before);
                armed.countDown();
            }

            @Override
            public void event(ProbeEvent event) {
                ProcessEntry entry = table.accept(event);
                Instant now = Instant.now();
                long epoch = clock.epochNanos(event.boottimeNanos());
                if (event instanceof ProbeEvent.Exec) {
                    delays.add(now.getEpochSecond() * 1_000_000_000L + now.getNano() - epoch);
                }
                List<String> ancestors = new ArrayList<>();
                for (ProcessEntry at = entry.parent(); at != null; at = at.parent()) {
                    ancestors.add(Integer.toString(at.pid()));
                }
                seen.add(new Seen(event, entry.commandLine(), ancestors, epoch));
            }
        };
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
        ProbeFilter filter = new ProbeFilter(true, Set.of("pounce-live-secret"), false, false, true, true, false);
        try (NativeProbe probe = NativeProbe.start(
                binary,
                directory.resolve("private").resolve("s"),
                filter,
                listener,
                InstantSource.system(),
                Later.on(executor))) {
            assertThat(armed.await(30, TimeUnit.SECONDS))
                    .as(() -> probe.health().state().sentence() + probe.health().lastWords())
                    .isTrue();

            // When
            Process cat = new ProcessBuilder("cat", watched.toString()).start();
            cat.waitFor();
            for (int i = 0; i < EXECS; i++) {
                new ProcessBuilder("true").start().waitFor();
            }

            // Then
            int pid = Math.toIntExact(cat.pid());
            Seen exec = next(seen, ProbeEvent.Exec.class, pid);
            while (exec.commandLine().startsWith("jspawnhelper")) { // how Java starts, and looks for, programs
                exec = next(seen, ProbeEvent.Exec.class, pid);
            }
            assertThat(exec.commandLine()).isEqualTo("cat " + watched);
            List<String> expected = new ArrayList<>();
            for (ProcessHandle at = ProcessHandle.current();
                    at != null;
                    at = at.parent().orElse(null)) {
                expected.add(Long.toString(at.pid()));
            }
            assertThat(exec.ancestors()).isEqualTo(expected);
            Seen open = next(seen, ProbeEvent.Open.class, pid);
            assertThat(((ProbeEvent.Open) open.event()).path()).isEqualTo(watched.toString());
            Seen exit = next(seen, ProbeEvent.Exit.class, pid);
            assertThat(exit.epochNanos()).isBetween(exec.epochNanos(), exec.epochNanos() + 60_000_000_000L);
            assertThat(probe.health().isArmed()).isTrue();
            assertThat(probe.health().counters().totalLost()).isZero();
            List<Long> sorted = delays.stream().sorted().toList();
            System.out.printf(
                    "exec to judged: n %d, p50 %d us, p99 %d us, table %d entries, %d lookups%n",
                    sorted.size(),
                    sorted.get(sorted.size() / 2) / 1000,
                    sorted.get(sorted.size() * 99 / 100) / 1000,
                    table.size(),
                    table.lookups());
        } finally {
            executor.shutdownNow();
        }
    }

    private static Seen next(BlockingQueue<Seen> seen, Class<?> kind, int pid) throws InterruptedException {
        for (Seen next = seen.poll(20, TimeUnit.SECONDS); next != null; next = seen.poll(20, TimeUnit.SECONDS)) {
            if (kind.isInstance(next.event()) && next.event().subject().pid() == pid) {
                return next;
            }
        }
        throw new AssertionError("no " + kind.getSimpleName() + " of " + pid);
    }
}
