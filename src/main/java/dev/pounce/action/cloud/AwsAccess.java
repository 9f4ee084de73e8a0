package dev.pounce.action.cloud;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.asset.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who the engine is to Amazon, and where, in the order in which their own tools look: {@code AWS_ACCESS_KEY_ID} and its kind, the
 * token of a Kubernetes service account ({@code AWS_WEB_IDENTITY_TOKEN_FILE}), the profile files, the agent for pods or
 * containers, the machine's own role.
 *
 * <p>Any thread; blocks while it asks, which it does again when what it was given ends.
 */
public final class AwsAccess {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration IN_ADVANCE = Duration.ofMinutes(2);
    private static final URI MACHINE = URI.create("http://169.254.169.254/latest/");

    private final UnaryOperator<String> env;
    private final Path home;
    private final Web web;
    private final InstantSource clock;
    private @Nullable AwsIdentity lent; // guarded by this

    /**
     * @param env variables by name; gives null for what is not set
     * @param home whose folder {@code .aws} is
     */
    public AwsAccess(UnaryOperator<@Nullable String> env, Path home, Web web, InstantSource clock) {
        this.env = name -> Optional.ofNullable(env.apply(name)).orElse("");
        this.home = home;
        this.web = web;
        this.clock = clock;
    }

    /** Empty when nothing says. */
    public Optional<String> region() {
        return set("AWS_REGION")
                .or(() -> set("AWS_DEFAULT_REGION"))
                .or(() -> Optional.ofNullable(config().get("region")));
    }

    /** What is asked instead of Amazon's own server, for {@code S3}, {@code LAMBDA} and the like. */
    public Optional<URI> endpoint(String service) {
        return set("AWS_ENDPOINT_URL_" + service)
                .or(() -> set("AWS_ENDPOINT_URL"))
                .flatMap(AwsAccess::uri);
    }

    /** Their servers' common end in that region. */
    public static String domain(String region) {
        return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    }

    /** Known, or unknown with what was missing. */
    public synchronized Answer<AwsIdentity> identity(Instant deadline) {
        Optional<String> key = set("AWS_ACCESS_KEY_ID");
        if (key.isPresent()) {
            return set("AWS_SECRET_ACCESS_KEY").isPresent()
                    ? known(new AwsIdentity(
                            key.get(), env.apply("AWS_SECRET_ACCESS_KEY"), set("AWS_SESSION_TOKEN"), Optional.empty()))
                    : new Answer.Unknown<>("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
        }
        if (lent != null && isFresh(lent)) {
            return known(lent);
        }
        Answer<AwsIdentity> found = lend(deadline);
        if (found instanceof Answer.Known<AwsIdentity>(AwsIdentity who)) {
            lent = who;
        }
        return found;
    }

    private boolean isFresh(AwsIdentity who) {
        return who.until()
                .map(end -> clock.instant().plus(IN_ADVANCE).isBefore(end))
                .orElse(false);
    }

    private Answer<AwsIdentity> lend(Instant deadline) {
        if (set("AWS_WEB_IDENTITY_TOKEN_FILE").isPresent()
                && set("AWS_ROLE_ARN").isPresent()) {
            return byWebIdentity(env.apply("AWS_WEB_IDENTITY_TOKEN_FILE"), deadline);
        }
        Map<String, String> profile = profile(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), "");
        String key = profile.get("aws_access_key_id");
        String secret = profile.get("aws_secret_access_key");
        if (key != null && secret != null) {
            return known(new AwsIdentity(
                    key, secret, Optional.ofNullable(profile.get("aws_session_token")), Optional.empty()));
        }
        Optional<String> container = set("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                .or(() -> set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(path -> "http://169.254.170.2" + path));
        if (container.isPresent()) {
            return fromContainerAgent(container.get(), deadline);
        }
        return env.apply("AWS_EC2_METADATA_DISABLED").equalsIgnoreCase("true")
                ? new Answer.Unknown<>("nothing says who the engine is to AWS: set AWS_ACCESS_KEY_ID and"
                        + " AWS_SECRET_ACCESS_KEY, or give its service account a role")
                : ofThisMachine(deadline);
    }

    private Answer<AwsIdentity> byWebIdentity(String tokenFile, Instant deadline) {
        String token;
        try {
            token = Files.readString(Path.of(tokenFile)).strip();
        } catch (IOException unreadable) {
            return new Answer.Unknown<>("AWS_WEB_IDENTITY_TOKEN_FILE " + tokenFile + " cannot be read");
        }
        String where = region().orElse("us-east-1");
        URI sts = endpoint("STS").orElse(URI.create("https://sts." + where + "." + domain(where)));
        String form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
                + SigV4.escaped(env.apply("AWS_ROLE_ARN")) + "&RoleSessionName="
                + SigV4.escaped(set("AWS_ROLE_SESSION_NAME").orElse("pounce")) + "&WebIdentityToken="
                + SigV4.escaped(token);
        Web.Answer answer = web.send(
                () -> web.to(sts.resolve("/"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                Web.Again.WHEN_PASSING,
                deadline);
        if (!(answer instanceof Web.Answer.Heard heard) || !heard.isSuccess()) {
            return new Answer.Unknown<>("the role " + env.apply("AWS_ROLE_ARN") + " was not granted: " + said(answer));
        }
        return identity(
                element(heard.body(), "AccessKeyId"),
                element(heard.body(), "SecretAccessKey"),
                element(heard.body(), "SessionToken"),
                element(heard.body(), "Expiration"));
    }

    private static String element(String xml, String name) {
        Matcher found =
                Pattern.compile("<" + name + ">\\s*([^<]*?)\\s*</" + name + ">").matcher(xml);
        return found.find() ? found.group(1) : "";
    }

    private Answer<AwsIdentity> fromContainerAgent(String address, Instant deadline) {
        Optional<URI> uri = uri(address);
        if (uri.isEmpty()) {
            return new Answer.Unknown<>("AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
        }
        HttpRequest.Builder request = web.to(uri.get()).GET();
        Optional<String> tokenFile = set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        try {
            if (tokenFile.isPresent()) {
                request.header(
                        "Authorization",
                        Files.readString(Path.of(tokenFile.get())).strip());
            } else {
                set("AWS_CONTAINER_AUTHORIZATION_TOKEN")
                        .ifPresent(token -> request.header("Authorization", token.strip()));
            }
        } catch (IOException unreadable) {
            return new Answer.Unknown<>(
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE " + tokenFile.get() + " cannot be read");
        }
        return fromJson(web.send(request::build, Web.Again.WHEN_PASSING, deadline), "the agent for containers");
    }

    private Answer<AwsIdentity> ofThisMachine(Instant deadline) {
        // Quickly known where there is nobody
        Instant soon = clock.instant().plusSeconds(2);
        Instant end = soon.isBefore(deadline) ? soon : deadline;
        Web.Answer token = web.send(
                web.to(MACHINE.resolve("api/token"))
                        .header("X-aws-ec2-metadata-token-ttl-seconds", "300")
                        .PUT(HttpRequest.BodyPublishers.noBody())
                        .build(),
                end);
        if (!(token instanceof Web.Answer.Heard granted) || !granted.isSuccess()) {
            return new Answer.Unknown<>("nothing says who the engine is to AWS: set AWS_ACCESS_KEY_ID and"
                    + " AWS_SECRET_ACCESS_KEY, or give its service account or machine a role");
        }
        Web.Answer role = web.send(ask("meta-data/iam/security-credentials/", granted.body()), end);
        if (!(role instanceof Web.Answer.Heard named) || !named.isSuccess()) {
            return new Answer.Unknown<>("this machine has no role: " + said(role));
        }
        String first = named.body().strip().lines().findFirst().orElse("");
        return fromJson(
                web.send(ask("meta-data/iam/security-credentials/" + SigV4.escaped(first), granted.body()), end),
                "this machine's role");
    }

    private HttpRequest ask(String path, String token) {
        return web.to(MACHINE.resolve(path))
                .header("X-aws-ec2-metadata-token", token)
                .GET()
                .build();
    }

    private static Answer<AwsIdentity> fromJson(Web.Answer answer, String who) {
        if (!(answer instanceof Web.Answer.Heard heard) || !heard.isSuccess()) {
            return new Answer.Unknown<>(who + " lends nothing: " + said(answer));
        }
        try {
            JsonNode lent = JSON.readTree(heard.body());
            return identity(
                    lent.path("AccessKeyId").asText(),
                    lent.path("SecretAccessKey").asText(),
                    lent.path("Token").asText(),
                    lent.path("Expiration").asText());
        } catch (JsonProcessingException notJson) {
            return new Answer.Unknown<>(who + " does not answer in JSON");
        }
    }

    private static Answer<AwsIdentity> identity(String key, String secret, String token, String until) {
        if (key.isEmpty() || secret.isEmpty()) {
            return new Answer.Unknown<>("what AWS lends has no key in it");
        }
        Optional<Instant> end;
        try {
            end = until.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(until));
        } catch (DateTimeParseException odd) {
            end = Optional.empty();
        }
        return known(new AwsIdentity(key, secret, Optional.of(token).filter(some -> !some.isEmpty()), end));
    }

    private static Answer<AwsIdentity> known(AwsIdentity who) {
        return new Answer.Known<>(who);
    }

    private static String said(Web.Answer answer) {
        return switch (answer) {
            case Web.Answer.Heard heard -> "HTTP " + heard.code();
            case Web.Answer.Unheard unheard -> unheard.why();
        };
    }

    private Map<String, String> config() {
        return profile(file("AWS_CONFIG_FILE", "config"), "profile ");
    }

    private Path file(String variable, String name) {
        return set(variable).map(Path::of).orElse(home.resolve(".aws").resolve(name));
    }

    /** The settings of the profile in use. */
    private Map<String, String> profile(Path file, String prefix) {
        String name = set("AWS_PROFILE").orElse("default");
        Map<String, String> settings = new LinkedHashMap<>();
        try {
            boolean ours = false;
            for (String line : Files.readAllLines(file)) {
                String text = line.strip();
                if (text.startsWith("[")) {
                    String title = text.replaceAll("[\\[\\]]", "").strip();
                    ours = title.equals(name) || title.equals(prefix + name);
                } else if (ours && text.contains("=") && !text.startsWith("#")) {
                    settings.put(
                            text.substring(0, text.indexOf('=')).strip(),
                            text.substring(text.indexOf('=') + 1).strip());
                }
            }
        } catch (IOException notThere) {
            return Map.of();
        }
        return settings;
    }

    private Optional<String> set(String variable) {
        return Optional.of(env.apply(variable).strip()).filter(value -> !value.isEmpty());
    }

    private static Optional<URI> uri(String text) {
        try {
            return Optional.of(URI.create(text)).filter(uri -> uri.getHost() != null);
        } catch (IllegalArgumentException wrong) {
            return Optional.empty();
        }
    }
}
