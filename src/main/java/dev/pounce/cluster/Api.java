package dev.pounce.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks the API server, once for each call: whether a request is worth repeating is for the caller to say.
 *
 * <p>Any thread; a call blocks until the answer is there, or its deadline. Virtual threads are meant.
 */
public final class Api {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http;
    private final String master;
    private final InstantSource clock;

    /** @param master the server's URL, with or without a slash at its end */
    Api(HttpClient http, String master, InstantSource clock) {
        this.http = http;
        this.master = master.endsWith("/") ? master.substring(0, master.length() - 1) : master;
        this.clock = clock;
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
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            answer.cancel(true);
            return new Reply.Unheard("the engine ends");
        } catch (TimeoutException late) {
            answer.cancel(true);
            return new Reply.Unheard("the API server did not answer in time");
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            return new Reply.Unheard("the API server cannot be reached: "
                    + Optional.ofNullable(cause.getMessage()).orElse(cause.toString()));
        }
    }

    private static Reply reply(HttpResponse<String> response) {
        JsonNode body = json(response.body());
        if (response.isSuccessful()) {
            return new Reply.Ok(response.code(), body);
        }
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
