package dev.pounce.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
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

    private static final String DONE = "{\"outcome\":\"done\",\"detail\":\"the policy is gone\"}";

    private final Set<String> inForce = new ConcurrentSkipListSet<>();
    private final Set<String> stuck = new ConcurrentSkipListSet<>();
    private final Map<String, String> lastStatus = new ConcurrentHashMap<>(); // done, if it says nothing else
    private final List<String> changes = new ArrayList<>(); // each a version further; guarded by itself
    private final Queue<Integer> failures =
            new ConcurrentLinkedQueue<>(); // of the next requests; 0 for no answer at all
    private final AtomicInteger deletionsRefused = new AtomicInteger();
    private Map<String, String> environment = Map.of();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stop() {
        threads.shutdownNow(); // also those who wait for changes
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        Integer failure = failures.poll();
        if (failure != null) {
            refuse(exchange, failure);
            return;
        }
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        if (query.contains("watch=true")) {
            tellChanges(exchange, Integer.parseInt(query.replaceAll(".*resourceVersion=(\\d+).*", "$1")));
            return;
        }
        String path = exchange.getRequestURI().getPath();
        String body = "{}";
        if (exchange.getRequestMethod().equals("DELETE")) {
            if (deletionsRefused.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                refuse(exchange, 429);
                return;
            }
            String name = path.substring(CONTAINMENTS.length() + 1);
            if (!stuck.contains(name) && inForce.remove(name)) {
                synchronized (changes) {
                    changes.add("{\"type\":\"DELETED\",\"object\":"
                            + containment(name, lastStatus.getOrDefault(name, DONE), changes.size() + 1) + "}");
                    changes.notifyAll();
                }
            }
        } else {
            synchronized (changes) {
                body = inForce.stream()
                        .map(name -> containment(name, "{\"trouble\":\"it cannot be reached\"}", changes.size()))
                        .collect(Collectors.joining(
                                ",",
                                "{\"metadata\":{\"resourceVersion\":\"" + changes.size() + "\"},\"items\":[",
                                "]}"));
            }
        }
        byte[] bytes = body.getBytes(UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(path.startsWith(CONTAINMENTS) ? 200 : 404, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static String containment(String name, String status, int version) {
        return "{\"metadata\":{\"name\":\"" + name + "\",\"resourceVersion\":\"" + version
                + "\"},\"spec\":{\"engine\":\"node-1\",\"action\":\"pod.isolate\",\"target\":\"pod/shop/web\"},"
                + "\"status\":" + status + "}";
    }

    /** For as long as somebody listens. */
    private void tellChanges(HttpExchange exchange, int from) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            for (int next = from; ; next++) {
                String change;
                synchronized (changes) {
                    while (changes.size() <= next) {
                        changes.wait();
                    }
                    change = changes.get(next);
                }
                body.write(change.getBytes(UTF_8));
                body.flush();
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    private static void refuse(HttpExchange exchange, int code) throws IOException {
        if (code != 0) {
            byte[] status = "{\"kind\":\"Status\",\"message\":\"not now\"}".getBytes(UTF_8);
            exchange.sendResponseHeaders(code, status.length);
            exchange.getResponseBody().write(status);
        }
        exchange.close();
    }

    private record Ran(int exit, String out) {}

    private String server() {
        return "http://" + server.getAddress().getHostString() + ":"
                + server.getAddress().getPort() + "/";
    }

    private String kubeconfig() throws IOException {
        Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: it
                contexts: [{ name: it, context: { cluster: it, user: it } }]
                users: [{ name: it, user: { token: none } }]
                clusters: [{ name: it, cluster: { server: "%s" } }]
                """.formatted(server()));
        return kubeconfig.toString();
    }

    private Ran run(String... arguments) {
        StringWriter out = new StringWriter();
        ReleaseCommand command = new ReleaseCommand();
        command.environment = environment;
        int exit = new CommandLine(command)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(out, true))
                .execute(arguments);
        return new Ran(exit, out.toString());
    }

    @Test
    void whateverIsInForceIsAskedBackUntilNothingIs() throws IOException {
        // Given
        inForce.add("a-1");
        inForce.add("b-2");

        // When
        Ran ran = run("--cluster", "--yes", "--within", "1s", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran).isEqualTo(new Ran(0, server() + """
                        : 2 in force
                        a-1: done, pod.isolate of pod/shop/web by engine node-1: the policy is gone
                        b-2: done, pod.isolate of pod/shop/web by engine node-1: the policy is gone
                        no engine holds anything any more
                        """));
    }

    @Test
    void whatAnEngineLeftAsItIsIsNamedWithItsReasonAndNoSuccess() throws IOException {
        // Given
        inForce.add("a-1");
        inForce.add("b-2");
        lastStatus.put("b-2", "{\"outcome\":\"withheld\",\"detail\":\"somebody has changed the policy\"}");

        // When
        Ran ran = run("--cluster", "--yes", "--within", "1s", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran).isEqualTo(new Ran(1, server() + """
                        : 2 in force
                        a-1: done, pod.isolate of pod/shop/web by engine node-1: the policy is gone
                        b-2: withheld, pod.isolate of pod/shop/web by engine node-1: somebody has changed the policy
                        no engine holds anything any more
                        """));
    }

    @Test
    void whatWentWithoutAWordIsNoSuccessEither() throws IOException {
        // Given
        inForce.add("a-1");
        lastStatus.put("a-1", "{}");

        // When
        Ran ran = run("--cluster", "--yes", "--within", "1s", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out())
                .contains("a-1: pod.isolate of pod/shop/web by engine node-1 is no longer held,"
                        + " and how that ended was not said");
    }

    @Test
    void whatNoEngineTakesBackIsNamedWithItsTrouble() throws IOException {
        // Given
        inForce.add("a-1");
        inForce.add("b-2");
        stuck.add("b-2");

        // When
        Ran ran = run("--cluster", "--yes", "--within", "1s", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran).isEqualTo(new Ran(1, server() + """
                        : 2 in force
                        a-1: done, pod.isolate of pod/shop/web by engine node-1: the policy is gone
                        b-2: still in force, pod.isolate of pod/shop/web by engine node-1: it cannot be reached
                        """));
    }

    @Test
    void whatPassesIsWaitedForWhetherItIsAskedOrToldWhatIsInForce() throws IOException {
        // Given
        inForce.add("a-1");
        failures.addAll(List.of(503, 0)); // the first list, then its second try; the one after it is heard
        Ran ran = run("--cluster", "--kubeconfig", kubeconfig());
        assertThat(ran.out()).contains("containments cannot be listed: not now; trying again\n", ": 1 in force\n");

        // When
        deletionsRefused.set(2);
        Ran released = run("--cluster", "--yes", "--within", "20s", "--kubeconfig", kubeconfig());

        // Then
        assertThat(released.exit()).isZero();
        assertThat(released.out())
                .contains("containment a-1 cannot be deleted: not now; trying again\n")
                .contains("no engine holds anything any more");
        assertThat(inForce).isEmpty();
    }

    @Test
    void whatDoesNotPassIsWaitedForNoLongerThanWished() throws IOException {
        // Given
        failures.addAll(Collections.nCopies(100, 503));

        // When
        Ran ran = run("--cluster", "--yes", "--within", "1s", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).contains("containments cannot be listed: not now\n");
    }

    @Test
    void whoMayNotIsToldSoAtOnce() throws IOException {
        // Given
        failures.add(403);

        // When
        Ran ran = run("--cluster", "--yes", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).contains("containments cannot be listed: not now").doesNotContain("trying");
    }

    @Test
    void aListOfKubeconfigsIsNotTakenForAFile() throws IOException {
        // Given
        inForce.add("a-1");
        environment = Map.of("KUBECONFIG", kubeconfig() + File.pathSeparator + "other");

        // When
        Ran several = run("--cluster", "--yes", "--within", "1s");

        // Then
        assertThat(several.exit()).isEqualTo(1);
        assertThat(several.out()).contains("found 2 files in KUBECONFIG: " + kubeconfig() + ", other; expected one");
        assertThat(inForce).containsExactly("a-1");

        // When
        environment = Map.of("KUBECONFIG", kubeconfig() + File.pathSeparator);

        // Then
        assertThat(run("--cluster", "--yes", "--within", "1s").exit()).isZero();
    }

    @Test
    void itIsSaidWhichClusterThatIsAndNothingIsDoneBeforeYes() throws IOException {
        // Given
        inForce.add("a-1");

        // When
        Ran ran = run("--cluster", "--kubeconfig", kubeconfig());

        // Then
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).startsWith(server() + ": 1 in force\n").contains("nothing was released; expected --yes");
        assertThat(inForce).containsExactly("a-1");
    }

    @Test
    void whereNothingIsInForceNothingHasToBeConfirmed() throws IOException {
        assertThat(run("--cluster", "--kubeconfig", kubeconfig()).exit()).isZero();
    }

    @Test
    void aClusterThatNobodyHasNamedIsLeftAlone() throws IOException {
        // Given
        inForce.add("a-1");
        System.setProperty("kubeconfig", kubeconfig()); // the client finds it, as it would that of the user's home
        try {
            // When
            Ran ran = run("--cluster", "--yes", "--within", "1s");

            // Then
            assertThat(ran.exit()).isEqualTo(1);
            assertThat(ran.out())
                    .contains("no cluster is named; expected --kubeconfig, KUBECONFIG, or to run in a pod");
            assertThat(inForce).containsExactly("a-1");
        } finally {
            System.clearProperty("kubeconfig");
        }
    }

    @Test
    void oneResponseOrTheWholeClusterIsNamed() {
        assertThat(run("--within", "1s").exit()).isEqualTo(2);
        assertThat(run("--cluster", "a-response").exit()).isEqualTo(2);
    }
}
