package dev.pounce.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code pounce release --cluster}, with engines that take back or do not; on a real cluster it is {@code ci/test-chart}'s. */
class ReleaseOfClusterTest {

    private static final String CONTAINMENTS = "/apis/pounce.dev/v1/containments";

    @TempDir
    Path folder;

    private final Set<String> inForce = new ConcurrentSkipListSet<>();
    private final Set<String> stuck = new ConcurrentSkipListSet<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String body = "{}";
        if (exchange.getRequestMethod().equals("DELETE")) {
            String name = path.substring(CONTAINMENTS.length() + 1);
            inForce.removeIf(one -> one.equals(name) && !stuck.contains(name));
        } else {
            body = inForce.stream()
                    .map(name -> "{\"metadata\":{\"name\":\"" + name
                            + "\"},\"spec\":{\"engine\":\"node-1\",\"action\":\"pod.isolate\",\"target\":\"pod/shop/web\"},"
                            + "\"status\":{\"trouble\":\"it cannot be reached\"}}")
                    .collect(Collectors.joining(",", "{\"items\":[", "]}"));
        }
        byte[] bytes = body.getBytes(UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(path.startsWith(CONTAINMENTS) ? 200 : 404, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private record Ran(int exit, String out) {}

    private Ran run(String... arguments) throws IOException {
        Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: it
                contexts: [{ name: it, context: { cluster: it, user: it } }]
                users: [{ name: it, user: { token: none } }]
                clusters: [{ name: it, cluster: { server: "http://%s:%d" } }]
                """.formatted(
                        server.getAddress().getHostString(), server.getAddress().getPort()));
        StringWriter out = new StringWriter();
        int exit = new CommandLine(new ReleaseCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(out, true))
                .execute(
                        arguments.length > 0
                                ? arguments
                                : new String[] {"--cluster", "--within", "1s", "--kubeconfig", kubeconfig.toString()});
        return new Ran(exit, out.toString());
    }

    @Test
    void whateverIsInForceIsAskedBackUntilNothingIs() throws IOException {
        // Given
        inForce.add("a-1");
        inForce.add("b-2");

        // When
        Ran ran = run();

        // Then
        assertThat(ran).isEqualTo(new Ran(0, "a-1: released\nb-2: released\nnothing is in force in the cluster\n"));
    }

    @Test
    void whatNoEngineTakesBackIsNamedWithItsTrouble() throws IOException {
        // Given
        inForce.add("a-1");
        inForce.add("b-2");
        stuck.add("b-2");

        // When
        Ran ran = run();

        // Then
        assertThat(ran)
                .isEqualTo(new Ran(
                        1,
                        "a-1: released\nb-2: still in force, pod.isolate of pod/shop/web by engine node-1:"
                                + " it cannot be reached\n"));
    }

    @Test
    void oneResponseOrTheWholeClusterIsNamed() throws IOException {
        assertThat(run(new String[] {"--within", "1s"}).exit()).isEqualTo(2);
        assertThat(run("--cluster", "a-response").exit()).isEqualTo(2);
    }
}
