package dev.pounce.probe;

import static dev.pounce.testing.ProbeEvents.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.testing.ProbeEvents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FrameDecoderTest {

    private static final ProbeEvent.Subject SUBJECT = new ProbeEvent.Subject(
            1L << 60,
            2,
            3,
            4,
            -1,
            6,
            1L << 62,
            7,
            8,
            9,
            10,
            11,
            12,
            0xfffffffeL,
            14,
            15,
            -1,
            34816,
            0xffffffffL,
            18,
            "fifteen-letters");

    private final FrameDecoder decoder = new FrameDecoder();

    static List<ProbeEvent> events() {
        return List.of(
                new ProbeEvent.Exec(
                        SECOND,
                        SUBJECT,
                        1,
                        2,
                        3,
                        4,
                        -13,
                        0x7f,
                        "/usr/bin/jq",
                        "./jq",
                        "/tmp",
                        List.of("jq", "", "a b", "ö"),
                        "a/b/c"),
                new ProbeEvent.Exec(SECOND, SUBJECT, 1, 2, 3, 4, 0, 0, "", "", "", List.of(), ""),
                new ProbeEvent.Exec(
                        SECOND,
                        SUBJECT,
                        1,
                        2,
                        3,
                        4,
                        0,
                        0,
                        "/" + "p".repeat(4094),
                        "",
                        "",
                        List.of("x".repeat(4095)),
                        "c".repeat(384)),
                new ProbeEvent.Fork(SECOND, SUBJECT, 1L << 61, 4711, 12),
                new ProbeEvent.Exit(SECOND, SUBJECT, 9, 1),
                new ProbeEvent.Open(
                        SECOND, SUBJECT, 1, 2, -2, 3, 4, 5, -100, 257, "/etc/shadow", "../etc/shadow", "a/b/c"));
    }

    @ParameterizedTest
    @MethodSource("events")
    void anEventComesBackAsItWasSent(ProbeEvent event) {
        // Given
        ByteBuffer buffer = direct(FrameWriter.of(event));

        // When
        ProbeFrame decoded = decoder.next(buffer);

        // Then
        assertThat(decoded).isEqualTo(event);
        assertThat(buffer.hasRemaining()).isFalse();
    }

    @Test
    void repeatedTextIsDecodedOnce() {
        // Given
        byte[] frame = FrameWriter.of(ProbeEvents.exec(SUBJECT, "/usr/bin/jq", "jq"));

        // When
        ProbeEvent.Exec first = decode(ProbeEvent.Exec.class, frame);
        ProbeEvent.Exec second = decode(ProbeEvent.Exec.class, frame);

        // Then
        assertThat(second.path()).isSameAs(first.path());
        assertThat(second.subject().comm()).isSameAs(first.subject().comm());
    }

    @ParameterizedTest
    @CsvSource({
        "2,  0a000001000000000000000000000000, 10.0.0.1",
        "2,  ffffffff000000000000000000000000, 255.255.255.255",
        "10, 00000000000000000000000000000000, ::",
        "10, 00000000000000000000000000000001, ::1",
        "10, 20010db8000000000000000000000001, 2001:db8::1",
        "10, 20010db8000100000001000000000001, 2001:db8:1:0:1::1",
        "10, 20010db8000000010001000100010001, 2001:db8:0:1:1:1:1:1",
        "10, fe800000000000000000000000000000, fe80::",
        "10, 00000000000000000000ffffc0a80001, 192.168.0.1",
        "1,  00000000000000000000000000000000, ''"
    })
    void addressesAreWrittenAsPeopleWriteThem(int family, String hex, String expected) {
        // When
        ProbeEvent.Connect decoded =
                decode(ProbeEvent.Connect.class, FrameWriter.connect(SUBJECT, family, "00".repeat(16), hex, ""));

        // Then
        assertThat(decoded.remoteAddress()).isEqualTo(expected);
    }

    @Test
    void theUnboundEndOfAnIpv4ConnectionThroughAnIpv6SocketIsIpv4Too() {
        // When
        ProbeEvent.Connect decoded = decode(
                ProbeEvent.Connect.class,
                FrameWriter.connect(SUBJECT, 10, "00".repeat(16), "00000000000000000000ffffc0a80001", ""));

        // Then
        assertThat(decoded.localAddress()).isEqualTo("0.0.0.0");
    }

    @Test
    void aNameThatIsNotUtf8IsReadableAndItsFrameStillEndsWhereItEnds() {
        // Given
        byte[] frame = FrameWriter.of(ProbeEvents.open(SUBJECT, 3, 0, "/tmp/x?y", "z"));
        frame[192 + 6] = (byte) 0xff;

        // When
        ProbeEvent.Open open = decode(ProbeEvent.Open.class, frame);

        // Then
        assertThat(open.path()).isEqualTo("/tmp/x\ufffdy");
        assertThat(open.name()).isEqualTo("z");
    }

    @Test
    void argumentsThatWereCutKeepTheirLastPiece() {
        // Given
        byte[] frame = FrameWriter.of(ProbeEvents.exec(SUBJECT, "/a", "one", "two"));
        int argv = 192 + "/a".length() * 2 + "/home".length();
        frame[argv + 7] = 'X'; // the NUL behind "two"

        // When
        ProbeEvent.Exec exec = decode(ProbeEvent.Exec.class, frame);

        // Then
        assertThat(exec.argv()).containsExactly("one", "twoX");
    }

    @Test
    void controlFramesSpeakOfTheProbe() {
        assertThat(decoder.next(direct(FrameWriter.hello(5, 6))))
                .isEqualTo(new ProbeFrame.Hello(5, 6, 4242, 2, "6.18", "1.0"));
        assertThat(decoder.next(direct(FrameWriter.armed(3))))
                .isEqualTo(new ProbeFrame.Armed(
                        2, 3, Set.of(ProbeFrame.Tier.OBSERVE), List.of("sched_process_exec", "sys_exit")));
        assertThat(decoder.next(direct(FrameWriter.refused(2, "no"))))
                .isEqualTo(new ProbeFrame.Refused(9, ProbeFrame.Refusal.NO_RIGHTS, "no"));
        assertThat(decoder.next(direct(FrameWriter.refused(99, ""))))
                .extracting("refusal")
                .isEqualTo(ProbeFrame.Refusal.INTERNAL);
        ProbeFrame.Heartbeat heartbeat = decode(ProbeFrame.Heartbeat.class, FrameWriter.heartbeat(3));
        assertThat(heartbeat.cpus()).hasSize(1);
        assertThat(heartbeat.cpus().get(0).sent()).containsEntry(EventKind.CONNECT, 500L);
        assertThat(heartbeat.cpus().get(0).lost()).containsEntry(EventKind.EXEC, 10L);
        assertThat(heartbeat.cpus().get(0).totalLost()).isEqualTo(150);
    }

    @Test
    void framesArriveInAnyPieces() {
        // Given
        byte[] stream = concat(events().stream().map(FrameWriter::of).toArray(byte[][]::new));
        ByteBuffer buffer = ByteBuffer.allocateDirect(65536).order(ByteOrder.LITTLE_ENDIAN);
        List<ProbeFrame> decoded = new ArrayList<>();

        // When
        for (byte piece : stream) {
            buffer.put(piece).flip();
            ProbeFrame frame = decoder.next(buffer);
            if (frame != null) {
                decoded.add(frame);
            }
            buffer.compact();
        }

        // Then
        assertThat(decoded).isEqualTo(events());
    }

    @Test
    void anUnknownKindIsSkippedAndCounted() {
        // Given
        ByteBuffer buffer = direct(
                concat(new FrameWriter.Frame(30, 1).u64(77).done(), FrameWriter.of(ProbeEvents.exit(SECOND, SUBJECT))));

        // When
        ProbeFrame skipped = decoder.next(buffer);
        ProbeFrame next = decoder.next(buffer);

        // Then
        assertThat(skipped).isEqualTo(new ProbeFrame.Skipped(30, "kind 30 is not known here"));
        assertThat(next).isEqualTo(ProbeEvents.exit(SECOND, SUBJECT));
        assertThat(decoder.skipped()).isEqualTo(1);
    }

    @Test
    void anEventOfNoProcessIsSkipped() {
        // Given
        byte[] frame = FrameWriter.of(ProbeEvents.exit(SECOND, ProbeEvents.subject(0, 1, 0, 0, "swapper")));

        // When
        ProbeFrame decoded = decoder.next(direct(frame));

        // Then
        assertThat(decoded).isInstanceOf(ProbeFrame.Skipped.class);
    }

    /** One broken frame: what is wrong, and how it is counted. */
    static final class Broken {
        private final String what;
        private final FrameProblem.Cause cause;
        private final byte[] frame;

        Broken(String what, FrameProblem.Cause cause, byte[] frame) {
            this.what = what;
            this.cause = cause;
            this.frame = frame;
        }

        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Broken> broken() {
        byte[] exec = FrameWriter.of(ProbeEvents.exec(SUBJECT, "/a", "a"));
        byte[] open = FrameWriter.of(ProbeEvents.open(SUBJECT, 3, 0, "/a", "a"));
        byte[] fork = FrameWriter.of(ProbeEvents.fork(1, SUBJECT, 5, 6));
        byte[] exit = FrameWriter.of(ProbeEvents.exit(1, SUBJECT));
        byte[] connect = FrameWriter.connect(SUBJECT, 2, "00".repeat(16), "00".repeat(16), "");
        return Stream.of(
                new Broken("version 0", FrameProblem.Cause.VERSION, with16(exec, 4, 0)),
                new Broken("version 2", FrameProblem.Cause.VERSION, with16(exec, 4, 2)),
                new Broken("all zeros", FrameProblem.Cause.VERSION, new byte[64]),
                new Broken("size 0", FrameProblem.Cause.TOO_SMALL, with32(exec, 0, 0)),
                new Broken("size 15", FrameProblem.Cause.TOO_SMALL, with32(exec, 0, 15)),
                new Broken("size 32769", FrameProblem.Cause.TOO_LARGE, with32(exec, 0, 32769)),
                new Broken("size 4 GiB", FrameProblem.Cause.TOO_LARGE, with32(exec, 0, -1)),
                new Broken("exec without its fixed part", FrameProblem.Cause.TOO_SMALL, with32(exec, 0, 191)),
                new Broken("open without its fixed part", FrameProblem.Cause.TOO_SMALL, with32(open, 0, 191)),
                new Broken("connect without its fixed part", FrameProblem.Cause.TOO_SMALL, with32(connect, 0, 199)),
                new Broken("fork one short", FrameProblem.Cause.TOO_SMALL, with32(fork, 0, 159)),
                new Broken("fork with more", FrameProblem.Cause.LENGTHS, resized(fork, 161)),
                new Broken("exit one short", FrameProblem.Cause.TOO_SMALL, with32(exit, 0, 151)),
                new Broken("exit with more", FrameProblem.Cause.LENGTHS, resized(exit, 153)),
                new Broken("path beyond the end", FrameProblem.Cause.LENGTHS, with16(exec, 180, 3)),
                new Broken("path not to the end", FrameProblem.Cause.LENGTHS, with16(exec, 180, 1)),
                new Broken("path of 65535", FrameProblem.Cause.LENGTHS, with16(exec, 180, 65535)),
                new Broken("cgroup of 65535", FrameProblem.Cause.LENGTHS, with16(exec, 188, 65535)),
                new Broken(
                        "path above PATH_MAX",
                        FrameProblem.Cause.LENGTHS,
                        FrameWriter.of(ProbeEvents.open(SUBJECT, 3, 0, "p".repeat(4096), ""))),
                new Broken("name beyond the end", FrameProblem.Cause.LENGTHS, with16(open, 182, 9)),
                new Broken("socket path beyond the end", FrameProblem.Cause.LENGTHS, with16(connect, 192, 1)),
                new Broken("hello beyond the end", FrameProblem.Cause.LENGTHS, with16(FrameWriter.hello(1, 2), 32, 5)),
                new Broken("armed beyond the end", FrameProblem.Cause.LENGTHS, with16(FrameWriter.armed(1), 24, 99)),
                new Broken(
                        "refused beyond the end",
                        FrameProblem.Cause.LENGTHS,
                        with16(FrameWriter.refused(1, "x"), 20, 2)),
                new Broken(
                        "heartbeat of 65535 CPUs",
                        FrameProblem.Cause.LENGTHS,
                        with16(FrameWriter.heartbeat(1), 52, 65535)),
                new Broken(
                        "heartbeat of 65535 kinds",
                        FrameProblem.Cause.LENGTHS,
                        with16(FrameWriter.heartbeat(1), 54, 65535)));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void whatIsNotAFrameIsRefusedAndCountedByCause(Broken broken) {
        // Given
        ByteBuffer buffer = direct(broken.frame);

        // When
        ProbeFrame decoded = decoder.next(buffer);

        // Then
        assertThat(decoded).isInstanceOfSatisfying(FrameProblem.class, problem -> {
            assertThat(problem.cause()).isEqualTo(broken.cause);
            assertThat(problem.reason()).contains("expected");
        });
        assertThat(decoder.problems()).containsOnlyKeys(broken.cause).containsValue(1L);
        assertThat(buffer.position()).isZero();
    }

    @Test
    void noBytesWhateverMakeItFail() {
        // Given
        Random random = new Random(4711);
        byte[][] models = events().stream().map(FrameWriter::of).toArray(byte[][]::new);
        int refused = 0;

        // When
        for (int round = 0; round < 20_000; round++) {
            byte[] frame = models[random.nextInt(models.length)].clone();
            for (int i = random.nextInt(8); i >= 0; i--) {
                frame[random.nextInt(Math.min(frame.length, 200))] = (byte) random.nextInt();
            }
            ByteBuffer buffer = direct(frame);
            while (buffer.hasRemaining()) {
                ProbeFrame decoded = decoder.next(buffer);
                if (decoded == null || decoded instanceof FrameProblem) {
                    refused++;
                    break;
                }
            }
        }

        // Then
        assertThat(refused).isBetween(1, 19_999);
    }

    @Test
    void aBufferOfTheWrongByteOrderIsAMistakeOfOurs() {
        assertThatThrownBy(() -> decoder.next(ByteBuffer.wrap(FrameWriter.hello(1, 2))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private <F extends ProbeFrame> F decode(Class<F> kind, byte[] frame) {
        ProbeFrame decoded = decoder.next(direct(frame));
        assertThat(decoded).isInstanceOf(kind);
        return kind.cast(Objects.requireNonNull(decoded));
    }

    private static byte[] with16(byte[] frame, int at, int value) {
        byte[] changed = frame.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putShort(at, (short) value);
        return changed;
    }

    private static byte[] with32(byte[] frame, int at, int value) {
        byte[] changed = frame.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return changed;
    }

    private static byte[] resized(byte[] frame, int size) {
        return with32(Arrays.copyOf(frame, size), 0, size);
    }

    private static byte[] concat(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(
                Stream.of(parts).mapToInt(part -> part.length).sum());
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(bytes)
                .flip();
    }

    @Test
    void aFilterIsWrittenAsTheProbeReadsIt() {
        // Given
        ProbeFilter filter = new ProbeFilter(true, Set.of("shadow", ".ssh"), false, true, false, true, false);

        // When
        ByteBuffer frame = FrameEncoder.filter(filter, 7);

        // Then
        assertThat(frame.getInt()).isEqualTo(40 + 5 + 7);
        assertThat(frame.getShort()).isEqualTo((short) 1);
        assertThat(frame.getShort()).isEqualTo((short) 65);
        assertThat(frame.getLong()).isZero();
        assertThat(frame.getInt()).isEqualTo(7);
        assertThat(frame.getInt()).as("kinds").isEqualTo(0b111110);
        assertThat(frame.getInt()).as("flags").isEqualTo(0b0010);
        assertThat(frame.getInt()).as("wake").isEqualTo(0b110010);
        assertThat(frame.getInt()).as("names").isEqualTo(2);
        assertThat(frame.getInt()).isZero();
        byte[] names = new byte[frame.remaining()];
        frame.get(names);
        assertThat(new String(names, StandardCharsets.UTF_8)).isEqualTo("\u0004.ssh\u0006shadow");
    }

    @Test
    void moreNamesThanAFrameHoldsMeanEveryOpen() {
        // Given
        ProbeFilter filter = new ProbeFilter(
                true,
                IntStream.range(0, 2000)
                        .mapToObj(i -> "a-name-of-some-length-" + i)
                        .collect(Collectors.toSet()),
                false,
                false,
                false,
                false,
                false);

        // When
        ByteBuffer frame = FrameEncoder.filter(filter, 1);

        // Then
        assertThat(frame.remaining()).isEqualTo(40);
        assertThat(frame.getInt(24)).as("flags").isEqualTo(0b0100);
        assertThat(frame.getInt(28)).as("a flood does not wake").isEqualTo(0b000010);
    }

    @Test
    void aNameThatNoFileCanHaveIsLeftOut() {
        // Given
        ProbeFilter filter =
                new ProbeFilter(true, Set.of("", "x".repeat(256), "y".repeat(255)), false, false, true, false, true);

        // When
        ByteBuffer frame = FrameEncoder.filter(filter, 1);

        // Then
        assertThat(frame.getInt(32)).as("names").isEqualTo(1);
        assertThat(frame.get(40)).as("length").isEqualTo((byte) 255);
        assertThat(frame.getInt(24)).as("flags").isEqualTo(0b1001);
    }
}
