package dev.pounce.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.intake.Intake.Answer;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.Eventually;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class IntakeTest {

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");

    private final List<String> story = new CopyOnWriteArrayList<>();
    private final Semaphore disk = new Semaphore(0);
    private volatile boolean diskIsFull;
    private volatile boolean commitFails;

    @Test
    void anAlertIsAnsweredOnceItIsWrittenAndCommitted() {
        try (Intake intake = start(10)) {
            // When
            CompletableFuture<Answer> answer = offer(intake, 1);
            until("committing");
            boolean early = answer.isDone();
            disk.release();

            // Then
            assertThat(early).isFalse();
            assertThat(answer.join()).isEqualTo(Answer.ACCEPTED);
            assertThat(story).containsExactly("handled 1", "committing", "committed");
        }
    }

    @Test
    void whatGathersWhileTheDiskWorksIsCommittedTogether() {
        try (Intake intake = start(10)) {
            // Given
            CompletableFuture<Answer> first = offer(intake, 1);
            until("committing");

            // When
            List<CompletableFuture<Answer>> others = List.of(offer(intake, 2), offer(intake, 3), offer(intake, 4));
            disk.release(2);

            // Then
            first.join();
            others.forEach(CompletableFuture::join);
            assertThat(story)
                    .containsExactly(
                            "handled 1",
                            "committing",
                            "committed",
                            "handled 2",
                            "handled 3",
                            "handled 4",
                            "committing",
                            "committed");
        }
    }

    @Test
    void aRepeatedAlertIsAcceptedAndNotHandledAgain() {
        try (Intake intake = start(10)) {
            // Given
            disk.release(10);
            offer(intake, 1).join();

            // When
            Answer answer = offer(intake, 1).join();

            // Then
            assertThat(answer).isEqualTo(Answer.ACCEPTED);
            assertThat(story).containsOnlyOnce("handled 1");
            assertThat(intake.repeated()).isEqualTo(1);
            assertThat(story.stream().filter("committed"::equals)).hasSize(2);
        }
    }

    @Test
    void whatWasAcceptedBeforeARestartIsKnown() {
        // Given
        RecentAlerts before = new RecentAlerts();
        before.add(new AlertKey(0, 1), NOON);
        disk.release(10);

        // When
        try (Intake intake = Intake.start(downstream(), before, () -> NOON, 10)) {
            // Then
            assertThat(offer(intake, 1).join()).isEqualTo(Answer.ACCEPTED);
            assertThat(story).doesNotContain("handled 1");
        }
    }

    @Test
    void oneMoreThanFitsIsRefusedAtOnceAndNoneThatWaitsIsDropped() {
        try (Intake intake = start(2)) {
            // Given: one under way, two that wait
            List<CompletableFuture<Answer>> waiting = new ArrayList<>();
            waiting.add(offer(intake, 1));
            until("committing");
            waiting.add(offer(intake, 2));
            waiting.add(offer(intake, 3));

            // When
            CompletableFuture<Answer> oneTooMany = offer(intake, 4);

            // Then
            assertThat(oneTooMany).isCompletedWithValue(Answer.FULL);
            disk.release(10);
            waiting.forEach(answer -> assertThat(answer.join()).isEqualTo(Answer.ACCEPTED));
            assertThat(story).contains("handled 1", "handled 2", "handled 3").doesNotContain("handled 4");
            assertThat(offer(intake, 4).join()).isEqualTo(Answer.ACCEPTED);
        }
    }

    @Test
    void whatCannotBeWrittenIsRefusedAndNewTheNextTime() {
        try (Intake intake = start(10)) {
            // Given
            disk.release(10);
            diskIsFull = true;
            assertThat(offer(intake, 1).join()).isEqualTo(Answer.UNRECORDED);

            // When
            diskIsFull = false;

            // Then
            assertThat(offer(intake, 1).join()).isEqualTo(Answer.ACCEPTED);
            assertThat(story).contains("handled 1");
        }
    }

    @Test
    void whatCannotBeCommittedIsNotAccepted() {
        try (Intake intake = start(10)) {
            // Given
            disk.release(10);
            commitFails = true;

            // Then
            assertThat(offer(intake, 1).join()).isEqualTo(Answer.UNRECORDED);
        }
    }

    @Test
    void anErrorIsTheEndOfOneAlertAndNotOfTheIntake() {
        // Given
        disk.release(10);
        Intake.Downstream sound = downstream();
        AtomicInteger commits = new AtomicInteger();
        Intake.Downstream broken = new Intake.Downstream() {
            @Override
            public boolean handle(Alert alert) {
                if (alert.detection().rule().equals("1")) {
                    throw new StackOverflowError();
                }
                return sound.handle(alert);
            }

            @Override
            public boolean commit() {
                if (commits.getAndIncrement() == 0) {
                    throw new StackOverflowError();
                }
                return sound.commit();
            }
        };

        // When, Then
        try (Intake intake = Intake.start(broken, new RecentAlerts(100), () -> NOON, 10)) {
            assertThat(offer(intake, 1).join()).isEqualTo(Answer.UNRECORDED);
            assertThat(offer(intake, 2).join()).isEqualTo(Answer.UNRECORDED);
            assertThat(offer(intake, 3).join()).isEqualTo(Answer.ACCEPTED);
            assertThat(intake.isTaking()).isTrue();
        }
    }

    @Test
    void anIntakeWhoseThreadIsGoneTakesNothing() {
        // Given
        Intake intake = Intake.start(
                new Intake.Downstream() {
                    @Override
                    public boolean handle(Alert alert) {
                        Thread.currentThread().interrupt(); // ends the thread when it waits for the next
                        return true;
                    }

                    @Override
                    public boolean commit() {
                        return true;
                    }
                },
                new RecentAlerts(100),
                () -> NOON,
                10);

        // When
        offer(intake, 1).join();

        // Then
        Eventually.until("end of the thread", () -> !intake.isTaking());
        assertThat(intake.isEnding()).isFalse();
    }

    @Test
    void theEndFinishesAndAnswersWhatWaitsAndRefusesTheRest() throws InterruptedException {
        // Given
        Intake intake = start(10);
        List<CompletableFuture<Answer>> waiting = List.of(offer(intake, 1), offer(intake, 2), offer(intake, 3));
        until("committing");
        CountDownLatch closed = new CountDownLatch(1);
        Thread closing = Thread.ofPlatform().start(() -> {
            intake.close();
            closed.countDown();
        });
        while (!intake.isEnding()) {
            Thread.onSpinWait();
        }

        // When
        CompletableFuture<Answer> late = offer(intake, 4);
        disk.release(10);

        // Then
        assertThat(late).isCompletedWithValue(Answer.ENDING);
        closed.await();
        closing.join();
        assertThat(waiting).allSatisfy(answer -> assertThat(answer).isCompletedWithValue(Answer.ACCEPTED));
        assertThat(story).contains("handled 1", "handled 2", "handled 3").doesNotContain("handled 4");
    }

    private Intake start(int queued) {
        return Intake.start(downstream(), new RecentAlerts(100), () -> NOON, queued);
    }

    private static CompletableFuture<Answer> offer(Intake intake, int number) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        intake.offer(
                new Alert(
                        new AlertKey(0, number),
                        ADetection.of(Integer.toString(number)).build()),
                answer::complete);
        return answer;
    }

    private void until(String line) {
        while (!story.contains(line)) {
            Thread.onSpinWait();
        }
    }

    private Intake.Downstream downstream() {
        return new Intake.Downstream() {
            @Override
            public boolean handle(Alert alert) {
                if (!diskIsFull) {
                    story.add("handled " + alert.detection().rule());
                }
                return !diskIsFull;
            }

            @Override
            public boolean commit() {
                story.add("committing");
                disk.acquireUninterruptibly();
                story.add("committed");
                return !commitFails;
            }
        };
    }
}
