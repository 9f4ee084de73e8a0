package dev.pounce.action.cloud;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.asset.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Who the engine is to Google Cloud: by the key of a service account in the file that {@code GOOGLE_APPLICATION_CREDENTIALS}
 * names ("Using OAuth 2.0 for Server to Server Applications", RFC 7523), or by the metadata server of where it runs, which is
 * also how a pod has the identity of its service account.
 *
 * <p>Any thread; blocks while it asks. Tokens are kept until shortly before they end.
 */
public final class GoogleAccess {

    /** For everything that the account may do. */
    public static final String CLOUD = "https://www.googleapis.com/auth/cloud-platform";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration IN_ADVANCE = Duration.ofMinutes(2);
    private static final Duration LIFE = Duration.ofHours(1);

    private final UnaryOperator<String> env;
    private final Web web;
    private final InstantSource clock;
    private final Map<String, Token> tokens = new HashMap<>(); // guarded by this

    private record Token(String text, Instant until) {}

    /** @param env variables by name; gives null for what is not set */
    public GoogleAccess(UnaryOperator<@Nullable String> env, Web web, InstantSource clock) {
        this.env = name -> Optional.ofNullable(env.apply(name)).orElse("").strip();
        this.web = web;
        this.clock = clock;
    }

    /** A variable's value; empty when it is not set. */
    public Optional<String> setting(String variable) {
        return Optional.of(env.apply(variable)).filter(value -> !value.isEmpty());
    }

    /** For Google's own interfaces. */
    public Answer<String> accessToken(Instant deadline) {
        return token("scope", CLOUD, "access_token", deadline);
    }

    /** For a service of somebody's that is addressed by a URL. */
    public Answer<String> idToken(String audience, Instant deadline) {
        return token("target_audience", audience, "id_token", deadline);
    }

    /** The one that the engine runs in, or that its account belongs to. */
    public Answer<String> project(Instant deadline) {
        Optional<String> named = setting("GOOGLE_CLOUD_PROJECT")
                .or(() -> setting("CLOUDSDK_CORE_PROJECT"))
                .or(() -> setting("GCP_PROJECT"));
        if (named.isPresent()) {
            return new Answer.Known<>(named.get());
        }
        if (setting("GOOGLE_APPLICATION_CREDENTIALS").isPresent()) {
            return switch (key()) {
                case Answer.Known<JsonNode>(JsonNode key)
                when key.path("project_id").isTextual() ->
                    new Answer.Known<>(key.path("project_id").asText());
                case Answer.Known<JsonNode> noProject ->
                    new Answer.Unknown<>("GOOGLE_APPLICATION_CREDENTIALS names no project_id");
                case Answer.Gone<JsonNode> gone -> new Answer.Gone<>();
                case Answer.Unknown<JsonNode>(String why) -> new Answer.Unknown<>(why);
            };
        }
        return metadata("project/project-id", deadline);
    }

    private synchronized Answer<String> token(String claim, String value, String kind, Instant deadline) {
        Token kept = tokens.get(claim + value);
        if (kept != null && clock.instant().plus(IN_ADVANCE).isBefore(kept.until())) {
            return new Answer.Known<>(kept.text());
        }
        Answer<Token> got = setting("GOOGLE_APPLICATION_CREDENTIALS").isPresent()
                ? byKey(claim, value, kind, deadline)
                : ofThisMachine(value, kind, deadline);
        return switch (got) {
            case Answer.Known<Token>(Token token) -> {
                tokens.put(claim + value, token);
                yield new Answer.Known<>(token.text());
            }
            case Answer.Gone<Token> gone -> new Answer.Gone<>();
            case Answer.Unknown<Token>(String why) -> new Answer.Unknown<>(why);
        };
    }

    private Answer<JsonNode> key() {
        String file = env.apply("GOOGLE_APPLICATION_CREDENTIALS");
        try {
            JsonNode key = JSON.readTree(Files.readString(Path.of(file)));
            return key.path("type").asText().equals("service_account")
                    ? new Answer.Known<>(key)
                    : new Answer.Unknown<>("GOOGLE_APPLICATION_CREDENTIALS is of the type '"
                            + key.path("type").asText() + "', expected service_account");
        } catch (JsonProcessingException notJson) {
            return new Answer.Unknown<>("GOOGLE_APPLICATION_CREDENTIALS " + file + " is not JSON");
        } catch (IOException unreadable) {
            return new Answer.Unknown<>("GOOGLE_APPLICATION_CREDENTIALS " + file + " cannot be read");
        }
    }

    private Answer<Token> byKey(String claim, String value, String kind, Instant deadline) {
        return switch (key()) {
            case Answer.Known<JsonNode>(JsonNode key) -> exchanged(key, claim, value, kind, deadline);
            case Answer.Gone<JsonNode> gone -> new Answer.Gone<>();
            case Answer.Unknown<JsonNode>(String why) -> new Answer.Unknown<>(why);
        };
    }

    private Answer<Token> exchanged(JsonNode key, String claim, String value, String kind, Instant deadline) {
        String server = key.path("token_uri").asText("https://oauth2.googleapis.com/token");
        Optional<String> assertion = signed(key, server, claim, value);
        if (assertion.isEmpty()) {
            return new Answer.Unknown<>("the private_key of GOOGLE_APPLICATION_CREDENTIALS is not a key");
        }
        String form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion.get();
        Web.Answer answer = web.send(
                () -> web.to(URI.create(server))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                Web.Again.WHEN_PASSING,
                deadline);
        return granted(answer, kind, "Google");
    }

    /** A JSON Web Token of this moment, RS256. Empty when the key is none. */
    private Optional<String> signed(JsonNode key, String server, String claim, String value) {
        Instant now = clock.instant();
        String head = JSON.createObjectNode()
                .put("alg", "RS256")
                .put("typ", "JWT")
                .put("kid", key.path("private_key_id").asText())
                .toString();
        String body = JSON.createObjectNode()
                .put("iss", key.path("client_email").asText())
                .put("sub", key.path("client_email").asText())
                .put("aud", server)
                .put("iat", now.getEpochSecond())
                .put("exp", now.plus(LIFE).getEpochSecond())
                .put(claim, value)
                .toString();
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        String text = base64.encodeToString(head.getBytes(UTF_8)) + "." + base64.encodeToString(body.getBytes(UTF_8));
        try {
            byte[] pkcs8 = Base64.getMimeDecoder()
                    .decode(key.path("private_key").asText().replaceAll("-----[A-Z ]+-----", ""));
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
            signature.update(text.getBytes(UTF_8));
            return Optional.of(text + "." + base64.encodeToString(signature.sign()));
        } catch (GeneralSecurityException | IllegalArgumentException noKey) {
            return Optional.empty();
        }
    }

    private Answer<Token> ofThisMachine(String value, String kind, Instant deadline) {
        if (kind.equals("access_token")) {
            Web.Answer answer = ask("instance/service-accounts/default/token", deadline);
            return granted(answer, kind, "the metadata server");
        }
        return switch (metadata(
                "instance/service-accounts/default/identity?audience=" + SigV4.escaped(value), deadline)) {
            case Answer.Known<String>(String text) ->
                new Answer.Known<>(new Token(text, clock.instant().plus(LIFE.dividedBy(2))));
            case Answer.Gone<String> gone -> new Answer.Gone<>();
            case Answer.Unknown<String>(String why) -> new Answer.Unknown<>(why);
        };
    }

    private Answer<Token> granted(Web.Answer answer, String kind, String who) {
        if (!(answer instanceof Web.Answer.Heard heard) || !heard.isSuccess()) {
            return new Answer.Unknown<>(who + " grants no token: " + said(answer));
        }
        try {
            JsonNode granted = JSON.readTree(heard.body());
            String text = granted.path(kind).asText();
            return text.isEmpty()
                    ? new Answer.Unknown<>(who + " answered without " + kind)
                    : new Answer.Known<>(new Token(
                            text,
                            clock.instant()
                                    .plusSeconds(granted.path("expires_in").asLong(1_800))));
        } catch (JsonProcessingException notJson) {
            return new Answer.Unknown<>(who + " does not answer in JSON");
        }
    }

    private Answer<String> metadata(String path, Instant deadline) {
        Web.Answer answer = ask(path, deadline);
        return answer instanceof Web.Answer.Heard heard && heard.isSuccess()
                ? new Answer.Known<>(heard.body().strip())
                : new Answer.Unknown<>("nothing says who the engine is to Google Cloud: set"
                        + " GOOGLE_APPLICATION_CREDENTIALS, or give its service account an identity ("
                        + said(answer) + ")");
    }

    private Web.Answer ask(String path, Instant deadline) {
        Instant soon = clock.instant().plusSeconds(3);
        String host = setting("GCE_METADATA_HOST").orElse("metadata.google.internal");
        return web.send(
                web.to(URI.create("http://" + host + "/computeMetadata/v1/" + path))
                        .header("Metadata-Flavor", "Google")
                        .GET()
                        .build(),
                soon.isBefore(deadline) ? soon : deadline);
    }

    private static String said(Web.Answer answer) {
        return switch (answer) {
            case Web.Answer.Heard heard -> "HTTP " + heard.code();
            case Web.Answer.Unheard unheard -> unheard.why();
        };
    }
}
