package dev.pounce.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import picocli.CommandLine;

/**
 * One folder per story: {@code scenarios/SET/WHAT-HAPPENS/detections.jsonl} goes in, {@code plan.jsonl} comes out, a line
 * for each detection. With {@code -Dgolden.update=true} what comes out is written there instead; read the difference.
 */
class ScenarioTest {

    private static final Path SCENARIOS = Path.of("src/test/scenarios");
    private static final Path SETS = Path.of("actionsets");

    @TestFactory
    Stream<DynamicTest> theSetsWeShipAnswerAsTheirScenariosSay() throws IOException {
        return foldersIn(SCENARIOS).stream().flatMap(set -> foldersIn(set).stream()
                .map(story -> DynamicTest.dynamicTest(
                        set.getFileName() + ": "
                                + story.getFileName().toString().replace('-', ' '),
                        () -> check(set, story))));
    }

    @Test
    void everySetWeShipHasAScenarioInWhichItAnswers() {
        assertThat(filesIn(SETS)).hasSizeGreaterThanOrEqualTo(10).allSatisfy(set -> assertThat(
                        foldersIn(scenariosOf(set)))
                .anySatisfy(story -> assertThat(Files.readString(story.resolve("plan.jsonl")))
                        .contains("\"steps\":[{")));
    }

    private static Path scenariosOf(Path set) {
        return SCENARIOS.resolve(set.getFileName().toString().replace(".yaml", ""));
    }

    private static void check(Path set, Path story) throws IOException {
        // When
        String planned = plan(SETS.resolve(set.getFileName() + ".yaml"), story.resolve("detections.jsonl"));

        // Then
        Path golden = story.resolve("plan.jsonl");
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(golden, planned);
        }
        assertThat(filesIn(story))
                .extracting(Path::getFileName)
                .extracting(Path::toString)
                .containsExactly("detections.jsonl", "plan.jsonl");
        assertThat(planned).isEqualTo(Files.readString(golden));
    }

    private static String plan(Path set, Path detections) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = new CommandLine(new Pounce())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(
                        "plan",
                        "--rules",
                        "rules/detection",
                        "--sets",
                        set.toString(),
                        "--detection",
                        detections.toString(),
                        "-o",
                        "json");
        assertThat(code).as(err.toString()).isZero();
        return out.toString();
    }

    private static List<Path> foldersIn(Path folder) {
        return filesIn(folder).stream().filter(Files::isDirectory).toList();
    }

    private static List<Path> filesIn(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException broken) {
            throw new AssertionError("no folder " + folder, broken);
        }
    }
}
