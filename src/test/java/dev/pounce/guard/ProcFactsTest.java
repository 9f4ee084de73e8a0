package dev.pounce.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.Answer;
import dev.pounce.guard.ProcessFacts.Facts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcFactsTest {

    private static final String ID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private Path proc;
    private ProcFacts facts;

    @BeforeEach
    void theFirstProcess(@TempDir Path folder) throws IOException {
        proc = folder;
        facts = new ProcFacts(proc, 900);
        process(1, 0, "systemd", "S", 4194560, "/usr/lib/systemd/systemd");
        Path usrBin = Files.createDirectories(proc.resolve("hostroot/usr/bin"));
        Files.writeString(usrBin.resolve("dbus-broker"), "the host's");
        Files.createSymbolicLink(proc.resolve("1/root"), proc.resolve("hostroot"));
    }

    private Path process(int pid, int parent, String name, String state, long flags, String program)
            throws IOException {
        Path folder = Files.createDirectories(proc.resolve(Integer.toString(pid)));
        Files.createDirectories(folder.resolve("ns"));
        Files.writeString(
                folder.resolve("stat"),
                pid + " (" + name + ") " + state + " " + parent + " 1 1 0 -1 " + flags
                        + " 1 2 3 4 5 6 7 8 20 0 1 0 4711 8 9 10\n");
        Files.writeString(folder.resolve("cgroup"), "0::/system.slice/some.service\n");
        if (!program.isEmpty()) {
            Files.createSymbolicLink(folder.resolve("exe"), Path.of(program));
        }
        namespace(pid, "pid", "pid:[1]");
        namespace(pid, "user", "user:[1]");
        namespace(pid, "mnt", "mnt:[1]");
        return folder;
    }

    private void namespace(int pid, String kind, String value) throws IOException {
        Path link = proc.resolve(Integer.toString(pid)).resolve("ns").resolve(kind);
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, Path.of(value));
    }

    @ParameterizedTest
    @CsvSource({
        "sh, S, 4194304, false, false",
        "a) S 1 (b, S, 4194304, false, false",
        "kworker/0:1, I, 69238880, true, false",
        "sh, Z, 4194304, false, true"
    })
    void theStatLineIsReadBehindTheLastParenthesis(
            String name, String state, long flags, boolean kernelThread, boolean ended) throws IOException {
        // Given
        process(50, 40, name, state, flags, "");

        // When
        Answer<Facts> answer = facts.about(50);

        // Then
        assertThat(answer).isEqualTo(new Answer.Known<>(new Facts(50, 40, 4711, kernelThread, ended, name)));
    }

    @Test
    void aStatLineThatMakesNoSenseIsNotAnAnswer() throws IOException {
        // Given
        Files.writeString(process(50, 40, "sh", "S", 0, "").resolve("stat"), "50 (sh) S 40\n");

        // When
        Answer<Facts> answer = facts.about(50);

        // Then
        assertThat(answer).isInstanceOf(Answer.Unknown.class);
    }

    @Test
    void aProcessWithoutAFolderIsGoneAndOneWithoutAFileIsNot() throws IOException {
        // Given
        Path folder = process(50, 40, "sh", "S", 0, "");
        Files.delete(folder.resolve("stat"));

        // Then
        assertThat(facts.about(51)).isInstanceOf(Answer.Gone.class);
        assertThat(facts.program(51)).isInstanceOf(Answer.Gone.class);
        assertThat(facts.children(51)).isInstanceOf(Answer.Gone.class);
        assertThat(facts.about(50)).isInstanceOf(Answer.Unknown.class);
        assertThat(facts.program(50)).isInstanceOf(Answer.Unknown.class);
    }

    @Test
    void aProgramThatWasReplacedOnDiskKeepsItsPath() throws IOException {
        // Given
        process(50, 1, "containerd", "S", 0, "/usr/bin/containerd (deleted)");

        // When
        Answer<String> program = facts.program(50);

        // Then
        assertThat(program).isEqualTo(new Answer.Known<>("/usr/bin/containerd"));
    }

    @ParameterizedTest(name = "pid:[{0}] user:[{1}] mnt:[{2}] {3} in {4}: {5}")
    @CsvSource({
        "1, 1, 1, /usr/bin/kubelet,     /system.slice/kubelet.service,         true",
        "2, 1, 1, /usr/bin/kubelet,     /system.slice/kubelet.service,         false",
        "1, 2, 1, /usr/bin/kubelet,     /user.slice/eve.scope,                 false",
        "1, 1, 1, /usr/bin/kubelet,     /kubepods/pod1/cri-containerd-ID.scope, false",
        "1, 1, 1, /usr/bin/conmon,      /machine.slice/libpod-conmon-ID.scope,  true",
        "1, 1, 2, /usr/bin/dbus-broker, /system.slice/dbus-broker.service,     true",
        "1, 1, 2, /usr/bin/own-broker,  /system.slice/dbus-broker.service,     false",
        "1, 1, 2, /usr/bin/x (deleted), /system.slice/dbus-broker.service,     true"
    })
    void whoIsTheHostsOwn(int pid, int user, int mnt, String program, String cgroup, boolean expected)
            throws IOException {
        // Given
        Path real = proc.resolve("hostroot" + program);
        process(50, 1, "x", "S", 0, Files.exists(real) ? real.toString() : program);
        namespace(50, "pid", "pid:[" + pid + "]");
        namespace(50, "user", "user:[" + user + "]");
        namespace(50, "mnt", "mnt:[" + mnt + "]");
        Files.writeString(proc.resolve("50/cgroup"), "0::" + cgroup.replace("ID", ID) + "\n");
        if (Files.exists(real)) {
            Path seenOnHost = proc.resolve("hostroot" + real);
            Files.createDirectories(seenOnHost.getParent());
            Files.createSymbolicLink(seenOnHost, real);
        }

        // When
        Answer<Boolean> answer = facts.isOnHost(50);

        // Then
        assertThat(answer).isEqualTo(new Answer.Known<>(expected));
    }

    @Test
    void namespacesThatCannotBeReadAreNotAnAnswer() throws IOException {
        // Given
        process(50, 1, "kubelet", "S", 0, "/usr/bin/kubelet");
        Files.delete(proc.resolve("50/ns/pid"));

        // When
        Answer<Boolean> answer = facts.isOnHost(50);

        // Then
        assertThat(answer).isInstanceOf(Answer.Unknown.class);
    }

    @ParameterizedTest
    @CsvSource({"'1000\t0\t5\t6', 0", "'0\t65534\t0\t0', 65534", "'0 4294967294 0 0', 4294967294"})
    void theEffectiveUserIsTheSecondOfFour(String users, long expected) throws IOException {
        // Given
        Files.writeString(
                process(50, 1, "sh", "S", 0, "").resolve("status"), "Name:\tsh\nUid:\t" + users + "\nGid:\t1\n");
        process(51, 1, "sh", "S", 0, "");

        // Then
        assertThat(facts.user(50)).isEqualTo(new Answer.Known<>(expected));
        assertThat(facts.user(51)).isInstanceOf(Answer.Unknown.class);
        assertThat(facts.user(52)).isInstanceOf(Answer.Gone.class);
    }

    @Test
    void aContainerIsFoundByTheNameOfItsControlGroup() throws IOException {
        // Given
        process(50, 1, "sh", "S", 0, "/bin/sh");
        Files.writeString(proc.resolve("50/cgroup"), "0::/kubepods.slice/pod1.slice/crio-" + ID + ".scope/init\n");

        // Then
        assertThat(facts.container(50)).isEqualTo(new Answer.Known<>(Optional.of(ID)));
        assertThat(facts.container(1)).isEqualTo(new Answer.Known<>(Optional.empty()));
    }

    @Test
    void childrenOfAllThreadsAreChildrenOfTheProcess() throws IOException {
        // Given
        Path folder = process(50, 1, "sh", "S", 0, "/bin/sh");
        Files.createDirectories(folder.resolve("task/50"));
        Files.createDirectories(folder.resolve("task/51"));
        Files.createDirectories(folder.resolve("task/52"));
        Files.writeString(folder.resolve("task/50/children"), "60 61 ");
        Files.writeString(folder.resolve("task/51/children"), "62 ");
        Files.writeString(folder.resolve("task/52/children"), "");

        // When
        Answer<List<Integer>> children = facts.children(50);

        // Then
        assertThat(children)
                .isInstanceOfSatisfying(Answer.Known.class, known -> assertThat(((Answer.Known<?>) known).value())
                        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Integer.class))
                        .containsExactlyInAnyOrder(60, 61, 62));
    }

    @Test
    void aKernelThatListsNoChildrenIsAskedTheLongWayRound() throws IOException {
        // Given
        Files.createDirectories(process(50, 1, "sh", "S", 0, "/bin/sh").resolve("task/50"));
        process(60, 50, "sleep", "S", 0, "/bin/sleep");
        process(61, 60, "sleep", "S", 0, "/bin/sleep");

        // When
        Answer<List<Integer>> children = facts.children(50);

        // Then
        assertThat(children).isEqualTo(new Answer.Known<>(List.of(60)));
    }

    @Test
    void thisVeryProcessIsFoundOnThisMachine() {
        // Given
        ProcFacts real = new ProcFacts();

        // When
        Answer<Facts> answer = real.about(real.self());

        // Then
        long parent = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L);
        assertThat(answer).isInstanceOfSatisfying(Answer.Known.class, known -> assertThat(
                        ((Facts) ((Answer.Known<?>) known).value()).parent())
                .isEqualTo((int) parent));
        assertThat(new ProtectedSetGuard(real).judge(AStep.suspend(real.self())))
                .isEqualTo(new Verdict.Deny("protected", "process " + real.self() + " is this engine"));
        assertThat(new ProtectedSetGuard(real).judge(AStep.suspend((int) parent)))
                .isEqualTo(new Verdict.Deny("protected", "process " + parent + " is an ancestor of this engine"));
    }
}
