package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterAccess;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.WebSocket;
import io.fabric8.kubernetes.client.http.WebSocketHandshakeException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs programs in containers, through the API server, over a WebSocket.
 *
 * <p>The protocol, {@code v4.channel.k8s.io}: the first byte of a message says what the rest is, 0 for its input, 1 and 2 for
 * what it prints, 3 for a {@code Status} that tells how it ended. Closing the connection does not end the program.
 */
final class Programs {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LARGEST_MESSAGE = 32_768;

    /**
     * What was printed, standard error included, in the order in which it came.
     *
     * @param bytes all of it
     * @param sha256 of the first of them, up to the limit
     */
    record Printed(long bytes, long limit, String sha256) {
        String display() {
            return bytes == 0
                    ? "no output"
                    : bytes + " bytes of output (sha256 " + sha256
                            + (bytes > limit ? " of the first " + limit + ")" : ")");
        }
    }

    /** What became of it. */
    sealed interface Ended {
        record Exited(int code, Printed printed) implements Ended {}

        /** It was never started. */
        record NotStarted(int code, String why) implements Ended {}

        /** Whether it was started, or has ended, is not known. */
        record LostSight(String why, Printed printed) implements Ended {}
    }

    private final HttpClient http;
    private final String master;

    Programs(ClusterAccess cluster) {
        this.http = cluster.client().getHttpClient();
        String url = cluster.client().getConfiguration().getMasterUrl();
        this.master = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    /**
     * Blocks until it has ended, or for this long.
     *
     * @param input what it reads; empty for no input at all
     * @param limit bytes of its output that the hash is made of
     */
    Ended run(PodRef pod, String container, List<String> argv, Optional<String> input, long limit, Duration time) {
        StringBuilder query = new StringBuilder("?container=").append(escaped(container));
        query.append("&stdout=true&stderr=true").append(input.isPresent() ? "&stdin=true" : "");
        argv.forEach(argument -> query.append("&command=").append(escaped(argument)));
        Listener listener = new Listener(limit);
        long until = System.nanoTime() + time.toNanos();
        CompletableFuture<WebSocket> opening = http.newWebSocketBuilder()
                .uri(URI.create(master + Attempt.path(pod).sub("exec").text() + query))
                .subprotocol("v4.channel.k8s.io")
                .buildAsync(listener);
        WebSocket socket;
        try {
            socket = opening.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            return notOpened(failed.getCause() == null ? failed : failed.getCause(), listener);
        } catch (TimeoutException late) {
            Thread.ofVirtual().start(() -> hangUp(opening));
            return new Ended.LostSight("the API server did not answer in time", listener.printed());
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return new Ended.LostSight("the engine ends", listener.printed());
        }
        try {
            input.ifPresent(text -> send(socket, text));
            return listener.ended.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug);
        } catch (TimeoutException late) {
            return new Ended.LostSight(
                    "it had not ended when its time was over, and may still run", listener.printed());
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return new Ended.LostSight("the engine ends", listener.printed());
        } finally {
            socket.sendClose(1000, "");
        }
    }

    private static Ended notOpened(Throwable failed, Listener listener) {
        if (failed instanceof WebSocketHandshakeException refused) {
            int code = refused.getResponse().code();
            String said = "";
            try {
                said = refused.getResponse().bodyString();
                String message = JSON.readTree(said).path("message").asText("");
                said = message.isEmpty() ? said : message;
            } catch (IOException | RuntimeException unreadable) {
                // Then it is for a person as it is
            }
            return new Ended.NotStarted(code, said.isBlank() ? "HTTP " + code : said);
        }
        String why = "the API server cannot be reached: "
                + Optional.ofNullable(failed.getMessage()).orElse(failed.toString());
        // Once there was a connection, it may have been started
        return failed instanceof ConnectException
                ? new Ended.NotStarted(0, why)
                : new Ended.LostSight(why, listener.printed());
    }

    /** Whoever comes after all is not wanted any more. */
    private static void hangUp(CompletableFuture<WebSocket> opening) {
        try {
            opening.join().sendClose(1000, "");
        } catch (CompletionException never) {
            // All the better
        }
    }

    private static void send(WebSocket socket, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        for (int start = 0; start < bytes.length; start += LARGEST_MESSAGE) {
            int length = Math.min(LARGEST_MESSAGE, bytes.length - start);
            ByteBuffer message = ByteBuffer.allocate(length + 1);
            message.put((byte) 0).put(bytes, start, length).flip();
            socket.send(message);
        }
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    /** Called by one thread of the client's at a time, never blocks. */
    private static final class Listener implements WebSocket.Listener {

        private final CompletableFuture<Ended> ended = new CompletableFuture<>();
        private final MessageDigest digest;
        private final long limit;
        private long bytes;

        Listener(long limit) {
            this.limit = limit;
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        @Override
        public void onMessage(WebSocket socket, ByteBuffer message) {
            int channel = message.hasRemaining() ? message.get() : -1;
            switch (channel) {
                case 1, 2 -> count(message);
                case 3 -> {
                    boolean first = ended.complete(how(UTF_8.decode(message).toString()));
                    assert first || ended.isDone();
                }
                default -> {}
            }
            socket.request();
        }

        @Override
        public void onMessage(WebSocket socket, String text) {
            onMessage(socket, ByteBuffer.wrap(text.getBytes(UTF_8)));
        }

        private synchronized void count(ByteBuffer message) {
            long left = limit - bytes;
            bytes += message.remaining();
            if (left > 0) {
                digest.update(message.slice(message.position(), (int) Math.min(left, message.remaining())));
            }
        }

        synchronized Printed printed() {
            try {
                MessageDigest soFar = (MessageDigest) digest.clone();
                return new Printed(bytes, limit, HexFormat.of().formatHex(soFar.digest()));
            } catch (CloneNotSupportedException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private Ended how(String text) {
            try {
                JsonNode status = JSON.readTree(text);
                if (status.path("status").asText().equals("Success")) {
                    return new Ended.Exited(0, printed());
                }
                for (JsonNode cause : status.path("details").path("causes")) {
                    if (cause.path("reason").asText().equals("ExitCode")) {
                        return new Ended.Exited(
                                Integer.parseInt(cause.path("message").asText()), printed());
                    }
                }
                return new Ended.NotStarted(
                        status.path("code").asInt(500), status.path("message").asText(text));
            } catch (JsonProcessingException | NumberFormatException odd) {
                return new Ended.LostSight("how it ended was not told: " + text, printed());
            }
        }

        @Override
        public void onClose(WebSocket socket, int code, String reason) {
            lost("the connection was closed before its end was told");
        }

        @Override
        public void onError(WebSocket socket, Throwable failed) {
            lost("the connection broke: "
                    + Optional.ofNullable(failed.getMessage()).orElse(failed.toString()));
        }

        private void lost(String why) {
            if (!ended.isDone()) {
                ended.complete(new Ended.LostSight(why, printed()));
            }
        }
    }
}
