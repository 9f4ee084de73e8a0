package dev.pounce.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.pounce.Policy;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What the documents show is what works. */
class DocumentsTest {

    private static final Pattern YAML = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

    /** A line of its own in a block, up to a comment behind it. */
    private static final Pattern COMMAND =
            Pattern.compile("^ {4}(?:target/pounce/bin/)?pounce ([^#\n]*?) *(?:#.*)?$", Pattern.MULTILINE);

    @TempDir
    Path folder;

    static Stream<Path> documents() throws IOException {
        try (Stream<Path> docs = Files.list(Path.of("src/docs"))) {
            List<Path> pages =
                    new ArrayList<>(docs.filter(file -> file.toString().endsWith(".md"))
                            .sorted()
                            .toList());
            pages.addFirst(Path.of("README.md"));
            return pages.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyActionSetThatADocumentShowsLoads(Path document) throws IOException {
        // Given
        Matcher blocks = YAML.matcher(Files.readString(document));
        List<Path> shown = new ArrayList<>();
        while (blocks.find()) {
            if (blocks.group(1).contains("kind: ActionSet")) {
                Path file = folder.resolve("shown-" + shown.size() + ".yaml");
                shown.add(Files.writeString(file, blocks.group(1)));
            }
        }
        Problems problems = new Problems();

        // When
        Optional<Policy> policy = Policy.read(List.of(Path.of("rules/detection")), shown, problems);

        // Then
        assertThat(problems.all()).extracting(Problem::render).isEmpty();
        assertThat(policy.orElseThrow().actionSets().all()).hasSize(shown.size());
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyCommandThatADocumentShowsIsUnderstood(Path document) throws IOException {
        Matcher commands = COMMAND.matcher(Files.readString(document));
        while (commands.find()) {
            String[] words = commands.group(1).strip().split("\\s+");

            // When / Then
            assertThatCode(() -> new CommandLine(new Pounce())
                            .setCaseInsensitiveEnumValuesAllowed(true)
                            .parseArgs(words))
                    .as("%s: pounce %s", document, String.join(" ", words))
                    .doesNotThrowAnyException();
        }
    }
}
