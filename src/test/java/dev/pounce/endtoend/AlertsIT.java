package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Alerts of Falco and Falcosidekick, sent to an engine without a probe. */
class AlertsIT {

    private static final String RULE = "Terminal shell in container";
    private static final Pattern LISTENING = Pattern.compile("Listening for alerts on http://127\\.0\\.0\\.1:(\\d+)");

    @TempDir
    Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private Path state = Path.of("/");
    private PolicyFiles files = PolicyFiles.in(Path.of("/tmp"));

    @BeforeEach
    void prepare() {
        Machine.assumeItIsPackaged();
        state = folder.resolve("state");
        files = PolicyFiles.in(folder.resolve("policy")).answer(RULE, "dry-run", "process.suspend: {}");
    }

    @Test
    void whatIsNoAlertIs400AndLeavesNothingBehind() throws Exception {
        try (RunningEngine engine = start()) {
            for (String body : List.of(
                    "", "{}", "null", "[]", "{\"rule\":", alert(1, "a") + " garbage", alert(1, "a") + alert(2, "a"))) {
                assertThat(post(engine, body).statusCode()).as(body).isEqualTo(400);
            }
            assertThat(engine.terminate()).isZero();
        }
        assertThat(new JournalFiles(state).entries("detection")).isEmpty();
    }

    @Test
    void aBodyThatIsTooLargeIs413AndTakesNoMemory() throws Exception {
        try (RunningEngine engine = start()) {
            // Given: an engine that has seen some alerts
            for (int i = 0; i < 200; i++) {
                assertThat(post(engine, alert(i, "a")).statusCode()).isEqualTo(200);
            }
            assertThat(post(engine, " ".repeat(10 << 20)).statusCode()).isEqualTo(413);
            long before = Machine.residentKib(engine.pid());

            // When: 300 MB, in blocks of 1 MiB
            byte[] block = new byte[1 << 20];
            assertThatThrownBy(() -> {
                        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(engine))) {
                            OutputStream out = socket.getOutputStream();
                            out.write(("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token()
                                            + "\r\nContent-Length: 314572800\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                            for (int i = 0; i < 300; i++) {
                                out.write(block);
                            }
                        }
                    })
                    .isInstanceOf(IOException.class);

            // Then
            assertThat(Machine.residentKib(engine.pid()) - before).isLessThan(32 * 1024);
            assertThat(post(engine, alert(1_000, "a")).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theSameTextAboutTwoPodsIsTwoAlertsAndTheSameAlertAgainIsNone() throws Exception {
        // Given: no id of the sender's
        String one = alert(0, "cart-0").replace("\"uuid\":\"u-0\",", "");
        String other = one.replace("cart-0", "cart-1");
        try (RunningEngine engine = start()) {
            // When
            for (String body : List.of(one, other, one, other)) {
                assertThat(post(engine, body).statusCode()).isEqualTo(200);
            }
            engine.kill();
        }
        try (RunningEngine next = start()) {
            assertThat(post(next, one).statusCode()).isEqualTo(200);
            assertThat(next.terminate()).isZero();
        }

        // Then
        assertThat(new JournalFiles(state).entries("detection").stream().map(entry -> entry.path("detection")
                        .path("output_fields")
                        .path("k8s.pod.name")
                        .asText()))
                .containsExactly("cart-0", "cart-1");
        assertThat(new JournalFiles(state).entries("planned")).hasSize(2);
    }

    @Test
    void nobodyIsHeardWithoutTheTokenWhichIsForItsOwnersEyesAndStays() throws Exception {
        // Given
        String token;
        try (RunningEngine engine = start()) {
            // When
            HttpResponse<String> bare =
                    client.send(request(engine, alert(1, "a")).build(), HttpResponse.BodyHandlers.ofString());

            // Then
            assertThat(bare.statusCode()).isEqualTo(401);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("token"))))
                    .isEqualTo("rw-------");
            token = token();
            assertThat(engine.terminate()).isZero();
        }
        assertThat(new JournalFiles(state).entries("detection")).isEmpty();
        try (RunningEngine next = start()) {
            assertThat(token()).isEqualTo(token);
            assertThat(post(next, alert(1, "a")).statusCode()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--listen 0.0.0.0:0 --no-auth",
                "--listen 0.0.0.0:0",
                "--listen [::]:0 --tls-cert x",
                "--listen 2803",
                "--listen 127.0.0.1:99999",
                "--no-probe",
                "--listen 127.0.0.1:0 --admission-client-ca x",
                "--no-auth"
            })
    void whatWouldLeaveTheDoorOpenIsWrongUsage(String options) {
        // When
        List<String> arguments = new ArrayList<>(List.of("run", "--state", state.toString()));
        arguments.addAll(List.of(options.split(" ")));
        Machine.Ran ran = Machine.pounce(arguments.toArray(String[]::new));

        // Then
        assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err()).contains("expected");
        assertThat(state).doesNotExist();
    }

    @Test
    void anAddressThatIsTakenIsSaidAndEndsTheEngine() {
        try (RunningEngine engine = start()) {
            // When
            Machine.Ran second = Machine.pounce(
                    "run", "--no-probe", "--listen", "127.0.0.1:" + port(engine), "--state", folder + "/second");

            // Then
            assertThat(second.exit()).isEqualTo(1);
            assertThat(second.err())
                    .contains("The engine cannot run: cannot listen on")
                    .contains("Address already in use");
        }
    }

    @Test
    void withNoAuthOnLoopbackThereIsNoTokenToKnow() throws Exception {
        try (RunningEngine engine = start("--no-auth")) {
            assertThat(client.send(request(engine, alert(1, "a")).build(), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(state.resolve("token")).doesNotExist();
        }
    }

    @Test
    void whatWasAcceptedBeforeAKillIsPlannedAfterItOnce() throws Exception {
        // Given: senders at work
        Set<Integer> accepted;
        int sent;
        try (RunningEngine engine = start();
                Senders senders = new Senders(port(engine), token())) {
            engine.until("accepted alerts", () -> senders.accepted.size() >= 2_000);

            // When
            engine.kill();
            senders.close();
            accepted = senders.accepted;
            sent = senders.next.get();
        }

        // Then: each once, also when all of them are sent again to the next engine
        try (RunningEngine next = start()) {
            assertPlannedOnce(accepted);
            for (int i = 0; i < sent; i++) {
                assertThat(post(next, alert(i, "pod")).statusCode()).isEqualTo(200);
            }
            assertThat(next.terminate()).isZero();
            assertThat(next.verify().exit()).isZero();
        }
        assertThat(plans().keySet()).hasSize(sent);
        assertPlannedOnce(plans().keySet());
    }

    @Test
    void whatWasAcceptedBeforeTheEndIsPlannedAndWhatComesThenIsRefused() throws Exception {
        // Given
        try (RunningEngine engine = start();
                Senders senders = new Senders(port(engine), token())) {
            engine.until("accepted alerts", () -> senders.accepted.size() >= 2_000);

            // When
            int exit = engine.terminate();
            senders.close();

            // Then
            assertThat(exit).isZero();
            assertPlannedOnce(senders.accepted);
            // An answer that was on its way when the connection ended is not heard: at most one of each sender
            Set<Integer> unheard = new HashSet<>(plans().keySet());
            unheard.removeAll(senders.accepted);
            assertThat(unheard).hasSizeLessThanOrEqualTo(Senders.THREADS);
            // Nor need a refusal be heard: the end may be quicker than a sender's next alert
            assertThat(senders.otherAnswers).isSubsetOf(503);
            assertThat(engine.verify().exit()).isZero();
            assertThat(engine.messages()).noneMatch(line -> line.contains("ERROR"));
        }
    }

    /** Numbers of alerts, with how often they were planned. */
    private Map<Integer, Integer> plans() {
        Map<String, Integer> numbers = new HashMap<>();
        Map<Integer, Integer> plans = new HashMap<>();
        for (JsonNode entry : new JournalFiles(state).entries()) {
            switch (entry.path("type").asText()) {
                case "detection" -> {
                    JsonNode detection = entry.path("detection");
                    int number =
                            detection.path("output_fields").path("test.number").asInt();
                    numbers.put(detection.path("id").asText(), number);
                    plans.putIfAbsent(number, 0);
                }
                case "planned" ->
                    entry.path("detections").forEach(id -> plans.merge(numbers.get(id.asText()), 1, Integer::sum));
                default -> {}
            }
        }
        return plans;
    }

    private void assertPlannedOnce(Set<Integer> alerts) {
        Map<Integer, Integer> plans = plans();
        assertThat(plans.keySet()).containsAll(alerts);
        assertThat(plans.values()).containsOnly(1);
    }

    private RunningEngine start(String... more) {
        List<String> arguments = new ArrayList<>(List.of(files.arguments("dry-run")));
        arguments.addAll(List.of("--no-probe", "--listen", "127.0.0.1:0"));
        arguments.addAll(List.of(more));
        return RunningEngine.armed(state, arguments.toArray(String[]::new));
    }

    private static int port(RunningEngine engine) {
        return engine.messages().stream()
                .map(LISTENING::matcher)
                .filter(Matcher::find)
                .map(found -> Integer.parseInt(found.group(1)))
                .findFirst()
                .orElseThrow();
    }

    private String token() {
        try {
            return Files.readString(state.resolve("token")).strip();
        } catch (IOException missing) {
            throw new AssertionError(missing);
        }
    }

    private HttpResponse<String> post(RunningEngine engine, String body) throws IOException, InterruptedException {
        return client.send(
                request(engine, body)
                        .header("Authorization", "Bearer " + token())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(RunningEngine engine, String body) {
        return HttpRequest.newBuilder()
                .uri(URI.create("http://127.0.0.1:" + port(engine) + "/"))
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private static String alert(int number, String pod) {
        return """
                {"uuid":"u-%d","output":"15:04:05.678901234: Notice A shell (pod)","priority":"Notice","rule":"%s",\
                "source":"syscall","hostname":"node-1","time":"2026-11-23T15:04:05.678901234Z","tags":["shell"],\
                "output_fields":{"k8s.ns.name":"shop","k8s.pod.name":"%s","test.number":%d}}""".formatted(number, RULE, pod, number);
    }

    /** Four that send one alert after the other, each with a number of its own, until the engine is gone. */
    private static final class Senders implements AutoCloseable {
        private static final int THREADS = 4;

        private final Set<Integer> accepted = ConcurrentHashMap.newKeySet();
        private final Set<Integer> otherAnswers = ConcurrentHashMap.newKeySet();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicBoolean over = new AtomicBoolean();
        private final List<Thread> threads = new ArrayList<>();

        Senders(int port, String token) {
            for (int i = 0; i < THREADS; i++) {
                threads.add(Thread.ofPlatform().start(() -> send(port, token)));
            }
        }

        private void send(int port, String token) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                while (!over.get()) {
                    int number = next.getAndIncrement();
                    byte[] body = alert(number, "pod").getBytes(StandardCharsets.UTF_8);
                    ByteArrayOutputStream request = new ByteArrayOutputStream();
                    request.write(("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token
                                    + "\r\nContent-Length: " + body.length + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                    request.write(body);
                    socket.getOutputStream().write(request.toByteArray());
                    int status = status(socket.getInputStream());
                    if (status == 200) {
                        accepted.add(number);
                    } else if (status > 0) {
                        otherAnswers.add(status);
                        return;
                    } else {
                        return;
                    }
                }
            } catch (IOException gone) {
                // as was to be expected
            }
        }

        /** Of an answer; 0 when there is none. */
        private static int status(InputStream in) throws IOException {
            StringBuilder head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                int c = in.read();
                if (c < 0) {
                    return 0;
                }
                head.append((char) c);
            }
            return Integer.parseInt(head.substring(9, 12));
        }

        @Override
        public void close() {
            over.set(true);
            for (Thread thread : threads) {
                try {
                    thread.join();
                } catch (InterruptedException hurried) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
