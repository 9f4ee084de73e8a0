package dev.pounce.action.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.AwsIdentity;
import dev.pounce.action.cloud.SigV4;
import dev.pounce.action.cloud.Web;
import dev.pounce.asset.Answer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A function of AWS Lambda, by its operation Invoke (2015-03-31). */
final class Lambda implements Call {

    private final Web web;
    private final AwsAccess aws;
    private final InstantSource clock;

    Lambda(Web web, AwsAccess aws, InstantSource clock) {
        this.web = web;
        this.aws = aws;
        this.clock = clock;
    }

    @Override
    public Outcome make(Parameters parameters, Circumstances why, Instant deadline) {
        return invoke(parameters, parameters.text("invocation").orElse("RequestResponse"), why, deadline);
    }

    /** Asks AWS whether it would. */
    @Override
    public Outcome rehearse(Parameters parameters, Circumstances why, Instant deadline) {
        Outcome asked = invoke(parameters, "DryRun", why, deadline);
        return asked instanceof Outcome.Done
                ? new Outcome.WouldAct("would invoke " + whom(parameters) + ", and AWS would let us")
                : asked;
    }

    private static String whom(Parameters parameters) {
        return "lambda/" + parameters.text("name").orElseThrow() + ":"
                + parameters.text("version").orElse("$LATEST");
    }

    private Outcome invoke(Parameters parameters, String invocation, Circumstances why, Instant deadline) {
        String name = parameters.text("name").orElseThrow();
        Optional<URI> endpoint = aws.endpoint("LAMBDA");
        Optional<String> region = parameters
                .text("region")
                .or(() -> regionOf(name))
                .or(aws::region)
                .or(() -> endpoint.map(own -> "us-east-1"));
        if (region.isEmpty()) {
            return new Outcome.Failed("neither the step nor AWS_REGION says in which region " + name + " is", false);
        }
        AwsIdentity who;
        switch (aws.identity(deadline)) {
            case Answer.Known<AwsIdentity>(AwsIdentity known) -> who = known;
            case Answer.Gone<AwsIdentity> gone -> {
                return new Outcome.Failed("nobody is known to AWS", false);
            }
            case Answer.Unknown<AwsIdentity>(String unknown) -> {
                return new Outcome.Failed(unknown, true);
            }
        }
        String server = endpoint.map(own -> own.toString().replaceAll("/+$", ""))
                .orElse("https://lambda." + region.get() + "." + AwsAccess.domain(region.get()));
        URI address = URI.create(server + "/2015-03-31/functions/" + SigV4.escaped(name) + "/invocations?Qualifier="
                + SigV4.escaped(parameters.text("version").orElse("$LATEST")));
        byte[] body = why.report().get().getBytes(UTF_8);
        Map<String, String> headers = Map.of("content-type", "application/json", "x-amz-invocation-type", invocation);
        SigV4 signature = new SigV4("lambda", region.get());
        Web.Answer answer = web.send(
                () -> {
                    Map<String, String> all = new TreeMap<>(headers);
                    all.putAll(signature.headers("POST", address, headers, SigV4.sha256(body), who, clock.instant()));
                    HttpRequest.Builder request = web.to(address).POST(HttpRequest.BodyPublishers.ofByteArray(body));
                    all.forEach(request::header);
                    return request.build();
                },
                // What is asked twice runs twice
                Web.Again.WHEN_NOT_DONE,
                deadline);
        return outcome(whom(parameters), invocation, answer);
    }

    private static Outcome outcome(String whom, String invocation, Web.Answer answer) {
        if (!(answer instanceof Web.Answer.Heard heard) || !heard.isSuccess()) {
            return Call.failed(
                    whom,
                    answer,
                    answer instanceof Web.Answer.Heard refused ? word(refused, "x-amzn-errortype") : Optional.empty());
        }
        Optional<String> error = word(heard, "x-amz-function-error");
        if (error.isPresent()) {
            return new Outcome.Failed(whom + " was invoked and failed (" + error.get() + ")", false);
        }
        return switch (invocation) {
            case "RequestResponse" -> new Outcome.Done(whom + " was invoked and ended well");
            case "Event" -> new Outcome.Done("AWS took it for " + whom + " and invokes it by itself");
            default -> new Outcome.Done("AWS would let us invoke " + whom);
        };
    }

    private static Optional<String> word(Web.Answer.Heard heard, String header) {
        return heard.header(header)
                .map(text -> text.replaceAll(":.*", "").replaceAll("[^A-Za-z0-9._-]", ""))
                .filter(text -> !text.isEmpty() && text.length() <= 80);
    }

    /** {@code arn:aws:lambda:REGION:ACCOUNT:function:NAME}. */
    private static Optional<String> regionOf(String name) {
        String[] parts = name.split(":");
        return parts.length >= 7 && parts[0].equals("arn") ? Optional.of(parts[3]) : Optional.empty();
    }
}
