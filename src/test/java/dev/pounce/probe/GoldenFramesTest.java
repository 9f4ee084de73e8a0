package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract between C and Java: the frames that the native probe's tests wrote, read by us. */
class GoldenFramesTest {

    private static final Path GOLDEN = Path.of("native-probe", "tests", "golden");

    private final FrameDecoder decoder = new FrameDecoder();

    @ParameterizedTest
    @ValueSource(strings = {"exec", "exec-failed"})
    void anExecSaysWhatTheProbeMeant(String name) throws IOException {
        // Given
        JsonNode expected = expected(name);

        // When
        ProbeEvent.Exec exec = decode(ProbeEvent.Exec.class, name);

        // Then
        assertSubject(exec, expected);
        assertThat(exec.inode()).isEqualTo(expected.path("inode").asLong());
        assertThat(exec.inodeCtimeNanos())
                .isEqualTo(expected.path("inode_ctime_ns").asLong());
        assertThat(exec.inodeMtimeNanos())
                .isEqualTo(expected.path("inode_mtime_ns").asLong());
        assertThat(exec.dev()).isEqualTo(expected.path("dev").asInt());
        assertThat(exec.result()).isEqualTo(expected.path("ret").asInt());
        assertThat(exec.flags()).isEqualTo(expected.path("flags").asInt());
        assertThat(exec.path()).isEqualTo(expected.path("path").asText());
        assertThat(exec.cwd()).isEqualTo(expected.path("cwd").asText());
        assertThat(exec.cgroup()).isEqualTo(expected.path("cgroup").asText());
        List<String> argv = new ArrayList<>();
        expected.path("argv").forEach(argument -> argv.add(argument.asText()));
        assertThat(exec.argv()).isEqualTo(argv);
    }

    @Test
    void theNameOfAFailedExecMayHaveAnyLetters() throws IOException {
        assertThat(decode(ProbeEvent.Exec.class, "exec-failed").filename()).isEqualTo("/opt/n\u00f6.sh");
        assertThat(decode(ProbeEvent.Exec.class, "exec").filename()).isEqualTo("./curl");
    }

    @Test
    void aForkSaysWhatTheProbeMeant() throws IOException {
        // Given
        JsonNode expected = expected("fork");

        // When
        ProbeEvent.Fork fork = decode(ProbeEvent.Fork.class, "fork");

        // Then
        assertSubject(fork, expected);
        assertThat(fork.childStartBoottimeNanos())
                .isEqualTo(expected.path("child_start_boottime_ns").asLong());
        assertThat(fork.childPid()).isEqualTo(expected.path("child_tgid").asInt());
        assertThat(fork.childVpid()).isEqualTo(expected.path("child_vtgid").asInt());
    }

    @Test
    void anExitSaysWhatTheProbeMeant() throws IOException {
        // Given
        JsonNode expected = expected("exit");

        // When
        ProbeEvent.Exit exit = decode(ProbeEvent.Exit.class, "exit");

        // Then
        assertSubject(exit, expected);
        assertThat(exit.exitCode()).isEqualTo(expected.path("exit_code").asInt());
        assertThat(exit.reaperPid()).isEqualTo(expected.path("reaper_tgid").asInt());
    }

    @Test
    void anOpenSaysWhatTheProbeMeant() throws IOException {
        // Given
        JsonNode expected = expected("open");

        // When
        ProbeEvent.Open open = decode(ProbeEvent.Open.class, "open");

        // Then
        assertSubject(open, expected);
        assertThat(open.inode()).isEqualTo(expected.path("inode").asLong());
        assertThat(open.dev()).isEqualTo(expected.path("dev").asInt());
        assertThat(open.result()).isEqualTo(expected.path("ret").asInt());
        assertThat(open.openFlags()).isEqualTo(expected.path("open_flags").asInt());
        assertThat(open.mode()).isEqualTo(expected.path("mode").asInt());
        assertThat(open.flags()).isEqualTo(expected.path("flags").asInt());
        assertThat(open.dirfd()).isEqualTo(expected.path("dirfd").asInt());
        assertThat(open.syscall()).isEqualTo(expected.path("syscall").asInt());
        assertThat(open.path()).isEqualTo(expected.path("path").asText());
        assertThat(open.name()).isEqualTo(expected.path("name").asText());
        assertThat(open.cgroup()).isEqualTo(expected.path("cgroup").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect-v4", "connect-v6", "connect-unix"})
    void aConnectSaysWhatTheProbeMeant(String name) throws IOException {
        // Given
        JsonNode expected = expected(name);

        // When
        ProbeEvent.Connect connect = decode(ProbeEvent.Connect.class, name);

        // Then
        assertSubject(connect, expected);
        assertThat(connect.result()).isEqualTo(expected.path("ret").asInt());
        assertThat(connect.fd()).isEqualTo(expected.path("fd").asInt());
        assertThat(connect.family()).isEqualTo(expected.path("family").asInt());
        assertThat(connect.protocol()).isEqualTo(expected.path("protocol").asInt());
        assertThat(connect.localPort()).isEqualTo(expected.path("local_port").asInt());
        assertThat(connect.remotePort()).isEqualTo(expected.path("remote_port").asInt());
        assertThat(connect.path()).isEqualTo(expected.path("path").asText());
        assertThat(connect.cgroup()).isEqualTo(expected.path("cgroup").asText());
    }

    @Test
    void addressesAreTheBytesOfTheFrame() throws IOException {
        assertThat(decode(ProbeEvent.Connect.class, "connect-v4").remoteAddress())
                .isEqualTo("198.51.100.7");
        assertThat(decode(ProbeEvent.Connect.class, "connect-v6").localAddress())
                .isEqualTo("2001:db8::1");
        assertThat(expected("connect-v4").path("remote_address").asText())
                .startsWith(HexFormat.of().formatHex(new byte[] {(byte) 198, 51, 100, 7}));
    }

    @Test
    void controlFramesSayWhatTheProbeMeant() throws IOException {
        assertThat(decode(ProbeFrame.Hello.class, "hello"))
                .isEqualTo(
                        new ProbeFrame.Hello(1000000000064L, 1800000000111222333L, 4242, 12, "6.18.44-test", "1.2.3"));
        assertThat(decode(ProbeFrame.Armed.class, "armed"))
                .isEqualTo(new ProbeFrame.Armed(
                        1000000000066L,
                        78,
                        Set.of(ProbeFrame.Tier.OBSERVE),
                        List.of("sched_process_exec", "sys_exit")));
        assertThat(decode(ProbeFrame.Refused.class, "refused").refusal()).isEqualTo(ProbeFrame.Refusal.NO_RIGHTS);
        assertThat(decode(ProbeFrame.Refused.class, "refused").reason())
                .isEqualTo(expected("refused").path("reason").asText());
    }

    @Test
    void aHeartbeatHasTheCountersOfEachCpu() throws IOException {
        // When
        ProbeFrame.Heartbeat heartbeat = decode(ProbeFrame.Heartbeat.class, "heartbeat");

        // Then
        JsonNode expected = expected("heartbeat");
        assertThat(heartbeat.delivered()).isEqualTo(expected.path("delivered").asLong());
        assertThat(heartbeat.recursionMisses())
                .isEqualTo(expected.path("recursion_misses").asLong());
        assertThat(heartbeat.ringBytes()).isEqualTo(expected.path("ring_bytes").asLong());
        assertThat(heartbeat.ringSize()).isEqualTo(expected.path("ring_size").asLong());
        assertThat(heartbeat.cpus()).hasSize(2);
        assertThat(heartbeat.cpus().get(0).sent()).containsEntry(EventKind.EXEC, 1001L);
        assertThat(heartbeat.cpus().get(1).lost()).containsEntry(EventKind.CONNECT, 2105L);
    }

    @Test
    void ourFilterHasTheShapeOfTheGoldenOne() throws IOException {
        // Given
        byte[] golden = Files.readAllBytes(GOLDEN.resolve("filter.bin"));
        ProbeFilter filter = new ProbeFilter(true, Set.of("shadow", ".ssh", "id_rsa"), false, false, true, true, true);

        // When
        ByteBuffer ours = FrameEncoder.filter(filter, 77);

        // Then
        ByteBuffer theirs = FrameDecoderTest.direct(golden);
        assertThat(ours.remaining()).isEqualTo(golden.length);
        for (int at : new int[] {0, 4, 16, 20, 24, 32}) { // all but the clock, and what wakes
            assertThat(ours.getInt(at)).as("at %d", at).isEqualTo(theirs.getInt(at));
        }
    }

    private static void assertSubject(ProbeEvent event, JsonNode expected) {
        ProbeEvent.Subject subject = event.subject();
        assertThat(event.boottimeNanos()).isEqualTo(expected.path("boottime_ns").asLong());
        assertThat(subject)
                .isEqualTo(new ProbeEvent.Subject(
                        expected.path("start_boottime_ns").asLong(),
                        expected.path("parent_start_boottime_ns").asLong(),
                        expected.path("cgroup_id").asLong(),
                        expected.path("pids_cgroup_id").asLong(),
                        expected.path("cap_effective").asLong(),
                        expected.path("cap_permitted").asLong(),
                        expected.path("pid_inode").asLong(),
                        expected.path("tgid").asInt(),
                        expected.path("tid").asInt(),
                        expected.path("vtgid").asInt(),
                        expected.path("parent_tgid").asInt(),
                        expected.path("pgid").asInt(),
                        expected.path("sid").asInt(),
                        expected.path("uid").asLong(),
                        expected.path("gid").asLong(),
                        expected.path("real_uid").asLong(),
                        (int) expected.path("login_uid").asLong(),
                        expected.path("tty").asInt(),
                        expected.path("mnt_ns").asLong(),
                        expected.path("pid_ns").asLong(),
                        expected.path("comm").asText()));
    }

    private <F extends ProbeFrame> F decode(Class<F> kind, String name) throws IOException {
        ProbeFrame frame = decoder.next(FrameDecoderTest.direct(Files.readAllBytes(GOLDEN.resolve(name + ".bin"))));
        assertThat(frame).isInstanceOf(kind);
        return kind.cast(Objects.requireNonNull(frame));
    }

    private static JsonNode expected(String name) throws IOException {
        return new ObjectMapper()
                .readTree(GOLDEN.resolve("expected.json").toFile())
                .path(name);
    }
}
