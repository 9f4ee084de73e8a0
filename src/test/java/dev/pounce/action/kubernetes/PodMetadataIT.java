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
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;

class PodMetadataIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private final BadWeather weather = BadWeather.before(CLUSTER.access());
    private final ClusterAccess access = weather.access(Clock.systemUTC());
    private final Trial trial = new Trial(access);
    private String name = "";
    private PodRef pod = new PodRef("", "", Optional.empty());

    @BeforeEach
    void aPod(TestInfo test) {
        name = "p" + Integer.toString(test.getDisplayName().hashCode() & 0xffffff, 36);
        String uid = CLUSTER.unscheduled(name, "app=web,team=shop");
        pod = new PodRef(CLUSTER.namespace(), name, Optional.of(uid));
    }

    @AfterEach
    void end() {
        trial.close();
        access.close();
        weather.close();
        CLUSTER.kubectl("delete", "pod", name, "--ignore-not-found", "--wait=false");
    }

    @Test
    void labelsAreSetAndRemovedWithOneRequestWhenThePodIsKnown() {
        // Given
        try (Trial knowing =
                new Trial(access, known -> Optional.of(Map.of("app", "web", "team", "shop", "run", name)))) {
            weather.forget();

            // When
            Outcome outcome = knowing.carryOut(label(Map.of("suspect", "yes", "team", "")));

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(labels())
                    .doesNotContain("team")
                    .contains("\"suspect\":\"yes\"")
                    .contains("\"app\":\"web\"");
            assertThat(weather.seen().stream().filter(seen -> !seen.target().contains("/events")))
                    .singleElement()
                    .satisfies(seen -> assertThat(seen.method()).isEqualTo("PATCH"));
        }
    }

    @Test
    void whatIsKnownWronglyIsFoundOutAndTheUndoIsRight() {
        // Given
        try (Trial mistaken = new Trial(access, known -> Optional.of(Map.of("app", "web", "team", "other")))) {
            // When
            Outcome outcome = mistaken.carryOut(label(Map.of("team", "none")));

            // Then
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            assertThat(mistaken.takeBack(mistaken.undo())).isInstanceOf(Outcome.Done.class);
            assertThat(labels()).contains("\"team\":\"shop\"");
        }
    }

    @Test
    void whatIsSoAlreadyIsLeftAlone() {
        // When
        Outcome outcome = trial.carryOut(label(Map.of("app", "web", "absent", "")));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.AlreadySo.class);
        assertThat(weather.seen()).noneMatch(seen -> seen.method().equals("PATCH"));
        assertThat(trial.undos()).isEmpty();
    }

    @Test
    void anotherPodOfTheNameIsLeftAlone() {
        // Given
        PodRef former = new PodRef(pod.namespace(), pod.name(), Optional.of("00000000-0000-0000-0000-000000000000"));

        // When
        Outcome unknown = trial.carryOut(action(ActionType.POD_LABEL, former, labels("a", "b")));
        Outcome known;
        try (Trial knowing = new Trial(access, any -> Optional.of(Map.of("app", "web")))) {
            known = knowing.carryOut(action(ActionType.POD_LABEL, former, labels("a", "b")));
        }

        // Then
        assertThat(unknown).isEqualTo(new Outcome.TargetGone(Attempt.isAnother(former)));
        assertThat(known).isEqualTo(unknown);
        assertThat(labels()).doesNotContain("\"a\"");
    }

    @Test
    void aPodMadeAfterWhatWasSeenIsAnother() {
        // Given
        PodRef unsure = new PodRef(pod.namespace(), pod.name(), Optional.empty());

        // When
        Outcome outcome = trial.carryOutSeen(
                Instant.now().minusSeconds(3_600), action(ActionType.POD_LABEL, unsure, labels("a", "b")));

        // Then
        assertThat(outcome).isEqualTo(new Outcome.TargetGone(Attempt.isAnother(unsure)));
    }

    @Test
    void aPodWithoutUidIsFoundAndTheUndoNamesIt() {
        // When
        Outcome outcome = trial.carryOut(action(
                ActionType.POD_ANNOTATE,
                new PodRef(pod.namespace(), pod.name(), Optional.empty()),
                Map.of("annotations", Map.of("pounce.dev/note", "seen: a shell / an ~ accent é"))));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(trial.undo().target()).isEqualTo(pod);
        assertThat(annotations()).contains("a shell / an ~ accent é");
        assertThat(trial.takeBack(trial.undo())).isInstanceOf(Outcome.Done.class);
        assertThat(annotations()).doesNotContain("pounce.dev/note");
        assertThat(trial.takeBack(trial.undo())).isInstanceOf(Outcome.AlreadySo.class);
    }

    @Test
    void whatSomebodyElseHasChangedSinceStays() {
        // Given
        trial.carryOut(label(Map.of("team", "soc", "suspect", "yes")));
        CLUSTER.kubectl("label", "pod", name, "team=mine", "--overwrite");

        // When
        Outcome outcome = trial.takeBack(trial.undo());

        // Then
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Withheld.class, withheld -> assertThat(withheld.reason())
                .contains("team")
                .doesNotContain("suspect"));
        assertThat(labels()).contains("\"team\":\"mine\"").doesNotContain("suspect");
    }

    @Test
    void aRehearsalChangesNothing() {
        // When
        Outcome outcome = trial.rehearse(label(Map.of("suspect", "yes")));

        // Then
        assertThat(outcome).isInstanceOf(Outcome.WouldAct.class);
        assertThat(labels()).doesNotContain("suspect");
        assertThat(weather.seen())
                .filteredOn(seen -> seen.method().equals("PATCH"))
                .allMatch(seen -> seen.target().contains("dryRun=All"));
    }

    @Test
    void aPodThatIsGoneNeedsNothing() {
        // Given
        trial.carryOut(label(Map.of("suspect", "yes")));
        Action.OnCluster again = label(Map.of("suspect", "no"));
        CLUSTER.kubectl("delete", "pod", name);

        // When
        Outcome outcome = trial.carryOut(again);

        // Then
        assertThat(outcome).isInstanceOf(Outcome.TargetGone.class);
        assertThat(trial.takeBack(trial.undo())).isInstanceOf(Outcome.TargetGone.class);
        assertThat(trial.observe(again)).isInstanceOf(Outcome.TargetGone.class);
    }

    @Test
    void whatWasDoneIsAnEventOnThePod() {
        // When
        trial.carryOut(label(Map.of("suspect", "yes")));

        // Then
        RealCluster.until("an event", () -> CLUSTER.kubectl(
                        "get",
                        "events.events.k8s.io",
                        "-o",
                        "jsonpath={range .items[?(@.regarding.name=='" + name + "')]}{.type} {.reason} {.action}"
                                + " {.reportingController} {.note}{end}")
                .contains("Normal Done pod.label pounce.dev/pounce pod.label: pod/"));
    }

    private Action.OnCluster label(Map<String, String> labels) {
        return action(ActionType.POD_LABEL, pod, Map.of("labels", labels));
    }

    private static Map<String, ?> labels(String key, String value) {
        return Map.of("labels", Map.of(key, value));
    }

    private String labels() {
        return CLUSTER.kubectl("get", "pod", name, "-o", "jsonpath={.metadata.labels}");
    }

    private String annotations() {
        return CLUSTER.kubectl("get", "pod", name, "-o", "jsonpath={.metadata.annotations}");
    }
}
