package dev.pounce.endtoend;

import dev.pounce.testing.Eventually;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Harmless programs under paths of their own, so that a rule can mean them alone, and processes of them on the host. */
final class HostProcesses implements AutoCloseable {

    private final Path folder;
    private final List<Process> started = new ArrayList<>();

    HostProcesses(Path folder) {
        this.folder = folder;
    }

    /** A program that ends at once. */
    String endsAtOnce(String name) {
        return copy("/bin/true", name);
    }

    /** A program that sleeps for as many seconds as it is told. */
    String sleeps(String name) {
        return copy("/bin/sleep", name);
    }

    private String copy(String program, String name) {
        try {
            Path copy = folder.resolve(name);
            Files.createDirectories(folder);
            Files.copy(Path.of(program), copy);
            return copy.toRealPath().toString();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    Process start(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            started.add(process);
            return process;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** Ended, and fetched by its parent. */
    static void awaitEndOf(Process process) {
        Eventually.until("end of process " + process.pid(), () -> !process.isAlive());
    }

    @Override
    public void close() {
        started.forEach(Process::destroyForcibly);
    }
}
