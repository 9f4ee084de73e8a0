package dev.pounce.probe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A /proc made of plain files. */
final class FakeProc {

    private final Path root;

    FakeProc(Path root) {
        this.root = root;
    }

    ProcSnapshot snapshot() {
        return new ProcSnapshot(root);
    }

    /** @param startTicks in hundredths of a second */
    void process(int pid, int parentPid, long startTicks, String comm, String... argv) {
        process(pid, parentPid, startTicks, comm, "0::/\n", List.of(argv));
    }

    void process(int pid, int parentPid, long startTicks, String comm, String cgroup, List<String> argv) {
        try {
            Path directory = Files.createDirectories(root.resolve(Integer.toString(pid)));
            Files.writeString(
                    directory.resolve("stat"),
                    pid + " (" + comm + ") S " + parentPid + " 77 78 34816 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 "
                            + startTicks + " 1 1\n");
            Files.writeString(
                    directory.resolve("status"),
                    "Name:\t" + comm + "\nTgid:\t" + pid
                            + "\nUid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\n"
                            + "NStgid:\t" + pid + "\t" + pid % 100 + "\nCapPrm:\t000001ffffffffff\n"
                            + "CapEff:\t00000000a80425fb\n");
            Files.writeString(directory.resolve("loginuid"), "4294967295");
            Files.writeString(directory.resolve("cgroup"), cgroup);
            Files.writeString(directory.resolve("cmdline"), argv.isEmpty() ? "" : String.join("\0", argv) + "\0");
            link(directory.resolve("exe"), "/usr/bin/" + comm);
            link(directory.resolve("cwd"), "/home/" + comm);
            Files.createDirectories(directory.resolve("ns"));
            link(directory.resolve("ns/mnt"), "mnt:[4026531841]");
            link(directory.resolve("ns/pid"), "pid:[4026531836]");
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    void uptime(int seconds) {
        try {
            Files.writeString(root.resolve("uptime"), seconds + ".00 1.00\n");
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    void end(int pid) {
        try (Stream<Path> files = Files.walk(root.resolve(Integer.toString(pid)))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    void link(Path link, String target) throws IOException {
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, Path.of(target));
    }

    Path directory(int pid) {
        return root.resolve(Integer.toString(pid));
    }
}
