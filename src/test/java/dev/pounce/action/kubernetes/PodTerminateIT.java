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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PodTerminateIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private final ClusterAccess access = weather.access(Clock.systemUTC());
    private final Trial trial = new Trial(access);

    @AfterEach
    void end() {
        trial.close();
        access.close();
        weather.close();
        CLUSTER.kubectl("delete", "deployment,statefulset,pdb,pod", "--all", "--wait=false", "--grace-period=1");
    }

    @Test
    void aPodOfADeploymentIsEndedAndReplaced() {
        // Given
        PodRef pod = deployment("web", 1);

        // When
        Outcome outcome = trial.carryOut(terminate(pod, Map.of("grace", "1s")));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("is gone"));
        assertThat(exists(pod)).isFalse();
        RealCluster.until("a replacement", () -> !pods("web").isEmpty());
        assertThat(trial.carryOut(terminate(pod, Map.of()))).isInstanceOf(Outcome.TargetGone.class);
        assertThat(trial.observe(terminate(pod, Map.of()))).isInstanceOf(Outcome.AlreadySo.class);
    }

    @Test
    void aPodThatHasTakenTheNameSurvives() {
        // Given
        PodRef former =
                new PodRef(CLUSTER.namespace(), "again", Optional.of(CLUSTER.unscheduled("again", "app=again")));
        BadWeather.Rule held = weather.on("POST", "/pods/again/eviction").holds();
        var outcome = trial.begin(terminate(former, Map.of("ignoreStandalone", "false")), Duration.ofMinutes(1));
        RealCluster.until("decided, not yet acted", () -> held.met() == 1);
        CLUSTER.kubectl("delete", "pod", "again");
        String uid = CLUSTER.unscheduled("again", "app=again");

        // When
        held.release();

        // Then
        assertThat(Trial.join(outcome)).isEqualTo(new Outcome.TargetGone(Attempt.isAnother(former)));
        assertThat(CLUSTER.kubectl(
                        "get", "pod", "again", "-o", "jsonpath={.metadata.uid}{.metadata.deletionTimestamp}"))
                .isEqualTo(uid);
    }

    @Test
    void kindsThatAreToBeLeftAloneAre() {
        // Given
        PodRef alone = new PodRef(CLUSTER.namespace(), "alone", Optional.of(CLUSTER.unscheduled("alone", "app=alone")));

        // When
        Outcome standalone = trial.carryOut(terminate(alone, Map.of()));

        // Then
        assertThat(standalone).isInstanceOfSatisfying(Outcome.Withheld.class, withheld -> assertThat(withheld.reason())
                .contains("ignoreStandalone"));
        assertThat(exists(alone)).isTrue();
        assertThat(trial.carryOut(terminate(alone, Map.of("ignoreStandalone", "false"))))
                .isInstanceOf(Outcome.Done.class);
    }

    @Test
    void aStatefulSetsPodIsLeftAloneIfThatIsWanted() {
        // Given
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: db}
                spec:
                  replicas: 1
                  serviceName: db
                  selector: {matchLabels: {app: db}}
                  template:
                    metadata: {labels: {app: db}}
                    spec: {schedulerName: nobody, containers: [{name: db, image: "registry.local/busybox:1"}]}
                """);
        RealCluster.until("its pod", () -> !pods("db").isEmpty());
        PodRef pod =
                new PodRef(CLUSTER.namespace(), "db-0", Optional.of(pods("db").getFirst()));

        // When
        Outcome ignored = trial.carryOut(terminate(pod, Map.of("ignoreStatefulSets", "true")));
        Outcome tooFew = trial.carryOut(terminate(pod, Map.of("minHealthy", "1")));

        // Then
        assertThat(ignored).isInstanceOf(Outcome.Withheld.class);
        assertThat(tooFew).isInstanceOfSatisfying(Outcome.Withheld.class, withheld -> assertThat(withheld.reason())
                .contains("of the 1 pods of StatefulSet db 0 would stay ready"));
        assertThat(exists(pod)).isTrue();
    }

    @Test
    void theTargetDoesNotCountAmongThoseThatStayHealthy() {
        // Given
        PodRef pod = deployment("pair", 2);

        // When
        Outcome both = trial.rehearse(terminate(pod, Map.of("minHealthy", "51%")));
        Outcome half = trial.rehearse(terminate(pod, Map.of("minHealthy", "50%")));

        // Then
        assertThat(both).isInstanceOf(Outcome.Withheld.class);
        assertThat(half).isInstanceOf(Outcome.WouldAct.class);
        assertThat(pods("pair")).hasSize(2);
    }

    @Test
    void ofSeveralThatAreEndedInOneMomentAsManyStayAsHaveTo() {
        // Given
        deployment("crowd", 4);
        List<PodRef> all = podRefs("crowd");
        CLUSTER.kubectl("create", "quota", "no-more", "--hard=pods=0"); // so that no replacement comes
        RealCluster.until("the quota is in force", () -> CLUSTER.kubectl(
                        "get", "quota", "no-more", "-o", "jsonpath={.status.used.pods}")
                .equals("4"));

        // When
        List<Outcome> outcomes = all.stream()
                .map(pod ->
                        trial.begin(terminate(pod, Map.of("minHealthy", "3", "grace", "1s")), Duration.ofMinutes(1)))
                .toList()
                .stream()
                .map(Trial::join)
                .toList();

        // Then
        long ended = outcomes.stream().filter(Outcome.Done.class::isInstance).count();
        assertThat(outcomes)
                .as("each is ended, or is left because of the others")
                .allMatch(outcome -> outcome instanceof Outcome.Done
                        || (outcome instanceof Outcome.Withheld withheld
                                && withheld.reason().contains("2 would stay ready")));
        assertThat(ended).as("of four one").isEqualTo(1);
        CLUSTER.kubectl("delete", "quota", "no-more");
    }

    @Test
    void anEndingWhoseAnswerWasLostIsNotCalledAnothers() {
        // Given
        PodRef pod = deployment("unheard", 1);
        weather.on("POST", "/pods/" + pod.name() + "/eviction").losesAnswers().times(1);
        BadWeather.Rule again =
                weather.on("POST", "/pods/" + pod.name() + "/eviction").holds();
        var outcome = trial.begin(terminate(pod, Map.of("grace", "1s")), Duration.ofMinutes(1));

        // When
        RealCluster.until("it is asked again", () -> again.met() == 1);
        RealCluster.until("the pod is gone", () -> !exists(pod));
        again.release();

        // Then
        assertThat(Trial.join(outcome)).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("is gone"));
    }

    @Test
    void aBudgetIsAskedUntilTheEndAndNamed() {
        // Given
        PodRef pod = deployment("kept", 1);
        CLUSTER.kubectl("create", "poddisruptionbudget", "all-of-kept", "--selector=app=kept", "--min-available=1");
        RealCluster.until("the budget is known", () -> CLUSTER.kubectl(
                        "get", "pdb", "all-of-kept", "-o", "jsonpath={.status.currentHealthy}")
                .equals("1"));

        // When
        Outcome refused = trial.carryOut(terminate(pod, Map.of("grace", "1s")), Duration.ofSeconds(3));
        Outcome rehearsed = trial.rehearse(terminate(pod, Map.of("grace", "1s")));
        Outcome ignored = trial.carryOut(terminate(pod, Map.of("grace", "1s", "ignoreBudgets", "true")));

        // Then
        assertThat(refused).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.reason()).contains("all-of-kept");
            assertThat(failed.retryable()).isTrue();
        });
        assertThat(rehearsed).isInstanceOf(Outcome.Failed.class);
        assertThat(weather.seen().stream().filter(seen -> seen.target().endsWith("/eviction?fieldManager=pounce")))
                .hasSizeGreaterThan(1);
        assertThat(ignored).isInstanceOf(Outcome.Done.class);
        assertThat(exists(pod)).isFalse();
    }

    @Test
    void aGraceLongerThanTheDeadlineIsNotWaitedForAndThatIsSaid() {
        // Given
        PodRef pod = deployment("slow", 1);

        // When
        Outcome outcome = trial.carryOut(terminate(pod, Map.of("grace", "1h")), Duration.ofSeconds(10));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Done.class, done -> assertThat(done.observed())
                .contains("was accepted; its processes have until"));
        assertThat(exists(pod)).isTrue();
        // The kubelet makes a grace that has begun no shorter: without this the pod would be there for an hour
        CLUSTER.kubectl("exec", pod.name(), "--", "touch", "/tmp/end");
    }

    @Test
    void aPodThatIsKeptByAFinalizerIsNotCalledGone() {
        // Given
        PodRef pod = new PodRef(CLUSTER.namespace(), "stuck", Optional.of(CLUSTER.unscheduled("stuck", "app=stuck")));
        CLUSTER.kubectl("patch", "pod", "stuck", "-p", "{\"metadata\":{\"finalizers\":[\"example.com/wait\"]}}");

        // When
        Outcome outcome = trial.carryOut(terminate(pod, Map.of("ignoreStandalone", "false")), Duration.ofSeconds(3));

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.reason())
                .contains("example.com/wait"));
        CLUSTER.kubectl("patch", "pod", "stuck", "-p", "{\"metadata\":{\"finalizers\":null}}");
    }

    private PodRef deployment(String name, int replicas) {
        CLUSTER.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %1$s}
                spec:
                  replicas: %2$d
                  selector: {matchLabels: {app: %1$s}}
                  template:
                    metadata: {labels: {app: %1$s}}
                    spec:
                      containers:
                        - {name: it, image: "registry.local/busybox:1", imagePullPolicy: Never, command: [sh, -c, "until [ -e /tmp/end ]; do sleep 1; done"]}
                """.formatted(name, replicas));
        CLUSTER.kubectl("rollout", "status", "deployment/" + name, "--timeout=60s");
        String uid = pods(name).getFirst();
        String pod = CLUSTER.kubectl(
                "get", "pods", "-o", "jsonpath={.items[?(@.metadata.uid=='" + uid + "')].metadata.name}");
        return new PodRef(CLUSTER.namespace(), pod, Optional.of(uid));
    }

    private static List<String> pods(String app) {
        return CLUSTER.kubectl("get", "pods", "-l", "app=" + app, "-o", "jsonpath={.items[*].metadata.uid}")
                .lines()
                .flatMap(line -> List.of(line.split(" ")).stream())
                .filter(uid -> !uid.isEmpty())
                .toList();
    }

    private static List<PodRef> podRefs(String app) {
        return CLUSTER.kubectl(
                        "get",
                        "pods",
                        "-l",
                        "app=" + app,
                        "-o",
                        "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{'\\n'}{end}")
                .lines()
                .map(line -> line.split(" "))
                .map(pod -> new PodRef(CLUSTER.namespace(), pod[0], Optional.of(pod[1])))
                .toList();
    }

    private static boolean exists(PodRef pod) {
        return CLUSTER.kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.uid}")
                .contains(pod.uid().orElseThrow());
    }

    private static Action.OnCluster terminate(PodRef pod, Map<String, ?> parameters) {
        return action(ActionType.POD_TERMINATE, pod, parameters);
    }
}
