package dev.pounce.bench.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** {@code pounce run}, and the one who sends it alerts. */
final class MeasuredEngine implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Process process;
    private final URI address;
    private final Path said;

    private MeasuredEngine(Process process, URI address, Path said) {
        this.process = process;
        this.address = address;
        this.said = said;
    }

    /**
     * Returns as soon as there is a process.
     *
     * @param command {@code pounce run} and options, but for where it listens and keeps its state
     */
    static MeasuredEngine start(List<String> command, Map<String, String> environment, Path state) throws IOException {
        Path token = Files.createDirectories(state).resolve("token");
        if (!Files.exists(token)) {
            Files.createFile(token, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(token, TOKEN);
        }
        int port = freePort();
        Path said = Files.createTempFile(state, "said", ".txt");
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of("--listen=127.0.0.1:" + port, "--state=" + state));
        ProcessBuilder builder = new ProcessBuilder(all)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(said.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        return new MeasuredEngine(process, URI.create("http://127.0.0.1:" + port + "/"), said);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    MeasuredEngine awaitArmed() throws IOException, InterruptedException {
        while (Files.readString(said).lines().noneMatch("armed"::equals)) {
            requireAlive();
            Thread.sleep(20);
        }
        return this;
    }

    private void requireAlive() throws IOException {
        if (!process.isAlive()) {
            throw new IOException("the engine has ended: " + Files.readString(said));
        }
    }

    /** Sends one until it is accepted: from the start of the program on. */
    void firstAlert(String rule, String namespace, String pod) throws IOException, InterruptedException {
        while (true) {
            requireAlive();
            try {
                if (post(rule, namespace, pod) == 200) {
                    return;
                }
            } catch (java.net.ConnectException notYet) {
                // it does not listen yet
            }
            Thread.sleep(2);
        }
    }

    /** Returns when it is accepted, which it has to be at once. */
    void alert(String rule, String namespace, String pod) throws IOException, InterruptedException {
        int status = post(rule, namespace, pod);
        if (status != 200) {
            throw new IOException("an alert was answered " + status);
        }
    }

    private int post(String rule, String namespace, String pod) throws IOException, InterruptedException {
        ObjectNode alert = JSON.createObjectNode()
                .put("uuid", UUID.randomUUID().toString())
                .put("time", Instant.now().toString())
                .put("source", "syscall")
                .put("rule", rule)
                .put("priority", "Warning")
                .put("hostname", "node-a")
                .put("output", rule + " in " + pod);
        alert.putObject("output_fields").put("k8s.ns.name", namespace).put("k8s.pod.name", pod);
        HttpRequest request = HttpRequest.newBuilder(address)
                .header("Authorization", "Bearer " + TOKEN)
                .POST(HttpRequest.BodyPublishers.ofString(alert.toString()))
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    /** Resident memory of the process, which is all there is of an engine without a probe. */
    double residentMib() throws IOException {
        return Files.readString(Path.of("/proc/" + process.pid() + "/status"))
                        .lines()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .sum()
                / 1024.0;
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM; SIGKILL if it has not ended by itself after 20 seconds. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException ending) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
