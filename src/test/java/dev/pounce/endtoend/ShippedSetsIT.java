package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The stories of {@code src/test/scenarios}, told to the real engine by HTTP: one engine for each set that we ship, which
 * hears all stories of its set one after the other, each in a pod of its own.
 *
 * <p>Steps on processes are not compared: a pid from elsewhere says nothing here, and the engine leaves them out.
 */
class ShippedSetsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path SCENARIOS = Path.of("src/test/scenarios");

    @TempDir
    Path folder;

    @BeforeEach
    void needsTheEngine() {
        Machine.assumeItIsPackaged();
    }

    static List<String> sets() {
        return in(SCENARIOS).stream().map(Path::getFileName).map(Path::toString).toList();
    }

    @ParameterizedTest
    @MethodSource("sets")
    void theEngineAnswersAsTheScenariosOfTheSetSay(String name) {
        // Given
        Path set = Machine.home().resolve("actionsets/" + name + ".yaml");
        List<Story> stories = storiesOf(name, waitsForNothingToHappen(set));

        try (RunningEngine engine = RunningEngine.listening(folder, "--actionsets", set.toString())) {
            FalcoSender falco = FalcoSender.to(engine);
            // When
            stories.forEach(story -> story.alertsUntil(Instant.now()).forEach(falco::send));

            // Then
            long expected =
                    stories.stream().mapToLong(story -> story.answers().size()).sum();
            engine.until(expected + " responses", () -> new JournalFiles(folder).count("planned") >= expected);
            List<JsonNode> responses = engine.responses();
            assertThat(stories).allSatisfy(story -> assertThat(story.answersAmong(responses))
                    .as(story.title())
                    .isEqualTo(story.answers()));
            assertThat(responses).hasSize((int) expected).allSatisfy(response -> assertThat(
                            texts(response.path("triggers")))
                    .containsExactly(name));
            assertThat(engine.terminate()).isZero();
        }
    }

    private static boolean waitsForNothingToHappen(Path set) {
        return PolicyFiles.read(set).contains("absence:");
    }

    /**
     * @param onlyAnswered leaves out those that nobody answers: that an answer is not to come would have to be waited for
     */
    private static List<Story> storiesOf(String set, boolean onlyAnswered) {
        List<Story> stories = new ArrayList<>();
        for (Path story : in(SCENARIOS.resolve(set))) {
            Story told = new Story(
                    story.getFileName().toString(),
                    stories.size() + 1,
                    PolicyFiles.read(story.resolve("detections.jsonl")),
                    PolicyFiles.read(story.resolve("plan.jsonl")));
            if (!onlyAnswered || !told.answers().isEmpty()) {
                stories.add(told);
            }
        }
        assertThat(stories).anySatisfy(story -> assertThat(story.answers()).isNotEmpty());
        return stories;
    }

    /** @param number of it among the set's, by which its pods and containers are told from those of the others */
    private record Story(String title, int number, String detections, String plan) {

        /** The last one now, the others as long before it as the story says. */
        List<String> alertsUntil(Instant now) {
            List<ObjectNode> alerts = lines(detections);
            Instant last = Instant.parse(alerts.getLast().path("time").asText());
            for (ObjectNode alert : alerts) {
                Instant time = Instant.parse(alert.path("time").asText());
                alert.put("time", now.minus(Duration.between(time, last)).toString());
                alert.put("uuid", mark() + alert.path("uuid").asText());
                alert.put("output", mark() + alert.path("output").asText());
            }
            return alerts.stream().map(ObjectNode::toString).toList();
        }

        /** The steps of each response to it, as verb and target. */
        List<List<String>> answers() {
            return lines(plan).stream()
                    .filter(line -> !line.path("steps").isEmpty())
                    .map(line -> steps(line))
                    .toList();
        }

        List<List<String>> answersAmong(List<JsonNode> responses) {
            return responses.stream()
                    .filter(response -> response.path("detections")
                            .path(0)
                            .path("output")
                            .asText()
                            .startsWith(mark()))
                    .map(response -> steps(response))
                    .toList();
        }

        private String mark() {
            return "story " + number + ": ";
        }

        private static List<String> steps(JsonNode response) {
            return StreamSupport.stream(response.path("steps").spliterator(), false)
                    .filter(step -> !step.path("target").asText().startsWith("process/"))
                    .map(step -> step.path("action").asText() + " " + step.path("parameters") + " "
                            + step.path("target").asText() + " "
                            + step.path("mode").asText())
                    .toList();
        }

        private List<ObjectNode> lines(String text) {
            String own = text.replace("cart-7d9f", "cart-" + number)
                    .replace("web-1", "web-" + number)
                    .replace("3f1d9a0b6c5e", "3f1d9a0b6c%02x".formatted(number))
                    .replace("\"000000000000", "\"0000000000%02x".formatted(number))
                    .replace("0b6c5e4d-1111", "0b6c5e4d-11%02x".formatted(number));
            return own.lines()
                    .map(line -> {
                        try {
                            return (ObjectNode) JSON.readTree(line);
                        } catch (JsonProcessingException broken) {
                            throw new AssertionError("not JSON: " + line, broken);
                        }
                    })
                    .toList();
        }
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static List<Path> in(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
