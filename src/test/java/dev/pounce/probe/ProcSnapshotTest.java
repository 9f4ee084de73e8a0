package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcSnapshotTest {

    private final Path root;
    private final FakeProc proc;

    ProcSnapshotTest(@TempDir Path root) {
        this.root = root;
        this.proc = new FakeProc(root);
    }

    @Test
    void aProcessIsReadAsTheProbeWouldReportIt() {
        // Given
        proc.process(1, 0, 1, "init", "/sbin/init");
        proc.process(4711, 1, 97805, "we ird) (", "0::/a/b/c/d\n", List.of("sh", "-c", "", "exit 1"));

        // When
        ProcSnapshot.Found found = proc.snapshot().read(4711).orElseThrow();

        // Then
        assertThat(found.subject())
                .isEqualTo(new ProbeEvent.Subject(
                        978_050_000_000L,
                        10_000_000L,
                        0,
                        0,
                        0xa80425fbL,
                        0x1ffffffffffL,
                        0,
                        4711,
                        4711,
                        11,
                        1,
                        77,
                        78,
                        1001,
                        2001,
                        1000,
                        -1,
                        34816,
                        4026531841L,
                        4026531836L,
                        "we ird) ("));
        assertThat(found.program().argv()).containsExactly("sh", "-c", "", "exit 1");
        assertThat(found.program().path()).isEqualTo("/usr/bin/we ird) (");
        assertThat(found.cwd()).isEqualTo("/home/we ird) (");
        assertThat(found.cgroup()).isEqualTo("b/c/d");
    }

    @Test
    void everyProcessIsFoundAndNothingElse() throws IOException {
        // Given
        proc.process(1, 0, 1, "init");
        proc.process(7, 1, 2, "sshd");
        Files.createDirectories(root.resolve("8")); // it ended while we looked
        Files.createDirectories(root.resolve("9x"));
        Files.writeString(Files.createDirectories(root.resolve("10")).resolve("stat"), "10 (x");

        // When
        List<ProcSnapshot.Found> all = proc.snapshot().all();

        // Then
        assertThat(all).extracting(found -> found.subject().pid()).containsExactlyInAnyOrder(1, 7);
    }

    @Test
    void aKernelThreadHasNoProgram() throws IOException {
        // Given
        proc.process(2, 0, 1, "kthreadd");
        Files.delete(proc.directory(2).resolve("exe"));

        // When
        ProcSnapshot.Found found = proc.snapshot().read(2).orElseThrow();

        // Then
        assertThat(found.program()).isEqualTo(Program.UNKNOWN);
    }

    @ParameterizedTest
    @CsvSource({"/tmp/x (deleted), /tmp/x, false", "/memfd:payload (deleted), /memfd:payload, true"})
    void aProgramThatIsGoneIsKnownAsSuch(String target, String path, boolean memfd) throws IOException {
        // Given
        proc.process(5, 1, 1, "x", "x");
        proc.link(proc.directory(5).resolve("exe"), target);

        // When
        Program program = proc.snapshot().read(5).orElseThrow().program();

        // Then
        assertThat(program.path()).isEqualTo(path);
        assertThat(program.has(ProbeEvent.Exec.DELETED)).isTrue();
        assertThat(program.has(ProbeEvent.Exec.MEMFD)).isEqualTo(memfd);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0::/ | ''",
                "0::/system.slice/ssh.service | system.slice/ssh.service",
                "0::/a/b/c/d/e | c/d/e",
                "8:pids:/docker/x,0::/ | docker/x",
                "8:pids:/docker/x,0::/unified | unified",
                "4:cpu,pids:/a:b/c,0::/ | a:b/c",
                "4:memory:/process_api/df2499e494880547498b16ef98df2d47,8:pids:/,0::/ | ''",
                "0::/../../kubepods/x | ../kubepods/x",
                "nonsense | ''"
            })
    void theCgroupIsTheUnifiedOneOrThatOfThePidsController(String lines, String expected) {
        assertThat(ProcSnapshot.cgroupOf(lines.replaceAll(",(?=\\d+:)", "\n"))).isEqualTo(expected);
    }

    @Test
    @Timeout(20)
    void aProcessWhoseCommandLineNeverComesIsKnownWithoutIt() throws Exception {
        // Given more of them than there are threads to read with
        for (int pid = 1; pid <= 9; pid++) {
            proc.process(pid, 0, pid, "p" + pid, "p");
            Path cmdline = proc.directory(pid).resolve("cmdline");
            Files.delete(cmdline);
            assertThat(new ProcessBuilder("mkfifo", cmdline.toString()).start().waitFor())
                    .isZero();
        }

        // When
        ProcSnapshot snapshot = proc.snapshot();
        List<ProcSnapshot.Found> found = snapshot.all();

        // Then
        assertThat(found).hasSize(9);
        assertThat(found).allSatisfy(hanging -> {
            assertThat(hanging.program().argv()).isEmpty();
            assertThat(hanging.program().path()).startsWith("/usr/bin/p");
        });
    }

    @Test
    void oneProcessThatHangsDoesNotTakeTheOthersCommandLinesAway() throws Exception {
        // Given
        proc.process(1, 0, 1, "evil", "evil");
        proc.process(2, 0, 1, "good", "good");
        Path cmdline = proc.directory(1).resolve("cmdline");
        Files.delete(cmdline);
        assertThat(new ProcessBuilder("mkfifo", cmdline.toString()).start().waitFor())
                .isZero();
        ProcSnapshot snapshot = proc.snapshot();

        // When
        for (int i = 0; i < 10; i++) {
            snapshot.read(1);
        }

        // Then
        assertThat(snapshot.read(2).orElseThrow().program().argv()).containsExactly("good");
    }

    @Test
    void whoIsNotThereIsNotFound() {
        assertThat(proc.snapshot().read(1)).isEmpty();
        assertThat(proc.snapshot().startOf(1)).isZero();
        assertThat(proc.snapshot().startOf(0)).isZero();
        assertThat(proc.snapshot().namespaceOf("self", "pid")).isZero();
        assertThat(proc.snapshot().boottimeNanos()).isZero();
        assertThat(new ProcSnapshot(root.resolve("missing")).all()).isEmpty();
    }

    @Test
    void thisMachineKnowsThisProcessAndItsParent() {
        // Given
        ProcSnapshot real = new ProcSnapshot(Path.of("/proc"));
        ProcessHandle self = ProcessHandle.current();
        int pid = Math.toIntExact(self.pid());

        // When
        ProcSnapshot.Found found = real.read(pid).orElseThrow();
        Optional<ProcSnapshot.Found> listed = real.all().stream()
                .filter(other -> other.subject().pid() == pid)
                .findFirst();

        // Then
        long parent = self.parent().map(ProcessHandle::pid).orElse(0L);
        assertThat(found.subject().parentPid()).isEqualTo((int) parent);
        assertThat(found.program().path()).endsWith("/java");
        assertThat(found.program().inode()).isPositive();
        assertThat(found.program().argv()).isNotEmpty();
        assertThat(found.subject().startBoottimeNanos()).isBetween(1L, real.boottimeNanos());
        assertThat(found.subject().pidNs()).isEqualTo(real.namespaceOf("self", "pid"));
        assertThat(listed).isPresent();
    }
}
