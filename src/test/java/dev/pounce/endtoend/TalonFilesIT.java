package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Falco Talon's rule files under a running engine, saved in each of the ways in which people and Kubernetes save. Talon
 * itself takes a truncated file for one without rules, does not notice a file that was replaced, and lets an unknown
 * action go live.
 */
class TalonFilesIT {

    private static final String SHELL = "Terminal shell in container";

    @TempDir
    Path folder;

    private Path file = Path.of("/");
    private int alerts;

    @BeforeEach
    void prepare() {
        Machine.assumeItIsPackaged();
        file = folder.resolve("rules.yaml");
    }

    @Test
    void anAlertIsAnsweredByTheRuleThatMatchesItUnderItsName() {
        // Given
        PolicyFiles.write(file, rule("Label shells", "suspicious"));

        try (RunningEngine engine = listening(file)) {
            // When
            JsonNode response = responseTo(shell(), engine);

            // Then
            assertThat(response.path("triggers")).hasSize(1);
            assertThat(answeringRule(response)).isEqualTo("Label shells");
            assertThat(response.path("steps").path(0).path("action").asText()).isEqualTo("pod.label");
            assertThat(response.path("steps").path(0).path("target").asText()).isEqualTo("pod/shop/cart-1");
            assertThat(response.path("steps")
                            .path(0)
                            .path("parameters")
                            .path("labels")
                            .path("suspicious")
                            .asText())
                    .isEqualTo("true");

            // And: what matches no rule is planned by none
            FalcoSender.to(engine).send(FalcoAlert.of("Something else", "other").in("cart-1"));
            assertThat(engine.responses()).hasSize(1);
        }
    }

    @Test
    void aFileThatIsSavedInPlaceIsNeverTakenForOneWithoutRules() throws IOException {
        // Given
        PolicyFiles.write(file, rule("Before", "before"));
        String after = rule("After", "after");

        try (RunningEngine engine = listening(file)) {
            // When: truncated, and nobody writes for as long as it takes the engine to see it
            Files.writeString(file, "");
            engine.awaitMessage(file + " is empty now");

            // Then
            assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("Before");

            // When: the first half of the words, which is no rule yet
            try (OutputStream out = Files.newOutputStream(file)) {
                out.write(after.substring(0, after.indexOf("actionner")).getBytes(StandardCharsets.UTF_8));
                out.flush();
                engine.awaitMessage("loaded before stay in force");

                // Then
                assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("Before");

                // When: the rest of them
                out.write(after.substring(after.indexOf("actionner")).getBytes(StandardCharsets.UTF_8));
            }

            // Then
            awaitLoads(engine, 1);
            assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("After");
        }
    }

    @Test
    void aFileThatIsReplacedByRenameIsTaken() {
        // Given
        PolicyFiles.write(file, rule("Before", "before"));

        try (RunningEngine engine = listening(file)) {
            // When
            PolicyFiles.replace(file, rule("After", "after"));

            // Then
            awaitLoads(engine, 1);
            assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("After");

            // When: once more
            PolicyFiles.replace(file, rule("And again", "after"));

            // Then
            awaitLoads(engine, 2);
            assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("And again");
        }
    }

    @Test
    void aConfigMapWhoseLinkIsSwappedIsTaken() throws IOException {
        // Given: as the kubelet mounts it, rules.yaml -> ..data/rules.yaml, ..data -> ..2026_1
        Path mount = Files.createDirectory(folder.resolve("mount"));
        version(mount, "..2026_1", rule("Before", "before"));
        Files.createSymbolicLink(mount.resolve("..data"), Path.of("..2026_1"));
        Files.createSymbolicLink(mount.resolve("rules.yaml"), Path.of("..data/rules.yaml"));

        // The file and the folder, which must not be searched for the versions in it
        for (Path given : List.of(mount.resolve("rules.yaml"), mount)) {
            try (RunningEngine engine = listening(given)) {
                String before = answeringRule(responseTo(shell(), engine));

                // When
                String next = before + ", and after";
                swap(mount, "..2026_" + (alerts + 1), rule(next, "after"));

                // Then
                awaitLoads(engine, 1);
                assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo(next);
            }
        }
    }

    @Test
    void anUnknownActionIsRefusedAndTheOldRulesGoOn() {
        // Given
        PolicyFiles.write(file, rule("Before", "before"));

        try (RunningEngine engine = listening(file)) {
            // When
            PolicyFiles.replace(file, rule("After", "after").replace("kubernetes:label", "kubernetes:lable"));

            // Then
            engine.awaitMessage(file + ":6:18: error: ");
            engine.awaitMessage("did you mean 'kubernetes:label'?");
            engine.awaitMessage("loaded before stay in force");
            assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("Before");
            assertThat(new JournalFiles(engine.state()).count("configuration-loaded"))
                    .isZero();

            // When: what people do then
            PolicyFiles.replace(file, rule("After", "after"));

            // Then
            awaitLoads(engine, 1);
            assertThat(answeringRule(responseTo(shell(), engine))).isEqualTo("After");
        }
    }

    @Test
    void anEngineDoesNotStartOnRulesThatTalonWouldLetGoLive() {
        // Given: no 'match', by which Talon would answer every event
        PolicyFiles.write(file, rule("Everything", "all").replace("match:", "mtach:"));

        // When
        try (RunningEngine engine = RunningEngine.start(
                List.of(),
                folder.resolve("state"),
                "--no-probe",
                "--listen",
                "127.0.0.1:0",
                "--talon",
                file.toString())) {
            // Then
            assertThat(engine.awaitEnd()).isEqualTo(1);
            engine.awaitMessage("did you mean 'match'?");
            engine.awaitMessage("nothing was started");
        }
    }

    private static String rule(String name, String label) {
        return """
                - rule: %s
                  match:
                    rules: [%s]
                  actions:
                    - action: Mark it
                      actionner: kubernetes:label
                      parameters:
                        labels:
                          %s: "true"
                """.formatted(name, SHELL, label);
    }

    private RunningEngine listening(Path talon) {
        return RunningEngine.listening(folder.resolve("state"), "--talon", talon.toString());
    }

    private FalcoAlert shell() {
        return FalcoAlert.of(SHELL, "alert " + ++alerts).in("cart-" + alerts);
    }

    /** The newest. */
    private static JsonNode responseTo(FalcoAlert alert, RunningEngine engine) {
        FalcoSender.to(engine).send(alert);
        return engine.responses().getLast();
    }

    private String answeringRule(JsonNode response) {
        assertThat(response.path("detections").path(0).path("assets").toString())
                .as("answered alert")
                .contains("pod/shop/cart-" + alerts + "\"");
        return response.path("triggers").path(0).asText();
    }

    /** The journal says so before the rules are in force, the log afterwards. */
    private static void awaitLoads(RunningEngine engine, int times) {
        engine.until(
                "load number " + times,
                () -> engine.messages().stream()
                                .filter(message -> message.contains("Files have changed"))
                                .count()
                        == times);
        assertThat(new JournalFiles(engine.state()).count("configuration-loaded"))
                .isGreaterThanOrEqualTo(times);
    }

    private static void version(Path mount, String name, String rules) throws IOException {
        Files.writeString(Files.createDirectory(mount.resolve(name)).resolve("rules.yaml"), rules);
    }

    private static void swap(Path mount, String name, String rules) throws IOException {
        version(mount, name, rules);
        Path next = Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of(name));
        Files.move(next, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
