package dev.pounce.action.cloud;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to whoever is not the cluster. Redirects are not followed: what was meant for one host is for no other.
 *
 * <p>Any thread; a call blocks until its answer is there whole, or its deadline. Virtual threads are meant.
 */
public final class Web implements AutoCloseable {

    /** Of an answer: what is longer is cut off. */
    private static final int MOST_BYTES = 256 * 1024;

    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final InstantSource clock;
    private final String userAgent;
    private final HttpClient client;

    /** @param version ours, for the user agent */
    public Web(String version, InstantSource clock) {
        this.clock = clock;
        this.userAgent = "pounce/" + version;
        this.client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofSeconds(5))
                // An upgrade that is offered with a body confuses more servers than HTTP/2 is worth here
                .version(HttpClient.Version.HTTP_1_1)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /** What became of a request. */
    public sealed interface Answer {

        /**
         * @param headers by name in small letters, the first value of each
         * @param body as text, cut off where it is too long
         */
        record Heard(int code, Map<String, String> headers, String body) implements Answer {

            public boolean isSuccess() {
                return code / 100 == 2;
            }

            /** Whether the same request may be heard later. */
            public boolean isPassing() {
                return code == 429 || code >= 500;
            }

            public Optional<String> header(String name) {
                return Optional.ofNullable(headers.get(name));
            }
        }

        /**
         * Nobody answered.
         *
         * @param arrived whether it may have been heard nevertheless
         */
        record Unheard(String why, boolean arrived) implements Answer {}
    }

    /** Whether what went wrong is worth another try of the same request. */
    @FunctionalInterface
    public interface Again {
        boolean after(Answer answer);

        /** For what may be asked twice. */
        Again WHEN_PASSING = answer -> switch (answer) {
            case Answer.Heard heard -> heard.isPassing();
            case Answer.Unheard unheard -> true;
        };

        /** For what must not be done twice, as far as that can be known from here. */
        Again WHEN_NOT_DONE = answer -> switch (answer) {
            case Answer.Heard heard -> heard.code() == 429 || heard.code() == 503;
            case Answer.Unheard unheard -> !unheard.arrived();
        };
    }

    /** A request to this address, with our user agent. */
    public HttpRequest.Builder to(java.net.URI address) {
        return HttpRequest.newBuilder(address).header("User-Agent", userAgent);
    }

    /** As a user agent says it. */
    public String userAgent() {
        return userAgent;
    }

    /** Sends it once. */
    public Answer send(HttpRequest request, Instant deadline) {
        long millis = Duration.between(clock.instant(), deadline).toMillis();
        if (millis <= 0) {
            return new Answer.Unheard("its time was over before it was sent", false);
        }
        String host = request.uri().getAuthority();
        CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(request, any -> new Beginning(MOST_BYTES));
        try {
            HttpResponse<byte[]> response = answer.get(millis, TimeUnit.MILLISECONDS);
            return new Answer.Heard(
                    response.statusCode(), firstOf(response.headers()), new String(response.body(), UTF_8));
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            answer.cancel(true);
            return new Answer.Unheard("the engine ends", true);
        } catch (TimeoutException late) {
            answer.cancel(true);
            return new Answer.Unheard(host + " did not answer in time", true);
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            return new Answer.Unheard(
                    host + " cannot be reached: "
                            + Optional.ofNullable(cause.getMessage())
                                    .orElse(cause.getClass().getSimpleName()),
                    !(cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException));
        }
    }

    /**
     * Sends it, and again with growing pauses as long as that may help and there is time. As long as the other side asks for.
     *
     * @param made anew for each time, as what is signed carries the time of day
     */
    public Answer send(Supplier<HttpRequest> made, Again again, Instant deadline) {
        Duration pause = FIRST_PAUSE;
        while (true) {
            Answer answer = send(made.get(), deadline);
            Duration wait = answer instanceof Answer.Heard heard
                    ? heard.header("retry-after").flatMap(Web::seconds).orElse(pause)
                    : pause;
            if (!again.after(answer)
                    || clock.instant().plus(wait).plusMillis(100).isAfter(deadline)
                    || Thread.currentThread().isInterrupted()) {
                return answer;
            }
            try {
                Thread.sleep(wait);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                return answer;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private static Optional<Duration> seconds(String text) {
        return text.strip().matches("\\d{1,5}")
                ? Optional.of(Duration.ofSeconds(Long.parseLong(text.strip())))
                : Optional.empty();
    }

    private static Map<String, String> firstOf(HttpHeaders headers) {
        Map<String, String> first = new java.util.TreeMap<>();
        headers.map().forEach((name, values) -> first.put(name.toLowerCase(java.util.Locale.ROOT), values.getFirst()));
        return first;
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    /** The first bytes of a body; the rest is not waited for. */
    private static final class Beginning implements HttpResponse.BodySubscriber<byte[]> {

        private final int most;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        Beginning(int most) {
            this.most = most;
        }

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription = subscription;
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                byte[] part = new byte[Math.min(buffer.remaining(), most - bytes.size())];
                buffer.get(part);
                bytes.writeBytes(part);
            }
            if (bytes.size() == most && subscription != null) {
                subscription.cancel();
                boolean ignored = whole.complete(bytes.toByteArray());
            }
        }

        @Override
        public void onError(Throwable failed) {
            boolean ignored = whole.completeExceptionally(failed);
        }

        @Override
        public void onComplete() {
            boolean ignored = whole.complete(bytes.toByteArray());
        }
    }
}
