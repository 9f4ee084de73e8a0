package dev.pounce.intake;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes alerts by HTTP, as Falco and Falcosidekick send them: one POST, one alert, at any path.
 *
 * <pre>
 * 200  accepted (also what was accepted before, and what no action set answers): planned and on the disk; no body
 * 400  no POST, or no alert: the body says what was found and what was expected
 * 401  without the token
 * 403  from a web page, on a server that asks for no token
 * 413  larger than {@value #LARGEST_ALERT} bytes
 * 503  not now, with Retry-After: full, ending, or nothing can be recorded
 * </pre>
 *
 * {@code GET /healthz} needs no token: 200 when ready, else 503.
 *
 * <p>All of it happens on one event loop, which reads and never waits. Nobody gets memory without the token, and all together
 * get {@value #MOST_BYTES} bytes; whoever is slow or has nothing to say is let go.
 */
public final class AlertServer implements AutoCloseable {

    public static final int LARGEST_ALERT = 1 << 20;

    /** Of all bodies that are being read, and of all alerts that wait for their answer: a quarter of a small heap. */
    static final int MOST_BYTES = 64 << 20;

    /** An alert as objects takes so many times the bytes of its text. */
    private static final int PARSED = 8;

    static final int MOST_CONNECTIONS = 1_024;

    /** Of a body that nobody wants: read so far, so that its sender can hear why, and thrown away. */
    private static final long MOST_SWALLOWED = 32L << 20;

    private static final long SWALLOWING_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RECEIVING_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long STRANGER_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(75);
    private static final long SWEEP_MILLIS = 1_000;

    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final CharSequence RETRY_AFTER = HttpHeaders.createOptimized("Retry-After");
    private static final CharSequence SOON = HttpHeaders.createOptimized("1");

    private final Endpoint endpoint;
    private final Context loop;
    private final Optional<Token> token;
    private final FalcoAlerts alerts;
    private final Intake intake;
    private final Supplier<Optional<String>> unready;
    private final int connections;

    // Of the loop's thread
    private final Map<HttpConnection, Link> links = new LinkedHashMap<>(); // the oldest first
    private long bytesHeld;
    private long sweeper;

    /** What has been decided elsewhere and is to be sent by the loop. */
    private final Queue<Runnable> decided = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean sending = new AtomicBoolean();

    /** One connection: requests come one after the other. */
    static final class Link {
        private enum Doing {
            IDLE,
            RECEIVING,
            WAITING,
            SWALLOWING
        }

        private Doing doing = Doing.IDLE;
        private long since = System.nanoTime();
        private final long opened = since;
        private boolean stranger = true;

        /** A request came that was allowed to. */
        void authenticated() {
            stranger = false;
        }

        void begin(Doing next) {
            doing = next;
            since = System.nanoTime();
        }

        boolean isOverdue(long now) {
            if (stranger && now - opened > STRANGER_NANOS) {
                return true;
            }
            return now - since
                    > switch (doing) {
                        case IDLE -> IDLE_NANOS;
                        case RECEIVING -> RECEIVING_NANOS;
                        case SWALLOWING -> SWALLOWING_NANOS;
                        case WAITING -> Long.MAX_VALUE; // for us
                    };
        }
    }

    private AlertServer(
            Vertx vertx,
            Listening listening,
            Optional<Token> token,
            FalcoAlerts alerts,
            Intake intake,
            Supplier<Optional<String>> unready,
            int connections) {
        this.endpoint = new Endpoint(vertx, listening.address(), listening.tls());
        this.loop = endpoint.loop();
        this.token = token;
        this.alerts = alerts;
        this.intake = intake;
        this.unready = unready;
        this.connections = connections;
    }

    /**
     * Listens until closed.
     *
     * @param token must be there when {@code listening} asks for one
     * @param unready why nothing can be accepted just now; any thread, does not block
     * @throws IOException when the address cannot be listened on, or the certificate not be used
     */
    public static AlertServer start(
            Vertx vertx,
            Listening listening,
            Optional<Token> token,
            FalcoAlerts alerts,
            Intake intake,
            Supplier<Optional<String>> unready)
            throws IOException {
        return start(vertx, listening, token, alerts, intake, unready, MOST_CONNECTIONS);
    }

    /** @param connections at most so many at a time */
    static AlertServer start(
            Vertx vertx,
            Listening listening,
            Optional<Token> token,
            FalcoAlerts alerts,
            Intake intake,
            Supplier<Optional<String>> unready,
            int connections)
            throws IOException {
        if (listening.authenticated() && token.isEmpty()) {
            throw new IllegalArgumentException("a token is to be asked for, and none is there");
        }
        AlertServer server = new AlertServer(vertx, listening, token, alerts, intake, unready, connections);
        server.listen();
        return server;
    }

    private void listen() throws IOException {
        endpoint.open(MOST_CONNECTIONS, server -> {
            server.connectionHandler(this::connected)
                    .exceptionHandler(gone -> {}) // before there is a request
                    .requestHandler(this::requested);
            sweeper = loop.owner().setPeriodic(SWEEP_MILLIS, now -> sweep());
        });
    }

    /** As it turned out to be. Any thread. */
    public int port() {
        return endpoint.port();
    }

    /** To be called now and then: takes another certificate from its files. Blocks for them. */
    public void renewCertificate() {
        endpoint.renew();
    }

    private void connected(HttpConnection connection) {
        if (links.size() >= connections && !closeOldestStranger()) {
            connection.close();
            return;
        }
        links.put(connection, new Link());
        connection.closeHandler(closed -> links.remove(connection));
    }

    /** @return false when there is none */
    private boolean closeOldestStranger() {
        for (Map.Entry<HttpConnection, Link> entry : links.entrySet()) {
            if (entry.getValue().stranger) {
                HttpConnection oldest = entry.getKey();
                links.remove(oldest);
                oldest.close();
                return true;
            }
        }
        return false;
    }

    private void sweep() {
        long now = System.nanoTime();
        List<HttpConnection> overdue = new ArrayList<>(0);
        links.forEach((connection, link) -> {
            if (link.isOverdue(now)) {
                overdue.add(connection);
            }
        });
        overdue.forEach(HttpConnection::close);
    }

    private void requested(HttpServerRequest request) {
        Link link = links.get(request.connection());
        if (link == null) {
            request.connection().close(); // one too many
            return;
        }
        Exchange exchange = new Exchange(request, link);
        request.exceptionHandler(gone -> exchange.letGo());
        request.response().exceptionHandler(gone -> exchange.letGo());
        request.response().closeHandler(closed -> exchange.letGo());
        if (request.method().equals(HttpMethod.GET)
                && request.path() != null
                && request.path().equals("/healthz")) {
            exchange.tellHealth();
            return;
        }
        Optional<Refusal> no = objectionTo(request, link);
        if (no.isPresent()) {
            exchange.refuse(no.get());
        } else {
            exchange.receive();
        }
    }

    /** Judged by the head of a request: nothing is read of what will be refused. */
    private Optional<Refusal> objectionTo(HttpServerRequest request, Link link) {
        if (token.isPresent()) {
            if (!token.get().isIn(request.getHeader(HttpHeaders.AUTHORIZATION))) {
                return Optional.of(
                        new Refusal(401, "no valid token", "Authorization: Bearer and the content of the file token"));
            }
        } else if (request.headers().contains(HttpHeaders.ORIGIN)) {
            // A page in a browser of this machine reaches loopback, too
            return Optional.of(new Refusal(403, "a request from a web page", "one from Falco or Falcosidekick"));
        }
        link.authenticated();
        if (!request.method().equals(HttpMethod.POST)) {
            return Optional.of(Refusal.badAlert(request.method().name(), "POST"));
        }
        if (lengthOf(request) > LARGEST_ALERT) {
            return Optional.of(tooLarge());
        }
        if (intake.isEnding()) {
            return Optional.of(unavailable("an engine that is about to end"));
        }
        return bytesHeld >= MOST_BYTES ? Optional.of(unavailable("too many alerts at once")) : Optional.empty();
    }

    private static long lengthOf(HttpServerRequest request) {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        try {
            return length == null ? 0 : Long.parseLong(length);
        } catch (NumberFormatException tooLong) {
            return Long.MAX_VALUE;
        }
    }

    private static Refusal tooLarge() {
        return new Refusal(413, "a body that is too large", "at most " + LARGEST_ALERT + " bytes");
    }

    private static Refusal unavailable(String found) {
        return new Refusal(503, found, "that it is sent again later");
    }

    /** One request and its answer. Of the loop's thread. */
    private final class Exchange {
        private final HttpServerRequest request;
        private final Link link;
        private @Nullable Buffer body;
        private long held;
        private long swallowed;
        private boolean wanted = true;
        private boolean ended;
        private boolean queued;
        private boolean answered;

        Exchange(HttpServerRequest request, Link link) {
            this.request = request;
            this.link = link;
        }

        void receive() {
            link.begin(Link.Doing.RECEIVING);
            if (request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true)) {
                request.response().writeContinue();
            }
            listen();
        }

        private void listen() {
            request.handler(this::more);
            request.endHandler(end -> ended());
        }

        private void more(Buffer chunk) {
            if (!wanted) {
                swallowed += chunk.length();
                if (swallowed > MOST_SWALLOWED) {
                    request.connection().close();
                }
                return;
            }
            hold(chunk.length());
            Buffer before = body;
            body = before == null ? chunk : before.appendBuffer(chunk);
            if (held > LARGEST_ALERT) {
                refuse(tooLarge());
            } else if (bytesHeld > MOST_BYTES) {
                refuse(unavailable("too many alerts at once"));
            }
        }

        private void ended() {
            ended = true;
            if (!wanted) {
                finish();
                return;
            }
            link.begin(Link.Doing.WAITING);
            Buffer whole = body;
            body = null;
            if (bytesHeld >= MOST_BYTES) {
                refuse(unavailable("too many alerts at once"));
                return;
            }
            hold(held * (PARSED - 1));
            switch (alerts.read(whole == null ? new byte[0] : whole.getBytes())) {
                case FalcoAlerts.Read.Good(Alert alert) -> {
                    queued = true;
                    intake.offer(alert, answer -> decide(() -> answer(answer)));
                }
                case FalcoAlerts.Read.Bad(Refusal why) -> refuse(why);
            }
        }

        private void answer(Intake.Answer answer) {
            queued = false;
            release();
            switch (answer) {
                case ACCEPTED -> {
                    respond(request.response().setStatusCode(200), "");
                }
                case FULL -> refuse(unavailable("too many alerts at once"));
                case UNRECORDED -> refuse(unavailable("a journal that cannot be written"));
                case ENDING -> refuse(unavailable("an engine that is about to end"));
            }
        }

        void tellHealth() {
            Optional<String> why = intake.isTaking() ? unready.get() : Optional.of("about to end");
            wanted = false;
            listen();
            respond(
                    request.response()
                            .setStatusCode(why.isEmpty() ? 200 : 503)
                            .putHeader(HttpHeaders.CONTENT_TYPE, JSON),
                    why.isEmpty() ? "{\"ready\":true}\n" : "{\"ready\":false}\n");
        }

        void refuse(Refusal why) {
            boolean first = wanted && !ended;
            wanted = false;
            body = null;
            if (first) {
                link.begin(Link.Doing.SWALLOWING);
                listen();
            }
            HttpServerResponse response = request.response();
            if (response.ended() || response.closed()) {
                return;
            }
            response.setStatusCode(why.status()).putHeader(HttpHeaders.CONTENT_TYPE, JSON);
            switch (why.status()) {
                case 401 -> response.putHeader("WWW-Authenticate", "Bearer");
                case 503 -> response.putHeader(RETRY_AFTER, SOON);
                default -> {}
            }
            respond(response, why.json());
        }

        private void respond(HttpServerResponse response, String text) {
            if (response.ended() || response.closed()) {
                letGo();
                return;
            }
            release();
            answered = true;
            response.end(text);
            finish();
        }

        /** Once there is an answer and the request has been read to its end, the next may come. */
        private void finish() {
            if (answered && ended) {
                link.begin(Link.Doing.IDLE);
            }
        }

        private void hold(long bytes) {
            held += bytes;
            bytesHeld += bytes;
        }

        private void release() {
            bytesHeld -= held;
            held = 0;
        }

        /** The other side has gone; what it sent whole is taken all the same, and takes its room until then. */
        void letGo() {
            wanted = false;
            body = null;
            if (!queued) {
                release();
            }
        }
    }

    /** Any thread. Many decisions come together, and wake the loop once. */
    private void decide(Runnable answer) {
        decided.add(answer);
        if (sending.compareAndSet(false, true)) {
            loop.runOnContext(go -> sendDecided());
        }
    }

    private void sendDecided() {
        sending.set(false);
        for (Runnable next = decided.poll(); next != null; next = decided.poll()) {
            next.run();
        }
    }

    /** Refuses what still comes, and lets go of everybody. The intake must have answered what it took. */
    @Override
    public void close() {
        endpoint.close(() -> {
            sendDecided();
            loop.owner().cancelTimer(sweeper);
        });
    }
}
