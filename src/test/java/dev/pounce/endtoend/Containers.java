package dev.pounce.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A containerd of our own with an image made from busybox: {@code ci/container}. */
final class Containers implements AutoCloseable {

    private final Path directory;

    private Containers(Path directory) {
        this.directory = directory;
    }

    static Containers start() {
        try {
            // Not below the project: Unix socket paths are short, and it is removed as a whole
            Containers containers = new Containers(Files.createTempDirectory("pounce-rt"));
            containers.call("up");
            return containers;
        } catch (IOException broken) {
            throw new AssertionError("no directory for the container runtime", broken);
        }
    }

    /** Starts a container that does nothing by itself; answers the host's pid of its first process. */
    long run(String id) {
        return Long.parseLong(call("run", id).strip());
    }

    /** Runs a command in it and waits for its end. */
    Machine.Ran exec(String id, String... command) {
        return Machine.run(command("exec", id, command));
    }

    /** A shell in it with a terminal of its own, given one line. */
    Machine.Ran shell(String id, String line) {
        return Machine.run(command("shell", id, line));
    }

    private String call(String verb, String... arguments) {
        Machine.Ran ran = Machine.run(command(verb, null, arguments));
        if (ran.exit() != 0) {
            throw new AssertionError("ci/container " + verb + " failed: " + ran.err());
        }
        return ran.out();
    }

    private List<String> command(String verb, @org.jspecify.annotations.Nullable String id, String... rest) {
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
        call("down");
    }
}
