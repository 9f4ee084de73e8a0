package dev.pounce.action.call;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.SigV4;
import dev.pounce.action.cloud.Web;
import dev.pounce.asset.Answer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * A Google Cloud function of the second generation: its URL is asked of the interface v2, and called with an identity token for
 * that URL.
 */
final class CloudFunction implements Call {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Web web;
    private final GoogleAccess google;
    private final InstantSource clock;

    CloudFunction(Web web, GoogleAccess google, InstantSource clock) {
        this.web = web;
        this.google = google;
        this.clock = clock;
    }

    private sealed interface Found {
        record At(URI address, String token) implements Found {}

        record Not(Outcome outcome) implements Found {}
    }

    @Override
    public Outcome make(Parameters parameters, Circumstances why, Instant deadline) {
        Instant limit = parameters
                .time("timeLimit")
                .map(clock.instant()::plus)
                .filter(end -> end.isBefore(deadline))
                .orElse(deadline);
        return switch (find(parameters, limit)) {
            case Found.Not(Outcome outcome) -> outcome;
            case Found.At(URI address, String token) -> {
                String body = why.report().get();
                Web.Answer answer = web.send(
                        () -> web.to(address)
                                .header("Authorization", "Bearer " + token)
                                .header("Content-Type", "application/json")
                                .header("Idempotency-Key", Call.key(why))
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        // What is asked twice runs twice
                        Web.Again.WHEN_NOT_DONE,
                        limit);
                yield answer instanceof Web.Answer.Heard heard && heard.isSuccess()
                        ? new Outcome.Done(whom(parameters) + " was called and answered " + heard.code())
                        : Call.failed(whom(parameters), answer, Optional.empty());
            }
        };
    }

    @Override
    public Outcome rehearse(Parameters parameters, Circumstances why, Instant deadline) {
        return switch (find(parameters, deadline)) {
            case Found.Not(Outcome outcome) -> outcome;
            case Found.At(URI address, String token) ->
                new Outcome.WouldAct("would call " + whom(parameters) + " at " + address);
        };
    }

    private static String whom(Parameters parameters) {
        return "function/" + parameters.text("location").orElseThrow() + "/"
                + parameters.text("name").orElseThrow();
    }

    private Found find(Parameters parameters, Instant deadline) {
        String project;
        Optional<String> given = parameters.text("project");
        switch (given.isPresent() ? new Answer.Known<>(given.get()) : google.project(deadline)) {
            case Answer.Known<String>(String known) -> project = known;
            case Answer.Gone<String> gone -> {
                return not("there is no project", false);
            }
            case Answer.Unknown<String>(String why) -> {
                return not(why, true);
            }
        }
        URI asked = URI.create(google.setting("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDFUNCTIONS")
                        .orElse("https://cloudfunctions.googleapis.com")
                        .replaceAll("/+$", "")
                + "/v2/projects/" + SigV4.escaped(project) + "/locations/"
                + SigV4.escaped(parameters.text("location").orElseThrow()) + "/functions/"
                + SigV4.escaped(parameters.text("name").orElseThrow()));
        return switch (google.accessToken(deadline)) {
            case Answer.Unknown<String>(String why) -> not(why, true);
            case Answer.Gone<String> gone -> not("nobody is known to Google Cloud", false);
            case Answer.Known<String>(String token) -> {
                Web.Answer answer = web.send(
                        () -> web.to(asked)
                                .header("Authorization", "Bearer " + token)
                                .GET()
                                .build(),
                        Web.Again.WHEN_PASSING,
                        deadline);
                yield answer instanceof Web.Answer.Heard heard && heard.isSuccess()
                        ? described(whom(parameters), heard.body(), deadline)
                        : new Found.Not(Call.failed(whom(parameters), answer, Optional.empty()));
            }
        };
    }

    private Found described(String whom, String body, Instant deadline) {
        JsonNode function;
        try {
            function = JSON.readTree(body);
        } catch (JsonProcessingException notJson) {
            return not("what Google says of " + whom + " is not JSON", true);
        }
        String state = function.path("state").asText();
        String uri = function.path("serviceConfig").path("uri").asText();
        if (uri.isEmpty()) {
            return not(whom + " has no URL" + (state.isEmpty() ? "" : ", its state is " + state), false);
        }
        return switch (google.idToken(uri, deadline)) {
            case Answer.Known<String>(String token) -> new Found.At(URI.create(uri), token);
            case Answer.Gone<String> gone -> not("nobody is known to Google Cloud", false);
            case Answer.Unknown<String>(String why) -> not(why, true);
        };
    }

    private static Found not(String why, boolean retryable) {
        return new Found.Not(new Outcome.Failed(why, retryable));
    }
}
