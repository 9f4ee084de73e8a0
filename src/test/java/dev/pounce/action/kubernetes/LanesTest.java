package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LanesTest {

    private final Lanes lanes = new Lanes(3);
    private final CountDownLatch gate = new CountDownLatch(1);

    @Test
    void oneTargetsTasksRunInTheOrderOfAskingAndOthersDoNotWait() {
        // Given
        List<String> ran = new CopyOnWriteArrayList<>();
        lanes.run("a", () -> {
            await(gate);
            ran.add("a1");
        });
        lanes.run("a", () -> ran.add("a2"));

        // When
        CountDownLatch other = new CountDownLatch(1);
        lanes.run("b", () -> {
            ran.add("b1");
            other.countDown();
        });
        await(other);
        gate.countDown();

        // Then
        assertThat(lanes.awaitIdle(10_000)).isTrue();
        assertThat(ran).containsExactly("b1", "a1", "a2");
    }

    @Test
    void noMoreIsAcceptedThanThereIsRoomFor() {
        // Given
        for (int i = 0; i < 3; i++) {
            assertThat(lanes.run("a", () -> await(gate))).isTrue();
        }

        // When
        boolean fourth = lanes.run("b", () -> {});
        gate.countDown();

        // Then
        assertThat(fourth).isFalse();
        assertThat(lanes.awaitIdle(10_000)).isTrue();
        assertThat(lanes.run("b", () -> {})).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
