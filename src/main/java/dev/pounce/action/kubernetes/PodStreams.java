package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.evidence.ContainerStreams;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.ClusterAccess;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.WebSocket;
import io.fabric8.kubernetes.client.http.WebSocketHandshakeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Streams of the API server: logs, and what programs print in containers (its protocol {@code v4.channel.k8s.io}: each message
 * begins with a byte that says whether it is standard output, standard error or the end). More is asked for when the last
 * piece was written, so that a slow store slows the container down and fills no memory.
 */
public final class PodStreams implements ContainerStreams {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int END = 3;

    /** Of standard error. */
    private static final int MOST_SAID = 16 * 1024;

    private final HttpClient http;
    private final String master;
    private final InstantSource clock;

    public PodStreams(ClusterAccess cluster, InstantSource clock) {
        this.http = cluster.client().getHttpClient();
        this.master = cluster.client().getConfiguration().getMasterUrl().replaceAll("/+$", "");
        this.clock = clock;
    }

    @Override
    public Ended logs(PodRef pod, String container, boolean previous, long lines, OutputStream to, Instant deadline) {
        String address = master + path(pod).sub("log").text() + "?container=" + escaped(container) + "&tailLines="
                + lines + (previous ? "&previous=true" : "");
        BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
        CompletableFuture<HttpResponse<AsyncBody>> asked = http.consumeBytes(
                http.newHttpRequestBuilder().uri(address).build(),
                (buffers, body) -> pieces.add(new Piece.Bytes(buffers, body::consume)));
        return switch (await(asked, deadline)) {
            case Begun.Not<HttpResponse<AsyncBody>>(Ended ended) -> ended;
            case Begun.With<HttpResponse<AsyncBody>>(HttpResponse<AsyncBody> response) -> {
                AsyncBody body = response.body();
                boolean refused = !response.isSuccessful();
                OutputStream sink = refused ? new Beginning() : to;
                CompletableFuture<Void> told = body.done().handle((nothing, failed) -> {
                    pieces.add(
                            failed == null
                                    ? new Piece.Over(Optional.empty())
                                    : new Piece.Over(
                                            Optional.of(new Ended.Broken("the stream broke: " + why(failed)))));
                    return null;
                });
                body.consume();
                Ended ended = pump(pieces, sink, new Beginning(), deadline);
                body.cancel();
                told.cancel(false);
                yield refused ? refusal(response.code(), sink.toString()) : ended;
            }
        };
    }

    @Override
    public Ended run(PodRef pod, String container, List<String> argv, OutputStream to, Instant deadline) {
        String address = master + path(pod).sub("exec").text() + "?container=" + escaped(container)
                + "&stdout=true&stderr=true"
                + argv.stream().map(one -> "&command=" + escaped(one)).collect(Collectors.joining());
        BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
        CompletableFuture<WebSocket> asked = http.newWebSocketBuilder()
                .uri(URI.create(address))
                .subprotocol("v4.channel.k8s.io")
                .buildAsync(new Channels(pieces));
        return switch (await(asked, deadline)) {
            case Begun.Not<WebSocket>(Ended ended) -> {
                CompletableFuture<Void> ignored = asked.thenAccept(late -> late.sendClose(1000, "too late"));
                yield ended;
            }
            case Begun.With<WebSocket>(WebSocket socket) -> {
                try {
                    yield pump(pieces, to, new Beginning(), deadline);
                } finally {
                    socket.sendClose(1000, "done");
                }
            }
        };
    }

    @Override
    public Ended checkpoint(PodRef pod, String node, String container, Instant deadline) {
        // The kubelet's own interface, which the API server passes on to those who may do anything on that node
        String path = ApiPath.core("nodes").named(node).sub("proxy").text() + "/checkpoint/" + escaped(pod.namespace())
                + "/" + escaped(pod.name()) + "/" + escaped(container);
        // It speaks plain text when it refuses
        CompletableFuture<HttpResponse<String>> asked = http.sendAsync(
                http.newHttpRequestBuilder()
                        .uri(master + path)
                        .method("POST", null, null)
                        .build(),
                String.class);
        return switch (await(asked, deadline)) {
            case Begun.Not<HttpResponse<String>>(Ended ended) -> ended;
            case Begun.With<HttpResponse<String>>(HttpResponse<String> response) -> {
                if (!response.isSuccessful()) {
                    // 500 is also what it says of a runtime that cannot do this at all
                    yield new Ended.Refused(
                            response.code(),
                            refusal(response.code(), text(response)) instanceof Ended.Refused said ? said.why() : "",
                            response.code() == 429 || response.code() == 503);
                }
                yield pathIn(text(response))
                        .<Ended>map(written -> new Ended.Whole(0, written))
                        .orElseGet(() -> new Ended.Broken("the kubelet does not say where it is"));
            }
        };
    }

    private static Optional<String> pathIn(String body) {
        try {
            JsonNode first = JSON.readTree(body).path("items").path(0);
            return first.isTextual() ? Optional.of(first.asText()) : Optional.empty();
        } catch (JsonProcessingException notJson) {
            return Optional.empty();
        }
    }

    private static ApiPath path(PodRef pod) {
        return ApiPath.core("pods").in(pod.namespace()).named(pod.name());
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    private sealed interface Begun<T> {
        record With<T>(T stream) implements Begun<T> {}

        record Not<T>(Ended ended) implements Begun<T> {}
    }

    private <T> Begun<T> await(CompletableFuture<T> asked, Instant deadline) {
        long millis = Duration.between(clock.instant(), deadline).toMillis();
        try {
            return new Begun.With<>(asked.get(Math.max(0, millis), TimeUnit.MILLISECONDS));
        } catch (TimeoutException late) {
            return new Begun.Not<>(new Ended.Broken("the API server did not answer in time"));
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return new Begun.Not<>(new Ended.Broken("the engine ends"));
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            return new Begun.Not<>(
                    cause instanceof WebSocketHandshakeException no
                            ? refusal(no.getResponse().code(), text(no.getResponse()))
                            : new Ended.Broken("the API server cannot be reached: " + why(cause)));
        }
    }

    private static String text(HttpResponse<?> response) {
        try {
            return response.bodyString();
        } catch (IOException | RuntimeException unreadable) {
            return "";
        }
    }

    private static Ended refusal(int code, String body) {
        String message;
        try {
            message = JSON.readTree(body).path("message").asText("");
        } catch (JsonProcessingException notJson) {
            message = body.strip();
        }
        return new Ended.Refused(code, message.isEmpty() ? "HTTP " + code : message, code == 429 || code >= 500);
    }

    private static String why(Throwable failed) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        return Optional.ofNullable(cause.getMessage()).orElse(cause.toString());
    }

    /** What arrives, from threads that must not wait. */
    private sealed interface Piece {
        /** @param more asks for the next */
        record Bytes(List<ByteBuffer> buffers, Runnable more) implements Piece {}

        record Said(ByteBuffer bytes, Runnable more) implements Piece {}

        /** @param how empty for an end that says nothing more */
        record Over(Optional<Ended> how) implements Piece {}
    }

    /** On the caller's thread: writes what arrives until the end, the deadline, or a write that fails. */
    private Ended pump(BlockingQueue<Piece> pieces, OutputStream to, Beginning said, Instant deadline) {
        while (true) {
            Piece piece;
            try {
                long nanos = Duration.between(clock.instant(), deadline).toNanos();
                piece = pieces.poll(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                return new Ended.Broken("the engine ends");
            }
            switch (piece) {
                case null -> {
                    return new Ended.Broken("its time was over");
                }
                case Piece.Bytes(List<ByteBuffer> buffers, Runnable more) -> {
                    try {
                        for (ByteBuffer buffer : buffers) {
                            byte[] bytes = new byte[buffer.remaining()];
                            buffer.get(bytes);
                            to.write(bytes, 0, bytes.length);
                        }
                    } catch (IOException refused) {
                        return new Ended.Broken("it could not be written: " + refused.getMessage());
                    }
                    more.run();
                }
                case Piece.Said(ByteBuffer bytes, Runnable more) -> {
                    said.add(bytes);
                    more.run();
                }
                case Piece.Over(Optional<Ended> how) -> {
                    return how.map(end -> end instanceof Ended.Whole(int exit, String nothing)
                                    ? new Ended.Whole(exit, said.toString())
                                    : end)
                            .orElseGet(() -> new Ended.Whole(0, said.toString()));
                }
            }
        }
    }

    private record Channels(BlockingQueue<Piece> pieces) implements WebSocket.Listener {

        @Override
        public void onMessage(WebSocket socket, ByteBuffer message) {
            if (!message.hasRemaining()) {
                socket.request();
                return;
            }
            int channel = message.get();
            switch (channel) {
                case STDOUT -> pieces.add(new Piece.Bytes(List.of(copy(message)), socket::request));
                case STDERR -> pieces.add(new Piece.Said(copy(message), socket::request));
                case END -> {
                    pieces.add(
                            new Piece.Over(Optional.of(end(UTF_8.decode(message).toString()))));
                    socket.request();
                }
                default -> socket.request();
            }
        }

        @Override
        public void onMessage(WebSocket socket, String text) {
            socket.request();
        }

        @Override
        public void onClose(WebSocket socket, int code, String reason) {
            pieces.add(
                    new Piece.Over(Optional.of(new Ended.Broken("the API server closed the connection: " + reason))));
        }

        @Override
        public void onError(WebSocket socket, Throwable failed) {
            pieces.add(new Piece.Over(Optional.of(new Ended.Broken("the connection broke: " + why(failed)))));
        }

        /** The buffer may be used again by whoever gave it. */
        private static ByteBuffer copy(ByteBuffer bytes) {
            ByteBuffer copy = ByteBuffer.allocate(bytes.remaining());
            copy.put(bytes);
            return copy.flip();
        }

        /** A {@code Status}: success, an exit code, or why it was not even started. */
        private static Ended end(String json) {
            JsonNode status;
            try {
                status = JSON.readTree(json);
            } catch (JsonProcessingException notJson) {
                return new Ended.Broken("how it ended was not told");
            }
            if (status.path("status").asText().equals("Success")) {
                return new Ended.Whole(0, "");
            }
            for (JsonNode cause : status.path("details").path("causes")) {
                if (cause.path("reason").asText().equals("ExitCode")) {
                    return new Ended.Whole(cause.path("message").asInt(1), "");
                }
            }
            String message = status.path("message").asText();
            return message.contains("executable file not found") || message.contains("no such file or directory")
                    ? new Ended.Whole(127, "")
                    : new Ended.Refused(status.path("code").asInt(500), message, false);
        }
    }

    /** Remembers the beginning of a text. */
    private static final class Beginning extends OutputStream {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void add(ByteBuffer more) {
            byte[] some = new byte[Math.min(more.remaining(), MOST_SAID - bytes.size())];
            more.get(some);
            bytes.writeBytes(some);
        }

        @Override
        public void write(int one) {
            add(ByteBuffer.wrap(new byte[] {(byte) one}));
        }

        @Override
        public void write(byte[] source, int from, int length) {
            add(ByteBuffer.wrap(source, from, length));
        }

        @Override
        public String toString() {
            return bytes.toString(UTF_8);
        }
    }
}
