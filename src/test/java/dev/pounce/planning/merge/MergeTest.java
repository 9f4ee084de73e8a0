package dev.pounce.planning.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.planning.Mode;
import dev.pounce.planning.merge.facts.Deed;
import dev.pounce.planning.merge.facts.Needs;
import dev.pounce.planning.merge.facts.Proposed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps are written {@code set/step}; all act on one process, in one container, in one pod, unless said otherwise. */
class MergeTest {

    private static final Merge MERGE = new Merge();

    /** A step before it has a place. {@code after} are steps of the same set. */
    private record Step(String id, Deed deed, String where, List<String> after) {
        Step after(String... ids) {
            return new Step(id, deed, where, List.of(ids));
        }

        Step in(String otherPlace) {
            return new Step(id, deed, otherPlace, after);
        }
    }

    private record Wanted(String name, Mode mode, List<Step> steps) {}

    private static Step step(Deed deed) {
        return step(deed.name().toLowerCase(Locale.ROOT), deed);
    }

    private static Step step(String id, Deed deed) {
        return new Step(id, deed, "here", List.of());
    }

    private static Wanted enforced(String name, Step... steps) {
        return new Wanted(name, Mode.ENFORCE, List.of(steps));
    }

    private static Wanted rehearsed(String name, Step... steps) {
        return new Wanted(name, Mode.DRY_RUN, List.of(steps));
    }

    private static Merge.Merged merge(Wanted... sets) {
        return merge(List.of(sets));
    }

    private static Merge.Merged merge(List<Wanted> sets) {
        List<Proposed> proposals = new ArrayList<>();
        List<Needs> needs = new ArrayList<>();
        propose(sets, proposals, needs);
        return MERGE.merge(proposals, needs);
    }

    private static void propose(List<Wanted> sets, List<Proposed> proposals, List<Needs> needs) {
        for (Wanted set : sets) {
            List<Proposed> own = new ArrayList<>();
            for (Step step : set.steps()) {
                Proposed proposed = proposed(proposals.size(), set, step, own);
                for (Proposed earlier : own) {
                    if (step.after().contains(earlier.step())) {
                        needs.add(new Needs(proposed, earlier));
                    }
                }
                own.add(proposed);
                proposals.add(proposed);
            }
        }
    }

    private static Proposed proposed(int place, Wanted set, Step step, List<Proposed> own) {
        String doing = step.deed() + " " + step.where();
        int repetition =
                (int) own.stream().filter(other -> other.doing().equals(doing)).count();
        boolean onProcess =
                switch (step.deed()) {
                    case EVIDENCE, RESUME_PROCESS, SUSPEND_PROCESS, KILL_PROCESS, KILL_TREE, KILL_CONTAINER -> true;
                    case ANNOTATE_POD, LABEL_POD, ISOLATE_POD, QUARANTINE_POD, TERMINATE_POD, OTHER -> false;
                };
        return new Proposed(
                place,
                set.name(),
                step.id(),
                set.mode(),
                step.deed(),
                doing,
                repetition,
                onProcess ? "process " + step.where() : null,
                "container " + step.where(),
                "pod " + step.where(),
                doing);
    }

    private static List<String> done(Merge.Merged merged) {
        return merged.steps().stream().map(kept -> id(kept.speaker())).toList();
    }

    private static List<String> leftOut(Merge.Merged merged) {
        return merged.leftOut().stream()
                .map(dropped -> id(dropped.proposed()) + ": " + dropped.because())
                .toList();
    }

    private static String id(Proposed proposed) {
        return proposed.set() + "/" + proposed.step();
    }

    // ---- The same step

    @Test
    void theSameStepHappensOnceForAllWhoWantIt() {
        // When
        Merge.Merged merged = merge(enforced("a", step(Deed.LABEL_POD)), enforced("b", step(Deed.LABEL_POD)));

        // Then
        assertThat(done(merged)).containsExactly("a/label_pod");
        assertThat(merged.steps().get(0).wantedBy()).extracting(Proposed::set).containsExactly("a", "b");
        assertThat(merged.leftOut()).isEmpty();
    }

    @Test
    void theBoldestSetSpeaksForTheStep() {
        // When
        Merge.Merged merged = merge(
                rehearsed("a", step(Deed.LABEL_POD)),
                enforced("b", step(Deed.LABEL_POD)),
                enforced("c", step(Deed.LABEL_POD)));

        // Then
        assertThat(done(merged)).containsExactly("b/label_pod");
        assertThat(merged.steps().get(0).wantedBy()).extracting(Proposed::set).containsExactly("a", "b", "c");
    }

    @Test
    void theSameDeedOnAnotherTargetIsAnotherStep() {
        // When
        Merge.Merged merged = merge(
                enforced("a", step(Deed.KILL_PROCESS)),
                enforced("b", step(Deed.KILL_PROCESS).in("elsewhere")));

        // Then
        assertThat(done(merged)).containsExactly("a/kill_process", "b/kill_process");
    }

    @Test
    void theSecondTimeInOneSetIsTheSecondTimeInTheOther() {
        // Given
        Step[] twice = {
            step("one", Deed.OTHER), step("two", Deed.OTHER),
        };

        // When
        Merge.Merged merged = merge(enforced("a", step("only", Deed.OTHER)), enforced("b", twice));

        // Then
        assertThat(done(merged)).containsExactly("a/only", "b/two");
    }

    // ---- What is pointless

    @ParameterizedTest(name = "{0} makes {1} pointless")
    @CsvSource({
        "KILL_PROCESS, SUSPEND_PROCESS, kills the process",
        "KILL_PROCESS, RESUME_PROCESS, kills the process",
        "KILL_TREE, SUSPEND_PROCESS, kills the process",
        "KILL_TREE, RESUME_PROCESS, kills the process",
        "KILL_TREE, KILL_PROCESS, kills the process and its descendants",
        "KILL_CONTAINER, KILL_PROCESS, kills every process in the container",
        "KILL_CONTAINER, SUSPEND_PROCESS, kills every process in the container",
        "KILL_CONTAINER, RESUME_PROCESS, kills every process in the container",
        "TERMINATE_POD, LABEL_POD, terminates the pod",
        "TERMINATE_POD, ANNOTATE_POD, terminates the pod",
        "TERMINATE_POD, ISOLATE_POD, terminates the pod",
        "TERMINATE_POD, KILL_PROCESS, terminates the pod",
        "TERMINATE_POD, KILL_CONTAINER, terminates the pod",
        "TERMINATE_POD, SUSPEND_PROCESS, terminates the pod",
        "TERMINATE_POD, RESUME_PROCESS, terminates the pod",
    })
    void aWiderStepReplacesANarrowerOneOfAnotherSetButNeitherARehearsalNorOneElsewhere(
            Deed wide, Deed narrow, String because) {
        // When
        Merge.Merged merged = merge(enforced("narrow", step("n", narrow)), enforced("wide", step("w", wide)));
        Merge.Merged rehearsal = merge(enforced("narrow", step("n", narrow)), rehearsed("wide", step("w", wide)));
        Merge.Merged rehearsed = merge(rehearsed("narrow", step("n", narrow)), enforced("wide", step("w", wide)));
        Merge.Merged elsewhere =
                merge(enforced("narrow", step("n", narrow).in("elsewhere")), enforced("wide", step("w", wide)));

        // Then
        assertThat(done(merged)).containsExactly("wide/w");
        assertThat(leftOut(merged))
                .containsExactly("narrow/n: action set wide " + because + " anyway (" + wide + " here)");
        assertThat(done(rehearsal)).containsExactlyInAnyOrder("narrow/n", "wide/w");
        assertThat(done(rehearsed)).containsExactly("wide/w");
        assertThat(done(elsewhere)).containsExactly("narrow/n", "wide/w");
    }

    @Test
    void aKillOfTheTreeIsDoneBesidesTheContainersAndBeforeItForADescendantMayHaveEscaped() {
        // When
        Merge.Merged merged =
                merge(enforced("container", step(Deed.KILL_CONTAINER)), enforced("tree", step(Deed.KILL_TREE)));

        // Then
        assertThat(done(merged)).containsExactly("tree/kill_tree", "container/kill_container");
    }

    @Test
    void theReasonNamesWhatIsDoneInTheEndAndNotWhatIsReplacedItself() {
        // When
        Merge.Merged merged = merge(
                enforced("hold", step(Deed.SUSPEND_PROCESS)),
                enforced("one", step(Deed.KILL_PROCESS)),
                enforced("tree", step(Deed.KILL_TREE)));

        // Then
        assertThat(leftOut(merged))
                .containsExactly(
                        "hold/suspend_process: action set tree kills the process anyway (KILL_TREE here)",
                        "one/kill_process: action set tree kills the process and its descendants anyway"
                                + " (KILL_TREE here)");
    }

    @Test
    void aHoldBeforeTheKillOfItsOwnSetStaysAndComesBeforeTheKillOfAnother() {
        // When
        Merge.Merged merged = merge(
                enforced("kill", step(Deed.KILL_PROCESS)),
                enforced("hold-and-kill", step(Deed.SUSPEND_PROCESS), step(Deed.KILL_PROCESS)));

        // Then
        assertThat(done(merged)).containsExactly("hold-and-kill/suspend_process", "kill/kill_process");
        assertThat(merged.steps().get(1).wantedBy()).extracting(Proposed::set).containsExactly("kill", "hold-and-kill");
        assertThat(merged.steps().get(1).behind())
                .containsExactly(merged.steps().get(0).speaker());
    }

    @Test
    void afterItsOwnKillASetHasNothingLeftToHold() {
        // When
        Merge.Merged merged =
                merge(enforced("a", step("kill", Deed.KILL_TREE), step(Deed.SUSPEND_PROCESS), step(Deed.LABEL_POD)));

        // Then
        assertThat(done(merged)).containsExactly("a/kill", "a/label_pod");
        assertThat(leftOut(merged))
                .containsExactly("a/suspend_process: step 'kill' further up kills the process already");
    }

    @Test
    void theNarrowerKillBeforeTheWiderOneOfTheSameSetIsWhatItsAuthorWants() {
        // When
        Merge.Merged merged = merge(enforced("a", step(Deed.KILL_PROCESS), step(Deed.KILL_TREE)));

        // Then
        assertThat(done(merged)).containsExactly("a/kill_process", "a/kill_tree");
    }

    @Test
    void whatWaitsForAReplacedStepWaitsForTheWiderOne() {
        // When
        Merge.Merged merged = merge(
                enforced(
                        "one",
                        step("kill", Deed.KILL_PROCESS),
                        step("tell", Deed.OTHER).after("kill")),
                enforced("tree", step("kill", Deed.KILL_TREE)));

        // Then
        assertThat(done(merged)).containsExactly("tree/kill", "one/tell");
        assertThat(merged.steps().get(1).after()).isEmpty();
        assertThat(merged.steps().get(1).behind()).extracting(MergeTest::id).containsExactly("tree/kill");
    }

    // ---- Evidence

    @ParameterizedTest
    @EnumSource(names = {"KILL_PROCESS", "KILL_TREE", "KILL_CONTAINER", "TERMINATE_POD"})
    void evidenceIsNeverPointlessAndComesBeforeTheEndThatAnotherSetPutsToItsTarget(Deed end) {
        // When
        Merge.Merged merged = merge(enforced("end", step("end", end)), enforced("look", step("look", Deed.EVIDENCE)));

        // Then
        assertThat(done(merged)).containsExactly("look/look", "end/end");
        assertThat(merged.steps().get(1).behind()).extracting(MergeTest::id).containsExactly("look/look");
        assertThat(merged.leftOut()).isEmpty();
    }

    @Test
    void anEnforcedKillWaitsForNoRehearsalOfEvidenceAndForNobodyWhoMustBeAskedForIt() {
        // When
        Merge.Merged rehearsal = merge(enforced("end", step(Deed.KILL_TREE)), rehearsed("look", step(Deed.EVIDENCE)));
        Merge.Merged asked = merge(
                enforced("end", step(Deed.KILL_TREE)), new Wanted("look", Mode.ASK, List.of(step(Deed.EVIDENCE))));

        // Then
        assertThat(done(rehearsal)).containsExactly("end/kill_tree", "look/evidence");
        assertThat(rehearsal.steps().get(0).behind()).isEmpty();
        assertThat(done(asked)).containsExactly("end/kill_tree", "look/evidence");
        assertThat(asked.steps().get(0).behind()).isEmpty();
    }

    @Test
    void evidenceAfterAKillOfItsOwnSetIsWhatItsAuthorWants() {
        // When
        Merge.Merged merged = merge(enforced("a", step(Deed.KILL_PROCESS), step(Deed.EVIDENCE)));

        // Then
        assertThat(done(merged)).containsExactly("a/kill_process", "a/evidence");
    }

    @Test
    void aHoldForEvidenceStaysWithTheEvidence() {
        // When
        Merge.Merged merged = merge(
                enforced("end", step(Deed.TERMINATE_POD)),
                enforced(
                        "look",
                        step("hold", Deed.SUSPEND_PROCESS),
                        step("look", Deed.EVIDENCE).after("hold")));

        // Then
        assertThat(done(merged)).containsExactly("look/hold", "look/look", "end/terminate_pod");
        assertThat(merged.steps().get(1).after()).extracting(MergeTest::id).containsExactly("look/hold");
    }

    // ---- Contradictions

    @Test
    void aPodThatOneSetKeepsForInvestigationIsNotTerminatedByAnother() {
        // When
        Merge.Merged merged =
                merge(enforced("end", step(Deed.TERMINATE_POD)), enforced("keep", step(Deed.QUARANTINE_POD)));

        // Then
        assertThat(done(merged)).containsExactly("keep/quarantine_pod");
        assertThat(leftOut(merged))
                .containsExactly("end/terminate_pod: action set keep keeps the pod for investigation (QUARANTINE_POD"
                        + " here), which contradicts it; the less disruptive of the two is done");
    }

    @Test
    void whatTheContradictedStepWouldHaveMadePointlessIsDone() {
        // When
        Merge.Merged merged = merge(
                enforced("end", step(Deed.TERMINATE_POD)),
                enforced("keep", step(Deed.QUARANTINE_POD)),
                enforced("label", step(Deed.LABEL_POD)));

        // Then
        assertThat(done(merged)).containsExactly("keep/quarantine_pod", "label/label_pod");
    }

    @Test
    void aRehearsedQuarantineKeepsNoPodFromBeingTerminated() {
        // When
        Merge.Merged merged =
                merge(enforced("end", step(Deed.TERMINATE_POD)), rehearsed("keep", step(Deed.QUARANTINE_POD)));

        // Then
        assertThat(done(merged)).containsExactly("end/terminate_pod");
        assertThat(leftOut(merged))
                .containsExactly("keep/quarantine_pod: action set end terminates the pod anyway (TERMINATE_POD here)");
    }

    @Test
    void aQuarantineThatItsOwnSetEndsWithATerminationContradictsNoOther() {
        // When
        Merge.Merged merged = merge(
                enforced("end", step(Deed.TERMINATE_POD)),
                enforced("slow", step(Deed.QUARANTINE_POD), step(Deed.EVIDENCE), step(Deed.TERMINATE_POD)));

        // Then
        assertThat(done(merged)).containsExactly("slow/quarantine_pod", "slow/evidence", "end/terminate_pod");
    }

    @Test
    void ofHoldingAndLettingRunTheLatterIsDone() {
        // When
        Merge.Merged merged =
                merge(enforced("hold", step(Deed.SUSPEND_PROCESS)), enforced("free", step(Deed.RESUME_PROCESS)));
        Merge.Merged rehearsed =
                merge(enforced("hold", step(Deed.SUSPEND_PROCESS)), rehearsed("free", step(Deed.RESUME_PROCESS)));

        // Then
        assertThat(done(merged)).containsExactly("free/resume_process");
        assertThat(leftOut(merged))
                .containsExactly("hold/suspend_process: action set free lets the process run on (RESUME_PROCESS"
                        + " here), which contradicts it; the less disruptive of the two is done");
        assertThat(done(rehearsed)).containsExactly("hold/suspend_process", "free/resume_process");
    }

    @Test
    void aPauseOfOneSetAndAPauseOfAnotherAreOnePause() {
        // Given
        Step[] pause = {step(Deed.SUSPEND_PROCESS), step(Deed.EVIDENCE), step(Deed.RESUME_PROCESS)};

        // When
        Merge.Merged merged = merge(enforced("a", pause), enforced("b", pause));

        // Then
        assertThat(done(merged)).containsExactly("a/suspend_process", "a/evidence", "a/resume_process");
        assertThat(merged.leftOut()).isEmpty();
    }

    @Test
    void whatWaitsForAContradictedStepFallsWithItAndMakesNothingPointless() {
        // When
        Merge.Merged merged = merge(
                enforced("free", step(Deed.RESUME_PROCESS)),
                enforced(
                        "end",
                        step("hold", Deed.SUSPEND_PROCESS),
                        step("label", Deed.TERMINATE_POD).in("elsewhere").after("hold"),
                        step("last", Deed.OTHER).after("label")),
                enforced("label", step("label", Deed.LABEL_POD).in("elsewhere")));

        // Then
        assertThat(done(merged)).containsExactly("free/resume_process", "label/label");
        assertThat(leftOut(merged))
                .contains(
                        "end/label: it comes after step 'hold', which is left out",
                        "end/last: it comes after step 'label', which is left out");
    }

    // ---- Always

    @Test
    void setsThatWaitForEachOthersStepsCloseNoCircle() {
        // When
        Merge.Merged merged = merge(
                enforced(
                        "a", step("x", Deed.KILL_PROCESS), step("y", Deed.OTHER).after("x")),
                enforced("b", step("y", Deed.OTHER), step("x", Deed.KILL_TREE).after("y")));

        // Then
        assertThat(done(merged)).containsExactlyInAnyOrder("a/y", "b/x");
    }

    @Test
    void theOrderOfTheSetsDecidesNotWhatIsDone() {
        Random random = new Random(4711);
        for (int round = 0; round < 400; round++) {
            // Given
            List<Wanted> sets = new ArrayList<>();
            for (int i = 0; i < 2 + random.nextInt(4); i++) {
                sets.add(anySet("set-" + i, random, "here", "there"));
            }
            Merge.Merged before = merge(sets);

            // When
            Collections.shuffle(sets, random);
            Merge.Merged after = merge(sets);

            // Then
            assertThat(deeds(after)).as("%s", sets).isEqualTo(deeds(before));
            assertThat(losers(after)).as("%s", sets).isEqualTo(losers(before));
        }
    }

    @Test
    void aSetThatActsElsewhereChangesNothing() {
        Random random = new Random(42);
        for (int round = 0; round < 400; round++) {
            // Given
            List<Wanted> sets = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(4); i++) {
                sets.add(anySet("set-" + i, random, "here", "there"));
            }
            Merge.Merged before = merge(sets);

            // When
            sets.add(random.nextInt(sets.size() + 1), anySet("unrelated", random, "elsewhere"));
            Merge.Merged after = merge(sets);

            // Then
            assertThat(done(after).stream().filter(id -> !id.startsWith("unrelated/")))
                    .as("%s", sets)
                    .isEqualTo(done(before));
            assertThat(leftOut(after).stream().filter(id -> !id.startsWith("unrelated/")))
                    .as("%s", sets)
                    .isEqualTo(leftOut(before));
        }
    }

    @Test
    void whatNeedsNoMergeComesOutOfOneAsItWent() {
        Random random = new Random(7);
        int unneeded = 0;
        for (int round = 0; round < 1000; round++) {
            // Given
            List<Wanted> sets = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(2); i++) {
                sets.add(anySet("set-" + i, random, "here", "there", "elsewhere"));
            }
            List<Proposed> proposals = new ArrayList<>();
            List<Needs> needs = new ArrayList<>();
            propose(sets, proposals, needs);

            // When
            boolean needed = Merge.isNeeded(proposals);

            // Then
            if (!needed) {
                unneeded++;
                assertThat(done(MERGE.merge(proposals, needs)))
                        .as("%s", sets)
                        .isEqualTo(proposals.stream().map(MergeTest::id).toList());
            }
        }
        assertThat(unneeded).isBetween(100, 900);
    }

    @Test
    void everyStepIsDoneOrLeftOutAndWhatReplacesItIsDone() {
        Random random = new Random(99);
        for (int round = 0; round < 400; round++) {
            // Given
            List<Wanted> sets = new ArrayList<>();
            for (int i = 0; i < 2 + random.nextInt(4); i++) {
                sets.add(anySet("set-" + i, random, "here"));
            }
            List<Proposed> proposals = new ArrayList<>();
            List<Needs> needs = new ArrayList<>();
            propose(sets, proposals, needs);

            // When
            Merge.Merged merged = MERGE.merge(proposals, needs);

            // Then
            List<Proposed> seen = new ArrayList<>();
            merged.steps().forEach(kept -> seen.addAll(kept.wantedBy()));
            merged.leftOut().forEach(dropped -> seen.add(dropped.proposed()));
            assertThat(seen).as("%s", sets).containsExactlyInAnyOrderElementsOf(proposals);
            Set<Proposed> tried = new HashSet<>();
            for (Merge.Kept kept : merged.steps()) {
                assertThat(tried).as("%s", sets).containsAll(kept.after()).containsAll(kept.behind());
                tried.add(kept.speaker());
            }
        }
    }

    private static Wanted anySet(String name, Random random, String... places) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            Step step = step("s" + i, oneOf(List.of(Deed.values()), random)).in(places[random.nextInt(places.length)]);
            steps.add(i > 0 && random.nextInt(3) == 0 ? step.after("s" + random.nextInt(i)) : step);
        }
        return new Wanted(name, oneOf(List.of(Mode.values()), random), steps);
    }

    private static <T> T oneOf(List<T> all, Random random) {
        return all.get(random.nextInt(all.size()));
    }

    /** What is done how, whoever speaks for it. */
    private static Set<String> deeds(Merge.Merged merged) {
        Set<String> deeds = new TreeSet<>();
        merged.steps()
                .forEach(kept -> deeds.add(kept.speaker().doing() + " #"
                        + kept.speaker().repetition() + " " + kept.speaker().mode() + " for "
                        + kept.wantedBy().stream().map(MergeTest::id).sorted().toList()));
        return deeds;
    }

    private static Set<String> losers(Merge.Merged merged) {
        Set<String> losers = new TreeSet<>();
        merged.leftOut().forEach(dropped -> losers.add(id(dropped.proposed())));
        return losers;
    }
}
