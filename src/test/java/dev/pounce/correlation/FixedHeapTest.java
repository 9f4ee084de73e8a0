package dev.pounce.correlation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.Numbers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logmanager.Level;
import org.jboss.logmanager.Logger;
import org.junit.jupiter.api.Test;

/** Two million detections over 100,000 keys, in a JVM of its own whose heap cannot grow. */
class FixedHeapTest {

    private static final int DETECTIONS = 2_000_000;
    private static final int KEYS = 100_000;

    @Test
    void aStormOverManyKeysFitsIntoAFixedHeap() throws IOException, InterruptedException {
        // Given
        ProcessBuilder storm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FixedHeapTest.class.getName())
                .redirectErrorStream(true);

        // When
        Process process = storm.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        // Then
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).containsPattern("completed [1-9][0-9]{4,}, forgotten 0, live [1-9][0-9]{4,}, left 0, facts 0");
    }

    /** The storm. */
    public static void main(String... args) {
        // Outside Quarkus nobody sets a level, and Drools would trace each fact.
        Logger.getLogger("org.drools").setLevel(Level.INFO);
        List<String> by = List.of("key");
        Duration window = Duration.ofMinutes(2);
        RuleBook book = RuleBook.of(
                new Trigger(
                        "sequence",
                        new Pattern.Sequence(ATrigger.selectors("a", "b", "c"), window, by),
                        Optional.empty()),
                new Trigger("count", new Pattern.Count(ATrigger.selector("d"), 5, window, by), Optional.empty()));
        List<String> rules = List.of("a", "b", "c", "d");
        long completed = 0;
        int live = 0;
        try (DroolsCorrelator correlator = new DroolsCorrelator(book, new Numbers("i-"))) {
            Instant now = ADetection.TIME;
            long random = 1;
            for (int i = 0; i < DETECTIONS; i++) {
                random = random * 6364136223846793005L + 1442695040888963407L;
                now = now.plusMillis(1);
                Detection detection = new Detection(
                        "d-" + i,
                        now,
                        "syscall",
                        rules.get((int) (random >>> 62)),
                        Priority.WARNING,
                        List.of(),
                        "",
                        Map.of("key", (random >>> 33) % KEYS),
                        List.of());
                completed += correlator.accept(detection, now).incidents().size();
                live = Math.max(live, correlator.liveKeys());
                if (i % 1000 == 0) {
                    correlator.elapsed(now);
                }
            }
            correlator.elapsed(now.plus(window).plusSeconds(6));
            System.out.printf(
                    "completed %d, forgotten %d, live %d, left %d, facts %d%n",
                    completed,
                    correlator.forgottenProgress(),
                    live,
                    correlator.liveKeys(),
                    correlator.factsInSession());
        }
    }
}
