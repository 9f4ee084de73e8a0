package dev.pounce.action.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.cloud.AwsAccess;
import dev.pounce.action.cloud.GoogleAccess;
import dev.pounce.action.cloud.SigV4;
import dev.pounce.action.cloud.Web;
import dev.pounce.asset.EndpointRef;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With real requests to a server of this test's own. */
class CallActuatorTest {

    private static final String REPORT = "{\"rule\":\"Größe & Zeichen\",\"output\":\"x\"}";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final Map<String, String> env = new HashMap<>();
    private Somebody server;
    private Web web;
    private CallActuator actuator;

    @BeforeEach
    void start() throws IOException {
        Clock clock = Clock.systemUTC();
        server = new Somebody();
        web = new Web("1.2.3", clock);
        actuator = new CallActuator(
                web, new AwsAccess(env::get, folder, web, clock), new GoogleAccess(env::get, web, clock), clock);
    }

    @AfterEach
    void stop() {
        actuator.close();
        web.close();
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT"})
    void aWebhookGetsTheReportWithItsHeadersAndToken(String method) throws IOException {
        // Given
        Path token = Files.writeString(folder.resolve("token"), "abc.def\n");
        server.answers(201, Map.of());

        // When
        Outcome outcome = carryOut(
                ActionType.CALL_WEBHOOK,
                Map.of(
                        "url", server.url("/hook?key=k1"),
                        "method", method,
                        "headers", Map.of("X-Team", "blue", "content-type", "application/vnd.pounce+json"),
                        "tokenFile", token.toString()));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .startsWith(server.url("/hook") + " took it: 201")
                .doesNotContain("k1", "abc"));
        Somebody.Heard heard = server.heard().getFirst();
        assertThat(heard.method()).isEqualTo(method);
        assertThat(heard.target()).isEqualTo("/hook?key=k1");
        assertThat(heard.body()).isEqualTo(REPORT);
        assertThat(heard.headers())
                .containsEntry("authorization", "Bearer abc.def")
                .containsEntry("x-team", "blue")
                .containsEntry("content-type", "application/vnd.pounce+json")
                .containsEntry("user-agent", "pounce/1.2.3")
                .containsEntry("idempotency-key", "RESPONSE1-tell");
    }

    @Test
    void aWebhookThatCannotTakeItAtOnceIsTriedAgainWithTheSameKey() {
        // Given
        server.answers(429, Map.of("Retry-After", "0"));
        server.answers(500, Map.of());
        server.answers(204, Map.of());

        // When
        Outcome outcome = carryOut(ActionType.CALL_WEBHOOK, Map.of("url", server.url("/hook")));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(server.heard()).hasSize(3);
        assertThat(server.heard())
                .extracting(heard -> heard.headers().get("idempotency-key"))
                .containsOnly("RESPONSE1-tell");
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404})
    void aRefusalIsNotTriedAgainAndNothingOfItsTextIsTold(int code) {
        // Given
        server.answers(code, Map.of(), "text that an attacker may have written");

        // When
        Outcome outcome = carryOut(ActionType.CALL_WEBHOOK, Map.of("url", server.url("/hook")));

        // Then
        assertThat(outcome).isEqualTo(new Outcome.Failed(server.url("/hook") + " answered " + code, false));
        assertThat(server.heard()).hasSize(1);
    }

    @Test
    void aRedirectIsNotFollowedWithWhatWasMeantForAnother() throws IOException {
        try (Somebody elsewhere = new Somebody()) {
            // Given
            server.answers(307, Map.of("Location", elsewhere.url("/there")));

            // When
            Outcome outcome = carryOut(ActionType.CALL_WEBHOOK, Map.of("url", server.url("/hook")));

            // Then
            assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                    .contains("answered 307")
                    .contains("does not go"));
            assertThat(elsewhere.heard()).isEmpty();
        }
    }

    @Test
    void whoeverDoesNotAnswerInTimeMayHaveHeardItAndThatIsSaid() {
        // Given
        server.answersNever();

        // When
        Outcome outcome = carryOut(ActionType.CALL_WEBHOOK, Map.of("url", server.url("/hook")), Duration.ofMillis(600));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.reason()).contains("did not answer in time; whether it was heard is not known");
            assertThat(failed.retryable()).isTrue();
        });
    }

    @Test
    void whatIsWrongWithACallIsSaidAndNothingIsSent() {
        assertThat(carryOut(
                        ActionType.CALL_WEBHOOK,
                        Map.of("url", server.url("/hook"), "headers", Map.of("Host", "another.example"))))
                .isEqualTo(new Outcome.Failed("the header Host is not one that can be chosen", false));
        assertThat(carryOut(
                        ActionType.CALL_WEBHOOK,
                        Map.of(
                                "url",
                                server.url("/hook"),
                                "tokenFile",
                                folder.resolve("none").toString())))
                .isInstanceOf(Outcome.Failed.class);
        assertThat(server.heard()).isEmpty();
    }

    @Test
    void aWebhookIsRehearsedWithoutARequest() {
        // When
        Outcome outcome = rehearse(ActionType.CALL_WEBHOOK, Map.of("url", server.url("/hook?key=k1")));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.WouldAct(
                        "would POST " + REPORT.getBytes(UTF_8).length + " bytes to " + server.url("/hook")));
        assertThat(server.heard()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"RequestResponse, 200", "Event, 202", "DryRun, 204"})
    void aLambdaIsInvokedWithASignatureThatIsRightToTheLastBit(String invocation, int code) {
        // Given
        ourselvesToAws();
        server.answers(code, Map.of());

        // When
        Outcome outcome = carryOut(
                ActionType.CALL_LAMBDA, Map.of("name", "on-alert", "version", "live", "invocation", invocation));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        Somebody.Heard heard = server.heard().getFirst();
        assertThat(heard.target()).isEqualTo("/2015-03-31/functions/on-alert/invocations?Qualifier=live");
        assertThat(heard.body()).isEqualTo(REPORT);
        assertThat(heard.headers())
                .containsEntry("x-amz-invocation-type", invocation)
                .containsEntry("x-amz-content-sha256", SigV4.sha256(REPORT.getBytes(UTF_8)));
        assertThat(heard.headers().get("authorization"))
                .contains("/eu-central-1/lambda/aws4_request")
                .isEqualTo(Signatures.expected(heard, server.url(heard.target()), "lambda", "topsecret"));
    }

    @Test
    void theRegionOfAFunctionIsThatOfItsArn() {
        // Given
        ourselvesToAws();
        server.answers(200, Map.of());
        String arn = "arn:aws:lambda:ap-south-1:123456789012:function:on-alert";

        // When
        Outcome outcome = carryOut(ActionType.CALL_LAMBDA, Map.of("name", arn));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        Somebody.Heard heard = server.heard().getFirst();
        assertThat(heard.target())
                .isEqualTo("/2015-03-31/functions/" + arn.replace(":", "%3A") + "/invocations?Qualifier=%24LATEST");
        assertThat(heard.headers().get("authorization"))
                .contains("/ap-south-1/lambda/aws4_request")
                .isEqualTo(Signatures.expected(heard, server.url(heard.target()), "lambda", "topsecret"));
    }

    @Test
    void aFunctionThatFailedDidNotSucceedAlthoughItWasInvoked() {
        // Given
        ourselvesToAws();
        server.answers(200, Map.of("X-Amz-Function-Error", "Unhandled"), "{\"errorMessage\":\"private\"}");

        // When
        Outcome outcome = carryOut(ActionType.CALL_LAMBDA, Map.of("name", "on-alert"));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed("lambda/on-alert:$LATEST was invoked and failed (Unhandled)", false));
    }

    @Test
    void aLambdaIsNotInvokedTwiceWhenItIsNotKnownWhetherItWasOnce() {
        // Given
        ourselvesToAws();
        server.answers(429, Map.of());
        server.answers(500, Map.of("x-amzn-ErrorType", "ServiceException:http://internal"));

        // When
        Outcome outcome = carryOut(ActionType.CALL_LAMBDA, Map.of("name", "on-alert"));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed("lambda/on-alert:$LATEST answered 500 (ServiceException)", true));
        assertThat(server.heard()).hasSize(2);
    }

    @Test
    void aLambdaIsRehearsedByAskingAwsWhetherItWould() {
        // Given
        ourselvesToAws();
        server.answers(204, Map.of());
        server.answers(403, Map.of("x-amzn-ErrorType", "AccessDeniedException"));

        // When
        Outcome would = rehearse(ActionType.CALL_LAMBDA, Map.of("name", "on-alert"));
        Outcome wouldNot = rehearse(ActionType.CALL_LAMBDA, Map.of("name", "on-alert"));

        // Then
        assertThat(would).isInstanceOf(Outcome.WouldAct.class);
        assertThat(wouldNot)
                .isEqualTo(new Outcome.Failed("lambda/on-alert:$LATEST answered 403 (AccessDeniedException)", false));
        assertThat(server.heard())
                .extracting(heard -> heard.headers().get("x-amz-invocation-type"))
                .containsOnly("DryRun");
    }

    @Test
    void aServiceAccountsRoleIsTakenOnAndKept() throws IOException {
        // Given
        Path token = Files.writeString(folder.resolve("web-identity"), "pod-token\n");
        env.putAll(Map.of(
                "AWS_ENDPOINT_URL",
                server.url(""),
                "AWS_REGION",
                "eu-central-1",
                "AWS_ROLE_ARN",
                "arn:aws:iam::123456789012:role/pounce",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                token.toString()));
        server.answers(
                200,
                Map.of(),
                "<AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>lent"
                        + "</SecretAccessKey><SessionToken>session</SessionToken><Expiration>"
                        + Instant.now().plusSeconds(3600) + "</Expiration></Credentials>"
                        + "</AssumeRoleWithWebIdentityResponse>");
        server.answers(200, Map.of());
        server.answers(200, Map.of());

        // When
        Outcome first = carryOut(ActionType.CALL_LAMBDA, Map.of("name", "on-alert"));
        Outcome second = carryOut(ActionType.CALL_LAMBDA, Map.of("name", "on-alert"));

        // Then
        assertThat(List.of(first, second))
                .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Done.class));
        assertThat(server.heard()).hasSize(3);
        assertThat(server.heard().getFirst().body())
                .contains("Action=AssumeRoleWithWebIdentity", "WebIdentityToken=pod-token", "role%2Fpounce");
        Somebody.Heard heard = server.heard().get(2);
        assertThat(heard.headers()).containsEntry("x-amz-security-token", "session");
        assertThat(heard.headers().get("authorization"))
                .startsWith("AWS4-HMAC-SHA256 Credential=ASIA1/")
                .isEqualTo(Signatures.expected(heard, server.url(heard.target()), "lambda", "lent"));
    }

    @Test
    void aFunctionIsFoundAndCalledWithATokenForItsOwnUrl() throws Exception {
        // Given
        KeyPair key = serviceAccount();
        String uri = server.url("/fn");
        server.answers(200, Map.of(), "{\"access_token\":\"access-1\",\"expires_in\":3600}");
        server.answers(200, Map.of(), "{\"state\":\"ACTIVE\",\"serviceConfig\":{\"uri\":\"" + uri + "\"}}");
        server.answers(200, Map.of(), "{\"id_token\":\"id-1\"}");
        server.answers(200, Map.of());

        // When
        Outcome outcome = carryOut(ActionType.CALL_FUNCTION, Map.of("name", "on-alert", "location", "europe-west1"));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        List<Somebody.Heard> heard = server.heard();
        assertThat(heard)
                .extracting(Somebody.Heard::target)
                .containsExactly(
                        "/token", "/v2/projects/project-1/locations/europe-west1/functions/on-alert", "/token", "/fn");
        JsonNode access = verified(heard.get(0), key);
        assertThat(access.path("scope").asText()).isEqualTo(GoogleAccess.CLOUD);
        assertThat(access.path("iss").asText()).isEqualTo("pounce@project-1.iam.gserviceaccount.com");
        assertThat(access.path("aud").asText()).isEqualTo(server.url("/token"));
        assertThat(access.path("exp").asLong() - access.path("iat").asLong()).isEqualTo(3600);
        assertThat(heard.get(1).headers()).containsEntry("authorization", "Bearer access-1");
        assertThat(verified(heard.get(2), key).path("target_audience").asText()).isEqualTo(uri);
        assertThat(heard.get(3).headers()).containsEntry("authorization", "Bearer id-1");
        assertThat(heard.get(3).body()).isEqualTo(REPORT);
    }

    @Test
    void aFunctionIsRehearsedWithoutBeingCalled() throws Exception {
        // Given
        KeyPair ignored = serviceAccount();
        server.answers(200, Map.of(), "{\"access_token\":\"access-1\",\"expires_in\":3600}");
        server.answers(200, Map.of(), "{\"serviceConfig\":{\"uri\":\"" + server.url("/fn") + "\"}}");
        server.answers(200, Map.of(), "{\"id_token\":\"id-1\"}");

        // When
        Outcome outcome = rehearse(ActionType.CALL_FUNCTION, Map.of("name", "on-alert", "location", "europe-west1"));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.WouldAct("would call function/europe-west1/on-alert at " + server.url("/fn")));
        assertThat(server.heard()).extracting(Somebody.Heard::target).doesNotContain("/fn");
    }

    @Test
    void inAPodTheMetadataServerSaysWhoWeAre() {
        // Given
        env.putAll(Map.of(
                "GCE_METADATA_HOST", URI.create(server.url("")).getAuthority(),
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDFUNCTIONS", server.url("/")));
        server.answers(200, Map.of(), "project-2\n");
        server.answers(200, Map.of(), "{\"access_token\":\"access-2\",\"expires_in\":3600}");
        server.answers(200, Map.of(), "{\"serviceConfig\":{\"uri\":\"" + server.url("/fn") + "\"}}");
        server.answers(200, Map.of(), "id-2\n");
        server.answers(503, Map.of("Retry-After", "0"));
        server.answers(200, Map.of());

        // When
        Outcome outcome = carryOut(ActionType.CALL_FUNCTION, Map.of("name", "on-alert", "location", "europe-west1"));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(server.heard().get(0).headers()).containsEntry("metadata-flavor", "Google");
        assertThat(server.heard().get(2).target()).contains("/projects/project-2/");
        assertThat(server.heard().get(3).target()).endsWith("/identity?audience=" + SigV4.escaped(server.url("/fn")));
        assertThat(server.heard().get(5).headers()).containsEntry("authorization", "Bearer id-2");
    }

    @Test
    void aCallIsNeitherTakenBackNorSaidToHaveArrivedAfterACrash() {
        Action.OnCluster action = new Action.OnCluster(
                ActionType.CALL_WEBHOOK,
                new EndpointRef(server.url("/hook")),
                ActionType.CALL_WEBHOOK.read(Map.of("url", server.url("/hook"))));

        // When / Then
        assertThat(actuator.observe(action, Instant.now().plusSeconds(5))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Outcome.Failed.class);
        assertThat(actuator.takeBack(
                                new Action.TakeBack(action, Map.of()),
                                Instant.now().plusSeconds(5))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Outcome.Withheld.class);
    }

    private void ourselvesToAws() {
        env.putAll(Map.of(
                "AWS_ENDPOINT_URL_LAMBDA", server.url("/"),
                "AWS_REGION", "eu-central-1",
                "AWS_ACCESS_KEY_ID", "AKID1",
                "AWS_SECRET_ACCESS_KEY", "topsecret"));
    }

    private KeyPair serviceAccount() throws GeneralSecurityException, IOException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair key = generator.generateKeyPair();
        String pem = "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(key.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
        Map<String, String> account = new TreeMap<>(Map.of(
                "type", "service_account",
                "project_id", "project-1",
                "private_key_id", "key-1",
                "private_key", pem,
                "client_email", "pounce@project-1.iam.gserviceaccount.com",
                "token_uri", server.url("/token")));
        Path file = Files.writeString(folder.resolve("account.json"), JSON.writeValueAsString(account));
        env.putAll(Map.of(
                "GOOGLE_APPLICATION_CREDENTIALS", file.toString(),
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDFUNCTIONS", server.url("/")));
        return key;
    }

    /** What is claimed in the assertion of a request for a token. */
    private static JsonNode verified(Somebody.Heard heard, KeyPair key) throws GeneralSecurityException, IOException {
        assertThat(heard.body())
                .startsWith("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
        String[] parts =
                heard.body().substring(heard.body().lastIndexOf('=') + 1).split("\\.");
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(key.getPublic());
        signature.update((parts[0] + "." + parts[1]).getBytes(UTF_8));
        assertThat(signature.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();
        assertThat(JSON.readTree(Base64.getUrlDecoder().decode(parts[0]))
                        .path("kid")
                        .asText())
                .isEqualTo("key-1");
        return JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
    }

    private Outcome carryOut(ActionType type, Map<String, ?> parameters) {
        return carryOut(type, parameters, Duration.ofSeconds(10));
    }

    private Outcome carryOut(ActionType type, Map<String, ?> parameters, Duration within) {
        return actuator.carryOut(action(type, parameters), why(), Instant.now().plus(within), undo -> {
                    throw new AssertionError("nothing here is taken back");
                })
                .toCompletableFuture()
                .join();
    }

    private Outcome rehearse(ActionType type, Map<String, ?> parameters) {
        return actuator.rehearse(action(type, parameters), why(), Instant.now().plusSeconds(10))
                .toCompletableFuture()
                .join();
    }

    private static Action.OnCluster action(ActionType type, Map<String, ?> parameters) {
        return new Action.OnCluster(type, new EndpointRef(type.endpoint(type.read(parameters))), type.read(parameters));
    }

    private static Circumstances why() {
        return new Circumstances("RESPONSE1", "tell", Instant.now(), Optional.empty(), () -> REPORT);
    }
}
