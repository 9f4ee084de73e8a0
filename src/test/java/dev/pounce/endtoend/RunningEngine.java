package dev.pounce.endtoend;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.testing.Eventually;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** {@code pounce run}, started as a user starts it, with what it prints. */
final class RunningEngine implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LISTENING = "Listening for alerts on ";

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
        engine.until("line 'armed' on stderr", () -> engine.timesArmed() > 0 || !engine.isRunning());
        if (!engine.isRunning()) {
            throw new AssertionError("pounce run ended: " + engine.err);
        }
        return engine;
    }

    /** One that watches nothing itself and takes alerts from anybody on this machine; ready when this returns. */
    static RunningEngine listening(Path state, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--no-probe", "--listen", "127.0.0.1:0", "--no-auth"));
        all.addAll(List.of(arguments));
        return armed(state, all.toArray(new String[0]));
    }

    /** @param prefix a command that starts it in some special way, such as {@code setpriv} */
    static RunningEngine start(List<String> prefix, Path state, String... arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Machine.home().resolve("bin/pounce").toString(), "run", "-o", "json", "--state", state.toString()));
        command.addAll(List.of(arguments));
        if (!command.contains("--kubeconfig")) {
            command.add("--no-cluster"); // though ci/test has one: most tests are about this machine
        }
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
    List<JsonNode> detections() {
        return out.stream().map(RunningEngine::parse).toList();
    }

    List<String> messages() {
        return err;
    }

    Path state() {
        return state;
    }

    /** Where it listens for alerts. */
    URI address() {
        awaitMessage(LISTENING);
        String line = err.stream()
                .filter(said -> said.contains(LISTENING))
                .findFirst()
                .orElseThrow();
        return URI.create(
                line.substring(line.indexOf(LISTENING) + LISTENING.length()).split(" ", 2)[0]);
    }

    long timesArmed() {
        return err.stream().filter("armed"::equals).count();
    }

    /** Like {@link Eventually#until}; in vain, it tells what the engine said. */
    void until(String what, BooleanSupplier condition) {
        try {
            Eventually.until(what, condition);
        } catch (AssertionError inVain) {
            throw new AssertionError(inVain.getMessage() + "; the engine said: " + String.join("\n", err), inVain);
        }
    }

    void awaitMessage(String part) {
        until("message with '" + part + "'", () -> err.stream().anyMatch(line -> line.contains(part)));
    }

    /** Until it prints a detection by this rule that the condition holds for. */
    JsonNode awaitDetection(String rule, Predicate<JsonNode> condition) {
        return await(
                "detection by '" + rule + "'",
                this::detections,
                detection -> detection.path("rule").asText().equals(rule) && condition.test(detection));
    }

    /** Until {@code pounce audit list} has a step with this target and result. */
    JsonNode awaitStep(long pid, String result) {
        return awaitStep(
                "'" + result + "' for process " + pid,
                step -> step.path("target").asText().equals("process/" + pid)
                        && step.path("result").asText().equals(result));
    }

    JsonNode awaitStep(String what, Predicate<JsonNode> condition) {
        return await("step in the audit: " + what, this::steps, condition);
    }

    private JsonNode await(String what, Supplier<List<JsonNode>> look, Predicate<JsonNode> condition) {
        List<JsonNode> found = new ArrayList<>();
        until(what, () -> {
            look.get().stream().filter(condition).findFirst().ifPresent(found::add);
            return !found.isEmpty();
        });
        return found.getFirst();
    }

    /** All steps of all responses: {@code pounce audit list -o json}. */
    List<JsonNode> steps() {
        List<JsonNode> steps = new ArrayList<>();
        responses().forEach(response -> response.path("steps").forEach(steps::add));
        return steps;
    }

    /** {@code pounce audit list -o json}, oldest first. */
    List<JsonNode> responses() {
        return Machine.pounce("audit", "list", "-o", "json", "--state", state.toString())
                .out()
                .lines()
                .map(RunningEngine::parse)
                .toList();
    }

    /** The probe that it has started. */
    ProcessHandle probe() {
        ProcessHandle[] found = new ProcessHandle[1];
        until("probe of the engine", () -> {
            process.children()
                    .filter(child -> Machine.programOf(child.pid()).endsWith("/pounce-probe"))
                    .findFirst()
                    .ifPresent(child -> found[0] = child);
            return found[0] != null;
        });
        return found[0];
    }

    Machine.Ran probeStatus() {
        return Machine.pounce("probe", "status", "--state", state.toString());
    }

    Machine.Ran verify() {
        return Machine.pounce("audit", "verify", "--state", state.toString());
    }

    /** Keeps it from doing anything, and events waiting, while something else happens. */
    void whileHeld(Runnable meanwhile) {
        signal("STOP");
        try {
            until("standstill of the engine", () -> Machine.isStopped(pid()));
            meanwhile.run();
        } finally {
            signal("CONT");
        }
    }

    private void signal(String name) {
        Machine.run("kill", "-" + name, Long.toString(pid()));
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

    int awaitEnd() {
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

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException broken) {
            throw new AssertionError("not JSON: " + line, broken);
        }
    }

    private static void collect(InputStream stream, List<String> into, String name) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                lines.lines().forEach(into::add);
            } catch (IOException | UncheckedIOException ended) {
                // the process was killed while a line was read
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
