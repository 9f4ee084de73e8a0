package dev.pounce.action.call;

import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.cloud.Web;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Any URL. */
final class Webhook implements Call {

    private static final int LONGEST_TOKEN = 64 * 1024;

    private final Web web;
    private final InstantSource clock;

    Webhook(Web web, InstantSource clock) {
        this.web = web;
        this.clock = clock;
    }

    private sealed interface Made {
        record Ready(HttpRequest request) implements Made {}

        record Not(Outcome outcome) implements Made {}
    }

    @Override
    public Outcome make(Parameters parameters, Circumstances why, Instant deadline) {
        return switch (request(parameters, why)) {
            case Made.Not(Outcome outcome) -> outcome;
            case Made.Ready(HttpRequest request) -> {
                Instant began = clock.instant();
                Web.Answer answer = web.send(() -> request, Web.Again.WHEN_PASSING, deadline);
                String whom = whom(parameters);
                yield answer instanceof Web.Answer.Heard heard && heard.isSuccess()
                        ? new Outcome.Done(whom + " took it: " + heard.code() + " after "
                                + Duration.between(began, clock.instant()).toMillis() + " ms")
                        : Call.failed(whom, answer, Optional.empty());
            }
        };
    }

    @Override
    public Outcome rehearse(Parameters parameters, Circumstances why, Instant deadline) {
        return switch (request(parameters, why)) {
            case Made.Not(Outcome outcome) -> outcome;
            case Made.Ready(HttpRequest request) ->
                new Outcome.WouldAct("would " + request.method() + " "
                        + request.bodyPublisher()
                                .map(HttpRequest.BodyPublisher::contentLength)
                                .orElse(0L)
                        + " bytes to " + whom(parameters)
                        + (request.headers().firstValue("Authorization").isPresent() ? ", with a token" : ""));
        };
    }

    /** Without what follows a question mark, where people put keys. */
    private static String whom(Parameters parameters) {
        String url = parameters.text("url").orElseThrow();
        return url.contains("?") ? url.substring(0, url.indexOf('?')) : url;
    }

    private Made request(Parameters parameters, Circumstances why) {
        URI address;
        try {
            address = URI.create(parameters.text("url").orElseThrow());
            if (address.getHost() == null) {
                return not("'" + whom(parameters) + "' names no host");
            }
        } catch (IllegalArgumentException wrong) {
            return not("'" + whom(parameters) + "' is not a URL");
        }
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.put("Content-Type", "application/json");
        headers.put("User-Agent", web.userAgent());
        headers.put("Idempotency-Key", Call.key(why));
        headers.putAll(parameters.map("headers"));
        Optional<String> file = parameters.text("tokenFile");
        if (file.isPresent()) {
            Optional<String> token = token(Path.of(file.get()));
            if (token.isEmpty()) {
                return not("the file " + file.get() + " has no token in it that can be read");
            }
            headers.put("Authorization", "Bearer " + token.get());
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .method(
                        parameters.text("method").orElse("POST"),
                        HttpRequest.BodyPublishers.ofString(why.report().get()));
        for (Map.Entry<String, String> header : headers.entrySet()) {
            try {
                request.setHeader(header.getKey(), header.getValue());
            } catch (IllegalArgumentException ours) {
                return not("the header " + header.getKey() + " is not one that can be chosen");
            }
        }
        return new Made.Ready(request.build());
    }

    private static Made not(String why) {
        return new Made.Not(new Outcome.Failed(why, false));
    }

    /** Read each time: tokens are exchanged while the engine runs. */
    private static Optional<String> token(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            String token = new String(in.readNBytes(LONGEST_TOKEN), StandardCharsets.UTF_8).strip();
            return Optional.of(token).filter(some -> some.matches("[\\x21-\\x7e]+"));
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }
}
