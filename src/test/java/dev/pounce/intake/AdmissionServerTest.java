package dev.pounce.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.testing.ACertificate;
import dev.pounce.testing.Eventually;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AdmissionServerTest {

    private static final Vertx VERTX = Vertx.vertx();
    private static final ACertificate CERTIFICATE = ACertificate.of("ip:127.0.0.1");

    @TempDir
    Path folder;

    private final AtomicInteger judging = new AtomicInteger();
    private final CountDownLatch verdict = new CountDownLatch(1);
    private @Nullable AdmissionServer server;

    @BeforeEach
    void start() throws IOException {
        CERTIFICATE.into(folder);
        server = AdmissionServer.start(VERTX, settings(), this::judge);
    }

    @AfterEach
    void close() {
        verdict.countDown();
        server().close();
    }

    @AfterAll
    static void closeVertx() {
        VERTX.close().toCompletionStage().toCompletableFuture().join();
    }

    private AdmissionServer.Settings settings() {
        return new AdmissionServer.Settings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Listening.Tls(folder.resolve("tls.crt"), folder.resolve("tls.key")));
    }

    private AdmissionServer.Judge.Answer judge(byte[] review) {
        String text = new String(review, StandardCharsets.UTF_8);
        if (text.startsWith("wait")) {
            judging.incrementAndGet();
            awaitVerdict();
            return new AdmissionServer.Judge.Answer.Given("late");
        }
        return switch (text) {
            case "error" -> throw new AssertionError("an error");
            case "bug" -> throw new IllegalStateException("a bug");
            case "bad" -> new AdmissionServer.Judge.Answer.Bad(new Refusal(400, "nonsense", "sense"));
            default -> new AdmissionServer.Judge.Answer.Given("judged " + text.length());
        };
    }

    private void awaitVerdict() {
        try {
            verdict.await();
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aReviewIsJudgedByHttpsWithTheCertificateOfTheFiles() throws Exception {
        // When
        HttpResponse<String> response = post(client(CERTIFICATE), "a review");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("judged 8");
        assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /, 404, /admission",
        "POST, /healthz, 404, /admission",
        "GET, /admission, 405, POST",
        "DELETE, /admission, 405, POST"
    })
    void whatIsNoReviewIsRefusedWithWhatWasExpected(String method, String path, int status, String expected)
            throws Exception {
        // When
        HttpResponse<String> response = client(CERTIFICATE)
                .send(
                        HttpRequest.newBuilder(uri(path))
                                .method(method, HttpRequest.BodyPublishers.ofString("x"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        // Then
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).contains("\"expected\":\"" + expected + "\"");
    }

    @Test
    void whatTheJudgeRefusesToReadIsAnsweredWithItsReason() throws Exception {
        assertThat(post(client(CERTIFICATE), "bad"))
                .returns(400, HttpResponse::statusCode)
                .returns(
                        "{\"error\":\"found nonsense, expected"
                                + " sense\",\"found\":\"nonsense\",\"expected\":\"sense\"}\n",
                        HttpResponse::body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bug", "error"})
    void aBugIsNoAnswerAndTheNextReviewIsJudged(String kind) throws Exception {
        HttpClient client = client(CERTIFICATE);
        assertThat(post(client, kind).statusCode()).isEqualTo(500);
        assertThat(post(client, "next").statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyOverTheLimitIs413AndOneAtTheLimitIsJudged() throws Exception {
        HttpClient client = client(CERTIFICATE);
        assertThat(post(client, "x".repeat(AdmissionServer.LARGEST_REVIEW)).statusCode())
                .isEqualTo(200);
        assertThat(post(client, "x".repeat(AdmissionServer.LARGEST_REVIEW + 1)).statusCode())
                .isEqualTo(413);
    }

    @Test
    void onlySoManyAreJudgedAtATimeAndTheOthersWait() throws Exception {
        // Given
        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
        for (int i = 0; i < AdmissionServer.JUDGES + 2; i++) {
            waiting.add(client(CERTIFICATE).sendAsync(review("wait"), HttpResponse.BodyHandlers.ofString()));
        }
        Eventually.until("judges at work", () -> judging.get() == AdmissionServer.JUDGES);

        // When
        verdict.countDown();

        // Then
        for (CompletableFuture<HttpResponse<String>> one : waiting) {
            assertThat(one.join().body()).isEqualTo("late");
        }
        assertThat(judging).hasValue(AdmissionServer.JUDGES + 2);
    }

    @Test
    void theBytesOfThoseWhoHaveGoneCountUntilNoJudgeHasThem() throws Exception {
        goneCount(AdmissionServer.MOST_BYTES / AdmissionServer.LARGEST_REVIEW, AdmissionServer.LARGEST_REVIEW);
    }

    @Test
    void onlySoManyWaitForAJudgeThoughTheyHaveGone() throws Exception {
        goneCount(AdmissionServer.JUDGES + AdmissionServer.MOST_CONNECTIONS, 10);
    }

    private void goneCount(int reviews, int bytes) throws Exception {
        // Given
        String review = "wait" + "x".repeat(bytes - 4);
        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
        for (int i = 0; i < AdmissionServer.JUDGES; i++) {
            waiting.add(client(CERTIFICATE).sendAsync(review(review), HttpResponse.BodyHandlers.ofString()));
        }
        Eventually.until("judges at work", () -> judging.get() == AdmissionServer.JUDGES);
        for (int i = AdmissionServer.JUDGES; i < reviews; i++) {
            askAndGo(review);
        }

        // When / Then
        HttpClient client = client(CERTIFICATE);
        assertThat(post(client, "x").statusCode()).isEqualTo(503);

        // When
        verdict.countDown();

        // Then
        Eventually.until(
                "room",
                () -> client.sendAsync(review("x"), HttpResponse.BodyHandlers.discarding())
                                .join()
                                .statusCode()
                        == 200);
        assertThat(waiting).allSatisfy(one -> assertThat(one.join().body()).isEqualTo("late"));
        assertThat(judging).hasValue(AdmissionServer.JUDGES);
    }

    /** Returns when the server has received it all, and knows that nobody waits for an answer. */
    private void askAndGo(String review) throws IOException {
        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), server().port());
                Socket secure = CERTIFICATE
                        .trust()
                        .getSocketFactory()
                        .createSocket(plain, "127.0.0.1", server().port(), true)) {
            secure.getOutputStream()
                    .write(("POST /admission HTTP/1.1\r\nHost: a\r\nContent-Length: " + review.length() + "\r\n\r\n"
                                    + review)
                            .getBytes(StandardCharsets.US_ASCII));
            plain.shutdownOutput();
            plain.getInputStream().transferTo(OutputStream.nullOutputStream());
        }
    }

    @Test
    void connectionsThatSayNothingMakeRoomForThoseThatAsk() throws Exception {
        // Given
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < AdmissionServer.MOST_CONNECTIONS + 5; i++) {
                Socket socket = CERTIFICATE.trust().getSocketFactory().createSocket("127.0.0.1", server().port());
                ((javax.net.ssl.SSLSocket) socket).startHandshake();
                silent.add(socket);
            }

            // When / Then
            assertThat(post(client(CERTIFICATE), "a review").statusCode()).isEqualTo(200);
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    @Test
    void anotherCertificateInTheFilesIsInUseAfterTwoLooks() throws Exception {
        // Given
        ACertificate next = ACertificate.of("ip:127.0.0.1");
        next.into(folder);

        // When
        server().renewCertificate();
        assertThat(post(client(CERTIFICATE), "x").statusCode()).isEqualTo(200);
        server().renewCertificate();

        // Then
        assertThat(post(client(next), "x").statusCode()).isEqualTo(200);
        assertThatThrownBy(() -> post(client(CERTIFICATE), "x")).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void filesThatAreNoCertificateLeaveTheOneThatIsInUse() throws Exception {
        for (String nonsense : List.of("nonsense", "")) {
            // Given
            Files.writeString(folder.resolve("tls.crt"), nonsense);

            // When
            server().renewCertificate();
            server().renewCertificate();

            // Then
            assertThat(post(client(CERTIFICATE), "x").statusCode()).isEqualTo(200);
        }

        // When
        Files.delete(folder.resolve("tls.key"));
        server().renewCertificate();
        server().renewCertificate();

        // Then
        assertThat(post(client(CERTIFICATE), "x").statusCode()).isEqualTo(200);
    }

    @Test
    void whereAnAuthorityOfClientsIsNamedOnlyThoseWhoShowItsCertificateMayAsk() throws Exception {
        // Given
        ACertificate apiServer = ACertificate.of("dns:api-server");
        ACertificate other = ACertificate.of("dns:api-server");
        Path clients = Files.writeString(folder.resolve("clients.crt"), apiServer.chain());
        server().close();
        server = AdmissionServer.start(
                VERTX,
                new AdmissionServer.Settings(
                        settings().address(),
                        new Listening.Tls(folder.resolve("tls.crt"), folder.resolve("tls.key"), Optional.of(clients))),
                this::judge);

        // When / Then
        onlyGets(apiServer, List.of(Optional.empty(), Optional.of(other)));

        // When: another authority, which is in use after two looks
        Files.writeString(clients, other.chain());
        server().renewCertificate();
        server().renewCertificate();

        // Then
        onlyGets(other, List.of(Optional.empty(), Optional.of(apiServer)));

        // When: none, or none that can be used
        Files.writeString(clients, "");
        server().renewCertificate();
        server().renewCertificate();
        Files.delete(clients);
        server().renewCertificate();
        server().renewCertificate();

        // Then: the one before
        onlyGets(other, List.of(Optional.empty(), Optional.of(apiServer)));
    }

    private void onlyGets(ACertificate welcome, List<Optional<ACertificate>> others) throws Exception {
        assertThat(post(client(welcome.shownTo(CERTIFICATE)), "x").statusCode()).isEqualTo(200);
        for (Optional<ACertificate> one : others) {
            SSLContext shown =
                    one.map(certificate -> certificate.shownTo(CERTIFICATE)).orElseGet(CERTIFICATE::trust);
            assertThatThrownBy(() -> post(client(shown), "x"))
                    .as("who shows %s", one)
                    .isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense"})
    void anAuthorityOfClientsThatCannotBeUsedLetsNobodyInButIsSaidAtTheStart(String content) throws Exception {
        // Given
        Path clients = Files.writeString(folder.resolve("clients.crt"), content);

        // When / Then
        assertThatThrownBy(() -> AdmissionServer.start(
                        VERTX,
                        new AdmissionServer.Settings(
                                settings().address(),
                                new Listening.Tls(
                                        folder.resolve("tls.crt"), folder.resolve("tls.key"), Optional.of(clients))),
                        this::judge))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen on ");
    }

    @Test
    void aCertificateThatCannotBeUsedIsSaidAtTheStart() throws Exception {
        // Given
        Files.writeString(folder.resolve("tls.key"), "nonsense");

        // When / Then
        assertThatThrownBy(() -> AdmissionServer.start(VERTX, settings(), this::judge))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen on ");
    }

    private AdmissionServer server() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server;
    }

    /** Each with connections of its own. */
    private static HttpClient client(ACertificate trusted) {
        return client(trusted.trust());
    }

    private static HttpClient client(SSLContext context) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(context)
                .build();
    }

    private URI uri(String path) {
        return URI.create("https://127.0.0.1:" + server().port() + path);
    }

    private HttpRequest review(String body) {
        return HttpRequest.newBuilder(uri("/admission?timeout=5s"))
                .timeout(Duration.ofSeconds(15))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private HttpResponse<String> post(HttpClient client, String body) throws IOException, InterruptedException {
        return client.send(review(body), HttpResponse.BodyHandlers.ofString());
    }
}
