package dev.pounce.probe;

import static dev.pounce.testing.ProbeEvents.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.testing.ProbeEvents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessTableTest {

    private static final String ID = "0123456789abcdef".repeat(4);

    private final FakeProc proc;
    private ProcessTable table;

    ProcessTableTest(@TempDir Path root) {
        this.proc = new FakeProc(root);
        this.table = tableOf(proc, 100);
    }

    private static ProcessTable tableOf(FakeProc proc, int capacity) {
        return tableOf(proc, capacity, ProcessTable.BUDGET_BYTES);
    }

    private static ProcessTable tableOf(FakeProc proc, int capacity, long budget) {
        return new ProcessTable(
                proc.snapshot(), new ContainerIds(ContainerStates.NONE, Set.of(2L), Set.of(1L)), capacity, budget);
    }

    private static ProbeEvent.Subject subject(int pid, long start, int parentPid, long parentStart, String comm) {
        return ProbeEvents.subject(pid, start, parentPid, parentStart, comm);
    }

    @Test
    void aChildRunsWhatItsParentRanUntilItExecutesSomethingElse() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10, 0, 0, "bash");
        table.accept(ProbeEvents.exec(5, shell, 0, 0, "/bin/bash", "docker/" + ID, "bash", "-i"));

        // When
        table.accept(ProbeEvents.fork(6, shell, 200, 20));

        // Then
        ProcessEntry child = known(200);
        assertThat(child.program().path()).isEqualTo("/bin/bash");
        assertThat(child.comm()).isEqualTo("bash");
        assertThat(child.cwd()).isEqualTo("/home");
        assertThat(child.containerId()).contains(ID);
        assertThat(child.parent()).isSameAs(known(100));

        // When
        ProcessEntry executed =
                table.accept(ProbeEvents.exec(subject(200, 20, 100, 10, "curl"), "/usr/bin/curl", "curl", "x"));

        // Then
        assertThat(executed).isSameAs(child);
        assertThat(child.program().path()).isEqualTo("/usr/bin/curl");
        assertThat(child.commandLine()).isEqualTo("curl x");
        assertThat(child.parent()).isSameAs(known(100));
        assertThat(known(100).program().path()).isEqualTo("/bin/bash");
    }

    @Test
    void aFailedExecChangesNothingButWhatIsKnownOfTheCaller() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10, 0, 0, "bash");
        table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash"));

        // When
        ProcessEntry after = table.accept(ProbeEvents.exec(6, shell, -2, 0, "/bin/nope", "", "nope"));

        // Then
        assertThat(after.program().path()).isEqualTo("/bin/bash");
        assertThat(after.commandLine()).isEqualTo("bash");
    }

    @Test
    void anExecThatOvertakesItsForkIsNotUndoneByIt() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10, 0, 0, "bash");
        table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash"));
        table.accept(ProbeEvents.exec(subject(200, 20, 100, 10, "curl"), "/usr/bin/curl", "curl"));

        // When
        table.accept(ProbeEvents.fork(7, shell, 200, 20));

        // Then
        assertThat(known(200).program().path()).isEqualTo("/usr/bin/curl");
        assertThat(known(200).parent()).isSameAs(known(100));
    }

    @Test
    void anExitedProcessIsStillFoundByLateEventsAndByItsChildren() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10, 0, 0, "bash");
        ProbeEvent.Subject child = subject(200, 20, 100, 10, "bash");
        table.accept(ProbeEvents.exec(1 * SECOND, shell, 0, 0, "/bin/bash", "", "bash"));
        table.accept(ProbeEvents.fork(2 * SECOND, shell, 200, 20));
        table.accept(ProbeEvents.exit(3 * SECOND, shell));

        // When
        ProcessEntry late = table.accept(ProbeEvents.exec(3 * SECOND, shell, -2, 0, "/nope", "", "nope"));
        ProcessEntry of = table.accept(ProbeEvents.exec(4 * SECOND, child, 0, 0, "/usr/bin/id", "", "id"));

        // Then
        assertThat(late.program().path()).isEqualTo("/bin/bash");
        assertThat(late.hasExited()).isTrue();
        assertThat(Objects.requireNonNull(of.parent()).program().path()).isEqualTo("/bin/bash");
        assertThat(table.living()).extracting(ProcessTable.Known::pid).containsExactly(200);
    }

    @Test
    void theDeadAreForgottenAfterAWhile() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10, 0, 0, "bash");
        table.accept(ProbeEvents.exec(1 * SECOND, shell, 0, 0, "/bin/bash", "", "bash"));
        table.accept(ProbeEvents.exit(2 * SECOND, shell));

        // When
        table.accept(ProbeEvents.exit(31 * SECOND, subject(300, 30, 0, 0, "a")));

        // Then
        assertThat(table.find(100, 10)).isNotNull();

        // When
        table.accept(ProbeEvents.exit(33 * SECOND, subject(301, 31, 0, 0, "b")));

        // Then
        assertThat(table.find(100, 10)).isNull();
    }

    @Test
    void anOrphanBelongsToWhomTheKernelGaveIt() {
        // Given
        ProbeEvent.Subject init = subject(1, 1, 0, 0, "init");
        ProbeEvent.Subject shell = subject(100, 10, 1, 1, "bash");
        table.accept(ProbeEvents.exec(init, "/sbin/init", "init"));
        table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash"));
        table.accept(ProbeEvents.fork(2 * SECOND, shell, 200, 20));
        table.accept(ProbeEvents.exit(3 * SECOND, shell));

        // When
        ProcessEntry orphan = table.accept(ProbeEvents.exec(subject(200, 20, 1, 1, "miner"), "/tmp/miner", "miner"));

        // Then
        assertThat(orphan.parent()).isSameAs(known(1));
    }

    @Test
    void aRecycledPidIsAnotherProcess() {
        // Given
        ProbeEvent.Subject first = subject(100, 10, 0, 0, "bash");
        ProbeEvent.Subject child = subject(200, 20, 100, 10, "id");
        table.accept(ProbeEvents.exec(first, "/bin/bash", "bash"));
        table.accept(ProbeEvents.exec(child, "/usr/bin/id", "id"));
        ProcessEntry firstEntry = known(100);

        // When
        ProcessEntry second =
                table.accept(ProbeEvents.exec(subject(100, 99 * SECOND, 0, 0, "nginx"), "/usr/sbin/nginx", "nginx"));

        // Then
        assertThat(second).isNotSameAs(firstEntry);
        assertThat(known(100)).isSameAs(second);
        assertThat(known(200).parent()).isSameAs(firstEntry);
        assertThat(table.find(100, 10)).isNull();

        // When a late event of the first comes in
        ProcessEntry late = table.accept(ProbeEvents.exit(100 * SECOND, first));

        // Then
        assertThat(late).isNotSameAs(second);
        assertThat(known(100)).isSameAs(second);
        assertThat(second.hasExited()).isFalse();
    }

    @Test
    void aLateForkDoesNotTakeTheSlotBack() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10, 0, 0, "bash");
        table.accept(ProbeEvents.exec(subject(200, 99 * SECOND, 0, 0, "nginx"), "/usr/sbin/nginx", "nginx"));

        // When
        table.accept(ProbeEvents.fork(5, shell, 200, 20));

        // Then
        assertThat(known(200).comm()).isEqualTo("nginx");
    }

    @Test
    void aLostForkHealsByWayOfProc() {
        // Given
        proc.process(1, 0, 1, "init", "/sbin/init");
        proc.process(50, 1, 500, "sshd", "sshd:", "root@pts/0");
        ProbeEvent.Subject shell = subject(100, 10 * SECOND, 50, 5 * SECOND + 1234, "bash");

        // When
        ProcessEntry entry = table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash"));

        // Then
        ProcessEntry parent = Objects.requireNonNull(entry.parent());
        assertThat(parent.commandLine()).isEqualTo("sshd root@pts/0");
        assertThat(Objects.requireNonNull(parent.parent()).comm()).isEqualTo("init");

        // When the parent is heard of
        ProcessEntry heard = table.accept(
                ProbeEvents.fork(11 * SECOND, subject(50, 5 * SECOND + 1234, 1, 10_000_001, "sshd"), 101, 11 * SECOND));

        // Then it is the same one, with its exact start
        assertThat(heard).isSameAs(parent);
        assertThat(heard.startBoottimeNanos()).isEqualTo(5 * SECOND + 1234);
    }

    @Test
    void aProcessOfTheSamePidThatStartedAnotherTimeIsNotTheParent() {
        // Given
        proc.process(50, 1, 700, "sshd");

        // When
        ProcessEntry entry =
                table.accept(ProbeEvents.exec(subject(100, 10 * SECOND, 50, 5 * SECOND, "bash"), "/bin/bash", "bash"));

        // Then
        assertThat(entry.parent()).isNull();
    }

    @Test
    void whoIsNotFoundIsNotLookedForWithEveryEvent() {
        // Given
        ProbeEvent.Subject shell = subject(100, 10 * SECOND, 50, 5 * SECOND, "bash");
        table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash"));
        long lookups = table.lookups();

        // When
        table.accept(ProbeEvents.open(shell, 3, 0, "/etc/passwd", "/etc/passwd"));
        table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash"));

        // Then
        assertThat(table.lookups()).isEqualTo(lookups);
    }

    @Test
    void anUnknownProcessThatOpensAFileIsLookedUp() {
        // Given
        proc.process(100, 0, 1000, "cat", "0::/docker/" + ID + "\n", List.of("cat", "/etc/shadow"));

        // When
        ProcessEntry entry = table.accept(
                ProbeEvents.open(subject(100, 10 * SECOND + 5, 0, 0, "cat"), 3, 0, "/etc/shadow", "/etc/shadow"));

        // Then
        assertThat(entry.commandLine()).isEqualTo("cat /etc/shadow");
        assertThat(entry.program().path()).isEqualTo("/usr/bin/cat");
        assertThat(entry.containerId()).contains(ID);
    }

    @Test
    void aSnapshotFillsTheTableWithAncestors() {
        // Given
        proc.process(1, 0, 1, "init", "/sbin/init");
        proc.process(50, 1, 500, "sshd", "sshd");
        proc.process(100, 50, 1000, "bash", "-bash");

        // When
        table.reconcile(proc.snapshot().all(), 20 * SECOND);

        // Then
        ProcessEntry bash = known(100);
        assertThat(ancestors(bash)).containsExactly("sshd", "init");
        assertThat(table.size()).isEqualTo(3);

        // When the kernel speaks of it with its exact start
        ProcessEntry heard = table.accept(
                ProbeEvents.open(subject(100, 10 * SECOND + 9_999_999, 50, 5 * SECOND + 1, "bash"), 3, 0, "/x", "/x"));

        // Then
        assertThat(heard).isSameAs(bash);
        assertThat(ancestors(bash)).containsExactly("sshd", "init");
    }

    @Test
    void reconcilingBuriesWhoEndedWhileNobodyWatched() {
        // Given
        proc.process(1, 0, 1, "init");
        proc.process(100, 1, 1000, "bash");
        table.reconcile(proc.snapshot().all(), 20 * SECOND);
        proc.end(100);
        proc.process(101, 1, 2100, "nginx");

        // When
        table.accept(ProbeEvents.fork(30 * SECOND, subject(1, 10_000_000, 0, 0, "init"), 300, 30 * SECOND));
        table.reconcile(proc.snapshot().all(), 29 * SECOND);

        // Then
        assertThat(known(100).hasExited()).isTrue();
        assertThat(known(300).hasExited()).as("it came after the snapshot").isFalse();
        assertThat(table.living()).extracting(ProcessTable.Known::pid).containsExactlyInAnyOrder(1, 101, 300);
    }

    @Test
    void reconcilingByItselfReadsOnlyWhomItDoesNotKnow() {
        // Given
        proc.process(1, 0, 1, "init");
        proc.process(100, 1, 1000, "bash");
        table.reconcile();
        ProcessEntry init = known(1);
        proc.end(100);
        proc.process(101, 1, 2100, "nginx");

        // When
        table.accept(ProbeEvents.fork(30 * SECOND, subject(1, 10_000_000, 0, 0, "init"), 300, 30 * SECOND));
        proc.uptime(29);
        table.reconcile();

        // Then
        assertThat(known(1)).isSameAs(init);
        assertThat(known(100).hasExited()).isTrue();
        assertThat(known(101).parent()).isSameAs(init);
        assertThat(table.living()).extracting(ProcessTable.Known::pid).containsExactlyInAnyOrder(1, 101, 300);
    }

    @Test
    void anotherThreadsNameIsNotTheProcesss() {
        // Given
        table.accept(ProbeEvents.exec(subject(100, 10, 0, 0, "java"), "/usr/bin/java", "java"));
        ProbeEvent.Subject s = subject(100, 10, 0, 0, "http-8080");
        ProbeEvent.Subject thread = new ProbeEvent.Subject(
                s.startBoottimeNanos(), 0, 1, 1, 0, 0, 0, 100, 117, 100, 0, 100, 100, 0, 0, 0, -1, 0, 1, 2, s.comm());

        // When
        ProcessEntry entry = table.accept(ProbeEvents.open(thread, 3, 0, "/x", "/x"));

        // Then
        assertThat(entry.comm()).isEqualTo("java");
        assertThat(entry.subject().tid()).isEqualTo(117);
    }

    @Test
    void aFullTableGivesUpTheDeadFirst() {
        // Given
        table = tableOf(proc, 8);
        for (int pid = 1; pid <= 8; pid++) {
            proc.process(pid, 0, pid, "p" + pid);
            table.accept(ProbeEvents.exec(subject(pid, pid * 10_000_000L, 0, 0, "p" + pid), "/p", "p"));
        }
        table.accept(ProbeEvents.exit(20 * SECOND, subject(5, 50_000_000L, 0, 0, "p5")));

        // When
        table.accept(ProbeEvents.exec(subject(9, 90_000_000L, 0, 0, "p9"), "/p", "p"));

        // Then
        assertThat(table.find(5)).isNull();
        assertThat(table.size()).isEqualTo(8);
        assertThat(table.evicted()).isEqualTo(1);
    }

    @Test
    void aFullTableGivesUpWhoseExitWasLostBeforeTheLiving() {
        // Given
        table = tableOf(proc, 8);
        for (int pid = 1; pid <= 8; pid++) {
            if (pid != 4) {
                proc.process(pid, 0, pid, "p" + pid);
            }
            table.accept(ProbeEvents.exec(subject(pid, pid * 10_000_000L, 0, 0, "p" + pid), "/p", "p"));
        }

        // When
        table.accept(ProbeEvents.exec(subject(9, 90_000_000L, 0, 0, "p9"), "/p", "p"));

        // Then
        assertThat(table.find(4)).isNull();
        assertThat(table.size()).isEqualTo(8);
    }

    @Test
    void aForkBombDoesNotOutgrowTheTable() {
        // Given
        table = tableOf(proc, 64);
        ProbeEvent.Subject bomb = subject(1, 1, 0, 0, "bomb");

        // When
        for (int i = 0; i < 10_000; i++) {
            table.accept(ProbeEvents.fork(i, bomb, 2 + i, 2 + i));
        }

        // Then
        assertThat(table.size()).isLessThanOrEqualTo(64);
    }

    @Test
    void aChainOfDaemonsDoesNotKeepItsDead() {
        // Given
        ProcessEntry entry = table.accept(ProbeEvents.exec(1, subject(1000, 1, 0, 0, "d"), 0, 0, "/d", "", "d"));
        ProbeEvent.Subject at = entry.subject();

        // When each forks the next and ends
        for (int i = 1; i < 5_000; i++) {
            long now = i * SECOND;
            int pid = 1000 + i;
            table.accept(ProbeEvents.fork(now, at, pid, now));
            table.accept(ProbeEvents.exit(now, at));
            at = subject(pid, now, at.pid(), at.startBoottimeNanos(), "d");
        }

        // Then
        assertThat(ancestors(known(at.pid()))).hasSizeLessThan(60);
    }

    @Test
    void argumentsOfFortyThousandProcessesStayWithinTheBudget() {
        // Given
        table = tableOf(proc, ProcessTable.CAPACITY);
        FrameDecoder decoder = new FrameDecoder();
        long most = 0;

        // When
        for (int i = 1; i <= 40_000; i++) {
            table.accept(hostileExec(decoder, i));
            most = Math.max(most, table.bytes());
        }

        // Then
        assertThat(most).isLessThanOrEqualTo(ProcessTable.BUDGET_BYTES);
        assertThat(table.living()).hasSize(40_000);
        assertThat(known(40_000).program().argv()).hasSizeGreaterThan(999);
        assertThat(known(1).program().argv()).isEmpty();
        assertThat(table.shortened()).isPositive();
        assertThat(table.evicted()).isZero();
    }

    @Test
    void programsOfTheDeadGoFirstThenTheDeadThenLargeOnesOfTheLiving() {
        // Given
        table = tableOf(proc, 1000, 100_000);
        String large = "x".repeat(4000);
        table.accept(ProbeEvents.exec(subject(1, 1, 0, 0, "init"), "/sbin/init", "init"));
        table.accept(ProbeEvents.exec(subject(3, 3, 0, 0, "old"), "/bin/old", large + "old"));
        for (int pid = 1001; pid <= 1008; pid++) {
            ProbeEvent.Subject dead = subject(pid, pid, 0, 0, "dead");
            table.accept(ProbeEvents.exec(dead, "/bin/dead", large + "dead" + pid));
            table.accept(ProbeEvents.exit(20 * SECOND, dead));
        }
        ProcessEntry buried = known(1001);
        int pid = 4;

        // When
        while (!buried.program().path().isEmpty()) {
            table.accept(ProbeEvents.exec(subject(pid, pid, 0, 0, "p"), "/bin/p", large + pid++));
        }

        // Then
        assertThat(known(3).program().path()).isEqualTo("/bin/old");

        // When
        while (!known(3).program().path().isEmpty()) {
            table.accept(ProbeEvents.exec(subject(pid, pid, 0, 0, "p"), "/bin/p", large + pid++));
        }

        // Then
        assertThat(table.find(1001)).isNull();
        assertThat(known(1).commandLine()).isEqualTo("init");
        assertThat(table.bytes()).isLessThanOrEqualTo(100_000);
    }

    @Test
    void whatALivingProcessGaveUpIsReadAgainWhenItIsHeardOf() {
        // Given
        table = tableOf(proc, 1000, 50_000);
        proc.process(7, 0, 7, "nginx", "nginx", "-g", "y".repeat(3000));
        ProbeEvent.Subject nginx = subject(7, 70_000_000, 0, 0, "nginx");
        table.accept(ProbeEvents.exec(nginx, "/usr/bin/nginx", "nginx", "-g", "y".repeat(3000)));
        for (int pid = 100; known(7).program().argv().size() == 3; pid++) {
            table.accept(ProbeEvents.exec(subject(pid, pid, 0, 0, "p"), "/bin/p", "x".repeat(4000) + pid));
        }

        // When
        ProcessEntry heard = table.accept(ProbeEvents.open(nginx, 3, 0, "/etc/passwd", "/etc/passwd"));

        // Then
        assertThat(heard.program().argv()).startsWith("nginx", "-g");
        assertThat(heard.cwd()).isEqualTo("/home/nginx");
    }

    @Test
    void processesThatRunTheSameKeepItOnce() {
        // Given
        ProbeEvent.Subject shell = subject(1, 1, 0, 0, "bash");
        table.accept(ProbeEvents.exec(shell, "/bin/bash", "bash", "z".repeat(4000)));
        long one = table.bytes();

        // When
        table.accept(ProbeEvents.fork(6, shell, 2, 20));
        table.accept(ProbeEvents.exec(subject(3, 3, 0, 0, "bash"), "/bin/bash", "bash", "z".repeat(4000)));

        // Then
        assertThat(known(2).program()).isSameAs(known(1).program());
        assertThat(known(3).program()).isSameAs(known(1).program());
        assertThat(table.bytes() - one).isLessThan(2000);

        // When they end and are forgotten, all but the last
        table.accept(ProbeEvents.exit(30 * SECOND, subject(1, 1, 0, 0, "bash")));
        table.accept(ProbeEvents.exit(30 * SECOND, subject(3, 3, 0, 0, "bash")));
        table.accept(ProbeEvents.exec(99 * SECOND, subject(2, 20, 0, 0, "id"), 0, 0, "/bin/id", "", "id"));

        // Then
        assertThat(table.bytes()).isLessThan(1500);
    }

    @Test
    void fortyThousandHostileProcessesFitIntoASmallHeap() throws Exception {
        // When
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx96m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SmallHeap.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        // Then
        assertThat(said).isEqualTo("40000 live");
        assertThat(child.waitFor()).isZero();
    }

    /** What the child runs. */
    static final class SmallHeap {
        private SmallHeap() {}

        public static void main(String[] arguments) {
            ProcessTable table = new ProcessTable(
                    new ProcSnapshot(Path.of("/nonexistent")),
                    new ContainerIds(ContainerStates.NONE, Set.of(2L), Set.of(1L)));
            FrameDecoder decoder = new FrameDecoder();
            for (int i = 1; i <= 40_000; i++) {
                table.accept(hostileExec(decoder, i)).commandLine();
            }
            System.out.print(table.living().size() + " live");
        }
    }

    /** Every other one has 1,020 arguments of three bytes, the others one of 4 KB that is no UTF-8; all differ. */
    private static ProbeEvent hostileExec(FrameDecoder decoder, int pid) {
        byte[] argv = new byte[4096];
        Arrays.fill(argv, (byte) (pid % 2 == 0 ? 'a' : 0xff));
        if (pid % 2 == 0) {
            for (int i = 3; i < argv.length; i += 4) {
                argv[i] = 0;
            }
        }
        for (int i = 0; i < 3; i++) {
            argv[i] = (byte) ('0' + (pid >> (6 * i) & 63));
        }
        byte[] frame =
                FrameWriter.of(ProbeEvents.exec(subject(pid, pid, 0, 0, "a"), "/a", "b".repeat(argv.length - 1)));
        ByteBuffer bytes = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        // Behind the fixed part and the strings before it
        bytes.put(192 + "/a".length() * 2 + "/home".length(), argv);
        return (ProbeEvent) Objects.requireNonNull(decoder.next(bytes));
    }

    @Test
    void theRealMachineGivesThisProcessTheRightAncestors() {
        // Given
        ProcSnapshot real = new ProcSnapshot(Path.of("/proc"));
        ProcessTable full = new ProcessTable(real, ContainerIds.of(ContainerStates.NONE, real));

        // When
        full.reconcile(real.all(), real.boottimeNanos());

        // Then
        List<Long> expected = new ArrayList<>();
        for (ProcessHandle at = ProcessHandle.current();
                at != null;
                at = at.parent().orElse(null)) {
            expected.add(at.pid());
        }
        List<Long> found = new ArrayList<>();
        for (ProcessEntry at = full.find(Math.toIntExact(expected.get(0))); at != null; at = at.parent()) {
            found.add((long) at.pid());
        }
        assertThat(found).isEqualTo(expected);
    }

    private ProcessEntry known(int pid) {
        return Objects.requireNonNull(table.find(pid));
    }

    private static List<String> ancestors(ProcessEntry entry) {
        List<String> names = new ArrayList<>();
        for (ProcessEntry at = entry.parent(); at != null; at = at.parent()) {
            names.add(at.comm());
        }
        return names;
    }
}
