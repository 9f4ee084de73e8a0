package dev.pounce.endtoend;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Programs of this machine, run as a person at a terminal would. */
final class Machine {

    private Machine() {}

    /** What a command printed and how it ended. */
    record Ran(int exit, String out, String err) {}

    static Path home() {
        return Path.of(System.getProperty("pounce.home", "target/pounce")).toAbsolutePath();
    }

    static Path project() {
        return Path.of("").toAbsolutePath();
    }

    /** Leaves the test out, and says so, where the real parts cannot be had. */
    static void assumeItCanRunHere() {
        assumeItIsPackaged();
        leaveOutUnless(Files.isReadable(Path.of("/sys/kernel/btf/vmlinux")), "this kernel has no BTF");
        leaveOutUnless(run("id", "-u").out().strip().equals("0"), "not root");
        leaveOutUnless(run("sh", "-c", "command -v containerd").exit() == 0, "containerd is not installed");
    }

    /** Enough for an engine without a probe. */
    static void assumeItIsPackaged() {
        leaveOutUnless(Files.isExecutable(home().resolve("bin/pounce")), "target/pounce is not there; run ci/package");
    }

    private static void leaveOutUnless(boolean possible, String why) {
        if (!possible) {
            System.out.println("left out: end-to-end tests, because " + why);
            Assumptions.abort(why);
        }
    }

    static Ran run(String... command) {
        return run(List.of(command));
    }

    static Ran run(List<String> command) {
        try {
            Path err = Files.createTempFile("pounce-test", ".err");
            try {
                Process process = new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()))
                        .redirectError(err.toFile())
                        .start();
                String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                return new Ran(process.waitFor(), out, Files.readString(err));
            } finally {
                Files.delete(err);
            }
        } catch (IOException broken) {
            throw new AssertionError("could not run " + command, broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while running " + command, stopped);
        }
    }

    /** The packaged command line. */
    static Ran pounce(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(home().resolve("bin/pounce").toString()));
        command.addAll(List.of(arguments));
        return run(command);
    }

    /** Processes whose command line has this word somewhere in it. */
    static List<Long> processesWith(String word) {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> commandLineOf(pid).contains(word))
                .toList();
    }

    private static String commandLineOf(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .replace('\0', ' ');
        } catch (IOException gone) {
            return "";
        }
    }

    /** The program that a process runs, as its own file system calls it. */
    static String programOf(long pid) {
        return link("/proc/" + pid + "/exe");
    }

    static boolean sharesPidNamespace(long pid) {
        return link("/proc/" + pid + "/ns/pid").equals(link("/proc/self/ns/pid"));
    }

    private static String link(String path) {
        try {
            return Files.readSymbolicLink(Path.of(path)).toString();
        } catch (IOException gone) {
            return "";
        }
    }

    /** Alive, and not a zombie that nobody has fetched yet. */
    static boolean isAlive(long pid) {
        char state = stateOf("/proc/" + pid + "/stat");
        return state != 'Z' && state != 'X';
    }

    /** Memory that a process has in use, in KiB. */
    static long residentKib(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException gone) {
            return 0;
        }
    }

    /** Held by SIGSTOP, every thread of it. */
    static boolean isStopped(long pid) {
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return threads.allMatch(thread -> stateOf(thread + "/stat") == 'T');
        } catch (IOException gone) {
            return false;
        }
    }

    /** The letter of ps(1); X when there is no such process. */
    private static char stateOf(String file) {
        try {
            String stat = Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException gone) {
            return 'X';
        }
    }
}
