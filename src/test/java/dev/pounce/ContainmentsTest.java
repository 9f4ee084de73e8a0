package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Actuator;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.cluster.Pod;
import dev.pounce.testing.ACluster;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class ContainmentsTest {

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
    private static final Action.OnCluster ISOLATE = isolate("1h");

    private Instant now = NOON;
    private boolean diskIsFull;
    private CompletableFuture<Void> disk = CompletableFuture.completedFuture(null);
    private final List<JournalEntry> journal = new ArrayList<>();
    private final FakeRemote remote = new FakeRemote();
    private final Containments containments = new Containments(
            new FakeJournal(), new Actuators(new NoProcesses(), Map.of(ActionType.POD_ISOLATE, remote)), () -> now);

    @Test
    void isTakenBackWhenItsTimeIsOverAndNotBefore() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));

        // When
        now = NOON.plus(Duration.ofHours(1)).minusMillis(1);
        containments.passTime();
        assertThat(remote.takenBack).isEmpty();
        now = NOON.plus(Duration.ofHours(1));
        containments.passTime();

        // Then
        assertThat(remote.takenBack).containsExactly(undo(ISOLATE));
        assertThat(containments.all()).isEmpty();
        assertThat(journal)
                .containsExactly(
                        new JournalEntry.UndoPrepared(
                                "r1", "set/isolate", undo(ISOLATE), Optional.of(NOON.plus(Duration.ofHours(1)))),
                        new JournalEntry.Undone("r1", "set/isolate", new Outcome.Done("removed")));
    }

    @Test
    void whatAStepHasSaidBeforeStaysWhenItChangesMore() {
        // Given
        containments.prepare("r1", "set/isolate", new Action.TakeBack(ISOLATE, Map.of("kernel", "a", "both", "old")));

        // When
        containments.prepare("r1", "set/isolate", new Action.TakeBack(ISOLATE, Map.of("policy", "b", "both", "new")));

        // Then
        assertThat(containments.all())
                .singleElement()
                .extracting(one -> one.undo().before())
                .isEqualTo(Map.of("kernel", "a", "policy", "b", "both", "new"));
    }

    @Test
    void nothingIsChangedThatCouldNotBeWrittenDown() {
        // Given
        diskIsFull = true;

        // When, Then
        assertThatThrownBy(() -> containments.prepare("r1", "set/isolate", undo(ISOLATE)))
                .isInstanceOf(JournalUnavailable.class);
        assertThat(containments.all()).isEmpty();
    }

    @Test
    void aStepThatChangedNothingLeavesNothingToTakeBack() {
        for (Outcome nothing : List.of(
                new Outcome.AlreadySo("there is such a policy"),
                new Outcome.TargetGone("the pod is gone"),
                new Outcome.Withheld("somebody else's policy"))) {
            // Given
            containments.prepare("r1", "set/isolate", undo(ISOLATE));

            // When
            containments.ended("r1", "set/isolate", ISOLATE, nothing);

            // Then
            assertThat(containments.all()).as("after %s", nothing).isEmpty();
        }
    }

    @Test
    void aStepThatFailedMayHaveChangedSomethingAllTheSame() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));

        // When
        containments.ended("r1", "set/isolate", ISOLATE, new Outcome.Failed("no answer", true));

        // Then
        assertThat(containments.all()).hasSize(1);
    }

    @Test
    void wantedAgainWhileInForceItLastsAsLongAsTheLastOneSays() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));
        now = NOON.plus(Duration.ofMinutes(30));

        // When
        containments.ended("r2", "set/isolate", ISOLATE, new Outcome.AlreadySo("there is such a policy"));

        // Then
        Instant due = NOON.plus(Duration.ofMinutes(90));
        assertThat(containments.all()).singleElement().satisfies(one -> {
            assertThat(one.response()).isEqualTo("r1");
            assertThat(one.due()).contains(due);
        });
        assertThat(journal.getLast())
                .isEqualTo(new JournalEntry.UndoPrepared("r1", "set/isolate", undo(ISOLATE), Optional.of(due)));
    }

    @Test
    void aShorterTimeDoesNotEndItEarlier() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));

        // When
        containments.ended("r2", "set/isolate", isolate("1m"), new Outcome.AlreadySo("there is such a policy"));

        // Then
        assertThat(containments.all().getFirst().due()).contains(NOON.plus(Duration.ofHours(1)));
    }

    @Test
    void aPersonCanReleaseItBeforeItsTimeAndIsNamed() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));
        containments.prepare("r2", "set/isolate", undo(ISOLATE));

        // When
        Map<String, Outcome> released = containments
                .release("r1", Optional.empty(), "ada")
                .toCompletableFuture()
                .join();

        // Then
        assertThat(released).containsExactly(Map.entry("set/isolate", new Outcome.Done("removed")));
        assertThat(journal).contains(new JournalEntry.Released("r1", "set/isolate", "ada"));
        assertThat(containments.all())
                .extracting(Containments.Containment::response)
                .containsExactly("r2");
    }

    @Test
    void aStepThatIsTriedAgainAfterACrashFindsItsOwnWorkAndStillTakesItBack() {
        // Given: in force when the engine was killed, before the step had an end
        containments.recall(new Containments.Containment(
                "r1", "set/isolate", undo(ISOLATE), NOON, Optional.of(NOON.plusSeconds(60)), Optional.empty()));

        // When
        containments.ended("r1", "set/isolate", ISOLATE, new Outcome.Withheld("blast-radius: enough"));
        assertThat(containments.isFromBefore("r1", "set/isolate")).isTrue();
        now = NOON.plusSeconds(60);
        containments.passTime();

        // Then
        assertThat(remote.takenBack).hasSize(1);
        assertThat(containments.isFromBefore("r2", "set/isolate")).isFalse();
    }

    @Test
    void aReleaseThatFailedIsNotForgottenByARestart() {
        // Given: an API server that is away
        containments.prepare("r1", "set/isolate", undo(ISOLATE));
        remote.answers.add(new Outcome.Failed("no answer", true));

        // When
        containments
                .release("r1", Optional.empty(), "ada")
                .toCompletableFuture()
                .join();

        // Then: the journal says that it is due, and that somebody asked for it
        assertThat(journal.stream()
                        .filter(JournalEntry.UndoPrepared.class::isInstance)
                        .toList()
                        .getLast())
                .isInstanceOfSatisfying(JournalEntry.UndoPrepared.class, last -> {
                    assertThat(last.due()).contains(NOON);
                    assertThat(last.undo().before()).containsKey(Action.TakeBack.RELEASED);
                });
        now = NOON.plusSeconds(1);
        containments.passTime();
        assertThat(remote.takenBack).hasSize(2);
        assertThat(containments.all()).isEmpty();
    }

    @Test
    void whatCannotBeTakenBackStaysAndIsTriedAgainLessAndLessOften() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));
        remote.answers.addAll(List.of(new Outcome.Failed("no answer", true), new Outcome.Failed("no answer", true)));
        now = NOON.plus(Duration.ofHours(1));

        // When
        containments.passTime();
        containments.passTime();

        // Then: not at once
        assertThat(remote.takenBack).hasSize(1);
        assertThat(containments.all().getFirst().trouble()).contains("no answer");
        now = now.plusSeconds(1);
        containments.passTime();
        now = now.plusSeconds(1);
        containments.passTime();
        assertThat(remote.takenBack).hasSize(2);
        now = now.plusSeconds(1);
        containments.passTime();
        assertThat(remote.takenBack).hasSize(3);
        assertThat(containments.all()).isEmpty();
        assertThat(journal.stream().filter(JournalEntry.Undone.class::isInstance))
                .as("the first failure and the end")
                .hasSize(2);
    }

    @Test
    void isTakenBackOnceHoweverManyWantIt() {
        // Given
        containments.prepare("r1", "set/isolate", undo(ISOLATE));
        CompletableFuture<Outcome> slow = new CompletableFuture<>();
        remote.slow = slow;

        // When
        CompletionStage<Outcome> first = containments.takeBack("r1", "set/isolate");
        CompletionStage<Outcome> second = containments.takeBack("r1", "set/isolate");
        slow.complete(new Outcome.Done("removed"));

        // Then
        assertThat(remote.takenBack).hasSize(1);
        assertThat(first.toCompletableFuture().join()).isInstanceOf(Outcome.Done.class);
        assertThat(second.toCompletableFuture().join()).isInstanceOf(Outcome.Withheld.class);
    }

    @Test
    void howEachEndedIsToldBeforeItIsForgotten() {
        // Given
        List<String> told = new ArrayList<>();
        containments.tellEnds((response, step, outcome) ->
                told.add(response + " of " + containments.all().size() + ": " + outcome));
        containments.prepare("r1", "set/isolate", undo(ISOLATE));
        containments.prepare("r2", "set/isolate", undo(ISOLATE));

        // When
        remote.answers.add(new Outcome.Failed("no answer", true));
        containments.takeBack("r1", "set/isolate");
        remote.answers.add(new Outcome.Withheld("somebody has changed it"));
        containments.takeBack("r1", "set/isolate");
        containments.ended("r2", "set/isolate", ISOLATE, new Outcome.TargetGone("the pod has gone"));

        // Then
        assertThat(told)
                .containsExactly(
                        "r1 of 2: " + new Outcome.Withheld("somebody has changed it"),
                        "r2 of 1: " + new Outcome.AlreadySo("nothing had been changed"));
    }

    @Test
    void nothingMoreIsChangedOnceItIsTakenBack() {
        // Given
        containments.prepare("r1", "set/isolate", new Action.TakeBack(ISOLATE, Map.of("kernel", "a")));
        CompletableFuture<Outcome> slow = new CompletableFuture<>();
        remote.slow = slow;
        CompletionStage<Map<String, Outcome>> release = containments.release("r1", Optional.empty(), "ann");

        // When
        assertThatThrownBy(() ->
                        containments.prepare("r1", "set/isolate", new Action.TakeBack(ISOLATE, Map.of("policy", "b"))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("taken back");
        slow.complete(new Outcome.Failed("the API server is away", true));

        // Then
        assertThat(release.toCompletableFuture().join()).hasSize(1);
        assertThatThrownBy(() ->
                        containments.prepare("r1", "set/isolate", new Action.TakeBack(ISOLATE, Map.of("policy", "b"))))
                .as("a release that failed is still wanted")
                .isInstanceOf(IllegalStateException.class);
        assertThat(containments.all()).singleElement().satisfies(one -> assertThat(
                        one.undo().before())
                .containsEntry("kernel", "a")
                .containsKey(Action.TakeBack.RELEASED));
    }

    @Test
    void whatOutlivesThisMachineIsOnItsDiskBeforeItIsDone() {
        // Given
        Action.TakeBack ofAContainer = new Action.TakeBack(
                new Action.OnCluster(
                        ActionType.NODE_ISOLATE_CONTAINER,
                        new ContainerRef(new NodeRef("here"), "0123456789ab"),
                        ActionType.NODE_ISOLATE_CONTAINER.read(Map.of("for", "1h"))),
                Map.of("key", "k"));
        disk = CompletableFuture.failedFuture(new JournalUnavailable("the disk is gone"));

        // Then
        assertThatThrownBy(() -> containments.prepare("r1", "set/isolate", undo(ISOLATE)))
                .isInstanceOf(JournalUnavailable.class)
                .hasMessageContaining("the disk is gone");
        assertThatCode(() -> containments.prepare("r2", "set/cut", ofAContainer))
                .doesNotThrowAnyException();
    }

    @Test
    void whatWasChangedOfAPodAloneIsOverWhenThatPodIsGoneForCertain() {
        // Given
        Pod web = ACluster.pod("shop", "web", Optional.empty());
        ACluster cluster = new ACluster().has(web);
        Action.TakeBack label = label(web.ref());
        Action.TakeBack isolation = new Action.TakeBack(
                new Action.OnCluster(
                        ActionType.POD_ISOLATE, web.ref(), ActionType.POD_ISOLATE.read(Map.of("scope", "workload"))),
                Map.of());
        containments.prepare("r1", "set/label", label);
        containments.prepare("r1", "set/isolate", isolation);
        List<Outcome> ends = new ArrayList<>();
        containments.tellEnds((response, step, outcome) -> ends.add(outcome));
        now = NOON.plusSeconds(61);

        // When
        containments.passPods(cluster);
        cluster.isUnheardOf("nothing was heard for 61 seconds").without("shop", "web");
        containments.passPods(cluster);
        assertThat(containments.all()).hasSize(2);
        cluster.isHeardOf();
        containments.passPods(cluster);

        // Then
        assertThat(containments.all())
                .extracting(Containments.Containment::undo)
                .containsExactly(isolation);
        assertThat(journal.getLast())
                .isEqualTo(new JournalEntry.Undone(
                        "r1", "set/label", new Outcome.TargetGone("there is no pod/shop/web any more")));
        assertThat(ends).containsExactly(new Outcome.TargetGone("there is no pod/shop/web any more"));
        assertThat(remote.takenBack).isEmpty();
    }

    @Test
    void aPodThatTheClusterMayNotHaveToldOfYetIsNotGone() {
        // Given
        containments.prepare("r1", "set/label", label(new PodRef("shop", "new", Optional.of("u-2"))));

        // When
        now = NOON.plusSeconds(60);
        containments.passPods(new ACluster());

        // Then
        assertThat(containments.all()).hasSize(1);
    }

    @Test
    void whatIsOverAndCannotBeWrittenDownIsNotForgotten() {
        // Given
        containments.prepare("r1", "set/label", label(new PodRef("shop", "gone", Optional.of("u-2"))));
        now = NOON.plusSeconds(61);
        diskIsFull = true;

        // When, Then
        assertThatThrownBy(() -> containments.passPods(new ACluster())).isInstanceOf(JournalUnavailable.class);
        assertThat(containments.all()).hasSize(1);
    }

    private static Action.TakeBack label(PodRef pod) {
        return new Action.TakeBack(
                new Action.OnCluster(
                        ActionType.POD_LABEL, pod, ActionType.POD_LABEL.read(Map.of("labels", Map.of("a", "b")))),
                Map.of());
    }

    private static Action.OnCluster isolate(String time) {
        return new Action.OnCluster(
                ActionType.POD_ISOLATE,
                new PodRef("shop", "web-1", Optional.of("u-1")),
                ActionType.POD_ISOLATE.read(Map.of("for", time)));
    }

    private static Action.TakeBack undo(Action.OnCluster action) {
        return new Action.TakeBack(action, Map.of("policy", "pounce-isolate-u-1"));
    }

    private final class FakeJournal implements Journal {
        @Override
        public long append(List<JournalEntry> entries) {
            if (diskIsFull) {
                throw new JournalUnavailable("no space left on device");
            }
            journal.addAll(entries);
            return journal.size();
        }

        @Override
        public CompletionStage<Void> durable(long number) {
            return disk;
        }
    }

    private static final class FakeRemote implements RemoteActuator {
        private final List<Action.TakeBack> takenBack = new ArrayList<>();
        private final Deque<Outcome> answers = new ArrayDeque<>();
        private CompletableFuture<Outcome> slow = CompletableFuture.completedFuture(new Outcome.Done("removed"));

        @Override
        public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
            takenBack.add(undo);
            return answers.isEmpty() ? slow : CompletableFuture.completedStage(answers.remove());
        }

        @Override
        public CompletionStage<Outcome> carryOut(
                Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        public void close() {}
    }

    private static final class NoProcesses implements Actuator<Action.OnProcess> {
        @Override
        public CompletionStage<Outcome> carryOut(Action.OnProcess action, Instant deadline) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        public Outcome rehearse(Action.OnProcess action) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        public Outcome observe(Action.OnProcess action) {
            throw new AssertionError("nobody asked for it");
        }
    }
}
