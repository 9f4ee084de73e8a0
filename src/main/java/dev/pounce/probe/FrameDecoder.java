package dev.pounce.probe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns the bytes of {@code native-probe/include/probe_event.h} into frames. Trusts no length: what is read
 * is inside the frame, and the frame ends exactly where its parts do, or it is refused.
 *
 * <p>Text is UTF-8. Names of files are any bytes on Linux; each malformed byte becomes U+FFFD, so two
 * hostile names may read alike, but neither breaks a rule, a log or JSON. Who needs the exact file has its
 * inode and device.
 *
 * <p>Built for a million events per second and core: it reads by absolute index, makes the event and
 * nothing else, and keeps the strings that repeat (see {@link TextCache}). Not thread-safe.
 */
public final class FrameDecoder {

    /** {@code PROBE_WIRE_VERSION}. */
    static final int VERSION = 1;

    /** {@code PROBE_FRAME_MAX}. */
    static final int FRAME_MAX = 32768;

    static final int HEADER = 16;
    static final int HELLO = 64;
    static final int FILTER = 65;
    static final int ARMED = 66;
    static final int HEARTBEAT = 67;
    static final int REFUSED = 68;

    private static final int SUBJECT = HEADER;
    private static final int SUBJECT_END = SUBJECT + 128;
    private static final int COMM = SUBJECT + 112;
    private static final int COMM_LENGTH = 16;

    private static final int EXEC_SIZE = 192;
    private static final int FORK_SIZE = 160;
    private static final int EXIT_SIZE = 152;
    private static final int OPEN_SIZE = 192;
    private static final int CONNECT_SIZE = 200;
    private static final int HELLO_SIZE = 40;
    private static final int ARMED_SIZE = 32;
    private static final int HEARTBEAT_SIZE = 56;
    private static final int REFUSED_SIZE = 24;

    private static final int PATH_MAX = 4095;
    private static final int ARGV_MAX = 4096;
    private static final int CGROUP_MAX = 384;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    private final TextCache texts = new TextCache();
    private final byte[] scratch = new byte[FRAME_MAX];
    private final EnumMap<FrameProblem.Cause, Long> problems = new EnumMap<>(FrameProblem.Cause.class);
    private long skipped;

    // Of the frame that is being decoded; fields, so that no method has to hand them on.
    private ByteBuffer in = ByteBuffer.allocate(0);
    private int start;
    private int size;
    private int text;

    /**
     * Takes the next frame from the buffer, whose byte order must be little-endian.
     *
     * @return null while the frame is not complete: the position is left where it was. A {@link FrameProblem}
     *     leaves it there, too; after that the decoder must not be asked about this stream again
     */
    public @Nullable ProbeFrame next(ByteBuffer buffer) {
        int available = buffer.remaining();
        if (available < 8) {
            return null;
        }
        if (buffer.order() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalArgumentException("the wire is little-endian, the buffer is not");
        }
        in = buffer;
        start = buffer.position();
        size = buffer.getInt(start);
        int version = u16(4);
        int kind = u16(6);
        if (version != VERSION) {
            return problem(FrameProblem.Cause.VERSION, "a frame of version " + version + ", expected " + VERSION);
        }
        if (size < 0 || size > FRAME_MAX) {
            return problem(
                    FrameProblem.Cause.TOO_LARGE,
                    "a frame of " + Integer.toUnsignedString(size) + " bytes, expected at most " + FRAME_MAX);
        }
        if (size < HEADER) {
            return problem(FrameProblem.Cause.TOO_SMALL, "a frame of " + size + " bytes, expected at least " + HEADER);
        }
        if (available < size) {
            return null;
        }
        ProbeFrame frame =
                switch (kind) {
                    case 1 -> exec();
                    case 2 -> fork();
                    case 3 -> exit();
                    case 4 -> open();
                    case 5 -> connect();
                    case HELLO -> hello();
                    case ARMED -> armed();
                    case HEARTBEAT -> heartbeat();
                    case REFUSED -> refused();
                    default -> skip(kind, "kind " + kind + " is not known here");
                };
        if (!(frame instanceof FrameProblem)) {
            buffer.position(start + size);
        }
        return frame;
    }

    /** Frames refused, by cause. */
    Map<FrameProblem.Cause, Long> problems() {
        return Collections.unmodifiableMap(problems);
    }

    /** Frames passed over because their kind is not known or their subject is no process. */
    long skipped() {
        return skipped;
    }

    private ProbeFrame exec() {
        if (size < EXEC_SIZE) {
            return tooSmall("exec", EXEC_SIZE);
        }
        int path = u16(180);
        int filename = u16(182);
        int cwd = u16(184);
        int argv = u16(186);
        int cgroup = u16(188);
        if (path > PATH_MAX
                || filename > PATH_MAX
                || cwd > PATH_MAX
                || argv > ARGV_MAX
                || cgroup > CGROUP_MAX
                || EXEC_SIZE + path + filename + cwd + argv + cgroup != size) {
            return lengths("exec", EXEC_SIZE, path, filename, cwd, argv, cgroup);
        }
        if (noProcess()) {
            return skip(1, "an exec of no process");
        }
        text = start + EXEC_SIZE;
        return new ProbeEvent.Exec(
                boottime(),
                subject(),
                i64(144),
                i64(152),
                i64(160),
                i32(168),
                i32(172),
                i32(176),
                cached(path),
                cached(filename),
                cached(cwd),
                arguments(argv),
                cached(cgroup));
    }

    private ProbeFrame fork() {
        if (size != FORK_SIZE) {
            return fixedSize("fork", FORK_SIZE);
        }
        if (noProcess() || i32(152) < 1) {
            return skip(2, "a fork of no process");
        }
        return new ProbeEvent.Fork(boottime(), subject(), i64(144), i32(152), i32(156));
    }

    private ProbeFrame exit() {
        if (size != EXIT_SIZE) {
            return fixedSize("exit", EXIT_SIZE);
        }
        if (noProcess()) {
            return skip(3, "an exit of no process");
        }
        return new ProbeEvent.Exit(boottime(), subject(), i32(144), i32(148));
    }

    private ProbeFrame open() {
        if (size < OPEN_SIZE) {
            return tooSmall("open", OPEN_SIZE);
        }
        int path = u16(180);
        int name = u16(182);
        int cgroup = u16(184);
        if (path > PATH_MAX || name > PATH_MAX || cgroup > CGROUP_MAX || OPEN_SIZE + path + name + cgroup != size) {
            return lengths("open", OPEN_SIZE, path, name, cgroup);
        }
        if (noProcess()) {
            return skip(4, "an open of no process");
        }
        text = start + OPEN_SIZE;
        return new ProbeEvent.Open(
                boottime(),
                subject(),
                i64(144),
                i32(152),
                i32(156),
                i32(160),
                i32(164),
                i32(168),
                i32(172),
                i32(176),
                cached(path),
                cached(name),
                cached(cgroup));
    }

    private ProbeFrame connect() {
        if (size < CONNECT_SIZE) {
            return tooSmall("connect", CONNECT_SIZE);
        }
        int path = u16(192);
        int cgroup = u16(194);
        if (path > PATH_MAX || cgroup > CGROUP_MAX || CONNECT_SIZE + path + cgroup != size) {
            return lengths("connect", CONNECT_SIZE, path, cgroup);
        }
        if (noProcess()) {
            return skip(5, "a connect of no process");
        }
        int family = u16(152);
        boolean shortForm = family == AF_INET6 && isMappedIpv4(176);
        text = start + CONNECT_SIZE;
        return new ProbeEvent.Connect(
                boottime(),
                subject(),
                i32(144),
                i32(148),
                family,
                u16(154),
                u16(156),
                u16(158),
                address(family, 160, shortForm),
                address(family, 176, shortForm),
                cached(path),
                cached(cgroup));
    }

    private ProbeFrame hello() {
        if (size < HELLO_SIZE) {
            return tooSmall("hello", HELLO_SIZE);
        }
        int kernel = u16(32);
        int build = u16(34);
        if (HELLO_SIZE + kernel + build != size) {
            return lengths("hello", HELLO_SIZE, kernel, build);
        }
        text = start + HELLO_SIZE;
        return new ProbeFrame.Hello(boottime(), i64(16), i32(24), i32(28), fresh(kernel), fresh(build));
    }

    private ProbeFrame armed() {
        if (size < ARMED_SIZE) {
            return tooSmall("armed", ARMED_SIZE);
        }
        int hooks = u16(24);
        if (ARMED_SIZE + hooks != size) {
            return lengths("armed", ARMED_SIZE, hooks);
        }
        int tierBits = i32(20);
        Set<ProbeFrame.Tier> tiers = EnumSet.noneOf(ProbeFrame.Tier.class);
        if ((tierBits & 1) != 0) {
            tiers.add(ProbeFrame.Tier.OBSERVE);
        }
        text = start + ARMED_SIZE;
        String names = fresh(hooks);
        return new ProbeFrame.Armed(
                boottime(), i32(16), tiers, names.isEmpty() ? List.of() : List.of(names.split(",", -1)));
    }

    private ProbeFrame heartbeat() {
        if (size < HEARTBEAT_SIZE) {
            return tooSmall("heartbeat", HEARTBEAT_SIZE);
        }
        int cpus = u16(52);
        int kinds = u16(54);
        if (HEARTBEAT_SIZE + (long) cpus * kinds * 16 != size) {
            return lengths("heartbeat", HEARTBEAT_SIZE, cpus * kinds * 16);
        }
        List<CpuCounters> counters = new ArrayList<>(cpus);
        int block = HEARTBEAT_SIZE;
        for (int cpu = 0; cpu < cpus; cpu++) {
            counters.add(new CpuCounters(perKind(block, kinds), perKind(block + 8 * kinds, kinds)));
            block += 16 * kinds;
        }
        return new ProbeFrame.Heartbeat(boottime(), i64(16), i64(24), i64(32), u32(40), u32(44), i32(48), counters);
    }

    private Map<EventKind, Long> perKind(int at, int kinds) {
        EnumMap<EventKind, Long> counts = new EnumMap<>(EventKind.class);
        for (EventKind kind : EventKind.ALL) {
            if (kind.wire() < kinds) {
                counts.put(kind, i64(at + 8 * kind.wire()));
            }
        }
        return counts;
    }

    private ProbeFrame refused() {
        if (size < REFUSED_SIZE) {
            return tooSmall("refused", REFUSED_SIZE);
        }
        int reason = u16(20);
        if (REFUSED_SIZE + reason != size) {
            return lengths("refused", REFUSED_SIZE, reason);
        }
        ProbeFrame.Refusal refusal =
                switch (i32(16)) {
                    case 1 -> ProbeFrame.Refusal.NO_BTF;
                    case 2 -> ProbeFrame.Refusal.NO_RIGHTS;
                    case 3 -> ProbeFrame.Refusal.KERNEL;
                    case 4 -> ProbeFrame.Refusal.BAD_FRAME;
                    default -> ProbeFrame.Refusal.INTERNAL;
                };
        text = start + REFUSED_SIZE;
        return new ProbeFrame.Refused(boottime(), refusal, fresh(reason));
    }

    private boolean noProcess() {
        return i32(SUBJECT + 56) < 1;
    }

    private ProbeEvent.Subject subject() {
        return new ProbeEvent.Subject(
                i64(SUBJECT),
                i64(SUBJECT + 8),
                i64(SUBJECT + 16),
                i64(SUBJECT + 24),
                i64(SUBJECT + 32),
                i64(SUBJECT + 40),
                i64(SUBJECT + 48),
                i32(SUBJECT + 56),
                i32(SUBJECT + 60),
                i32(SUBJECT + 64),
                i32(SUBJECT + 68),
                i32(SUBJECT + 72),
                i32(SUBJECT + 76),
                u32(SUBJECT + 80),
                u32(SUBJECT + 84),
                u32(SUBJECT + 88),
                i32(SUBJECT + 92),
                i32(SUBJECT + 96),
                u32(SUBJECT + 100),
                u32(SUBJECT + 104),
                comm());
    }

    private String comm() {
        int length = 0;
        while (length < COMM_LENGTH && in.get(start + COMM + length) != 0) {
            length++;
        }
        in.get(start + COMM, scratch, 0, length);
        return texts.get(scratch, 0, length);
    }

    private String cached(int length) {
        int at = text;
        text += length;
        in.get(at, scratch, 0, length);
        return texts.get(scratch, 0, length);
    }

    private String fresh(int length) {
        int at = text;
        text += length;
        in.get(at, scratch, 0, length);
        return new String(scratch, 0, length, StandardCharsets.UTF_8);
    }

    private Arguments arguments(int length) {
        int at = text;
        text += length;
        in.get(at, scratch, 0, length);
        return Arguments.of(scratch, 0, length);
    }

    private boolean isMappedIpv4(int at) {
        return i64(at) == 0 && i32(at + 8) == 0xffff0000;
    }

    private String address(int family, int at, boolean ipv4InIpv6) {
        if (family == AF_INET) {
            return ipv4(at);
        }
        if (family != AF_INET6) {
            return "";
        }
        // An unbound local end of such a socket is all zeros, which ends in 0.0.0.0, too.
        return ipv4InIpv6 ? ipv4(at + 12) : ipv6(at);
    }

    private String ipv4(int at) {
        return u8(at) + "." + u8(at + 1) + "." + u8(at + 2) + "." + u8(at + 3);
    }

    /** RFC 5952: lower case, and the longest run of at least two zero groups, the first of equals, as {@code ::}. */
    private String ipv6(int at) {
        int longest = 1;
        int longestAt = -1;
        int run = 0;
        for (int group = 0; group < 8; group++) {
            run = group(at, group) == 0 ? run + 1 : 0;
            if (run > longest) {
                longest = run;
                longestAt = group - run + 1;
            }
        }
        StringBuilder written = new StringBuilder(40);
        for (int group = 0; group < 8; group++) {
            if (group == longestAt) {
                written.append("::");
                group += longest - 1;
                continue;
            }
            if (!written.isEmpty() && written.charAt(written.length() - 1) != ':') {
                written.append(':');
            }
            written.append(Integer.toHexString(group(at, group)));
        }
        return written.toString();
    }

    private int group(int at, int group) {
        return u8(at + 2 * group) << 8 | u8(at + 2 * group + 1);
    }

    private FrameProblem tooSmall(String what, int least) {
        return problem(
                FrameProblem.Cause.TOO_SMALL, describe(what) + " of " + size + " bytes, expected at least " + least);
    }

    private FrameProblem fixedSize(String what, int exactly) {
        return problem(
                size < exactly ? FrameProblem.Cause.TOO_SMALL : FrameProblem.Cause.LENGTHS,
                describe(what) + " of " + size + " bytes, expected " + exactly);
    }

    private FrameProblem lengths(String what, int fixed, int... parts) {
        StringBuilder sum = new StringBuilder().append(fixed);
        for (int part : parts) {
            sum.append(" + ").append(part);
        }
        return problem(
                FrameProblem.Cause.LENGTHS,
                describe(what) + " of " + size + " bytes whose parts are " + sum
                        + ", expected parts within their limits that fill the frame");
    }

    private static String describe(String what) {
        return (what.charAt(0) == 'e' || what.charAt(0) == 'o' || what.charAt(0) == 'a' ? "an " : "a ") + what;
    }

    private FrameProblem problem(FrameProblem.Cause cause, String reason) {
        problems.merge(cause, 1L, Long::sum);
        return new FrameProblem(cause, reason);
    }

    private ProbeFrame.Skipped skip(int kind, String why) {
        skipped++;
        return new ProbeFrame.Skipped(kind, why);
    }

    private long boottime() {
        return i64(8);
    }

    private long i64(int at) {
        return in.getLong(start + at);
    }

    private int i32(int at) {
        return in.getInt(start + at);
    }

    private long u32(int at) {
        return Integer.toUnsignedLong(in.getInt(start + at));
    }

    private int u16(int at) {
        return Short.toUnsignedInt(in.getShort(start + at));
    }

    private int u8(int at) {
        return Byte.toUnsignedInt(in.get(start + at));
    }

    static {
        assert SUBJECT_END == 144 : "the fixed parts below are counted from the end of the subject";
    }
}
