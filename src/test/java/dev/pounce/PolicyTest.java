package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.audit.JournalEntry.LoadedFile;
import dev.pounce.planning.ActionSet;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyTest {

    private static final String RULE = """
            - rule: %s
              desc: for a test
              condition: evt.type = execve and proc.name = bad
              output: "%%proc.cmdline"
              priority: WARNING
            """;
    private static final String ACTION_SET = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: answer }
            spec:
              when: { detection: { rules: [Bad thing] } }
              steps: [{ id: stop, process.kill: {} }]
            """;

    @TempDir
    Path directory;

    private final Problems problems = new Problems();

    @Test
    void theRulesAndSetsThatWeShipLoadWithoutAnErrorOrAWarning() {
        // When
        Optional<Policy> policy =
                Policy.read(List.of(Path.of("rules/detection")), List.of(Path.of("actionsets")), problems);

        // Then
        assertThat(problems.all()).extracting(Problem::render).isEmpty();
        assertThat(policy).hasValueSatisfying(loaded -> {
            assertThat(loaded.rules().rules()).hasSizeGreaterThanOrEqualTo(5);
            assertThat(loaded.actionSets().all()).hasSizeGreaterThanOrEqualTo(10);
        });
    }

    @Test
    void everyMistakeInAllFilesIsReportedAndNothingIsLoaded() throws IOException {
        // Given
        Path rules = write(
                "rules.yaml", "- rule: R\n  condition: proc.nmae = x\n  output: o\n  desc: d\n  priority: URGENT\n");
        Path sets = write(
                "sets.yaml", ACTION_SET.replace("process.kill", "process.kil").replace("when:", "wen:"));

        // When
        Optional<Policy> policy = Policy.read(List.of(rules), List.of(sets), problems);

        // Then
        assertThat(policy).isEmpty();
        assertThat(problems.all())
                .extracting(Problem::render)
                .anyMatch(text -> text.contains("rules.yaml:2:") && text.contains("proc.name"))
                .anyMatch(text -> text.contains("rules.yaml:5:") && text.contains("URGENT"))
                .anyMatch(text -> text.contains("sets.yaml:5:") && text.contains("when"))
                .anyMatch(text -> text.contains("sets.yaml:6:") && text.contains("process.kill"));
    }

    @Test
    void aSetThatNamesARuleNobodyHasIsWarnedAboutWithTheNearestName() throws IOException {
        // Given
        Path rules = write("rules.yaml", RULE.formatted("Bad thnig"));
        Path sets = write("sets.yaml", ACTION_SET);

        // When
        Optional<Policy> policy = Policy.read(List.of(rules), List.of(sets), problems);

        // Then
        assertThat(policy).isPresent();
        assertThat(problems.all()).singleElement().satisfies(problem -> {
            assertThat(problem.isError()).isFalse();
            assertThat(problem.suggestion())
                    .hasValueSatisfying(text -> assertThat(text).contains("Bad thnig"));
        });
    }

    @Test
    void theWhereOfASetMayUseTheMacrosAndListsOfTheRules() throws IOException {
        // Given
        Path rules = write("rules.yaml", "- list: shells\n  items: [sh, bash]\n" + RULE.formatted("Bad thing"));
        Path sets = write(
                "sets.yaml",
                ACTION_SET.replace("rules: [Bad thing]", "rules: [Bad thing], where: proc.pname in (shells)"));

        // When
        Optional<Policy> policy = Policy.read(List.of(rules), List.of(sets), problems);

        // Then
        assertThat(problems.all()).isEmpty();
        assertThat(policy.orElseThrow().actionSets().fieldsUsed()).containsExactly("proc.pname");
    }

    private static final String TALON = """
            - rule: %s
              match: {rules: [Bad thing]}
              actions: [{action: Mark, actionner: "kubernetes:label", parameters: {labels: {a: b}}}]
            """;

    @Test
    void rulesOfTalonComeBehindTheActionSets() throws IOException {
        // Given
        Path rules = write("rules.yaml", RULE.formatted("Bad thing"));
        Path sets = write("sets.yaml", ACTION_SET);
        Path talon = write("talon.yaml", TALON.formatted("Mark it"));

        // When
        Optional<Policy> policy = Policy.read(List.of(rules), List.of(sets), List.of(talon), problems);

        // Then
        assertThat(problems.all()).isEmpty();
        assertThat(policy.orElseThrow().actionSets().all())
                .extracting(ActionSet::name)
                .containsExactly("answer", "Mark it");
        assertThat(policy.orElseThrow().files()).extracting(LoadedFile::path).contains(talon.toString());
    }

    @Test
    void aRuleOfTalonWithTheNameOfAnActionSetIsAnError() throws IOException {
        // Given
        Path sets = write("sets.yaml", ACTION_SET);
        Path talon = write("talon.yaml", TALON.formatted("answer"));

        // When
        Optional<Policy> policy = Policy.read(List.of(), List.of(sets), List.of(talon), problems);

        // Then
        assertThat(policy).isEmpty();
        assertThat(problems.all()).extracting(Problem::render).anySatisfy(problem -> assertThat(problem)
                .startsWith(talon + ":1:9: error: found a rule with the name of action set 'answer'"));
    }

    @Test
    void aBrokenFileOfTalonLoadsNothing() throws IOException {
        // Given
        Path sets = write("sets.yaml", ACTION_SET);
        Path talon = write("talon.yaml", TALON.formatted("R").replace("match", "mach"));

        // When
        Optional<Policy> policy = Policy.read(List.of(), List.of(sets), List.of(talon), problems);

        // Then
        assertThat(policy).isEmpty();
        assertThat(problems.hasErrors()).isTrue();
    }

    @Test
    void theFingerprintChangesWithTheContentAndNotWithTheTime() throws IOException {
        // Given
        Path file = write("rules.yaml", RULE.formatted("A"));
        List<LoadedFile> first = Policy.fingerprint(List.of(directory), List.of(), List.of());

        // When
        Files.writeString(file, RULE.formatted("A"));
        List<LoadedFile> sameAgain = Policy.fingerprint(List.of(directory), List.of(), List.of());
        Files.writeString(file, RULE.formatted("B"));
        List<LoadedFile> other = Policy.fingerprint(List.of(directory), List.of(), List.of());

        // Then
        assertThat(sameAgain).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }
}
