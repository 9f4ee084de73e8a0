package dev.pounce.endtoend;

import dev.pounce.testing.Eventually;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** {@code pounce run}, started as a user starts it, with what it prints. */
final class RunningEngine implements AutoCloseable {

    private final Process process;
    private final Path state;
    private final List<String> out = new CopyOnWriteArrayList<>();
    private final List<String> err = new CopyOnWriteArrayList<>();

    private RunningEngine(Process process, Path state) {
        this.process = process;
        this.state = state;
        collect(process.getInputStream(), out, "stdout of pounce run");
        collect(process.getErrorStream(), err, "stderr of pounce run");
    }

    /** Waits until it says that it is armed. */
    static RunningEngine armed(Path state, String... arguments) {
        RunningEngine engine = start(List.of(), state, arguments);
        Eventually.until(
                "line 'armed' on stderr, but " + engine.err, () -> engine.err.contains("armed") || !engine.isRunning());
        if (!engine.isRunning()) {
            throw new AssertionError("pounce run ended: " + engine.err);
        }
        return engine;
    }

    /** @param prefix a command that starts it in some special way, such as {@code setpriv} */
    static RunningEngine start(List<String> prefix, Path state, String... arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Machine.home().resolve("bin/pounce").toString(), "run", "-o", "json", "--state", state.toString()));
        command.addAll(List.of(arguments));
        try {
            return new RunningEngine(new ProcessBuilder(command).start(), state);
        } catch (IOException broken) {
            throw new AssertionError("could not start " + command, broken);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isRunning() {
        return process.isAlive();
    }

    /** Detections so far, each a line of Falco's JSON. */
    List<String> detections() {
        return out;
    }

    List<String> messages() {
        return err;
    }

    Path state() {
        return state;
    }

    void awaitMessage(String part) {
        Eventually.until(
                "message with '" + part + "', but " + err, () -> err.stream().anyMatch(l -> l.contains(part)));
    }

    /** Until the journal says so: {@code pounce audit list -o json} has a line with all these parts. */
    String awaitAudit(String... parts) {
        String[] found = new String[1];
        Eventually.until("audit line with " + List.of(parts), () -> {
            for (String line : auditLines()) {
                if (List.of(parts).stream().allMatch(line::contains)) {
                    found[0] = line;
                    return true;
                }
            }
            return false;
        });
        return found[0];
    }

    List<String> auditLines() {
        return Machine.pounce("audit", "list", "-o", "json", "--state", state.toString())
                .out()
                .lines()
                .toList();
    }

    /** Ends it as an init system would, and answers its exit code. */
    int terminate() {
        process.destroy();
        return awaitEnd();
    }

    /** kill -9: no shutdown, no goodbye. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    private int awaitEnd() {
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("pounce run did not end within 20 s: " + err);
            }
            return process.exitValue();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", stopped);
        }
    }

    private static void collect(InputStream stream, List<String> into, String name) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                lines.lines().forEach(into::add);
            } catch (IOException | java.io.UncheckedIOException ended) {
                into.add("[" + name + " was closed]");
            }
        });
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            terminate();
        }
    }
}
