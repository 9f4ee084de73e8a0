package dev.pounce.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.testing.ACertificate;
import dev.pounce.testing.Eventually;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AlertServerTest {

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
    private static final String SECRET = "5".repeat(64);
    private static final Vertx VERTX = Vertx.vertx();

    private final List<String> handled = new CopyOnWriteArrayList<>();
    private final Semaphore disk = new Semaphore(1_000_000);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private volatile boolean diskIsFull;
    private volatile Optional<String> unready = Optional.empty();
    private final Intake intake = intake(4);
    private final AlertServer server = start(true);

    private Intake intake(int queued) {
        return Intake.start(
                new Intake.Downstream() {
                    @Override
                    public boolean handle(Alert alert) {
                        handled.add(alert.detection().rule());
                        return !diskIsFull;
                    }

                    @Override
                    public boolean commit() {
                        disk.acquireUninterruptibly();
                        return true;
                    }
                },
                new RecentAlerts(1_000),
                () -> NOON,
                queued);
    }

    @AfterEach
    void close() {
        disk.release(1_000_000);
        intake.close();
        server.close();
    }

    @AfterAll
    static void closeVertx() {
        VERTX.close().toCompletionStage().toCompletableFuture().join();
    }

    private AlertServer start(boolean authenticated) {
        return start(authenticated, intake, AlertServer.MOST_CONNECTIONS);
    }

    private AlertServer start(boolean authenticated, Intake intake, int connections) {
        try {
            return AlertServer.start(
                    VERTX,
                    new Listening(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            authenticated,
                            Optional.empty()),
                    authenticated ? Optional.of(new Token(SECRET)) : Optional.empty(),
                    new FalcoAlerts(() -> "d", () -> NOON),
                    intake,
                    () -> unready,
                    connections);
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/any/path", "/?query=1"})
    void aPostToAnyPathIsAnsweredWith200AndNoBody(String path) throws Exception {
        // When
        HttpResponse<String> response = send(post(alert("R")).uri(uri(server, path)));

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
        assertThat(handled).containsExactly("R");
    }

    @Test
    void byHttpsTheTokenAndTheCertificateOfTheFilesAreNeeded(@TempDir Path folder) throws Exception {
        // Given
        ACertificate certificate = ACertificate.of("ip:127.0.0.1");
        certificate.into(folder);
        Listening listening = new Listening(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                true,
                Optional.of(new Listening.Tls(folder.resolve("tls.crt"), folder.resolve("tls.key"))));
        try (AlertServer https = AlertServer.start(
                VERTX,
                listening,
                Optional.of(new Token(SECRET)),
                new FalcoAlerts(() -> "d", () -> NOON),
                intake,
                () -> unready)) {
            URI uri = URI.create("https://127.0.0.1:" + https.port() + "/");
            HttpClient trusting =
                    HttpClient.newBuilder().sslContext(certificate.trust()).build();

            // When
            HttpResponse<String> response =
                    trusting.send(post(alert("R")).uri(uri).build(), HttpResponse.BodyHandlers.ofString());

            // Then
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
            assertThat(handled).containsExactly("R");
            assertThat(trusting.send(
                                    HttpRequest.newBuilder(uri)
                                            .POST(HttpRequest.BodyPublishers.ofString(alert("S")))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(401);
            assertThatThrownBy(
                            () -> client.send(post(alert("S")).uri(uri).build(), HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(SSLHandshakeException.class);
            assertThatThrownBy(() -> client.send(
                            post(alert("S"))
                                    .uri(URI.create(uri.toString().replace("https", "http")))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class);
            assertThat(handled).containsExactly("R");
        }
    }

    @Test
    void theAnswerComesWhenTheDiskHasIt() {
        // Given
        disk.drainPermits();
        CompletableFuture<HttpResponse<String>> response =
                client.sendAsync(post(alert("R")).build(), HttpResponse.BodyHandlers.ofString());
        Eventually.until("alert at the pipeline", () -> handled.contains("R"));
        assertThat(response).isNotDone();

        // When
        disk.release();

        // Then
        assertThat(response.join().statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "null", "[]", "{\"rule\":\"R\",\"priority\":\"Debug\"} x", "hello"})
    void whatIsNoAlertIs400WithJson(String body) throws Exception {
        // When
        HttpResponse<String> response = send(post(body));

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(response.body()).startsWith("{\"error\":\"found ").endsWith("}\n");
        assertThat(handled).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT", "DELETE", "OPTIONS", "BREW"})
    void whatIsNoPostIs400(String method) throws Exception {
        // When
        HttpResponse<String> response = send(post("").method(method, HttpRequest.BodyPublishers.ofString(alert("R"))));

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("found " + method + ", expected POST");
        assertThat(handled).isEmpty();
    }

    @Test
    void withoutTheTokenItIs401WhateverIsSent() throws Exception {
        for (HttpRequest.Builder bare : List.of(
                HttpRequest.newBuilder().uri(uri(server, "/")).POST(HttpRequest.BodyPublishers.ofString(alert("R"))),
                HttpRequest.newBuilder().uri(uri(server, "/")).GET(),
                HttpRequest.newBuilder()
                        .uri(uri(server, "/"))
                        .header("Authorization", "Bearer " + "6".repeat(64))
                        .POST(HttpRequest.BodyPublishers.ofString(alert("R"))))) {
            HttpResponse<String> response = send(bare);
            assertThat(response.statusCode()).isEqualTo(401);
            assertThat(response.headers().firstValue("www-authenticate")).hasValue("Bearer");
        }
        assertThat(handled).isEmpty();
    }

    @Test
    void aServerThatAsksForNoTokenHearsNoWebPage() throws Exception {
        // Given
        try (AlertServer open = start(false)) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder().uri(uri(open, "/")).POST(HttpRequest.BodyPublishers.ofString(alert("R")));

            // Then
            assertThat(send(request.copy().header("Origin", "https://example.org"))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(handled).isEmpty();
            assertThat(send(request).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aBodyOverTheLimitIs413WhetherItSaysSoBeforeOrNotAndTheNextAlertIsTaken() throws Exception {
        // Given
        byte[] large = new byte[10 << 20];
        Arrays.fill(large, (byte) ' ');

        // When
        HttpResponse<String> announced = send(post("").POST(HttpRequest.BodyPublishers.ofByteArray(large)));
        HttpResponse<String> chunked = send(
                post("").POST(HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(large))));

        // Then
        assertThat(announced.statusCode()).isEqualTo(413);
        assertThat(chunked.statusCode()).isEqualTo(413);
        assertThat(send(post(alert("R"))).statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyOfExactlyTheLimitIsTaken() throws Exception {
        // Given
        String alert = alert("R");

        // When
        String padded = alert + " ".repeat(AlertServer.LARGEST_ALERT - alert.length());

        // Then
        assertThat(send(post(padded)).statusCode()).isEqualTo(200);
        assertThat(send(post(padded + " ")).statusCode()).isEqualTo(413);
    }

    @Test
    void whoeverSendsOnAndOnIsLetGo() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            // Given
            OutputStream out = socket.getOutputStream();
            out.write(("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + SECRET
                            + "\r\nContent-Length: 314572800\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));

            // When, Then: 300 MB never get there
            byte[] block = new byte[1 << 20];
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 300; i++) {
                            out.write(block);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void whenAllPlacesAreTakenTheOldestThatNeverShowedATokenMakesRoom() throws IOException {
        try (AlertServer small = start(true, intake, 2);
                Socket oldest = new Socket(InetAddress.getLoopbackAddress(), small.port());
                Socket sender = new Socket(InetAddress.getLoopbackAddress(), small.port())) {
            // Given
            String body = alert("R");
            byte[] post = ("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + SECRET + "\r\nContent-Length: "
                            + body.length() + "\r\n\r\n" + body)
                    .getBytes(StandardCharsets.US_ASCII);
            sender.getOutputStream().write(post);
            assertThat(sender.getInputStream().read()).isEqualTo('H');

            // When
            String answer = statusOf(new String(post, StandardCharsets.US_ASCII), small);

            // Then
            assertThat(answer).contains(" 200 ");
            assertThat(oldest.getInputStream().read()).isEqualTo(-1);
            sender.getOutputStream().write(post);
            Eventually.until("answer to the one that stayed", () -> handled.size() == 3 || intake.repeated() == 2);
        }
    }

    @Test
    void aConnectionHasTenSecondsToShowATokenAndThenMayBeIdleForLonger() {
        // Given
        AlertServer.Link stranger = new AlertServer.Link();
        AlertServer.Link known = new AlertServer.Link();
        known.authenticated();
        long now = System.nanoTime();

        // Then
        assertThat(stranger.isOverdue(now + 9_000_000_000L)).isFalse();
        assertThat(stranger.isOverdue(now + 11_000_000_000L)).isTrue();
        assertThat(known.isOverdue(now + 70_000_000_000L)).isFalse();
        assertThat(known.isOverdue(now + 76_000_000_000L)).isTrue();
    }

    @Test
    void headersThatAreTooLongAreRefused() {
        assertThat(statusOf("POST / HTTP/1.1\r\nHost: x\r\nX-Long: " + "a".repeat(20_000) + "\r\n\r\n"))
                .isEqualTo("HTTP/1.1 431 Request Header Fields Too Large");
        assertThat(statusOf("POST /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .endsWith("414 Request-URI Too Long");
        assertThat(statusOf("nonsense\r\n\r\n")).contains(" 400 ");
    }

    @Test
    void aClientThatAsksFirstIsToldToGoOnOrNot() {
        String head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nAuthorization: Bearer " + SECRET;
        assertThat(statusOf(head + "\r\nContent-Length: 50\r\n\r\n")).isEqualTo("HTTP/1.1 100 Continue");
        assertThat(statusOf(head + "\r\nContent-Length: 50000000\r\n\r\n")).startsWith("HTTP/1.1 413");
    }

    @Test
    void whoeverHangsUpTakesHisRoomUntilHisAlertIsAnswered() throws IOException {
        // Given: far more room in the queue than in the memory
        disk.drainPermits();
        String head = "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + SECRET + "\r\nContent-Length: ";
        String ask = head + "50\r\nExpect: 100-continue\r\n\r\n";
        Intake roomy = intake(1_000);
        try (AlertServer other = start(true, roomy, AlertServer.MOST_CONNECTIONS)) {
            // When
            for (int i = 0; i < 10; i++) {
                String alert = alert("R" + i);
                String body = alert + " ".repeat(AlertServer.LARGEST_ALERT - alert.length());
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), other.port())) {
                    socket.getOutputStream()
                            .write((head + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
                }
            }

            // Then
            Eventually.until("refusal", () -> statusOf(ask, other).contains(" 503 "));
            disk.release(1_000_000);
            Eventually.until("room again", () -> statusOf(ask, other).contains(" 100 "));
            roomy.close();
        }
    }

    @Test
    void whenItIsFullOrCannotWriteOrEndsItSaysTryAgain() throws Exception {
        // Given: one that waits for the disk, four in the queue
        disk.drainPermits();
        List<CompletableFuture<HttpResponse<String>>> waiting = new java.util.ArrayList<>();
        waiting.add(sendAsync("0"));
        Eventually.until("first alert at the pipeline", () -> handled.contains("0"));
        for (int i = 1; i <= 5; i++) {
            waiting.add(sendAsync(Integer.toString(i)));
        }

        // When
        Eventually.until("refusal", () -> waiting.stream().anyMatch(CompletableFuture::isDone));
        HttpResponse<String> full = waiting.stream()
                .filter(CompletableFuture::isDone)
                .findFirst()
                .orElseThrow()
                .join();

        // Then
        assertThat(full.statusCode()).isEqualTo(503);
        assertThat(full.headers().firstValue("retry-after")).hasValue("1");
        disk.release(1_000);
        assertThat(waiting.stream().map(answer -> answer.join().statusCode()))
                .containsExactlyInAnyOrder(200, 200, 200, 200, 200, 503);

        diskIsFull = true;
        assertThat(send(post(alert("unwritten"))).statusCode()).isEqualTo(503);

        diskIsFull = false;
        intake.refuseMore();
        assertThat(send(post(alert("late"))).statusCode()).isEqualTo(503);
        assertThat(handled).doesNotContain("late");
    }

    @Test
    void healthNeedsNoTokenAndSaysWhetherAlertsAreTaken() throws Exception {
        HttpRequest.Builder health = HttpRequest.newBuilder().uri(uri(server, "/healthz"));
        assertThat(send(health).body()).isEqualTo("{\"ready\":true}\n");
        assertThat(send(health).statusCode()).isEqualTo(200);

        unready = Optional.of("the disk is gone");
        assertThat(send(health).statusCode()).isEqualTo(503);
        assertThat(send(health).body()).isEqualTo("{\"ready\":false}\n");
    }

    @Test
    void oneConnectionMayCarryManyAlertsAlsoInOneBreath() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            // Given
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                String body = alert("R" + i);
                requests.append("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ")
                        .append(SECRET)
                        .append("\r\nContent-Length: ")
                        .append(body.length())
                        .append("\r\n\r\n")
                        .append(body);
            }

            // When
            socket.getOutputStream().write(requests.toString().getBytes(StandardCharsets.US_ASCII));

            // Then
            String answers = "";
            byte[] buffer = new byte[4_096];
            InputStream in = socket.getInputStream();
            while (answers.split("HTTP/1.1 200 OK", -1).length < 4) {
                answers += new String(buffer, 0, in.read(buffer), StandardCharsets.US_ASCII);
            }
            assertThat(handled).containsExactly("R0", "R1", "R2");
        }
    }

    private String statusOf(String request) {
        return statusOf(request, server);
    }

    private static String statusOf(String request, AlertServer server) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            StringBuilder line = new StringBuilder();
            InputStream in = socket.getInputStream();
            for (int c = in.read(); c >= 0 && c != '\r'; c = in.read()) {
                line.append((char) c);
            }
            return line.toString();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private CompletableFuture<HttpResponse<String>> sendAsync(String rule) {
        return client.sendAsync(post(alert(rule)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder post(String body) {
        return HttpRequest.newBuilder()
                .uri(uri(server, "/"))
                .header("Authorization", "Bearer " + SECRET)
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private static URI uri(AlertServer server, String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static String alert(String rule) {
        return "{\"rule\":\"" + rule + "\",\"priority\":\"Notice\",\"time\":\"2026-11-23T11:59:59Z\"}";
    }
}
