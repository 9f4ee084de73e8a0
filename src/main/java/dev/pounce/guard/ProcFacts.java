package dev.pounce.guard;

import dev.pounce.asset.Answer;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads process facts from {@code /proc}. Formats: proc(5), {@code proc_pid_stat}, {@code namespaces(7)}.
 *
 * <p>Reading another user's {@code exe} and {@code ns} links needs CAP_SYS_PTRACE; without it the answer is
 * {@link Answer.Unknown}. Any thread; a handful of system calls per question.
 */
public final class ProcFacts implements ProcessFacts {

    private static final long PF_KTHREAD = 0x0020_0000; // include/linux/sched.h
    private static final String DELETED = " (deleted)";

    /** The 64 hexadecimal digits by which every common runtime names a container's control group. */
    private static final Pattern CONTAINER_ID = Pattern.compile("(conmon-)?([0-9a-f]{64})(?![0-9a-f])");

    private final Path proc;
    private final String procName;
    private final int self;

    /** Of this machine; the engine must share the host's pid namespace, or it sees another world. */
    public ProcFacts() {
        this(Path.of("/proc"), (int) ProcessHandle.current().pid());
    }

    /** @param proc where the file system is mounted */
    public ProcFacts(Path proc, int self) {
        this.proc = proc;
        this.procName = proc.toString();
        this.self = self;
    }

    /** A question to /proc; what it throws becomes an answer. */
    private interface Question<T> {
        T ask() throws IOException;
    }

    @Override
    public int self() {
        return self;
    }

    @Override
    public Answer<Facts> about(int pid) {
        return answer(pid, () -> {
            String stat = read(pid, "stat");
            // The name is in parentheses and may itself contain any of them.
            int open = stat.indexOf('(');
            int close = stat.lastIndexOf(')');
            if (open < 0 || close < open) {
                throw new IOException("a stat line without a name in parentheses");
            }
            try {
                // Without splitting it: most of the 52 fields are of no interest, and this is asked before each signal
                int state = field(stat, close, 1);
                int parent = field(stat, state, 1);
                int flags = field(stat, parent, 5);
                int start = field(stat, flags, 13);
                return new Facts(
                        pid,
                        (int) number(stat, parent),
                        number(stat, start),
                        (number(stat, flags) & PF_KTHREAD) != 0,
                        stat.charAt(state) == 'Z' || stat.charAt(state) == 'X',
                        stat.substring(open + 1, close));
            } catch (NumberFormatException notANumber) {
                throw new IOException("a stat line with " + notANumber.getMessage(), notANumber);
            }
        });
    }

    /** Where the field begins that comes so many after the one at {@code from}. */
    private static int field(String stat, int from, int after) throws IOException {
        int at = from;
        for (int i = 0; i < after; i++) {
            at = stat.indexOf(' ', at) + 1;
            if (at == 0 || at == stat.length()) {
                throw new IOException("a stat line that is too short, expected at least 22 fields");
            }
        }
        return at;
    }

    private static long number(String stat, int from) {
        int to = from;
        while (to < stat.length() && stat.charAt(to) > ' ') {
            to++;
        }
        return Long.parseLong(stat, from, to, 10);
    }

    @Override
    public Answer<Boolean> isOnHost(int pid) {
        return answer(pid, () -> {
            if (!namespace(pid, "pid").equals(namespace(1, "pid"))
                    || !namespace(pid, "user").equals(namespace(1, "user"))
                    || containerOf(pid).isPresent()) {
                return false;
            }
            // A service may have a mount namespace of its own, for private directories. Only root can make
            // one in the host's user namespace, but a privileged container also has one: there the program
            // must be the very file that the host has at this path.
            return namespace(pid, "mnt").equals(namespace(1, "mnt")) || runsAFileOfTheHost(pid);
        });
    }

    @Override
    public Answer<Long> user(int pid) {
        return answer(pid, () -> {
            for (String line : read(pid, "status").split("\n", -1)) {
                if (line.startsWith("Uid:")) {
                    String[] users = line.split("\\s+", -1); // real, effective, saved, of the file system
                    if (users.length > 2 && users[2].matches("\\d{1,10}")) {
                        return Long.parseLong(users[2]);
                    }
                }
            }
            throw new IOException("a status without an effective user id");
        });
    }

    @Override
    public Answer<Optional<String>> container(int pid) {
        return answer(pid, () -> containerOf(pid));
    }

    @Override
    public Answer<String> program(int pid) {
        return answer(pid, () -> {
            String target = Files.readSymbolicLink(file(pid, "exe")).toString();
            return target.endsWith(DELETED) ? target.substring(0, target.length() - DELETED.length()) : target;
        });
    }

    @Override
    public Answer<List<Integer>> children(int pid) {
        return answer(pid, () -> {
            List<Integer> children = new ArrayList<>();
            try (DirectoryStream<Path> threads = Files.newDirectoryStream(file(pid, "task"))) {
                for (Path thread : threads) {
                    String list;
                    try {
                        list = Files.readString(thread.resolve("children"), StandardCharsets.ISO_8859_1);
                    } catch (IOException failed) {
                        if (!isGone(failed)) {
                            throw failed;
                        }
                        if (Files.exists(thread)) {
                            return childrenByParent(pid); // a kernel without CONFIG_PROC_CHILDREN
                        }
                        continue; // the thread ended meanwhile; its children now belong to another
                    }
                    for (String child : list.strip().split(" ", -1)) {
                        if (!child.isEmpty()) {
                            children.add(Integer.valueOf(child));
                        }
                    }
                }
            } catch (DirectoryIteratorException failed) {
                throw failed.getCause();
            }
            return children;
        });
    }

    /** The long way round: whoever names it as the parent. */
    private List<Integer> childrenByParent(int pid) throws IOException {
        List<Integer> children = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                int candidate = Integer.parseInt(process.getFileName().toString());
                switch (about(candidate)) {
                    case Answer.Known<Facts>(Facts known) -> {
                        if (known.parent() == pid) {
                            children.add(candidate);
                        }
                    }
                    case Answer.Gone<Facts> gone -> {}
                    case Answer.Unknown<Facts> unknown -> throw new IOException(unknown.why());
                }
            }
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return children;
    }

    private boolean runsAFileOfTheHost(int pid) throws IOException {
        String target = Files.readSymbolicLink(file(pid, "exe")).toString();
        if (target.endsWith(DELETED)) {
            return true; // replaced by an upgrade, most likely; nothing is left to compare
        }
        Path onHost = file(1, "root").resolve(target.substring(1));
        return Files.exists(onHost) && Files.isSameFile(file(pid, "exe"), onHost);
    }

    private Optional<String> containerOf(int pid) throws IOException {
        Matcher matcher = CONTAINER_ID.matcher(read(pid, "cgroup"));
        String last = null;
        while (matcher.find()) {
            // A container's monitor is named like it, and is the host's.
            if (matcher.group(1) == null) {
                last = matcher.group(2);
            }
        }
        return Optional.ofNullable(last);
    }

    private String namespace(int pid, String kind) throws IOException {
        return Files.readSymbolicLink(file(pid, "ns").resolve(kind)).toString();
    }

    /** By a stream and not by {@link Files}: this stands between a detection and its signal. */
    private String read(int pid, String name) throws IOException {
        try (FileInputStream file = new FileInputStream(procName + "/" + pid + "/" + name)) {
            byte[] start = new byte[1024];
            int length = file.read(start);
            if (length < start.length) { // the kernel answers such files in one read, all but the longest
                return new String(start, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
            }
            return new String(start, StandardCharsets.ISO_8859_1)
                    + new String(file.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private Path file(int pid, String name) {
        return Path.of(procName, Integer.toString(pid), name);
    }

    private <T> Answer<T> answer(int pid, Question<T> question) {
        try {
            return new Answer.Known<>(question.ask());
        } catch (IOException failed) {
            // Another file than asked for may be missing, so the process itself decides.
            return isGone(failed) && !Files.exists(proc.resolve(Integer.toString(pid)))
                    ? new Answer.Gone<>()
                    : new Answer.Unknown<>("facts about process " + pid + " cannot be read: " + failed);
        }
    }

    /** ENOENT when opening, ESRCH when reading what was opened before the process ended. */
    private static boolean isGone(IOException failed) {
        return failed instanceof NoSuchFileException
                || (failed instanceof FileNotFoundException // "Permission denied" is one, too
                        && failed.getMessage() != null
                        && failed.getMessage().contains("No such file"))
                || (failed.getMessage() != null && failed.getMessage().contains("No such process"));
    }
}
