package dev.pounce.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Asks the API server, once for each call: whether a request is worth repeating is for the caller to say.
 *
 * <p>Any thread; a call blocks until the answer is there, or its deadline. Virtual threads are meant.
 */
public final class Api {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LATE = "the API server did not answer in time";
    private static final int LONGEST_REFUSAL = 65_536;

    private final HttpClient http;
    private final String master;
    private final InstantSource clock;

    /** @param master the server's URL, with or without a slash at its end */
    Api(HttpClient http, String master, InstantSource clock) {
        this.http = http;
        this.master = master.endsWith("/") ? master.substring(0, master.length() - 1) : master;
        this.clock = clock;
    }

    /**
     * The same for a list, which is read item by item: of a large one only what is kept of its items is in memory.
     *
     * @param items given each as {@link Slim} leaves it, on the caller's thread; of an answer that is not {@link Reply.Ok} they
     *     are worth nothing
     * @return with the list's {@code metadata} for a body
     */
    Reply list(Request request, Instant deadline, Consumer<JsonNode> items) {
        long millis = Duration.between(clock.instant(), deadline).toMillis();
        if (millis <= 0) {
            return new Reply.Unheard("its time was over before it was sent");
        }
        CompletableFuture<HttpResponse<InputStream>> answer = stream(http, master, request);
        try {
            HttpResponse<InputStream> response = answer.get(millis, TimeUnit.MILLISECONDS);
            return read(response, Duration.between(clock.instant(), deadline), items);
        } catch (InterruptedException | TimeoutException | ExecutionException failed) {
            return unheard(failed, answer);
        }
    }

    /** Asks for what is read bit by bit. */
    static CompletableFuture<HttpResponse<InputStream>> stream(HttpClient http, String master, Request request) {
        HttpRequest asked = http.newHttpRequestBuilder()
                .uri(master + request.target())
                .header("Accept", request.accept())
                .forStreaming()
                .build();
        return http.sendAsync(asked, InputStream.class);
    }

    private static Reply read(HttpResponse<InputStream> response, Duration left, Consumer<JsonNode> items) {
        InputStream body = response.body();
        // Closing breaks the connection, which may be carrying somebody else's when the answer was read to its end
        AtomicBoolean ended = new AtomicBoolean();
        CompletableFuture.delayedExecutor(left.toMillis(), TimeUnit.MILLISECONDS, Thread::startVirtualThread)
                .execute(() -> closeUnless(ended, body));
        try {
            if (!response.isSuccessful()) {
                byte[] refusal = body.readNBytes(LONGEST_REFUSAL);
                ended.compareAndSet(false, refusal.length < LONGEST_REFUSAL);
                return refused(response, json(new String(refusal, UTF_8)));
            }
            JsonNode metadata = Slim.list(body, items);
            return ended.compareAndSet(false, true) ? new Reply.Ok(response.code(), metadata) : new Reply.Unheard(LATE);
        } catch (IOException broken) {
            return new Reply.Unheard(
                    ended.get()
                            ? LATE
                            : Optional.ofNullable(broken.getMessage()).orElse(broken.toString()));
        } finally {
            closeUnless(ended, body);
        }
    }

    private static void closeUnless(AtomicBoolean ended, InputStream body) {
        if (ended.compareAndSet(false, true)) {
            try {
                body.close();
            } catch (IOException already) {
                return; // which is what was wanted
            }
        }
    }

    private static Reply unheard(Exception failed, CompletableFuture<?> answer) {
        return switch (failed) {
            case InterruptedException ending -> {
                Thread.currentThread().interrupt();
                answer.cancel(true);
                yield new Reply.Unheard("the engine ends");
            }
            case TimeoutException late -> {
                answer.cancel(true);
                yield new Reply.Unheard(LATE);
            }
            default -> {
                Throwable cause = failed.getCause() == null ? failed : failed.getCause();
                yield new Reply.Unheard("the API server cannot be reached: "
                        + Optional.ofNullable(cause.getMessage()).orElse(cause.toString()));
            }
        };
    }

    /** Never throws for what the server or the network does. */
    public Reply send(Request request, Instant deadline) {
        long millis = Duration.between(clock.instant(), deadline).toMillis();
        if (millis <= 0) {
            return new Reply.Unheard("its time was over before it was sent");
        }
        HttpRequest.Builder builder = http.newHttpRequestBuilder()
                .uri(master + request.target())
                .header("Accept", request.accept())
                .timeout(millis, TimeUnit.MILLISECONDS);
        builder = request.body().isEmpty()
                ? builder.method(request.method(), null, null)
                : builder.method(request.method(), request.contentType(), request.body());
        CompletableFuture<HttpResponse<String>> answer = http.sendAsync(builder.build(), String.class);
        try {
            return reply(answer.get(millis, TimeUnit.MILLISECONDS));
        } catch (InterruptedException | TimeoutException | ExecutionException failed) {
            return unheard(failed, answer);
        }
    }

    private static Reply reply(HttpResponse<String> response) {
        JsonNode body = json(response.body());
        return response.isSuccessful() ? new Reply.Ok(response.code(), body) : refused(response, body);
    }

    private static Reply refused(HttpResponse<?> response, JsonNode body) {
        String message = body.path("message").asText("");
        return new Reply.Refused(
                response.code(),
                body.path("reason").asText(""),
                message.isEmpty() ? "HTTP " + response.code() : message,
                retryAfter(response),
                body.path("details"));
    }

    private static JsonNode json(String text) {
        try {
            return text == null || text.isEmpty() ? MissingNode.getInstance() : JSON.readTree(text);
        } catch (JsonProcessingException notJson) {
            return MissingNode.getInstance();
        }
    }

    private static Optional<Duration> retryAfter(HttpResponse<?> response) {
        String seconds = response.header("Retry-After");
        try {
            return seconds == null
                    ? Optional.empty()
                    : Optional.of(Duration.ofSeconds(Long.parseLong(seconds.strip())));
        } catch (NumberFormatException aDate) {
            return Optional.empty();
        }
    }
}
