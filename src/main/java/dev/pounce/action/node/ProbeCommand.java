package dev.pounce.action.node;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One run of {@code pounce-probe} with one of the verbs that do something and end. It answers with lines of JSON
 * (native-probe/README.md) and is ended when its time is over. For one thread.
 */
final class ProbeCommand implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int WORDS_MAX = 2000;

    private final Process process;
    private final BufferedReader answers;
    private final Future<?> end;

    private ProbeCommand(Process process, Future<?> end) {
        this.process = process;
        this.answers = process.inputReader(UTF_8);
        this.end = end;
    }

    /**
     * Starts it.
     *
     * @param clock ends it when its time is over
     * @throws IOException when there is no such program, or none can be started
     */
    static ProbeCommand start(Path probe, List<String> arguments, Duration time, ScheduledExecutorService clock)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(probe.toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear(); // ours holds secrets, and a privileged program needs none of them
        Process process = builder.start();
        try {
            return new ProbeCommand(
                    process,
                    clock.schedule(process::destroyForcibly, Math.max(0, time.toMillis()), TimeUnit.MILLISECONDS));
        } catch (RejectedExecutionException closed) {
            process.destroyForcibly();
            throw new IOException("the engine ends", closed);
        }
    }

    /**
     * The next answer. Blocks until there is one.
     *
     * @throws IOException with what it said instead, when there is none
     */
    JsonNode answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException(lastWords());
        }
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException noJson) {
            throw new IOException("pounce-probe answered with what is no JSON: " + line, noJson);
        }
    }

    /** All answers that are left. Blocks until it ends. */
    List<JsonNode> rest() throws IOException {
        List<JsonNode> all = new ArrayList<>();
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            all.add(JSON.readTree(line));
        }
        return all;
    }

    /** To one that asks before it changes anything. */
    void goOn() throws IOException {
        process.getOutputStream().write("go\n".getBytes(UTF_8));
        process.getOutputStream().flush();
    }

    /** 128 and more: it was ended. */
    int exit() throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new IOException("the engine ends", ending);
        }
    }

    /** What it writes, for one that answers with bytes. */
    InputStream output() {
        return process.getInputStream();
    }

    /** What it has said beside its answers. Blocks until it ends. */
    String words() throws IOException {
        try (InputStream errors = process.getErrorStream()) {
            return new String(errors.readNBytes(WORDS_MAX), UTF_8).strip();
        }
    }

    private String lastWords() throws IOException {
        String said = words();
        int exit = exit();
        if (exit > 128) {
            return "pounce-probe did not answer in time, and was ended";
        }
        return said.isEmpty() ? "pounce-probe ended with code " + exit + " and said nothing" : said;
    }

    /** Ends it if it has not ended. */
    @Override
    public void close() {
        process.destroyForcibly();
        end.cancel(false);
        try {
            answers.close();
            process.getErrorStream().close();
            process.getOutputStream().close();
        } catch (IOException closed) {
            return; // which is what was wanted
        }
    }
}
