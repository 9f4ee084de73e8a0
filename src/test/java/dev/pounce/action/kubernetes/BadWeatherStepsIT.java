package dev.pounce.action.kubernetes;

import static dev.pounce.action.kubernetes.Trial.action;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.BadWeather;
import dev.pounce.cluster.ClusterAccess;
import dev.pounce.cluster.RealCluster;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the network and the API server can do to a step: its outcome stays true, and other targets do not notice. */
class BadWeatherStepsIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static final Duration LONG = Duration.ofSeconds(30);

    private static PodRef one = new PodRef("", "", Optional.empty());
    private static PodRef other = new PodRef("", "", Optional.empty());

    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private ClusterAccess access = weather.access(Clock.systemUTC());
    private Trial trial = new Trial(access);

    @BeforeAll
    static void twoPods() {
        one = new PodRef(CLUSTER.namespace(), "one", Optional.of(CLUSTER.unscheduled("one", "app=one")));
        other = new PodRef(CLUSTER.namespace(), "other", Optional.of(CLUSTER.unscheduled("other", "app=other")));
    }

    @AfterEach
    void end() {
        weather.clearsUp();
        trial.close();
        access.close();
        weather.close();
        CLUSTER.kubectl("label", "pod", "--all", "marked-");
    }

    @Test
    void aSlowServerDelaysNoOtherTarget() {
        // Given
        BadWeather.Rule slow = weather.on("PATCH", "/pods/one").holds();

        // When
        CompletionStage<Outcome> waiting = trial.begin(mark(one), LONG);
        RealCluster.until("on its way", () -> slow.met() == 1);
        Outcome meanwhile = trial.carryOut(mark(other));
        boolean stillWaiting = !waiting.toCompletableFuture().isDone();
        slow.release();

        // Then
        assertThat(meanwhile).isInstanceOf(Outcome.Done.class);
        assertThat(stillWaiting).isTrue();
        assertThat(Trial.join(waiting)).isInstanceOf(Outcome.Done.class);
    }

    @Test
    void whatIsNeverAnsweredEndsByItsDeadline() {
        // Given
        weather.on("PATCH", "/pods/one").holds();

        // When
        long began = System.nanoTime();
        Outcome outcome = trial.carryOut(mark(one), Duration.ofSeconds(2));
        long millis = (System.nanoTime() - began) / 1_000_000;

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.reason()).contains("it is not known whether");
            assertThat(failed.retryable()).isTrue();
        });
        assertThat(millis).isBetween(1_000L, 2_500L);
    }

    @Test
    void whatWasDoneAndNotAnsweredIsFoundByLooking() {
        // Given
        weather.on("PATCH", "/pods/one").losesAnswers();

        // When
        Outcome outcome = trial.carryOut(mark(one), Duration.ofSeconds(4));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(trial.undos().getFirst().before()).containsEntry("was", "{}");
        assertThat(marked("one")).isEqualTo("yes");
    }

    @ParameterizedTest
    @CsvSource({"409,Conflict", "410,Expired", "429,TooManyRequests", "500,InternalError", "503,ServiceUnavailable"})
    void whatPassesIsTriedAgain(int code, String reason) {
        // Given
        weather.on("PATCH", "/pods/one").times(3).answers(code, reason, "not now");

        // When
        Outcome outcome = trial.carryOut(mark(one));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(marked("one")).isEqualTo("yes");
    }

    @Test
    void theServersWishToBeLeftInPeaceIsHonoured() {
        // Given
        weather.on("PATCH", "/pods/one")
                .times(1)
                .answers(429, "TooManyRequests", "not now", Optional.of(Duration.ofSeconds(1)));

        // When
        long began = System.nanoTime();
        Outcome outcome = trial.carryOut(mark(one));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(System.nanoTime() - began).isGreaterThan(1_000_000_000L);
    }

    @Test
    void aServerThatIsGoneForAWhileIsWaitedFor() {
        // Given
        BadWeather.Rule gone = weather.on(seen -> true).cuts();
        CompletionStage<Outcome> outcome = trial.begin(mark(one), LONG);
        RealCluster.until("tried in vain", () -> gone.met() > 3);

        // When
        weather.clearsUp();

        // Then
        assertThat(Trial.join(outcome)).isInstanceOf(Outcome.Done.class);
        assertThat(marked("one")).isEqualTo("yes");
    }

    @Test
    void anExpiredTokenIsReplacedByTheNextOne() {
        // Given
        trial.close();
        access.close();
        CLUSTER.kubectl("create", "serviceaccount", "marker");
        CLUSTER.kubectl("create", "role", "marker", "--verb=get,patch", "--resource=pods");
        CLUSTER.kubectl(
                "create",
                "rolebinding",
                "marker",
                "--role=marker",
                "--serviceaccount=" + CLUSTER.namespace() + ":marker");
        String token = CLUSTER.kubectl("create", "token", "marker");
        weather.token("expired");
        weather.on(seen -> seen.headers().getOrDefault("authorization", "").equals("Bearer expired"))
                .answers(401, "Unauthorized", "Unauthorized");
        access = weather.access(Clock.systemUTC());
        trial = new Trial(access);
        CompletionStage<Outcome> outcome = trial.begin(mark(one), LONG);
        RealCluster.until("refused", () -> !weather.seen().isEmpty());

        // When
        weather.token(token);

        // Then
        assertThat(Trial.join(outcome)).isInstanceOf(Outcome.Done.class);
        assertThat(marked("one")).isEqualTo("yes");
    }

    @Test
    void whoIsNotAllowedToIsToldSoAndDoesNotTryAgain() {
        // Given
        weather.on("PATCH", "/pods/one").answers(403, "Forbidden", "pods is forbidden: User x cannot patch");

        // When
        Outcome outcome = trial.carryOut(mark(one));

        // Then
        assertThat(outcome)
                .isEqualTo(new Outcome.Failed(
                        "the API server refused (403): pods is forbidden: User x cannot patch", false));
        assertThat(weather.seen().stream().filter(seen -> seen.method().equals("PATCH")))
                .hasSize(1);
    }

    @Test
    void anAdmissionPolicyThatRefusesIsNamed() {
        // Given
        String name = "pounce-it-" + CLUSTER.namespace();
        CLUSTER.apply("""
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicy
                metadata: {name: %1$s}
                spec:
                  matchConstraints:
                    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [pods]}]
                  validations: [{expression: "!has(object.metadata.labels.marked)", message: "no marks here"}]
                ---
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingAdmissionPolicyBinding
                metadata: {name: %1$s}
                spec:
                  policyName: %1$s
                  validationActions: [Deny]
                  matchResources:
                    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %2$s}}
                """.formatted(name, CLUSTER.namespace()));
        try {
            RealCluster.until("the policy is in force", () -> trial.rehearse(mark(one)) instanceof Outcome.Failed);

            // When
            Outcome outcome = trial.carryOut(mark(one));

            // Then
            assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
                assertThat(failed.reason()).contains(name).contains("no marks here");
                assertThat(failed.retryable()).isFalse();
            });
            assertThat(marked("one")).isEmpty();
        } finally {
            CLUSTER.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name);
            RealCluster.until("the policy is gone", () -> trial.rehearse(mark(one)) instanceof Outcome.WouldAct);
        }
    }

    @Test
    void aNamespaceThatIsEndingTakesNoPolicyAndThatIsSaid() {
        // Given
        String namespace = CLUSTER.namespace() + "-ends";
        RealCluster.kubectlAnywhere("create", "namespace", namespace);
        RealCluster.until("service account", () -> RealCluster.kubectlAnywhere(
                        "-n", namespace, "get", "serviceaccounts", "-o", "name")
                .contains("default"));
        RealCluster.kubectlAnywhere(
                "-n",
                namespace,
                "run",
                "last",
                "--image=" + RealCluster.IMAGE,
                "--overrides",
                "{\"metadata\":{\"finalizers\":[\"example.com/wait\"]},\"spec\":{\"schedulerName\":\"nobody\"}}");
        PodRef last = new PodRef(
                namespace,
                "last",
                Optional.of(RealCluster.kubectlAnywhere(
                        "-n", namespace, "get", "pod", "last", "-o", "jsonpath={.metadata.uid}")));
        RealCluster.kubectlAnywhere("delete", "namespace", namespace, "--wait=false");
        RealCluster.until("ending", () -> RealCluster.kubectlAnywhere(
                        "get", "namespace", namespace, "-o", "jsonpath={.status.phase}")
                .equals("Terminating"));

        // When
        Outcome outcome = trial.carryOut(action(ActionType.POD_QUARANTINE, last, Map.of()));

        // Then
        RealCluster.kubectlAnywhere(
                "-n", namespace, "patch", "pod", "last", "-p", "{\"metadata\":{\"finalizers\":null}}");
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("because it is being terminated"));
    }

    @Test
    void aProgramIsNotStartedTwice() {
        // Given
        weather.on("GET", "/pods/one/exec").losesAnswers();

        // When
        Outcome outcome =
                trial.carryOut(action(ActionType.POD_EXEC, one, Map.of("argv", List.of("id"))), Duration.ofSeconds(5));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        assertThat(weather.seen().stream().filter(seen -> seen.target().contains("/exec")))
                .hasSize(1);
    }

    private static Action.OnCluster mark(PodRef pod) {
        return action(ActionType.POD_LABEL, pod, Map.of("labels", Map.of("marked", "yes")));
    }

    private static String marked(String pod) {
        return CLUSTER.kubectl("get", "pod", pod, "-o", "jsonpath={.metadata.labels.marked}");
    }
}
