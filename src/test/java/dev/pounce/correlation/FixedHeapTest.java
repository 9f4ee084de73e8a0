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
        ProcessBuilder storm = storm("small");

        // When
        Process process = storm.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        // Then
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).containsPattern("completed [1-9][0-9]{4,}, forgotten 0, live [1-9][0-9]{4,}, left 0, facts 0");
    }

    @Test
    void anAttackerWithANewKeyAndALongCommandLineForEachAlertDoesNotFillIt() throws IOException, InterruptedException {
        // Given
        ProcessBuilder storm = storm("long");

        // When
        Process process = storm.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        // Then
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).containsPattern("completed 1, forgotten [1-9][0-9]{5,}, live [1-9][0-9]{3,}, left 0, facts 0");
    }

    private static ProcessBuilder storm(String kind) {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FixedHeapTest.class.getName(),
                        kind)
                .redirectErrorStream(true);
    }

    /** The storm. */
    public static void main(String... args) {
        // Outside Quarkus nobody sets a level, and Drools would trace each fact.
        Logger.getLogger("org.drools").setLevel(Level.INFO);
        if (args[0].equals("long")) {
            longCommandLines();
            return;
        }
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
        try (DroolsCorrelator correlator = new DroolsCorrelator(book, new Numbers("i-"), 1000, 1_000_000, 1L << 30)) {
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
            report(correlator, completed, live);
        }
    }

    /** All kinds of patterns, half a gigabyte of outputs, and the limits that the engine has. */
    private static void longCommandLines() {
        List<String> by = List.of("key");
        Duration window = Duration.ofHours(1);
        RuleBook book = RuleBook.of(
                new Trigger(
                        "sequence", new Pattern.Sequence(ATrigger.selectors("a", "b"), window, by), Optional.empty()),
                new Trigger("all", new Pattern.All(ATrigger.selectors("a", "x"), window, by), Optional.empty()),
                new Trigger("count", new Pattern.Count(ATrigger.selector("a"), 5, window, by), Optional.empty()),
                new Trigger(
                        "values",
                        new Pattern.ValueCount(ATrigger.selector("a"), "key", 5, window, List.of("other")),
                        Optional.empty()),
                new Trigger(
                        "absence",
                        new Pattern.Absence(ATrigger.selector("a"), ATrigger.selector("y"), window, by),
                        Optional.empty()));
        int live = 0;
        try (DroolsCorrelator correlator = new DroolsCorrelator(book, new Numbers("i-"))) {
            Instant now = ADetection.TIME;
            int alerts = 120_000;
            for (int i = 0; i < alerts; i++) {
                now = now.plusMillis(1);
                correlator.accept(longOne("a", i, now), now);
                live = Math.max(live, correlator.liveKeys());
                if (i % 1000 == 0) {
                    correlator.elapsed(now);
                }
            }
            int completed = correlator
                    .accept(longOne("b", alerts - 1, now), now)
                    .incidents()
                    .size();
            correlator.elapsed(now.plus(window).plusSeconds(6));
            report(correlator, completed, live);
        }
    }

    private static Detection longOne(String rule, int key, Instant now) {
        return new Detection(
                "d-" + rule + key,
                now,
                "syscall",
                rule,
                Priority.WARNING,
                List.of(),
                key + "x".repeat(4096),
                Map.of("key", key, "other", key),
                List.of());
    }

    private static void report(DroolsCorrelator correlator, long completed, int live) {
        System.out.printf(
                "completed %d, forgotten %d, live %d, left %d, facts %d%n",
                completed, correlator.forgottenProgress(), live, correlator.liveKeys(), correlator.factsInSession());
    }
}
