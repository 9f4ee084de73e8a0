package dev.pounce.endtoend;

import dev.pounce.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A containerd of our own with an image made from busybox: {@code ci/container}. */
final class Containers implements AutoCloseable {

    private final Path directory;
    private final List<Standby> standbys = new ArrayList<>();

    private Containers(Path directory) {
        this.directory = directory;
    }

    static Containers start() {
        try {
            // Not below the project: Unix socket paths are short, and it is removed as a whole
            Containers containers = new Containers(Files.createTempDirectory("pounce-rt"));
            try {
                containers.call("up");
            } catch (AssertionError failed) {
                containers.close();
                throw failed;
            }
            return containers;
        } catch (IOException broken) {
            throw new AssertionError("no directory for the container runtime", broken);
        }
    }

    /** An id as most runtimes make them. */
    static String longId() {
        byte[] id = new byte[32];
        new Random().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    /** An id as people choose them, but another each time. */
    static String plainId(String word) {
        return word + "-" + Integer.toHexString(0x10000 + new Random().nextInt(0x10000));
    }

    /** What Falco's {@code container.id} shows. */
    static String shown(String id) {
        return id.substring(0, Math.min(12, id.length()));
    }

    /** The namespace of containerd, which no other runtime on this machine has. */
    String namespace() {
        return "pounce-" + directory.getFileName();
    }

    /** Starts a container that does nothing by itself; answers the host's pid of its first process. */
    long run(String id) {
        return Long.parseLong(call("run", id).strip());
    }

    /** Runs a command in it and waits for its end. */
    Machine.Ran exec(String id, String... command) {
        return Machine.run(command("exec", id, command));
    }

    /** It runs and does what it is told. Asked more than once: ctr sometimes loses what so short a program prints. */
    void awaitAnswerFrom(String id) {
        Eventually.until(
                "answer from container " + id,
                () -> exec(id, "/bin/echo", "works").out().equals("works\n"));
    }

    /** A shell in it with a terminal of its own, given one line. */
    Machine.Ran shell(String id, String line) {
        return Machine.run(command("shell", id, line));
    }

    /** A shell in it that runs one line when it is given the sign. */
    Standby standby(String id, String line) {
        String token = "sign-" + Long.toHexString(System.nanoTime());
        String script = "mkfifo /tmp/" + token + "; read sign </tmp/" + token + "; " + line;
        try {
            Process exec = new ProcessBuilder(command("exec", id, "/bin/sh", "-c", script))
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Standby standby = Standby.awaiting(exec, token);
            standbys.add(standby);
            return standby;
        } catch (IOException broken) {
            throw new AssertionError("could not start a shell in the container", broken);
        }
    }

    private String call(String verb, String... arguments) {
        Machine.Ran ran = Machine.run(command(verb, null, arguments));
        if (ran.exit() != 0) {
            throw new AssertionError("ci/container " + verb + " failed: " + ran.err());
        }
        return ran.out();
    }

    private List<String> command(String verb, @Nullable String id, String... rest) {
        List<String> command = new ArrayList<>(
                List.of(Machine.project().resolve("ci/container").toString(), verb, directory.toString()));
        if (id != null) {
            command.add(id);
        }
        command.addAll(List.of(rest));
        return command;
    }

    @Override
    public void close() {
        try {
            call("down");
        } finally {
            standbys.forEach(Standby::close);
        }
    }
}
