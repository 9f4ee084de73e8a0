package dev.pounce.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists that are read item by item, as a server of the test's own sends them. */
class ApiTest {

    private static final Request PODS = Request.get(ApiPath.core("pods"));
    private static final String TWO = """
            {"kind":"PodList","metadata":{"continue":"more"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}""";

    @TempDir
    Path folder;

    private final CountDownLatch end = new CountDownLatch(1);
    private final List<String> names = new ArrayList<>();
    private final HttpServer server;

    @SuppressWarnings("NullAway.Init")
    private ClusterAccess access;

    ApiTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    @BeforeEach
    void open() throws IOException {
        Path kubeconfig = Files.writeString(
                folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: it
                contexts: [{name: it, context: {cluster: it, user: it}}]
                clusters: [{name: it, cluster: {server: "http://127.0.0.1:%d"}}]
                users: [{name: it, user: {}}]
                """.formatted(server.getAddress().getPort()));
        access = ClusterAccess.open(Optional.of(kubeconfig), "test", Clock.systemUTC());
    }

    @AfterEach
    void close() {
        end.countDown();
        access.close();
        server.stop(0);
    }

    private void answers(int code, String text) {
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(code, text.length());
            exchange.getResponseBody().write(text.getBytes(UTF_8));
            exchange.close();
        });
    }

    private Reply list(Duration time) {
        return access.api()
                .list(
                        PODS,
                        Instant.now().plus(time),
                        item -> names.add(item.path("metadata").path("name").asText()));
    }

    @Test
    void itsItemsAreReadOneByOneAndItsMetadataIsTheBody() {
        // Given
        answers(200, TWO);

        // When
        Reply reply = list(Duration.ofSeconds(20));

        // Then
        assertThat(names).containsExactly("a", "b");
        assertThat(((Reply.Ok) reply).body().path("continue").asText()).isEqualTo("more");
    }

    @Test
    void aServerThatStopsInTheMiddleIsNotWaitedForLongerThanItHasTime() {
        // Given
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            OutputStream body = exchange.getResponseBody();
            body.write(TWO.substring(0, TWO.length() - 10).getBytes(UTF_8));
            body.flush();
            await();
        });

        // When
        Reply reply = list(Duration.ofMillis(500));

        // Then
        assertThat(reply).isEqualTo(new Reply.Unheard("the API server did not answer in time"));
    }

    private void await() {
        try {
            end.await();
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whatIsCutOffIsNoAnswer() {
        // Given
        answers(200, TWO.substring(0, TWO.length() - 2));

        // When / Then
        assertThat(list(Duration.ofSeconds(20))).isInstanceOf(Reply.Unheard.class);
    }

    @Test
    void whatIsNoListIsNoneWithoutItems() {
        // Given
        answers(200, "{\"kind\":\"Status\",\"metadata\":{}}");

        // When / Then
        assertThat(list(Duration.ofSeconds(20))).isEqualTo(new Reply.Unheard("the API server's answer is no list"));
    }

    @Test
    void aRefusalIsTold() {
        // Given
        answers(403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"you may not\"}");

        // When
        Reply.Refused refused = (Reply.Refused) list(Duration.ofSeconds(20));

        // Then
        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message()).isEqualTo("you may not");
    }
}
