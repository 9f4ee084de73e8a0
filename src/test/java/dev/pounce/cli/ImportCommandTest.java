package dev.pounce.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.Policy;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code pounce import talon}. */
class ImportCommandTest {

    private static final String SHOP = "src/test/resources/talon/shop.yaml";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return new CommandLine(new ImportCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((problem, command, parsed) -> {
                    if (problem instanceof Refusal) {
                        err.write(String.valueOf(problem.getMessage()));
                        return 1;
                    }
                    throw problem;
                })
                .execute(arguments);
    }

    @Test
    void whatIsPrintedIsWhatActionSetsAreReadFrom() {
        // When
        int code = run("talon", SHOP);

        // Then
        Problems problems = new Problems();
        List<ActionSet> sets =
                new ActionSetReader(Policy.whereIn(RuleSet.empty())).read("printed.yaml", out.toString(), problems);
        assertThat(code).isZero();
        assertThat(problems.hasErrors()).isFalse();
        assertThat(sets).hasSize(3);
        assertThat(err.toString()).startsWith("3 action sets, ").endsWith(" warnings" + System.lineSeparator());
    }

    @Test
    void aFolderGetsAFileForEachRule(@TempDir Path folder) throws IOException {
        // Given
        Path sets = folder.resolve("sets");

        // When
        run("talon", SHOP, "-o", sets.toString());

        // Then
        try (Stream<Path> files = Files.list(sets)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "shell-in-the-shop.yaml",
                            "talks-to-somebody-strange.yaml",
                            "namespace-that-nobody-asked-for.yaml");
        }
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aFileThatIsThereIsNotWrittenOver(@TempDir Path folder) throws IOException {
        // Given
        Path mine = Files.writeString(folder.resolve("talks-to-somebody-strange.yaml"), "mine");

        // When
        int code = run("talon", SHOP, "-o", folder.toString());

        // Then
        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("nothing was written: " + mine + " is there already");
        assertThat(mine).hasContent("mine");
        assertThat(folder.resolve("shell-in-the-shop.yaml")).doesNotExist();
    }

    @Test
    void aFileWithAnErrorIsRefusedWithAllThatIsWrong(@TempDir Path folder) throws IOException {
        // Given
        Path broken = Files.writeString(folder.resolve("r.yaml"), "- rule: R\n  mach: {}\n  actions: [{action: A}]\n");

        // When
        int code = run("talon", broken.toString());

        // Then
        assertThat(code).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString())
                .contains("r.yaml:2:3: error: found unknown key")
                .contains("did you mean 'match'?")
                .contains("r.yaml:3:22: error: found action 'A' without an actionner");
    }
}
