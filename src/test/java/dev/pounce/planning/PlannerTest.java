package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Family;
import dev.pounce.action.Lane;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.correlation.ATrigger;
import dev.pounce.correlation.AnIncident;
import dev.pounce.correlation.Incident;
import dev.pounce.correlation.Trigger;
import dev.pounce.detection.Detection;
import dev.pounce.source.Place;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.Numbers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlannerTest {

    private static final ProcessRef PROCESS = new ProcessRef(ADetection.NODE, 7, 7000);
    private static final ContainerRef CONTAINER = new ContainerRef(ADetection.NODE, "c1");
    private static final ActionTemplate SUSPEND = ActionTemplate.of(ActionType.PROCESS_SUSPEND);
    private static final ActionTemplate KILL = ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "process"));
    private static final ActionTemplate CALL =
            ActionTemplate.of(ActionType.CALL_WEBHOOK, Map.of("url", "https://example.com/"));
    private static final ActionTemplate KILL_CONTAINER =
            ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "container"));

    private final Detection inContainer =
            ADetection.of("Shell").process(7).container("c1").build();

    private static ActionSet set(String name, Mode mode, ActionSet.Step... steps) {
        Trigger trigger = ATrigger.named(name).rules("Shell").build();
        return new ActionSet(name, new Place("a.yaml", 1, 1), Map.of(), mode, trigger, List.of(steps), Set.of());
    }

    private static ActionSet.Step step(String id, ActionTemplate action, String... after) {
        return new ActionSet.Step(id, action, Duration.ofSeconds(5), List.of(after));
    }

    private static Planner planner(Mode ceiling, ActionSet... sets) {
        return new Planner(new ActionSets(List.of(sets)), ceiling, new Numbers("r-"));
    }

    private static Incident incident(Detection detection, String... triggers) {
        return AnIncident.of("i-1", detection.time(), List.of(triggers), List.of(), List.of(detection));
    }

    @Test
    void eachStepSaysWhatWasSeenAndWhoAnswersItHow() {
        // Given
        Planner planner = planner(Mode.ENFORCE, set("hold-shell", Mode.DRY_RUN, step("hold", SUSPEND)));
        Incident incident = incident(inContainer, "hold-shell");

        // When
        ResponsePlan plan = planner.planFor(incident);

        // Then
        assertThat(plan)
                .isEqualTo(new ResponsePlan(
                        "r-1",
                        incident,
                        List.of(new ResponsePlan.Step(
                                "hold-shell/hold",
                                "hold-shell",
                                new Action.SuspendProcess(PROCESS),
                                Mode.DRY_RUN,
                                Duration.ofSeconds(5),
                                "Shell (Warning) was seen at 2026-11-23T15:04:05.678Z; action set hold-shell answers"
                                        + " it with process.suspend")),
                        List.of(),
                        List.of(),
                        List.of(new Reason(
                                "hold-shell",
                                PatternText.of(ATrigger.named("hold-shell")
                                        .rules("Shell")
                                        .build()
                                        .pattern()),
                                List.of()))));
    }

    @Test
    void theConditionOfTheSetIsPartOfTheReason() {
        // Given
        ActionSet set = set("a", Mode.ENFORCE, step("s", SUSPEND));
        Trigger trigger = ATrigger.named("a")
                .rules("Shell")
                .where("proc.name = sh\n  and user.uid = 0", d -> true)
                .build();
        Planner planner = planner(
                Mode.ENFORCE,
                new ActionSet("a", set.place(), Map.of(), Mode.ENFORCE, trigger, set.steps(), Set.of("proc.name")));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "a"));

        // Then
        assertThat(plan.steps().get(0).because())
                .endsWith("; action set a (where proc.name = sh and user.uid = 0) answers it with process.suspend");
    }

    @ParameterizedTest(name = "{0} under a ceiling of {1} is {2}")
    @CsvSource({
        "ENFORCE, ENFORCE, ENFORCE",
        "ENFORCE, DRY_RUN, DRY_RUN",
        "DRY_RUN, ENFORCE, DRY_RUN",
        "OBSERVE, ENFORCE, OBSERVE",
        "ASK, DRY_RUN, DRY_RUN"
    })
    void noStepGoesFurtherThanTheCeiling(Mode set, Mode ceiling, Mode expected) {
        // Given
        Planner planner = planner(ceiling, set("a", set, step("s", SUSPEND)));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "a"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::mode).containsExactly(expected);
    }

    @Test
    void aKillOfTheContainerKnowsWhichOne() {
        // Given
        Planner planner = planner(Mode.ENFORCE, set("a", Mode.ENFORCE, step("s", KILL_CONTAINER)));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "a"));

        // Then
        assertThat(plan.steps())
                .extracting(ResponsePlan.Step::action)
                .containsExactly(new Action.KillProcess(PROCESS, Action.Scope.CONTAINER, Optional.of(CONTAINER)));
    }

    @Test
    void whatHasNoTargetIsLeftOutAndSoIsWhatComesAfterIt() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE,
                set(
                        "a",
                        Mode.ENFORCE,
                        step("all", KILL_CONTAINER),
                        step("one", KILL),
                        step("last", SUSPEND, "one", "all"),
                        step("very-last", SUSPEND, "last")));
        Detection onHost = ADetection.of("Shell").process(7).build();

        // When
        ResponsePlan plan = planner.planFor(incident(onHost, "a"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::id).containsExactly("a/one");
        assertThat(plan.leftOut())
                .containsExactly(
                        new ResponsePlan.LeftOut("a", "all", "the process was in no container"),
                        new ResponsePlan.LeftOut("a", "last", "it comes after step 'all', which is left out"),
                        new ResponsePlan.LeftOut("a", "very-last", "it comes after step 'last', which is left out"));
    }

    @Test
    void aDetectionWithoutAProcessLeavesNothingToDoToOne() {
        // Given
        Planner planner = planner(Mode.ENFORCE, set("a", Mode.ENFORCE, step("s", SUSPEND)));

        // When
        ResponsePlan plan =
                planner.planFor(incident(ADetection.of("Shell").container("c1").build(), "a"));

        // Then
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.leftOut())
                .containsExactly(new ResponsePlan.LeftOut("a", "s", "the detection names no process"));
    }

    @Test
    void theSameStepOfTwoSetsHappensOnceInTheHigherModeAndNamesBoth() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE,
                set("first", Mode.DRY_RUN, step("hold", SUSPEND), step("kill", KILL)),
                set("second", Mode.ENFORCE, new ActionSet.Step("stop", KILL, Duration.ofSeconds(9), List.of())));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "first", "second"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::id).containsExactly("first/hold", "second/stop");
        ResponsePlan.Step merged = plan.steps().get(1);
        assertThat(merged.actionSet()).isEqualTo("second");
        assertThat(merged.mode()).isEqualTo(Mode.ENFORCE);
        assertThat(merged.patience()).isEqualTo(Duration.ofSeconds(9));
        assertThat(merged.because())
                .isEqualTo("Shell (Warning) was seen at 2026-11-23T15:04:05.678Z; action set first answers it with"
                        + " process.kill, and so does action set second (dry-run and enforce: enforce wins)");
        assertThat(plan.steps().get(0).mode()).isEqualTo(Mode.DRY_RUN);
    }

    @Test
    void whatAnotherSetDoesMoreWidelyIsLeftOutWithThatSetAsTheReason() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE,
                set("one", Mode.ENFORCE, step("s", KILL)),
                set(
                        "tree",
                        Mode.ENFORCE,
                        step("t", ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "tree")))));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "one", "tree"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::id).containsExactly("tree/t");
        assertThat(plan.leftOut())
                .containsExactly(new ResponsePlan.LeftOut(
                        "one",
                        "s",
                        "action set tree kills the process and its descendants anyway"
                                + " (process.kill of the process and its descendants)"));
    }

    @Test
    void whatTwoSetsWantTwiceHappensTwice() {
        // Given
        ActionTemplate resume = ActionTemplate.of(ActionType.PROCESS_RESUME);
        Planner planner = planner(
                Mode.ENFORCE,
                set("once", Mode.ENFORCE, step("a", SUSPEND), step("b", resume)),
                set(
                        "twice",
                        Mode.ENFORCE,
                        step("a", SUSPEND),
                        step("b", resume),
                        step("c", SUSPEND),
                        step("d", resume)));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "once", "twice"));

        // Then
        assertThat(plan.steps())
                .extracting(ResponsePlan.Step::id)
                .containsExactly("once/a", "once/b", "twice/c", "twice/d");
    }

    @Test
    void aSetThatNamesAStepTwiceMeansIt() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE,
                set(
                        "blink",
                        Mode.ENFORCE,
                        step("a", SUSPEND),
                        step("b", ActionTemplate.of(ActionType.PROCESS_RESUME), "a"),
                        step("c", SUSPEND, "b")));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "blink"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::id).containsExactly("blink/a", "blink/b", "blink/c");
    }

    @Test
    void aSetThatIsCoolingDownIsLeftOutWithTheTimeAtWhichItAnswersAgain() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE, set("a", Mode.ENFORCE, step("s", SUSPEND)), set("b", Mode.ENFORCE, step("s", KILL)));
        Incident incident = AnIncident.of(
                "i-1",
                inContainer.time(),
                List.of("a"),
                List.of(new Incident.CoolingDown("b", "process/7", Instant.parse("2026-11-23T15:14:05Z"))),
                List.of(inContainer));

        // When
        ResponsePlan plan = planner.planFor(incident);

        // Then
        assertThat(plan.leftOut())
                .containsExactly(new ResponsePlan.LeftOut(
                        "b",
                        Planner.EVERY_STEP,
                        "it answered for process/7 a short while ago and is cooling down until 2026-11-23T15:14:05Z"));
    }

    @Test
    void aSetThatWasUnloadedMeanwhileIsLeftOut() {
        // Given
        Planner planner = planner(Mode.ENFORCE, set("a", Mode.ENFORCE, step("s", SUSPEND)));

        // When
        planner.reload(ActionSets.none());

        // Then
        assertThat(planner.planFor(incident(inContainer, "a")).leftOut())
                .containsExactly(
                        new ResponsePlan.LeftOut("a", Planner.EVERY_STEP, "the action set is not loaded any more"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1970-01-01T00:00:00.000Z",
                "2024-02-29T23:59:59.999Z",
                "2026-11-23T05:04:03.007Z",
                "9999-12-31T23:59:59.999Z",
                "1969-12-31T23:59:59Z",
                "+10000-01-01T00:00:00Z"
            })
    void timesAreWrittenAsEveryoneWritesThem(String expected) {
        // Given
        StringBuilder text = new StringBuilder();

        // When
        Planner.appendTime(text, Instant.parse(expected));

        // Then
        assertThat(text).hasToString(expected);
    }

    @Test
    void anExplanationSaysWhatWasSeenWhatIsDoneAndWhatIsNot() {
        // Given
        Planner planner =
                planner(Mode.ENFORCE, set("a", Mode.DRY_RUN, step("hold", SUSPEND), step("all", KILL_CONTAINER)));
        Detection detection = ADetection.of("Shell").process(7).build();

        // When
        List<String> lines = Explanation.of(planner.planFor(incident(detection, "a")));

        // Then
        assertThat(lines)
                .containsExactly(
                        "plan r-1 for incident i-1",
                        "  2026-11-23T15:04:05.678Z  Warning  Shell  (syscall, d-1)",
                        "      Shell happened",
                        "      speaks of process/7",
                        "  1. process.suspend on process/7  [dry-run, within 5s, a/hold]",
                        "      because Shell (Warning) was seen at 2026-11-23T15:04:05.678Z; action set a answers it"
                                + " with process.suspend",
                        "  left out: step a/all, because the process was in no container");
    }

    @Test
    void anExplanationDoesNotLetAProcessWriteToTheTerminal() {
        // Given
        Detection detection = ADetection.of("Shell\u001b[2J\nroot#").process(7).build();
        Planner planner = planner(Mode.ENFORCE, set("a", Mode.DRY_RUN, step("hold", SUSPEND)));

        // When
        List<String> lines = Explanation.of(planner.planFor(incident(detection, "a")));

        // Then
        assertThat(lines).noneMatch(line -> line.chars().anyMatch(Character::isISOControl));
        assertThat(lines).contains("      Shell\\u001b[2J\\u000aroot# happened");
    }

    private static ActionSet lastToAnswer(String name, ActionSet.Step... steps) {
        Trigger trigger = ATrigger.named(name).rules("Shell").build();
        return new ActionSet(
                name,
                new Place("a.yaml", 1, 1),
                Map.of(),
                Mode.ENFORCE,
                trigger,
                List.of(steps),
                new Guards(Optional.of(new Guards.Budget(3, Duration.ofMinutes(1))), Optional.empty()),
                OnFailure.CONTINUE,
                List.of("oncall"),
                false,
                Set.of());
    }

    @Test
    void aSetThatDoesNotContinueIsTheLastToAnswer() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE,
                set("first", Mode.ENFORCE, step("s", CALL)),
                lastToAnswer("second", step("s", KILL)),
                set("third", Mode.ENFORCE, step("s", KILL_CONTAINER)));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "first", "second", "third"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::id).containsExactly("first/s", "second/s");
        assertThat(plan.notified()).containsExactly("oncall");
        assertThat(plan.leftOut())
                .containsExactly(new ResponsePlan.LeftOut(
                        "third", Planner.EVERY_STEP, "action set second answers, and lets none after it answer, too"));
    }

    @Test
    void whatASetAllowsItselfAndHowItTakesFailureIsInItsSteps() {
        // Given
        ActionSet.Step own = new ActionSet.Step(
                "own",
                ActionTemplate.of(ActionType.CALL_WEBHOOK, Map.of("url", "https://example.com/")),
                Duration.ofSeconds(1),
                List.of("s"),
                Lane.FORENSICS,
                Optional.of(OnFailure.UNDO),
                Optional.of(new ActionSet.Ask(List.of("a"), Duration.ofMinutes(1), ActionSet.Otherwise.SKIP)));

        // When
        ResponsePlan plan =
                planner(Mode.ENFORCE, lastToAnswer("set", step("s", KILL), own)).planFor(incident(inContainer, "set"));

        // Then
        ResponsePlan.Step first = plan.steps().getFirst();
        ResponsePlan.Step second = plan.steps().getLast();
        assertThat(first.guards().budget()).contains(new Guards.Budget(3, Duration.ofMinutes(1)));
        assertThat(first.onFailure()).isEqualTo(OnFailure.CONTINUE);
        assertThat(first.lane()).isEqualTo(Lane.CONTAINMENT);
        assertThat(second.onFailure()).isEqualTo(OnFailure.UNDO);
        assertThat(second.lane()).isEqualTo(Lane.FORENSICS);
        assertThat(second.after()).containsExactly("set/s");
        assertThat(second.mode()).isEqualTo(Mode.ASK);
        assertThat(Explanation.of(plan))
                .contains("      with url https://example.com/, method POST", "      after set/s");
    }

    @Test
    void aStepThatNobodyCanCarryOutTakesThePlaceOfNoOther() {
        // Given
        ActionSets sets = new ActionSets(List.of(
                set("pod", Mode.ENFORCE, step("end", ActionTemplate.of(ActionType.POD_TERMINATE))),
                set("process", Mode.ENFORCE, step("kill", KILL))));
        Detection detection =
                ADetection.of("Shell").process(7).pod("shop", "cart").build();

        // When
        List<ResponsePlan.Step> everything = new Planner(sets, Mode.ENFORCE, new Numbers("r-"))
                .planFor(incident(detection, "pod", "process"))
                .steps();
        List<ResponsePlan.Step> processesAlone = new Planner(
                        sets, Mode.ENFORCE, new Numbers("r-"), ActionType.of(Family.PROCESS))
                .planFor(incident(detection, "pod", "process"))
                .steps();

        // Then
        assertThat(everything).extracting(ResponsePlan.Step::id).containsExactly("pod/end");
        assertThat(processesAlone)
                .extracting(ResponsePlan.Step::id)
                .containsExactlyInAnyOrder("pod/end", "process/kill");
    }

    @Test
    void whatOneSetWantsWithoutConditionDoesNotFallWithWhatAnotherWaitsFor() {
        // Given
        ActionTemplate killTree = ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "tree"));
        Planner planner = planner(
                Mode.ENFORCE,
                set("careful", Mode.ENFORCE, step("hold", SUSPEND), step("stop", killTree, "hold")),
                set("plain", Mode.ENFORCE, step("stop", killTree)));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "careful", "plain"));

        // Then
        ResponsePlan.Step kill = plan.steps().getLast();
        assertThat(kill.id()).isEqualTo("careful/stop");
        assertThat(kill.after()).isEmpty();
        assertThat(kill.behind()).containsExactly("careful/hold");
        assertThat(kill.alsoFor()).containsExactly("plain");
    }

    @Test
    void aStepComesAfterTheOneThatSpeaksForItsOwn() {
        // Given
        Planner planner = planner(
                Mode.ENFORCE,
                set("a", Mode.ENFORCE, step("hold", SUSPEND)),
                set("b", Mode.ENFORCE, step("stop", SUSPEND), step("call", CALL, "stop")));

        // When
        ResponsePlan plan = planner.planFor(incident(inContainer, "a", "b"));

        // Then
        assertThat(plan.steps()).extracting(ResponsePlan.Step::id).containsExactly("a/hold", "b/call");
        assertThat(plan.steps().getLast().after()).containsExactly("a/hold");
    }
}
