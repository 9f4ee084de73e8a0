package dev.pounce.endtoend;

import dev.pounce.testing.Eventually;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A shell in a container that waits for a sign and then becomes the program it was told: so its pid on the host is known
 * beforehand, and not from the engine that is tested.
 */
final class Standby implements AutoCloseable {

    private final long pid;
    private final Process exec;
    private final Path door;

    private Standby(long pid, Process exec, Path door) {
        this.pid = pid;
        this.exec = exec;
        this.door = door;
    }

    /**
     * @param exec the runtime's command that was started for it
     * @param token appears in the command line of the shell, and names the pipe it waits at
     */
    static Standby awaiting(Process exec, String token) {
        long[] found = new long[1];
        Eventually.until("shell in the container that waits for its sign", () -> {
            // The runtime's own commands have the token too, but live in the namespace of the host
            found[0] = Machine.processesWith(token).stream()
                    .filter(pid -> !Machine.sharesPidNamespace(pid))
                    .findFirst()
                    .orElse(0L);
            return found[0] != 0 && Files.exists(door(found[0], token));
        });
        return new Standby(found[0], exec, door(found[0], token));
    }

    private static Path door(long pid, String token) {
        return Path.of("/proc/" + pid + "/root/tmp/" + token);
    }

    long pid() {
        return pid;
    }

    /** Gives the sign. */
    Standby go() {
        try {
            Files.writeString(door, "\n");
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return this;
    }

    /** Gives the sign, and waits until it has become the program. */
    Standby goAndBecome(String program) {
        go();
        Eventually.until("program " + program + " in process " + pid, () -> Machine.programOf(pid)
                .equals(program));
        return this;
    }

    boolean isAlive() {
        return Machine.isAlive(pid);
    }

    /** The exit code as the runtime reports it, by its word and not the engine's; 137 after a SIGKILL. */
    int awaitEnd() {
        HostProcesses.awaitEndOf(exec);
        return exec.exitValue();
    }

    @Override
    public void close() {
        exec.descendants().forEach(ProcessHandle::destroyForcibly);
        exec.destroyForcibly();
    }
}
