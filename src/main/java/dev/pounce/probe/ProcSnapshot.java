package dev.pounce.probe;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /proc} says about processes, in the words of the probe. Fills the process table when the
 * engine starts, and where an event was lost.
 *
 * <p>Every file is read for itself, so a process may change or end in between: one that ended is no process, and
 * what may not be read (a kernel thread has no executable, a foreign user's may be hidden) stays unknown.
 * Formats: proc_pid_stat(5), proc_pid_status(5), cgroups(7). Safe for any thread. Blocks for the kernel, and never for a
 * process: what its own memory or executable is asked for (the arguments, the inode) stays unknown when it does not
 * come within 50 ms, for both may be files of a file system in user space.
 */
public final class ProcSnapshot {

    /** USER_HZ is 100 on every architecture we build for: what /proc counts a start time in. */
    private static final long TICK_NANOS = 10_000_000;

    private static final int FILE_MAX = 64 * 1024;

    /** As much as the probe sends. */
    private static final int ARGV_MAX = 4096;

    private static final byte[] NOTHING = new byte[0];

    /** A command line takes microseconds to read, or, when its process wants it so, for ever. */
    private static final Duration PATIENCE = Duration.ofMillis(50);

    private static final int READERS = 4;

    private final Path root;
    private final HangingReads programs = HangingReads.onDemand("proc-program", READERS);

    /** Those whose program is being read, so that one that hangs hangs once. */
    private final Set<Path> underWay = ConcurrentHashMap.newKeySet();

    /** @param root where the host's proc file system is mounted */
    public ProcSnapshot(Path root) {
        this.root = root;
    }

    /**
     * @param subject its start time is rounded down to 10 ms; ids and inodes that /proc does not tell are 0
     * @param cgroup in the form of the wire
     */
    public record Found(ProbeEvent.Subject subject, Program program, String cwd, String cgroup) {}

    /** The part of a start time that /proc shows. */
    static long ticks(long boottimeNanos) {
        return boottimeNanos / TICK_NANOS;
    }

    /** All processes, parents not necessarily first. */
    public List<Found> all() {
        List<Found> found = new ArrayList<>();
        for (int pid : pids()) {
            read(pid).ifPresent(found::add);
        }
        return found;
    }

    List<Integer> pids() {
        List<Integer> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, "[0-9]*")) {
            for (Path entry : entries) {
                parseInt(String.valueOf(entry.getFileName())).ifPresent(pids::add);
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            return List.of();
        }
        return pids;
    }

    /** Empty when there is no such process. */
    public Optional<Found> read(int pid) {
        Path directory = root.resolve(Integer.toString(pid));
        Optional<Stat> read = text(directory.resolve("stat")).flatMap(ProcSnapshot::stat);
        if (read.isEmpty()) {
            return Optional.empty();
        }
        Stat stat = read.get();
        List<String> status =
                text(directory.resolve("status")).map(t -> t.lines().toList()).orElse(List.of());
        int vpid = (int) last(status, "NStgid:").orElse(pid);
        ProbeEvent.Subject subject = new ProbeEvent.Subject(
                stat.startTicks * TICK_NANOS,
                startOf(stat.parentPid),
                0,
                0,
                hex(status, "CapEff:"),
                hex(status, "CapPrm:"),
                0,
                pid,
                pid,
                vpid,
                stat.parentPid,
                stat.pgid,
                stat.sid,
                nth(status, "Uid:", 1).orElse(0),
                nth(status, "Gid:", 1).orElse(0),
                nth(status, "Uid:", 0).orElse(0),
                (int) text(directory.resolve("loginuid"))
                        .flatMap(t -> parseLong(t.strip()))
                        .orElse(-1L)
                        .longValue(),
                stat.tty,
                namespace(directory, "mnt"),
                namespace(directory, "pid"),
                stat.comm);
        return Optional.of(new Found(
                subject,
                program(directory),
                link(directory.resolve("cwd")).orElse(""),
                cgroup(directory).orElse("")));
    }

    private static Optional<String> cgroup(Path directory) {
        return text(directory.resolve("cgroup")).map(ProcSnapshot::cgroupOf);
    }

    /** CLOCK_BOOTTIME now, rounded down to 10 ms; 0 when it cannot be read. */
    public long boottimeNanos() {
        String seconds = text(root.resolve("uptime")).orElse("").split(" ")[0];
        try {
            return new BigDecimal(seconds).movePointRight(9).longValue();
        } catch (NumberFormatException unreadable) {
            return 0;
        }
    }

    /** CLOCK_BOOTTIME rounded down to 10 ms; 0 when there is no such process. */
    public long startOf(int pid) {
        if (pid < 1) {
            return 0;
        }
        return text(root.resolve(Integer.toString(pid)).resolve("stat"))
                .flatMap(ProcSnapshot::stat)
                .map(stat -> stat.startTicks * TICK_NANOS)
                .orElse(0L);
    }

    /** The number of a namespace of a process ({@code self} is one); 0 when it cannot be seen. */
    public long namespaceOf(String process, String kind) {
        return namespace(root.resolve(process), kind);
    }

    private Program program(Path directory) {
        String path = link(directory.resolve("exe")).orElse("");
        int flags = 0;
        if (path.endsWith(" (deleted)")) {
            path = path.substring(0, path.length() - " (deleted)".length());
            flags |= ProbeEvent.Exec.DELETED;
            if (path.startsWith("/memfd:")) {
                flags |= ProbeEvent.Exec.MEMFD;
            }
        }
        Program linked = new Program(path, Arguments.NONE, flags, 0, 0, 0, 0);
        if (!underWay.add(directory)) {
            return linked;
        }
        Optional<Future<Program>> reading = programs.begin(() -> {
            try {
                return whole(linked, directory);
            } finally {
                underWay.remove(directory);
            }
        });
        if (reading.isEmpty()) {
            underWay.remove(directory);
        }
        return reading.flatMap(program -> HangingReads.await(program, PATIENCE)).orElse(linked);
    }

    private static Program whole(Program linked, Path directory) {
        int flags = linked.flags();
        byte[] cmdline = bytes(directory.resolve("cmdline"), ARGV_MAX + 1).orElse(NOTHING);
        Arguments argv = argv(cmdline);
        if (cmdline.length > ARGV_MAX) {
            flags |= ProbeEvent.Exec.ARGV_CUT;
        }
        if (linked.path().isEmpty()) {
            return new Program("", argv, flags, 0, 0, 0, 0);
        }
        try {
            Map<String, Object> file =
                    Files.readAttributes(directory.resolve("exe"), "unix:ino,dev,ctime,lastModifiedTime");
            return new Program(
                    linked.path(),
                    argv,
                    flags,
                    number(file.get("ino")),
                    kernelDevice(number(file.get("dev"))),
                    nanos(file.get("ctime")),
                    nanos(file.get("lastModifiedTime")));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
            return new Program(linked.path(), argv, flags, 0, 0, 0, 0);
        }
    }

    private static Arguments argv(byte[] cmdline) {
        return Arguments.of(cmdline, 0, Math.min(cmdline.length, ARGV_MAX));
    }

    private static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }

    private static long nanos(@Nullable Object value) {
        return value instanceof FileTime time ? time.to(TimeUnit.NANOSECONDS) : 0;
    }

    /** From the packing of stat(2) to the kernel's: major << 20 | minor. */
    private static int kernelDevice(long statDevice) {
        long major = (statDevice >>> 8) & 0xfff;
        long minor = (statDevice & 0xff) | ((statDevice >>> 12) & 0xfff00);
        return (int) (major << 20 | minor);
    }

    private record Stat(String comm, int parentPid, int pgid, int sid, int tty, long startTicks) {}

    /** The name stands in parentheses and may contain any byte, parentheses and spaces among them. */
    private static Optional<Stat> stat(String line) {
        int open = line.indexOf('(');
        int close = line.lastIndexOf(')');
        if (open < 0 || close < open) {
            return Optional.empty();
        }
        String[] rest = line.substring(close + 1).strip().split(" ");
        if (rest.length < 20) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Stat(
                    line.substring(open + 1, close),
                    Integer.parseInt(rest[1]),
                    Integer.parseInt(rest[2]),
                    Integer.parseInt(rest[3]),
                    Integer.parseInt(rest[4]),
                    Long.parseLong(rest[19])));
        } catch (NumberFormatException notStat) {
            return Optional.empty();
        }
    }

    /**
     * The three innermost names of a process's cgroup, of the unified hierarchy or, where that one says root, of the
     * version 1 hierarchy with the pids controller: what the probe sends.
     */
    static String cgroupOf(String lines) {
        String unified = "";
        String pids = "";
        for (String line : lines.lines().toList()) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                continue;
            }
            if (parts[1].isEmpty()) {
                unified = innermost(parts[2]);
            } else if (List.of(parts[1].split(",")).contains("pids")) {
                pids = innermost(parts[2]);
            }
        }
        return unified.isEmpty() ? pids : unified;
    }

    /**
     * A process's cgroups that may name its container, each with its whole path and its controllers before that: {@code
     * :/system.slice/a.service} in the unified hierarchy, which comes first, and {@code pids:/a}. Empty if it is gone.
     */
    public List<String> cgroupPathsOf(int pid) {
        List<String> paths = new ArrayList<>();
        for (String line : text(root.resolve(Integer.toString(pid)).resolve("cgroup"))
                .orElse("")
                .lines()
                .toList()) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                continue;
            }
            if (parts[1].isEmpty()) {
                paths.addFirst(parts[1] + ":" + parts[2]);
            } else if (List.of(parts[1].split(",")).contains("pids")) {
                paths.addLast(parts[1] + ":" + parts[2]);
            }
        }
        return paths;
    }

    private static String innermost(String path) {
        List<String> names = new ArrayList<>();
        for (String name : path.split("/")) {
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        return String.join("/", names.subList(Math.max(0, names.size() - 3), names.size()));
    }

    private static long namespace(Path directory, String kind) {
        String target = link(directory.resolve("ns").resolve(kind)).orElse("");
        int open = target.indexOf('[');
        int close = target.indexOf(']');
        return open < 0 || close < open
                ? 0
                : parseLong(target.substring(open + 1, close)).orElse(0L);
    }

    private static Optional<String> line(List<String> status, String key) {
        for (String line : status) {
            if (line.startsWith(key)) {
                return Optional.of(line.substring(key.length()).strip());
            }
        }
        return Optional.empty();
    }

    private static OptionalLong nth(List<String> status, String key, int index) {
        String[] values = line(status, key).orElse("").split("\\s+");
        return index < values.length ? optional(parseLong(values[index])) : OptionalLong.empty();
    }

    private static OptionalLong last(List<String> status, String key) {
        String[] values = line(status, key).orElse("").split("\\s+");
        return optional(parseLong(values[values.length - 1]));
    }

    private static OptionalLong optional(Optional<Long> value) {
        return value.map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    private static long hex(List<String> status, String key) {
        try {
            return Long.parseUnsignedLong(line(status, key).orElse("0"), 16);
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }

    private static Optional<Integer> parseInt(String text) {
        return parseLong(text).filter(n -> n == n.intValue()).map(Long::intValue);
    }

    private static Optional<Long> parseLong(String text) {
        try {
            return Optional.of(Long.parseLong(text));
        } catch (NumberFormatException notANumber) {
            return Optional.empty();
        }
    }

    private static Optional<String> link(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (IOException | InvalidPathException | UnsupportedOperationException unreadable) {
            return Optional.empty();
        }
    }

    private static Optional<String> text(Path file) {
        return bytes(file, FILE_MAX)
                .map(read ->
                        StandardCharsets.UTF_8.decode(ByteBuffer.wrap(read)).toString());
    }

    private static Optional<byte[]> bytes(Path file, int limit) {
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(in.readNBytes(limit));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
