package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Actuator;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.audit.StageTimings;
import dev.pounce.correlation.AnIncident;
import dev.pounce.correlation.Correlator;
import dev.pounce.correlation.Incident;
import dev.pounce.correlation.RuleBook;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.guard.Guard;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.ModeGuard;
import dev.pounce.guard.Verdict;
import dev.pounce.intake.Alert;
import dev.pounce.intake.AlertKey;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.source.Problems;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ResponsePipelineTest {

    private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final ProcessRef VICTIM = new ProcessRef(new NodeRef("here"), 4711, 1);

    /** What happened, in the order in which it happened, in the journal and in the world. */
    private final List<String> story = new ArrayList<>();

    private final FakeActuator actuator = new FakeActuator();
    private final FakeRemote remote = new FakeRemote();
    private Containments containments = new Containments(
            new FakeJournal(), new Actuators(actuator, Map.of()), CLOCK); // exchanged with the pipeline
    private boolean diskIsFull;
    private CompletableFuture<Void> disk = CompletableFuture.completedFuture(null);

    @Test
    void everythingUpToTheIntentIsWrittenBeforeTheActAndTheEndAfterIt() {
        // When
        pipeline("enforce", ONE_STEP).on(detection());

        // Then
        assertThat(story)
                .containsExactly(
                        "detection", "planned", "judged", "intended", "| carried out process.suspend", "ended Done");
    }

    @Test
    void aDryRunTakesTheSamePathAndRehearses() {
        // When
        pipeline("dry-run", ONE_STEP).on(detection());

        // Then
        assertThat(story)
                .containsExactly("| rehearsed process.suspend", "detection", "planned", "judged", "ended WouldAct");
    }

    @Test
    void whatAGuardHasToAskForFirstIsWaitedForElsewhereAndThenItIsJudged() {
        // Given
        AskingGuard guard = new AskingGuard();

        // When
        pipeline("enforce", ONE_STEP, guard).on(detection());

        // Then
        assertThat(story).containsExactly("detection", "planned");

        // When
        guard.answer.complete(null);

        // Then
        assertThat(story)
                .containsExactly(
                        "detection",
                        "planned",
                        "| asked about process.suspend",
                        "judged",
                        "intended",
                        "| carried out process.suspend",
                        "ended Done");
    }

    @Test
    void whatIsStillAskedForWhenTheEngineEndsIsLeftToTheNextStart() {
        // Given
        AskingGuard guard = new AskingGuard();
        ResponsePipeline pipeline = pipeline("enforce", ONE_STEP, guard);
        pipeline.on(detection());

        // When
        pipeline.ending();
        guard.answer.complete(null);

        // Then
        assertThat(story).containsExactly("detection", "planned");
    }

    private final class AskingGuard implements Guard {
        private final CompletableFuture<Void> answer = new CompletableFuture<>();

        @Override
        public CompletableFuture<Void> prepare(ResponsePlan.Step step) {
            return answer;
        }

        @Override
        public Verdict judge(ResponsePlan.Step step) {
            story.add("| asked about " + step.action().verb());
            return new Verdict.Allow();
        }
    }

    @Test
    void whatTakesAStepOnTheClusterBackIsWrittenBeforeItChangesAnything() {
        // When
        onCluster("enforce", LABEL_STEP).on(detectionOfAPod());

        // Then
        assertThat(story)
                .containsExactly(
                        "detection",
                        "planned",
                        "judged",
                        "intended",
                        "| carries out pod.label for id-1 test/mark",
                        "undo-prepared",
                        "| has changed",
                        "ended Done");
        assertThat(containments.all()).hasSize(1);
    }

    @Test
    void aStepOnTheClusterWhoseUndoCannotBeWrittenDownChangesNothing() {
        // Given
        remote.beforeChange = () -> diskIsFull = true;

        // When
        onCluster("enforce", LABEL_STEP).on(detectionOfAPod());

        // Then
        assertThat(story).doesNotContain("| has changed");
    }

    @Test
    void aStepOnTheClusterIsRehearsedByItsActuator() {
        // When
        onCluster("dry-run", LABEL_STEP).on(detectionOfAPod());

        // Then
        assertThat(story).containsExactly("| rehearses pod.label", "detection", "planned", "judged", "ended WouldAct");
        assertThat(containments.all()).isEmpty();
    }

    @Test
    void whatAStepOnTheClusterChangedIsTakenBackWhenAnotherFailsAndTheSetSaysSo() {
        // Given
        remote.ends.add(new Outcome.Done("labelled"));
        remote.ends.add(new Outcome.Failed("forbidden", false));

        // When
        onCluster("enforce, onFailure: undo", LABEL_THEN_ANNOTATE).on(detectionOfAPod());

        // Then
        assertThat(story).containsSubsequence("ended Failed", "undo-scheduled", "| takes back pod.label", "undone");
        assertThat(containments.all())
                .as("who knows how far the one that failed came")
                .extracting(Containments.Containment::step)
                .containsExactly("test/note");
    }

    @Test
    void aStepThatTheEndOfTheEngineCutShortIsLeftToTheNextStart() {
        // Given
        remote.ends.add(new Outcome.Failed("the engine ends", true));
        ResponsePipeline pipeline = onCluster("enforce", LABEL_STEP);
        remote.beforeChange = pipeline::ending;

        // When
        pipeline.on(detectionOfAPod());

        // Then: an intent without an end, which is resolved by looking at the world
        assertThat(story).contains("intended").doesNotContain("ended Failed");
    }

    @Test
    void whatAStepFindsThatHadComeSoFarBeforeACrashIsItsOwnWork() {
        // Given
        remote.ends.add(new Outcome.AlreadySo("it has the label"));
        ResponsePipeline pipeline = onCluster("enforce", LABEL_STEP);
        containments.recall(new Containments.Containment(
                "id-1",
                "test/mark",
                new Action.TakeBack(
                        new Action.OnCluster(
                                ActionType.POD_LABEL,
                                new PodRef("shop", "web-1", Optional.of("u-1")),
                                ActionType.POD_LABEL.read(Map.of("labels", Map.of("seen", "true")))),
                        Map.of("before", "")),
                NOW,
                Optional.empty(),
                Optional.empty()));
        remote.beforeChange = () -> remote.silent = true;

        // When
        pipeline.on(detectionOfAPod());

        // Then
        assertThat(story).contains("ended Done");
        assertThat(containments.all()).hasSize(1);
    }

    @Test
    void whoIsToldOfAStepGetsWhatWasSeenWithFalcosKeys() throws Exception {
        // When
        onCluster("enforce", LABEL_STEP).on(detectionOfAPod());

        // Then
        JsonNode report = new ObjectMapper().readTree(remote.report);
        assertThat(report.path("rule").asText()).isEqualTo("Bad thing");
        assertThat(report.path("output").asText()).isEqualTo("bad");
        assertThat(report.path("hostname").asText()).isEqualTo("here");
        assertThat(report.path("pounce").path("response").asText()).isEqualTo("id-1");
        assertThat(report.path("pounce")
                        .path("action")
                        .path("target")
                        .path("name")
                        .asText())
                .isEqualTo("web-1");
    }

    @Test
    void aDeniedStepIsNotTried() {
        // Given
        Guard no = step -> new Verdict.Deny("protected", "it is the kubelet");

        // When
        pipeline("enforce", ONE_STEP, no).on(detection());

        // Then
        assertThat(story).containsExactly("detection", "planned", "judged", "ended Withheld");
    }

    @Test
    void whatCannotBeRecordedIsNotDone() {
        // Given
        diskIsFull = true;
        ResponsePipeline pipeline = pipeline("enforce", ONE_STEP);

        // When
        pipeline.on(detection());

        // Then
        assertThat(story).containsExactly("taken back");
        assertThat(pipeline.unrecorded()).isEqualTo(1);
    }

    @Test
    void aBugInAGuardOrAnOnlookerIsNoHoleInTheJournal() {
        // Given
        ResponsePipeline pipeline = new ResponsePipeline(
                new FakeJournal(),
                new EverySetAnswers(),
                new Planner(setsOf("enforce", ONE_STEP), Mode.ENFORCE, ids()),
                new GuardChain(List.of(new ModeGuard())),
                actuator,
                new Onlooker() {
                    @Override
                    public void ended(
                            ResponsePlan plan,
                            ResponsePlan.Step step,
                            Verdict verdict,
                            Outcome outcome,
                            StageTimings timings) {
                        throw new IllegalStateException("a bug");
                    }
                },
                CLOCK);

        // When
        pipeline.on(detection());

        // Then
        assertThat(story).endsWith("| carried out process.suspend", "ended Done");
    }

    @Test
    void aKillIsNotWithheldBecauseHoldingFailed() {
        // Given: a thread that waits in vfork cannot be seen stopped
        actuator.effects.add(CompletableFuture.completedFuture(new Outcome.Failed("not stopped within 5 s", true)));

        // When
        pipeline("enforce", TWO_STEPS).on(detection());

        // Then
        assertThat(story).endsWith("ended Failed", "judged", "intended", "| carried out process.kill", "ended Done");
    }

    @Test
    void theNextStepWaitsUntilTheEffectOfTheOneBeforeWasObserved() {
        // Given
        CompletableFuture<Outcome> firstEffect = new CompletableFuture<>();
        actuator.effects.add(firstEffect);
        pipeline("enforce", TWO_STEPS).on(detection());
        List<String> before = List.copyOf(story);

        // When
        firstEffect.complete(new Outcome.Done("stopped"));

        // Then
        assertThat(before).endsWith("| carried out process.suspend");
        assertThat(story.subList(before.size(), story.size()))
                .containsExactly("ended Done", "judged", "intended", "| carried out process.kill", "ended Done");
    }

    @Test
    void afterAFailedStepTheRestIsLeftOutAndTheJournalSaysSo() {
        // Given
        actuator.effects.add(CompletableFuture.completedFuture(new Outcome.Failed("no rights", false)));

        // When
        pipeline("enforce", RESUME_THEN_KILL).on(detection());

        // Then
        assertThat(story)
                .containsExactly(
                        "detection",
                        "planned",
                        "judged",
                        "intended",
                        "| carried out process.resume",
                        "ended Failed",
                        "ended Withheld");
    }

    @Test
    void aSetThatIsToBeUndoneTakesBackWhatItHasDoneWhenAStepFails() {
        // Given
        actuator.effects.add(CompletableFuture.completedFuture(new Outcome.Done("stopped")));
        actuator.effects.add(CompletableFuture.completedFuture(new Outcome.Failed("no rights", false)));
        actuator.effects.add(CompletableFuture.completedFuture(new Outcome.Done("runs again")));

        // When
        pipeline("enforce, onFailure: undo", TWO_STEPS).on(detection());

        // Then: written before it is taken back, as everything is
        assertThat(story)
                .endsWith(
                        "| carried out process.kill",
                        "ended Failed",
                        "undo-scheduled",
                        "| carried out process.resume",
                        "undone");
    }

    @Test
    void aSetThatContinuesGoesOnAfterAFailure() {
        // Given
        actuator.effects.add(CompletableFuture.completedFuture(new Outcome.Failed("no rights", false)));

        // When
        pipeline("enforce, onFailure: continue", RESUME_THEN_KILL).on(detection());

        // Then
        assertThat(story).endsWith("ended Failed", "judged", "intended", "| carried out process.kill", "ended Done");
    }

    @Test
    void aSlowStepOfOneLaneDelaysNoneOfAnother() {
        // Given: the hold is not seen to have had an effect yet
        actuator.effects.add(new CompletableFuture<>());

        // When
        pipeline("enforce", SLOW_FORENSICS_BESIDE_A_KILL).on(detection());

        // Then
        assertThat(story).endsWith("| carried out process.kill", "ended Done");
    }

    @Test
    void whatDidNotHappenInTimeIsAnsweredWhenTimePasses() {
        // Given
        ResponsePipeline pipeline = new ResponsePipeline(
                new FakeJournal(),
                new SomebodyDidNotCome(1),
                new Planner(setsOf("enforce", ONE_STEP), Mode.ENFORCE, ids()),
                new GuardChain(List.of(new ModeGuard())),
                actuator,
                new Onlooker() {},
                CLOCK);

        // When
        pipeline.passTime();

        // Then
        assertThat(story)
                .containsExactly("planned", "judged", "intended", "| carried out process.suspend", "ended Done");
    }

    @Test
    void everyAlertIsAnEntryOfItsOwnHoweverMany() {
        // Given
        ResponsePipeline pipeline = pipelineThatNobodyAnswers();
        int many = 3 * Repetitions.PER_RULE;

        // When
        for (int i = 0; i < many; i++) {
            AlertOnItsWay alert = new AlertOnItsWay(new Alert(new AlertKey(0, i), detection()));
            pipeline.onAlert(alert);
            assertThat(alert.isRecorded()).isTrue();
        }

        // Then
        assertThat(story).hasSize(many).containsOnly("detection");
    }

    @Test
    void anAlertThatCannotBeRecordedSaysSo() {
        // Given
        diskIsFull = true;
        AlertOnItsWay alert = new AlertOnItsWay(new Alert(new AlertKey(0, 1), detection()));
        AlertOnItsWay answered = new AlertOnItsWay(new Alert(new AlertKey(0, 2), detection()));

        // When
        pipelineThatNobodyAnswers().onAlert(alert);
        pipeline("enforce", ONE_STEP).onAlert(answered);

        // Then
        assertThat(alert.isRecorded()).isFalse();
        assertThat(answered.isRecorded()).isFalse();
        assertThat(story).containsExactly("taken back");
    }

    @Test
    void anAlertThatABugLeavesUnplannedIsNotInTheJournalAndIsPlannedWhenItIsSentAgain() {
        // Given
        AtomicInteger planned = new AtomicInteger();
        ResponsePipeline pipeline = new ResponsePipeline(
                new FakeJournal(),
                new EverySetAnswers(),
                new Planner(setsOf("enforce", ONE_STEP), Mode.ENFORCE, () -> {
                    if (planned.getAndIncrement() == 0) {
                        throw new StackOverflowError();
                    }
                    return "id";
                }),
                new GuardChain(List.of(new ModeGuard())),
                actuator,
                new Onlooker() {},
                CLOCK);
        AlertOnItsWay first = new AlertOnItsWay(new Alert(new AlertKey(0, 1), detection()));
        AlertOnItsWay again = new AlertOnItsWay(new Alert(new AlertKey(0, 1), detection()));

        // When
        pipeline.onAlert(first);
        List<String> before = List.copyOf(story);
        pipeline.onAlert(again);

        // Then
        assertThat(first.isRecorded()).isFalse();
        assertThat(before).containsExactly("taken back");
        assertThat(again.isRecorded()).isTrue();
        assertThat(story)
                .endsWith("detection", "planned", "judged", "intended", "| carried out process.suspend", "ended Done");
    }

    @Test
    void everythingThatDidNotHappenInTimeIsTakenBackWhenNothingCanBeWritten() {
        // Given
        diskIsFull = true;
        ResponsePipeline pipeline = new ResponsePipeline(
                new FakeJournal(),
                new SomebodyDidNotCome(2),
                new Planner(setsOf("enforce", ONE_STEP), Mode.ENFORCE, ids()),
                new GuardChain(List.of(new ModeGuard())),
                actuator,
                new Onlooker() {},
                CLOCK);

        // When
        pipeline.passTime();

        // Then
        assertThat(story).containsExactly("taken back", "taken back");
    }

    @Test
    void stepsThatARestartFindsLeftGoOnUnderTheGuards() {
        // Given
        Action hold = new Action.SuspendProcess(VICTIM);
        ResponsePlan.Step first =
                new ResponsePlan.Step("test/a", "test", hold, Mode.ENFORCE, Duration.ofSeconds(1), "");
        ResponsePlan.Step second =
                new ResponsePlan.Step("test/b", "test", hold, Mode.DRY_RUN, Duration.ofSeconds(1), "");
        ResponsePlan plan =
                new ResponsePlan("r", new Incident("i", NOW, List.of(), List.of()), List.of(first, second), List.of());

        // When
        pipeline("enforce", ONE_STEP).goOnWith(plan, Set.of("test/a"), Set.of(), List.of("test/a"));

        // Then
        assertThat(story).containsExactly("| rehearsed process.suspend", "judged", "ended WouldAct");
    }

    @Test
    void whatOutlivesThisMachineWaitsForItsDiskAndASignalDoesNot() {
        // Given
        disk = new CompletableFuture<>();
        remote.silent = true;
        remote.ends.add(new Outcome.Done("gone"));

        // When
        onCluster("enforce", TERMINATE_STEP).on(detectionOfAPod());
        List<String> before = List.copyOf(story);
        disk.complete(null);
        List<String> after = List.copyOf(story);
        disk = new CompletableFuture<>();
        pipeline("enforce", ONE_STEP).on(detection());

        // Then
        assertThat(before).endsWith("judged", "intended");
        assertThat(after).endsWith("intended", "| carries out pod.terminate for id-1 test/end", "ended Done");
        assertThat(story).endsWith("| carried out process.suspend", "ended Done");
    }

    @Test
    void whatTheDiskDoesNotTakeIsNotDone() {
        // Given
        disk = CompletableFuture.failedFuture(new JournalUnavailable("the disk is gone"));

        // When
        onCluster("enforce", TERMINATE_STEP).on(detectionOfAPod());
        onCluster("enforce", LABEL_STEP).on(detectionOfAPod());

        // Then
        assertThat(story)
                .contains("ended Failed", "ended Withheld")
                .noneMatch(line -> line.startsWith("| carries out pod.terminate"))
                .doesNotContain("| has changed");
    }

    @Test
    void aDetectionThatNobodyAnswersIsWrittenDownAllTheSame() {
        // Given
        ResponsePipeline pipeline = pipelineThatNobodyAnswers();

        // When
        pipeline.on(detection());

        // Then
        assertThat(story).containsExactly("detection");
    }

    private static final String ONE_STEP = "[{ id: hold, process.suspend: {} }]";
    private static final String TERMINATE_STEP = "[{ id: end, pod.terminate: {} }]";
    private static final String LABEL_STEP = "[{ id: mark, pod.label: { labels: { seen: \"true\" } } }]";
    private static final String LABEL_THEN_ANNOTATE = "[{ id: mark, pod.label: { labels: { seen: \"true\" } } },"
            + " { id: note, pod.annotate: { annotations: { b: c } }, after: [mark] }]";
    private static final String TWO_STEPS =
            "[{ id: hold, process.suspend: {} }, { id: stop, process.kill: { scope: process }, after: [hold] }]";

    private static final String SLOW_FORENSICS_BESIDE_A_KILL =
            "[{ id: hold, process.suspend: {}, lane: forensics }, { id: stop, process.kill: { scope: process } }]";

    private static final String RESUME_THEN_KILL =
            "[{ id: go, process.resume: {} }, { id: stop, process.kill: { scope: process }, after: [go] }]";

    private static ActionSets setsOf(String mode, String steps) {
        Problems problems = new Problems();
        ActionSets sets = new ActionSets(new ActionSetReader(Policy.whereIn(RuleSet.empty()))
                .read("test.yaml", """
                        apiVersion: pounce.dev/v1
                        kind: ActionSet
                        metadata: { name: test }
                        spec: { mode: %s, when: { detection: { rules: [Bad thing] } }, steps: %s }
                        """.formatted(mode, steps), problems));
        assertThat(problems.all()).isEmpty();
        return sets;
    }

    private ResponsePipeline pipeline(String mode, String steps, Guard... guards) {
        List<Guard> chain = new ArrayList<>(List.of(new ModeGuard()));
        chain.addAll(List.of(guards));
        return new ResponsePipeline(
                new FakeJournal(),
                new EverySetAnswers(),
                new Planner(setsOf(mode, steps), Mode.ENFORCE, ids()),
                new GuardChain(chain),
                actuator,
                new Onlooker() {},
                CLOCK);
    }

    private ResponsePipeline onCluster(String mode, String steps) {
        Journal journal = new FakeJournal();
        Actuators actuators = new Actuators(
                actuator,
                Map.of(
                        ActionType.POD_LABEL, remote,
                        ActionType.POD_ANNOTATE, remote,
                        ActionType.POD_TERMINATE, remote));
        containments = new Containments(journal, actuators, CLOCK);
        return new ResponsePipeline(
                journal,
                new EverySetAnswers(),
                new Planner(setsOf(mode, steps), Mode.ENFORCE, ids()),
                new GuardChain(List.of(new ModeGuard())),
                actuators,
                containments,
                UnaryOperator.identity(),
                "here",
                new Onlooker() {},
                CLOCK);
    }

    private static Detection detectionOfAPod() {
        return new Detection(
                "d1",
                NOW,
                "syscall",
                "Bad thing",
                Priority.CRITICAL,
                List.of(),
                "bad",
                Map.of(),
                List.of(new PodRef("shop", "web-1", Optional.of("u-1"))));
    }

    private ResponsePipeline pipelineThatNobodyAnswers() {
        return new ResponsePipeline(
                new FakeJournal(),
                new NobodyAnswers(),
                new Planner(ActionSets.none(), Mode.ENFORCE, ids()),
                new GuardChain(List.of()),
                actuator,
                new Onlooker() {},
                CLOCK);
    }

    private static java.util.function.Supplier<String> ids() {
        AtomicInteger next = new AtomicInteger();
        return () -> "id-" + next.incrementAndGet();
    }

    private static Detection detection() {
        return new Detection(
                "d1", NOW, "syscall", "Bad thing", Priority.CRITICAL, List.of(), "bad", Map.of(), List.of(VICTIM));
    }

    private final class EverySetAnswers extends NobodyAnswers {
        @Override
        public Finding accept(Detection detection, Instant now) {
            return new Finding(
                    List.of(AnIncident.of("i1", NOW, List.of("test"), List.of(), List.of(detection))), false);
        }
    }

    private final class SomebodyDidNotCome extends NobodyAnswers {
        private final int times;

        SomebodyDidNotCome(int times) {
            this.times = times;
        }

        @Override
        public List<Incident> elapsed(Instant now) {
            return Collections.nCopies(
                    times, AnIncident.of("i1", now, List.of("test"), List.of(), List.of(detection())));
        }
    }

    private class NobodyAnswers implements Correlator {
        @Override
        public Finding accept(Detection detection, Instant now) {
            return Finding.NOTHING;
        }

        @Override
        public List<Incident> elapsed(Instant now) {
            return List.of();
        }

        @Override
        public void remember(Detection detection, Instant then) {}

        @Override
        public Runnable prepare(RuleBook book) {
            return () -> {};
        }

        @Override
        public void takeBack(Incident incident) {
            story.add("taken back");
        }
    }

    private final class FakeJournal implements Journal {
        private long seq;

        @Override
        public long append(List<JournalEntry> entries) {
            if (diskIsFull) {
                throw new JournalUnavailable("no space left on device");
            }
            for (JournalEntry entry : entries) {
                String outcome = entry instanceof JournalEntry.Ended ended
                        ? " " + ended.outcome().getClass().getSimpleName()
                        : "";
                story.add(entry.type() + outcome);
            }
            return seq += entries.size();
        }

        @Override
        public CompletionStage<Void> durable(long number) {
            return disk;
        }
    }

    private final class FakeRemote implements RemoteActuator {
        private final List<Outcome> ends = new ArrayList<>();
        private Runnable beforeChange = () -> {};
        private String report = "";
        private boolean silent;

        @Override
        public CompletionStage<Outcome> carryOut(
                Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange change) {
            story.add("| carries out " + action.verb() + " for " + why.response() + " " + why.step());
            report = why.report().get();
            beforeChange.run();
            if (silent) { // what is so already changes nothing
                return CompletableFuture.completedStage(ends.removeFirst());
            }
            try {
                change.canBeTakenBackBy(new Action.TakeBack(action, Map.of("before", "")));
            } catch (JournalUnavailable full) {
                return CompletableFuture.completedStage(new Outcome.Withheld("it could not be written down"));
            }
            story.add("| has changed");
            return CompletableFuture.completedStage(ends.isEmpty() ? new Outcome.Done("seen") : ends.removeFirst());
        }

        @Override
        public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
            story.add("| rehearses " + action.verb());
            return CompletableFuture.completedStage(new Outcome.WouldAct("would"));
        }

        @Override
        public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
            story.add("| takes back " + undo.verb());
            return CompletableFuture.completedStage(new Outcome.Done("as before"));
        }

        @Override
        public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
            return CompletableFuture.completedStage(new Outcome.WouldAct("not done"));
        }

        @Override
        public void close() {}
    }

    private final class FakeActuator implements Actuator<Action.OnProcess> {
        private final List<CompletableFuture<Outcome>> effects = new ArrayList<>();

        @Override
        public CompletionStage<Outcome> carryOut(Action.OnProcess action, Instant deadline) {
            story.add("| carried out " + action.verb());
            return effects.isEmpty()
                    ? CompletableFuture.completedFuture(new Outcome.Done("seen"))
                    : effects.removeFirst();
        }

        @Override
        public Outcome rehearse(Action.OnProcess action) {
            story.add("| rehearsed " + action.verb());
            return new Outcome.WouldAct("would");
        }

        @Override
        public Outcome observe(Action.OnProcess action) {
            return new Outcome.WouldAct("not done");
        }
    }
}
