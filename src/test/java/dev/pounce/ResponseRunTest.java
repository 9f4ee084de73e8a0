package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.Lane;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.correlation.AnIncident;
import dev.pounce.planning.Guards;
import dev.pounce.planning.Mode;
import dev.pounce.planning.OnFailure;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.testing.ADetection;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ResponseRunTest {

    private static final Action HOLD = new Action.SuspendProcess(new ProcessRef(new NodeRef("here"), 7, 1));

    @Test
    void stepsThatWaitForNothingAreTriedSideBySideAndEachOnce() {
        // Given
        ResponseRun run = run(step("a/1"), step("b/1"), step("a/2", "a/1"));

        // When
        List<String> first = ids(run.takeReady());
        List<String> again = ids(run.takeReady());

        // Then
        assertThat(first).containsExactly("a/1", "b/1");
        assertThat(again).isEmpty();
    }

    @Test
    void aStepIsTriedWhenAllThatItComesAfterHaveHadTheirTurn() {
        // Given
        ResponsePlan.Step one = step("a/1");
        ResponsePlan.Step two = step("a/2");
        ResponseRun run = run(one, two, step("a/3", "a/1", "a/2"));
        run.takeReady();

        // When
        run.ended(two, false);
        List<String> early = ids(run.takeReady());
        run.ended(one, true);
        List<String> then = ids(run.takeReady());

        // Then
        assertThat(early).isEmpty();
        assertThat(then).containsExactly("a/3");
    }

    @Test
    void afterAFailureAllThatComesBehindItIsLeftAndNothingElse() {
        // Given
        ResponsePlan.Step failed = step("a/1");
        ResponseRun run = run(failed, step("a/2", "a/1"), step("a/3", "a/2"), step("b/1"), step("b/2", "b/1"));
        run.takeReady();

        // When
        run.ended(failed, false);
        List<String> left = ids(run.stopBehind(failed));

        // Then
        assertThat(left).containsExactly("a/2", "a/3");
        run.ended(step("b/1"), true);
        assertThat(ids(run.takeReady())).containsExactly("b/2");
    }

    @Test
    void whatASetHasDoneIsTakenBackTheNewestFirstAndOnce() {
        // Given
        ResponsePlan.Step one = step("a/1");
        ResponsePlan.Step two = step("a/2");
        ResponsePlan.Step other = step("b/1");
        ResponsePlan.Step failing = step("a/3", OnFailure.UNDO);
        ResponseRun run = run(one, two, other, failing, step("a/4"));
        run.takeReady();
        run.ended(one, true);
        run.ended(other, true);
        run.ended(two, true);
        run.ended(failing, false);

        // When
        List<String> left = ids(run.stopBehind(failing));
        List<String> undo = ids(run.takeToUndo());

        // Then
        assertThat(left).isEmpty(); // a/4 is under way
        assertThat(undo).containsExactly("a/2", "a/1");
        assertThat(run.takeToUndo()).isEmpty();
    }

    @Test
    void whatAnotherSetWantsAsWellIsNeitherLeftNorTakenBack() {
        // Given
        ResponsePlan.Step shared = new ResponsePlan.Step(
                "a/1",
                "a",
                HOLD,
                Mode.ENFORCE,
                Duration.ofSeconds(5),
                "because",
                Lane.CONTAINMENT,
                List.of(),
                List.of(),
                OnFailure.STOP,
                Guards.NONE,
                List.of("b"));
        ResponsePlan.Step failing = step("a/2", OnFailure.UNDO);
        ResponseRun run = run(shared, failing);
        run.takeReady();
        run.ended(shared, true);
        run.ended(failing, false);

        // When
        run.stopBehind(failing);

        // Then
        assertThat(run.takeToUndo()).isEmpty();
    }

    @Test
    void whatWasDoneBeforeARestartIsTakenBackAfterIt() {
        // Given
        ResponsePlan.Step failing = step("a/2", OnFailure.UNDO);
        ResponseRun run = ResponseRun.after(plan(step("a/1"), failing), Set.of("a/1", "a/2"), List.of("a/1"));

        // When
        run.stopBehind(failing);

        // Then
        assertThat(ids(run.takeToUndo())).containsExactly("a/1");
    }

    @Test
    void whatEndsAfterItsSetWasTakenBackIsTakenBackAsWell() {
        // Given
        ResponsePlan.Step slow = step("a/1");
        ResponsePlan.Step failing = step("a/2", OnFailure.UNDO);
        ResponseRun run = run(slow, failing);
        run.takeReady();
        run.ended(failing, false);
        run.stopBehind(failing);

        // When
        run.ended(slow, true);

        // Then
        assertThat(ids(run.takeToUndo())).containsExactly("a/1");
    }

    @Test
    void aRunThatOthersHaveBegunGoesOnWhereTheyStopped() {
        // When
        ResponseRun run =
                ResponseRun.after(plan(step("a/1"), step("a/2", "a/1"), step("a/3", "a/2")), Set.of("a/1"), List.of());

        // Then
        assertThat(ids(run.takeReady())).containsExactly("a/2");
    }

    private static List<String> ids(List<ResponsePlan.Step> steps) {
        return steps.stream().map(ResponsePlan.Step::id).toList();
    }

    private static ResponseRun run(ResponsePlan.Step... steps) {
        return new ResponseRun(plan(steps));
    }

    private static ResponsePlan plan(ResponsePlan.Step... steps) {
        return new ResponsePlan(
                "r",
                AnIncident.of(
                        "i",
                        ADetection.TIME,
                        List.of("a"),
                        List.of(),
                        List.of(ADetection.of("rule").build())),
                List.of(steps),
                List.of());
    }

    private static ResponsePlan.Step step(String id, String... after) {
        return step(id, OnFailure.STOP, after);
    }

    private static ResponsePlan.Step step(String id, OnFailure onFailure, String... after) {
        return new ResponsePlan.Step(
                id,
                id.substring(0, id.indexOf('/')),
                HOLD,
                Mode.ENFORCE,
                Duration.ofSeconds(5),
                "because",
                Lane.CONTAINMENT,
                List.of(after),
                List.of(),
                onFailure,
                Guards.NONE);
    }
}
