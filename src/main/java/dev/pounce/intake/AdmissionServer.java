package dev.pounce.intake;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Is asked by an API server, by HTTPS, what it thinks of resources that somebody applies: one POST to {@value #PATH}, one review.
 *
 * <pre>
 * 200  judged: the body is the answer, which may be a no
 * 400  no review, 404 another path, 405 no POST, 413 larger than {@value #LARGEST_REVIEW} bytes: the body says what was expected
 * 503  not now: too much at once, or about to end
 * </pre>
 *
 * <p>Whoever reaches the address may ask, unless the settings name authorities of clients: an answer changes nothing, and tells which
 * names of rules and sets the engine knows, and what it may not do. So what all together can take is limited: {@value #MOST_CONNECTIONS} connections with one request each, {@value #MOST_BYTES} bytes, {@value #JUDGES}
 * judged at a time while {@value #MOST_CONNECTIONS} wait. Whoever is slow is let go; what has left counts until no judge has its
 * review any more. An API server that gets no answer goes by the failure policy that it was told.
 */
public final class AdmissionServer implements AutoCloseable {

    public static final String PATH = "/admission";

    /** A set as it was and as it should be, each as large as an API server stores at most (1.5 MiB), and what it says of them. */
    public static final int LARGEST_REVIEW = 4 << 20;

    static final int MOST_CONNECTIONS = 64;
    static final int MOST_BYTES = 16 << 20;
    static final int JUDGES = 2;

    private static final long RECEIVING_MILLIS = TimeUnit.SECONDS.toMillis(10);

    /** The longest that an API server waits. */
    private static final long JUDGING_MILLIS = TimeUnit.SECONDS.toMillis(30);

    private static final Judge.Answer BUG =
            new Judge.Answer.Bad(new Refusal(500, "a bug in the engine", "its journal says more"));
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final Logger LOG = Logger.getLogger(AdmissionServer.class);

    /** Where reviews are taken from. The certificate must name what the API server calls us. */
    public record Settings(InetSocketAddress address, Listening.Tls tls) {}

    /** What the answer to a review is; called on several threads, and may block for some seconds. */
    public interface Judge {

        sealed interface Answer {
            /** @param json a whole review */
            record Given(String json) implements Answer {}

            record Bad(Refusal why) implements Answer {}
        }

        Answer answerTo(byte[] review);
    }

    private final Endpoint endpoint;
    private final Judge judge;
    private final ExecutorService judges = new ThreadPoolExecutor(
            JUDGES,
            JUDGES,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_CONNECTIONS),
            Thread.ofPlatform().daemon().name("admission-", 0).factory());

    // Of the loop's thread
    private final Set<HttpConnection> connections = new LinkedHashSet<>(); // the oldest first
    private final Set<HttpConnection> busy = new HashSet<>();

    private long bytesHeld;

    private AdmissionServer(Vertx vertx, Settings settings, Judge judge) {
        this.endpoint = new Endpoint(vertx, settings.address(), Optional.of(settings.tls()));
        this.judge = judge;
    }

    /**
     * Listens until closed.
     *
     * @throws IOException when the address cannot be listened on, or the certificate not be used
     */
    public static AdmissionServer start(Vertx vertx, Settings settings, Judge judge) throws IOException {
        AdmissionServer server = new AdmissionServer(vertx, settings, judge);
        server.endpoint.open(MOST_CONNECTIONS, http -> http.connectionHandler(server::connected)
                .exceptionHandler(gone -> {}) // before there is a request
                .requestHandler(server::requested));
        return server;
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
        if (connections.size() >= MOST_CONNECTIONS && !closeOldestIdle()) {
            connection.close();
            return;
        }
        connections.add(connection);
        connection.closeHandler(closed -> {
            connections.remove(connection);
            busy.remove(connection);
        });
    }

    /** @return false when there is none */
    private boolean closeOldestIdle() {
        Optional<HttpConnection> oldest = connections.stream()
                .filter(connection -> !busy.contains(connection))
                .findFirst();
        oldest.ifPresent(connection -> {
            connections.remove(connection);
            connection.close();
        });
        return oldest.isPresent();
    }

    private void requested(HttpServerRequest request) {
        if (!connections.contains(request.connection())) {
            request.connection().close(); // one too many
            return;
        }
        Exchange exchange = new Exchange(request);
        busy.add(request.connection());
        request.exceptionHandler(gone -> exchange.letGo());
        request.response().exceptionHandler(gone -> exchange.letGo());
        request.response().closeHandler(closed -> exchange.letGo());
        request.handler(exchange::more);
        request.endHandler(end -> exchange.ended());
        objectionTo(request).ifPresent(exchange::refuse);
    }

    /** Judged by the head of a request: nothing is read of what will be refused. */
    private Optional<Refusal> objectionTo(HttpServerRequest request) {
        if (!PATH.equals(request.path())) {
            return Optional.of(new Refusal(404, "another path", PATH));
        }
        if (!request.method().equals(HttpMethod.POST)) {
            return Optional.of(new Refusal(405, request.method().name(), "POST"));
        }
        return bytesHeld >= MOST_BYTES ? Optional.of(tooMuch()) : Optional.empty();
    }

    private static Refusal tooMuch() {
        return new Refusal(503, "too many reviews at once", "that it is asked again later");
    }

    /** One request and its answer. Of the loop's thread. */
    private final class Exchange {
        private final HttpServerRequest request;
        private long timer;
        private Buffer body = Buffer.buffer();
        private long held;
        private boolean judging;
        private volatile boolean over; // read by judges, too

        Exchange(HttpServerRequest request) {
            this.request = request;
            this.timer = closeAfter(RECEIVING_MILLIS);
        }

        private long closeAfter(long millis) {
            return endpoint.loop().owner().setTimer(millis, late -> request.connection()
                    .close());
        }

        void more(Buffer chunk) {
            if (over) {
                return;
            }
            body.appendBuffer(chunk);
            held += chunk.length();
            bytesHeld += chunk.length();
            if (held > LARGEST_REVIEW) {
                refuse(new Refusal(413, "a body that is too large", "at most " + LARGEST_REVIEW + " bytes"));
            } else if (bytesHeld > MOST_BYTES) {
                refuse(tooMuch());
            }
        }

        void ended() {
            endpoint.loop().owner().cancelTimer(timer);
            if (over) {
                return;
            }
            timer = closeAfter(JUDGING_MILLIS);
            byte[] review = body.getBytes();
            body = Buffer.buffer();
            judging = true;
            try {
                judges.execute(() -> judge(review));
            } catch (RejectedExecutionException full) {
                judged(new Judge.Answer.Bad(
                        judges.isShutdown()
                                ? new Refusal(503, "an engine that is about to end", "that it is asked again later")
                                : tooMuch()));
            }
        }

        /** Of a judge's thread. Whatever happens to it, the loop hears that it has ended. */
        private void judge(byte[] review) {
            Judge.Answer answer = BUG;
            try {
                if (!over) {
                    answer = judge.answerTo(review);
                }
            } catch (RuntimeException | Error bug) {
                LOG.error("A review is not answered because of a bug in the engine", bug);
            } finally {
                Judge.Answer last = answer;
                endpoint.loop().runOnContext(go -> judged(last));
            }
        }

        private void judged(Judge.Answer answer) {
            endpoint.loop().owner().cancelTimer(timer);
            judging = false;
            release();
            switch (answer) {
                case Judge.Answer.Given(String json) -> respond(200, json);
                case Judge.Answer.Bad(Refusal why) -> refuse(why);
            }
        }

        /** What still comes is read for a while, so that its sender can hear why, and thrown away. */
        void refuse(Refusal why) {
            respond(why.status(), why.json());
        }

        private void respond(int status, String json) {
            if (over) {
                return;
            }
            over = true;
            release();
            HttpServerResponse response = request.response();
            if (!response.closed()) {
                response.setStatusCode(status)
                        .putHeader(HttpHeaders.CONTENT_TYPE, JSON)
                        .end(json);
            }
            busy.remove(request.connection());
        }

        /** The other side has gone. */
        void letGo() {
            endpoint.loop().owner().cancelTimer(timer);
            over = true;
            if (!judging) {
                release();
            }
        }

        /** Once nobody has the bytes any more. */
        private void release() {
            bytesHeld -= held;
            held = 0;
            body = Buffer.buffer();
        }
    }

    /** What is being judged is not answered any more. */
    @Override
    public void close() {
        judges.shutdownNow();
        endpoint.close(() -> {});
    }
}
