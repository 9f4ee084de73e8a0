package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.testing.Eventually;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an engine has half seen outlives its end, however sudden, and the change of files that have nothing to do with it. */
class HalfSeenIT {

    private static final String DROPPED = "Drop and execute new binary in container";
    private static final String CONNECTED = "Outbound connection from unexpected program in container";
    private static final String CHANGED = "Files have changed";

    @TempDir
    Path folder;

    private Path state = Path.of("/");
    private Path sets = Path.of("/");

    @BeforeEach
    void prepare() {
        Machine.assumeItIsPackaged();
        state = folder.resolve("state");
        sets = PolicyFiles.in(folder.resolve("policy")).actionSets();
    }

    @Test
    void anEngineThatIsKilledInTheMiddleOfASequenceCompletesItAfterwards() {
        // Given
        PolicyFiles.write(set("contain-cryptominer"), shipped("contain-cryptominer"));
        try (RunningEngine first = listening()) {
            FalcoSender.to(first).send(dropped("cart-1", "first half"));
            first.kill();
        }

        try (RunningEngine next = listening()) {
            // When
            FalcoSender.to(next).send(connected("cart-1", "second half"));

            // Then
            JsonNode response = onlyResponse(next);
            assertThat(rules(response.path("detections"))).containsExactly(DROPPED, CONNECTED);
            assertThat(response.path("matches").path(0).path("detections")).hasSize(2);
            assertThat(verbs(response)).containsExactly("pod.isolate", "evidence.files");
            assertThat(next.terminate()).isZero();
            assertThat(next.verify().exit()).isZero();
        }
    }

    @Test
    void whoWasAnsweredBeforeTheEngineWasKilledIsNotAnsweredAgainWhileTheSetCoolsDown() {
        // Given
        PolicyFiles.write(set("contain-cryptominer"), shipped("contain-cryptominer"));
        try (RunningEngine first = listening()) {
            FalcoSender falco = FalcoSender.to(first);
            falco.send(dropped("cart-1", "a"));
            falco.send(connected("cart-1", "b"));
            assertThat(first.responses()).hasSize(1);
            first.kill();
        }

        try (RunningEngine next = listening()) {
            FalcoSender falco = FalcoSender.to(next);
            // When: the same again, and the same elsewhere
            falco.send(dropped("cart-1", "c"));
            falco.send(connected("cart-1", "d"));
            falco.send(dropped("cart-2", "e"));
            falco.send(connected("cart-2", "f"));

            // Then
            assertThat(next.responses())
                    .extracting(HalfSeenIT::targetOfFirstStep)
                    .containsExactly("pod/shop/cart-1", "pod/shop/cart-2");
        }
    }

    @Test
    void aChangeOfAnotherSetOrOfTheStepsForgetsNothing() {
        // Given
        PolicyFiles.write(set("contain-cryptominer"), shipped("contain-cryptominer"));
        PolicyFiles.write(set("label-suspicious-pod"), shipped("label-suspicious-pod"));
        try (RunningEngine engine = listening()) {
            FalcoSender falco = FalcoSender.to(engine);
            falco.send(dropped("cart-1", "first half"));

            // When
            replace("label-suspicious-pod", "suspicious: \"true\"", "suspicious: \"yes\"");
            replace("contain-cryptominer", "for: 1h", "for: 2h");
            awaitLoads(engine, 1);
            falco.send(connected("cart-1", "second half"));

            // Then
            JsonNode response = onlyResponse(engine);
            assertThat(rules(response.path("detections"))).containsExactly(DROPPED, CONNECTED);
            assertThat(response.path("steps")
                            .path(0)
                            .path("parameters")
                            .path("for")
                            .asText())
                    .isEqualTo("2h");
        }
    }

    @Test
    void aSetThatWaitsForSomethingElseFromNowOnStartsAnew() {
        // Given
        PolicyFiles.write(set("contain-cryptominer"), shipped("contain-cryptominer"));
        try (RunningEngine engine = listening()) {
            FalcoSender falco = FalcoSender.to(engine);
            falco.send(dropped("cart-1", "a"));

            // When
            replace("contain-cryptominer", "within: 5m", "within: 6m");
            awaitLoads(engine, 1);
            falco.send(connected("cart-1", "b"));
            falco.send(dropped("cart-2", "c"));
            falco.send(connected("cart-2", "d"));

            // Then
            assertThat(targetOfFirstStep(onlyResponse(engine))).isEqualTo("pod/shop/cart-2");
        }
    }

    @Test
    void aWaitThatEndsWhileNoEngineRunsIsAnsweredByTheNext() {
        // Given: two execs, one of which was followed by what was waited for
        PolicyFiles.write(set("unseen"), waitOf("4s"));
        Instant end;
        try (RunningEngine first = listening()) {
            FalcoSender falco = FalcoSender.to(first);
            falco.send(FalcoAlert.of("Exec", "a").in("cart-1"));
            falco.send(FalcoAlert.of("Terminal", "b").in("cart-1"));
            falco.send(FalcoAlert.of("Exec", "c").in("cart-2"));
            end = Instant.now().plusSeconds(4);
            first.kill();
        }
        assertThat(planned()).isZero();
        Eventually.until("end of the wait", () -> Instant.now().isAfter(end));

        try (RunningEngine next = listening()) {
            // When: nothing but time passes

            // Then
            next.until("response", () -> planned() == 1);
            assertThat(targetOfFirstStep(onlyResponse(next))).isEqualTo("pod/shop/cart-2");
            next.kill();
        }

        // And: once
        try (RunningEngine third = listening()) {
            FalcoSender.to(third)
                    .send(FalcoAlert.of("Exec", "d")
                            .in("cart-3")
                            .at(Instant.now().minusSeconds(5)));
            third.until("response to the next", () -> planned() == 2);
            assertThat(third.responses())
                    .extracting(HalfSeenIT::targetOfFirstStep)
                    .containsExactly("pod/shop/cart-2", "pod/shop/cart-3");
        }
    }

    @Test
    void aWaitThatHasEndedButWasNotAnsweredBeforeTheKillIsAnsweredByTheNext() {
        // Given: a wait that is over by the time its alert arrives, something after it, and a kill before anybody
        // looked
        PolicyFiles.write(set("unseen"), waitOf("2s"));
        try (RunningEngine first = listening()) {
            FalcoSender falco = FalcoSender.to(first);
            falco.send(FalcoAlert.of("Exec", "a").in("cart-1").at(Instant.now().minusSeconds(5)));
            falco.send(FalcoAlert.of("Exec", "b").in("cart-2").at(Instant.now().plusSeconds(60)));
            first.kill();
        }

        try (RunningEngine next = listening()) {
            // Then
            next.until("two responses", () -> planned() == 2);
            assertThat(next.responses())
                    .extracting(HalfSeenIT::targetOfFirstStep)
                    .containsExactly("pod/shop/cart-1", "pod/shop/cart-2");
        }
    }

    private RunningEngine listening() {
        return RunningEngine.listening(
                state,
                "--rules",
                Machine.home().resolve("rules/detection").toString(),
                "--actionsets",
                sets.toString());
    }

    private Path set(String name) {
        return sets.resolve(name + ".yaml");
    }

    private static String shipped(String name) {
        return PolicyFiles.read(Machine.home().resolve("actionsets/" + name + ".yaml"));
    }

    private static String waitOf(String within) {
        return """
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: unseen }
                spec:
                  when:
                    absence:
                      seen: { rules: [Exec] }
                      missing: { rules: [Terminal] }
                    within: %s
                    by: k8s.pod.name
                  steps:
                    - id: mark
                      pod.label: { labels: { unseen: "true" } }
                """.formatted(within);
    }

    private void replace(String set, String words, String by) {
        String text = PolicyFiles.read(set(set));
        assertThat(text).contains(words);
        PolicyFiles.replace(set(set), text.replace(words, by));
    }

    private static void awaitLoads(RunningEngine engine, int times) {
        engine.until(
                times + " times '" + CHANGED + "'",
                () -> engine.messages().stream()
                                .filter(message -> message.contains(CHANGED))
                                .count()
                        >= times);
    }

    private static FalcoAlert dropped(String pod, String id) {
        return FalcoAlert.of(DROPPED, id).in(pod).with("proc.exepath", "/tmp/kworkerd");
    }

    private static FalcoAlert connected(String pod, String id) {
        return FalcoAlert.of(CONNECTED, id)
                .in(pod)
                .with("proc.exepath", "/tmp/kworkerd")
                .with("fd.sport", 3333);
    }

    private long planned() {
        return new JournalFiles(state).count("planned");
    }

    private static JsonNode onlyResponse(RunningEngine engine) {
        List<JsonNode> responses = engine.responses();
        assertThat(responses).hasSize(1);
        return responses.getFirst();
    }

    private static String targetOfFirstStep(JsonNode response) {
        return response.path("steps").path(0).path("target").asText();
    }

    private static List<String> rules(JsonNode detections) {
        return detections.findValuesAsText("rule");
    }

    private static List<String> verbs(JsonNode response) {
        return response.path("steps").findValuesAsText("action");
    }
}
