package dev.pounce.cluster;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * Stands before the real API server, passes on what it is asked, streams and upgraded connections too, and does to chosen
 * requests what networks and overloaded servers do. Speaks plain HTTP, one request a connection, and has the rights of the
 * kubeconfig's user; who comes with a token comes as whom the token names.
 *
 * <p>The first rule that fits and is not used up decides. Thread-safe.
 */
public final class BadWeather implements AutoCloseable {

    /**
     * A request as it came.
     *
     * @param target the path and the query
     * @param headers by name in small letters
     */
    public record Seen(String method, String target, Map<String, String> headers) {
        @Override
        public String toString() {
            return method + " " + target;
        }
    }

    /** What happens to the requests that fit. */
    public static final class Rule {
        private final Predicate<Seen> fits;
        private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        private final AtomicInteger met = new AtomicInteger();
        private final CountDownLatch gate = new CountDownLatch(1);
        private volatile boolean held;
        private volatile Duration delay = Duration.ZERO;
        private volatile String answer = "";
        private volatile boolean cutBefore;
        private volatile boolean cutAfter;

        private Rule(Predicate<Seen> fits) {
            this.fits = fits;
        }

        /** So many requests, and none after them. */
        public Rule times(int times) {
            left.set(times);
            return this;
        }

        /** They are not passed on before {@link #release}. */
        public Rule holds() {
            held = true;
            return this;
        }

        public void release() {
            gate.countDown();
        }

        public Rule delays(Duration time) {
            delay = time;
            return this;
        }

        /** Answered instead of the server, which does not hear of them. */
        public Rule answers(int code, String reason, String message) {
            return answers(code, reason, message, Optional.empty());
        }

        public Rule answers(int code, String reason, String message, Optional<Duration> retryAfter) {
            String body = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"" + reason
                    + "\",\"message\":\"" + message + "\",\"code\":" + code + "}";
            answer = "HTTP/1.1 " + code + " " + reason + "\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.getBytes(UTF_8).length
                    + retryAfter
                            .map(after -> "\r\nRetry-After: " + after.toSeconds())
                            .orElse("")
                    + "\r\nConnection: close\r\n\r\n" + body;
            return this;
        }

        /** The connection breaks, and the server has not heard of it. */
        public Rule cuts() {
            cutBefore = true;
            return this;
        }

        /** The server does it, and the connection breaks before its answer arrives. */
        public Rule losesAnswers() {
            cutAfter = true;
            return this;
        }

        /** How many requests it was applied to. */
        public int met() {
            return met.get();
        }

        private boolean takes(Seen seen) {
            return fits.test(seen) && left.getAndUpdate(now -> now > 0 ? now - 1 : 0) > 0;
        }
    }

    private static final int LONGEST_HEAD = 65_536;

    private final ServerSocket server;
    private final Path kubeconfig;
    private final Config behind;
    private final SSLContext tls;
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private BadWeather(ClusterAccess real) throws IOException, GeneralSecurityException {
        behind = real.client().getConfiguration();
        tls = SSLContext.getInstance("TLS");
        tls.init(SSLUtils.keyManagers(behind), SSLUtils.trustManagers(behind), null);
        server = new ServerSocket(0, 1_024, InetAddress.getLoopbackAddress());
        kubeconfig = Files.createTempFile("pounce-it-weather", ".yaml");
        writeKubeconfig("{}");
        Thread.ofVirtual().name("bad-weather").start(this::accept);
    }

    public static BadWeather before(ClusterAccess real) {
        try {
            return new BadWeather(real);
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A way to the cluster through this weather, to be closed by who asked for it. */
    public ClusterAccess access(InstantSource clock) {
        return ClusterAccess.open(Optional.of(kubeconfig), "test", clock);
    }

    public Path kubeconfig() {
        return kubeconfig;
    }

    /** From now on whoever reads the kubeconfig comes with this token. */
    public void token(String token) {
        writeKubeconfig("{token: \"" + token + "\"}");
    }

    private void writeKubeconfig(String user) {
        try {
            Files.writeString(kubeconfig, """
                    apiVersion: v1
                    kind: Config
                    current-context: weather
                    contexts: [{name: weather, context: {cluster: weather, user: weather}}]
                    clusters: [{name: weather, cluster: {server: "http://127.0.0.1:%d"}}]
                    users: [{name: weather, user: %s}]
                    """.formatted(server.getLocalPort(), user));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** @param part of the path and query */
    public Rule on(String method, String part) {
        return on(request -> request.method().equals(method) && request.target().contains(part));
    }

    public Rule on(Predicate<Seen> fits) {
        Rule rule = new Rule(fits);
        rules.add(rule);
        return rule;
    }

    public void clearsUp() {
        rules.forEach(Rule::release);
        rules.clear();
    }

    /** All that was asked, oldest first. */
    public List<Seen> seen() {
        return List.copyOf(seen);
    }

    public void forget() {
        seen.clear();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = server.accept();
                open.add(client);
                Thread.ofVirtual().name("bad-weather").start(() -> serve(client));
            } catch (IOException ended) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(client.getInputStream());
            List<String> head = head(in);
            if (head.isEmpty()) {
                return;
            }
            String[] words = head.getFirst().split(" ", 3);
            Map<String, String> headers = headers(head);
            Seen request = new Seen(words[0], words[1], headers);
            seen.add(request);
            Optional<Rule> rule =
                    rules.stream().filter(one -> one.takes(request)).findFirst();
            if (rule.isPresent() && !passes(rule.get(), in, headers, client)) {
                return;
            }
            pass(head, headers, in, client, rule.map(one -> one.cutAfter).orElse(false));
        } catch (IOException | InterruptedException broken) {
            // Who asked sees it
        } finally {
            open.remove(client);
        }
    }

    private static boolean passes(Rule rule, InputStream in, Map<String, String> headers, Socket client)
            throws IOException, InterruptedException {
        rule.met.incrementAndGet();
        if (rule.held) {
            rule.gate.await();
        }
        if (!rule.delay.isZero()) {
            rule.gate.await(rule.delay.toMillis(), TimeUnit.MILLISECONDS);
        }
        if (rule.cutBefore) {
            client.setSoLinger(true, 0);
            return false;
        }
        if (!rule.answer.isEmpty()) {
            // The whole request is read first: closing with something unread makes it a reset
            in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
            client.getOutputStream().write(rule.answer.getBytes(UTF_8));
            client.getOutputStream().flush();
            return false;
        }
        return true;
    }

    private void pass(
            List<String> head, Map<String, String> headers, InputStream in, Socket client, boolean losesAnswer)
            throws IOException, InterruptedException {
        URI real = URI.create(behind.getMasterUrl());
        try (Socket upstream = tls.getSocketFactory().createSocket(real.getHost(), real.getPort())) {
            open.add(upstream);
            upstream.setTcpNoDelay(true);
            boolean upgrade =
                    headers.containsKey("upgrade") && !headers.get("upgrade").equalsIgnoreCase("h2c");
            StringBuilder text = new StringBuilder(head.getFirst()).append("\r\n");
            for (String line : head.subList(1, head.size())) {
                String name = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
                if (upgrade
                        || !Set.of("connection", "upgrade", "http2-settings").contains(name)) {
                    text.append(line).append("\r\n");
                }
            }
            text.append(upgrade ? "\r\n" : "Connection: close\r\n\r\n");
            OutputStream out = upstream.getOutputStream();
            out.write(text.toString().getBytes(ISO_8859_1));
            out.flush();
            Thread up = Thread.ofVirtual().start(() -> copy(in, out));
            if (losesAnswer) {
                upstream.getInputStream().readNBytes(64);
                client.setSoLinger(true, 0);
            } else {
                copy(upstream.getInputStream(), client.getOutputStream());
            }
            client.close();
            up.join();
            open.remove(upstream);
        }
    }

    private static void copy(InputStream from, OutputStream to) {
        byte[] buffer = new byte[8_192];
        try {
            int read;
            while ((read = from.read(buffer)) >= 0) {
                to.write(buffer, 0, read);
                to.flush();
            }
        } catch (IOException ended) {
            // So has the other direction, or will
        }
    }

    private static List<String> head(InputStream in) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        int last = 0;
        int next;
        while (last < 2 && text.size() < LONGEST_HEAD && (next = in.read()) >= 0) {
            text.write(next);
            last = next == '\n' ? last + 1 : next == '\r' ? last : 0;
        }
        List<String> lines = new ArrayList<>(text.toString(ISO_8859_1).lines().toList());
        lines.removeIf(String::isEmpty);
        return lines;
    }

    private static Map<String, String> headers(List<String> head) {
        Map<String, String> headers = new TreeMap<>();
        for (String line : head.subList(1, head.size())) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    @Override
    public void close() {
        closed = true;
        rules.forEach(Rule::release);
        try {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
            Files.deleteIfExists(kubeconfig);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
