import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * What a JVM learns the way of an alert to the cluster from, when a package is made (ci/package): plays an API server with some
 * pods, sends alerts about them to the engine, and ends when each has been answered with a label. Knows as much of
 * Kubernetes as the engine asks for on that way; no test relies on it.
 *
 * <p>Argument: a folder. First it writes into it {@code kubeconfig}, {@code talon.yaml} and {@code listen}, the address where
 * the engine is to listen; the engine's state is expected in {@code state}.
 */
final class Lesson {

    private static final int PODS = 50;
    private static final int LABELS = 50;

    /** One after the other; the others come all at once. */
    private static final int ONE_BY_ONE = 500;

    private static final int SENDERS = 16;
    private static final long PATIENCE_SECONDS = 240;

    private static final Pattern POD = Pattern.compile("/api/v1/namespaces/lesson/pods/pod-(\\d+)");
    private static final Pattern ADDED = Pattern.compile("/metadata/labels/(\\w+)\",\"value\":\"(\\w+)\"");

    private final Path folder;
    private final HttpsServer server;
    private final Map<Integer, Map<String, String>> labels = new ConcurrentHashMap<>();
    private final Queue<BlockingQueue<String>> watchers = new ConcurrentLinkedQueue<>();
    private final AtomicLong version = new AtomicLong(1);
    private final CountDownLatch learnt = new CountDownLatch(PODS * LABELS);

    public static void main(String[] arguments) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        new Lesson(Path.of(arguments[0])).give();
    }

    private Lesson(Path folder) throws IOException {
        this.folder = folder;
        this.server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    private void give() throws Exception {
        for (int pod = 0; pod < PODS; pod++) {
            labels.put(pod, new ConcurrentHashMap<>(Map.of("app", "lesson")));
        }
        KeyStore keys = keys();
        SSLContext tls = SSLContext.getInstance("TLS");
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "lesson".toCharArray());
        tls.init(managers.getKeyManagers(), null, null);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
        Files.writeString(folder.resolve("kubeconfig"), kubeconfig(keys));
        Files.writeString(folder.resolve("talon.yaml"), rules());
        String address;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = "127.0.0.1:" + free.getLocalPort();
        }
        Files.writeString(folder.resolve("listen"), address);
        sendAll(URI.create("http://" + address + "/"));
        if (!learnt.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            System.err.println("lesson: " + learnt.getCount() + " of " + PODS * LABELS + " labels did not come");
            System.exit(1);
        }
        System.exit(0);
    }

    private KeyStore keys() throws IOException, GeneralSecurityException, InterruptedException {
        Path file = folder.resolve("keys");
        Process made = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        file.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "lesson",
                        "-alias",
                        "lesson",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=lesson",
                        "-ext",
                        "san=ip:127.0.0.1")
                .redirectErrorStream(true)
                .start();
        String said = new String(made.getInputStream().readAllBytes(), UTF_8);
        if (made.waitFor() != 0) {
            throw new IOException("no certificate could be made: " + said);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(new ByteArrayInputStream(Files.readAllBytes(file)), "lesson".toCharArray());
        return keys;
    }

    private String kubeconfig(KeyStore keys) throws GeneralSecurityException {
        String certificate = "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(keys.getCertificate("lesson").getEncoded())
                + "\n-----END CERTIFICATE-----\n";
        return """
                apiVersion: v1
                kind: Config
                current-context: lesson
                contexts: [{ name: lesson, context: { cluster: lesson, user: lesson } }]
                clusters:
                  - name: lesson
                    cluster: { server: "https://127.0.0.1:%d", certificate-authority-data: "%s" }
                users: [{ name: lesson, user: { token: lesson } }]
                """.formatted(
                        server.getAddress().getPort(), Base64.getEncoder().encodeToString(certificate.getBytes(UTF_8)));
    }

    private static String rules() {
        StringBuilder all = new StringBuilder();
        for (int label = 0; label < LABELS; label++) {
            all.append("""
                    - rule: Lesson %1$d
                      match: { rules: [Lesson %1$d] }
                      actions:
                        - { action: Label %1$d, actionner: "kubernetes:label", parameters: { labels: { l%1$d: "true" } } }
                    """.formatted(label));
        }
        return all.toString();
    }

    private void sendAll(URI engine) throws Exception {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        String token = awaitToken(client, engine);
        int all = PODS * LABELS;
        for (int alert = 0; alert < ONE_BY_ONE; alert++) {
            send(client, engine, token, alert);
        }
        try (ExecutorService senders = Executors.newFixedThreadPool(SENDERS)) {
            for (int alert = ONE_BY_ONE; alert < all; alert++) {
                int number = alert;
                senders.submit(() -> send(client, engine, token, number));
            }
        }
    }

    private String awaitToken(HttpClient client, URI engine) throws InterruptedException, IOException {
        Path token = folder.resolve("state").resolve("token");
        HttpRequest empty = HttpRequest.newBuilder(engine).build();
        for (long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS); System.nanoTime() < until; ) {
            try {
                client.send(empty, HttpResponse.BodyHandlers.discarding());
                return Files.readString(token).strip();
            } catch (IOException notYet) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        throw new IOException("the engine does not listen");
    }

    private Void send(HttpClient client, URI engine, String token, int number) throws Exception {
        String alert = """
                {"uuid":"lesson-%1$d","time":"%2$s","rule":"Lesson %3$d","priority":"Notice","source":"syscall",\
                "hostname":"lesson","output":"A shell was spawned in a container (alert=%1$d command=sh -c id)",\
                "tags":["T1059","container","shell"],"output_fields":{"container.id":"%1$012x","evt.type":"execve",\
                "k8s.ns.name":"lesson","k8s.pod.name":"pod-%4$d","proc.cmdline":"sh -c id","proc.name":"sh",\
                "proc.pname":"containerd-shim","proc.tty":34816,"user.name":"root","user.uid":0}}""".formatted(number, Instant.now(), number / PODS, number % PODS);
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(engine)
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(alert))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("the engine answers " + answer.statusCode() + ": " + answer.body());
        }
        return null;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            String path = exchange.getRequestURI().getPath();
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            Matcher pod = POD.matcher(path);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            if (query.contains("watch=true")) {
                watch(exchange, path.endsWith("/pods"));
            } else if (pod.matches()) {
                int number = Integer.parseInt(pod.group(1));
                if (exchange.getRequestMethod().equals("PATCH")) {
                    label(number, body);
                }
                reply(exchange, 200, pod(number));
            } else if (exchange.getRequestMethod().equals("POST")) {
                reply(exchange, 201, "{\"status\":{\"allowed\":true}}");
            } else {
                List<String> items = path.endsWith("/pods")
                        ? labels.keySet().stream().map(this::pod).toList()
                        : List.of();
                reply(
                        exchange,
                        200,
                        "{\"metadata\":{\"resourceVersion\":\"" + version.get() + "\"},\"items\":["
                                + String.join(",", items) + "]}");
            }
        }
    }

    private void label(int number, String patch) {
        Matcher added = ADDED.matcher(patch.replaceFirst("^.*\"add\"", ""));
        if (added.find() && labels.get(number).put(added.group(1), added.group(2)) == null) {
            learnt.countDown();
        }
        version.incrementAndGet();
        String event = "{\"type\":\"MODIFIED\",\"object\":" + pod(number) + "}\n";
        watchers.forEach(watcher -> watcher.add(event));
    }

    private void watch(HttpExchange exchange, boolean pods) throws IOException {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        if (pods) {
            watchers.add(events);
        }
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            out.flush();
            while (true) {
                out.write(events.take().getBytes(UTF_8));
                out.flush();
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        } finally {
            watchers.remove(events);
        }
    }

    private static void reply(HttpExchange exchange, int code, String body) throws IOException {
        byte[] bytes = body.getBytes(UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private String pod(int number) {
        StringBuilder all = new StringBuilder();
        labels.get(number).forEach((key, value) -> all.append(all.isEmpty() ? "" : ",")
                .append("\"%s\":\"%s\"".formatted(key, value)));
        return """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-%1$d","namespace":"lesson","uid":"uid-%1$d",\
                "resourceVersion":"%2$d","creationTimestamp":"2026-01-01T00:00:00Z","labels":{%3$s},\
                "managedFields":[{"manager":"lesson","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",\
                "fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{}}}}]},\
                "spec":{"nodeName":"node","serviceAccountName":"default","containers":[{"name":"c","image":"i",\
                "resources":{},"terminationMessagePolicy":"File"}],"restartPolicy":"Always"},\
                "status":{"phase":"Running","podIP":"10.0.0.%1$d","conditions":[{"type":"Ready","status":"True"}],\
                "containerStatuses":[{"name":"c","containerID":"containerd://%1$064x","ready":true}]}}""".formatted(number, version.get(), all);
    }
}
