package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.Mode;
import dev.pounce.planning.OnFailure;
import dev.pounce.planning.talon.TalonFiles.Imported;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole files: loaded, and turned into files of ours. */
class TalonFilesTest {

    private static final Path SHOP = Path.of("src/test/resources/talon/shop.yaml");

    private static List<ActionSet> load(Path... files) {
        Problems problems = new Problems();
        Optional<List<ActionSet>> sets = TalonFiles.read(List.of(files), TalonText.WHERE, problems);
        assertThat(errors(problems)).isEmpty();
        return sets.orElseThrow();
    }

    private static List<Imported> importAll(Path... files) {
        Problems problems = new Problems();
        Optional<List<Imported>> sets = TalonFiles.importAll(List.of(files), TalonText.WHERE, problems);
        assertThat(errors(problems)).isEmpty();
        return sets.orElseThrow();
    }

    private static List<String> errors(Problems problems) {
        return problems.all().stream()
                .filter(Problem::isError)
                .map(Problem::render)
                .toList();
    }

    /** What two sets have to have in common to answer alike. */
    private static List<Object> essence(ActionSet set) {
        List<Object> parts = new ArrayList<>(List.of(
                set.mode(),
                set.steps(),
                set.guards(),
                set.onFailure(),
                set.notified(),
                set.continues(),
                set.fieldsUsed(),
                set.trigger().cooldown()));
        for (Selector selector : set.trigger().pattern().selectors()) {
            parts.add(selector.rules());
            parts.add(selector.tags());
            parts.add(selector.priorities());
            parts.add(selector.source());
            parts.add(selector.where().map(Selector.Where::text));
        }
        return parts;
    }

    @Test
    void aRuleIsAnActionSetOfItsName() {
        // When
        List<ActionSet> sets = load(SHOP);

        // Then
        assertThat(sets)
                .extracting(ActionSet::name)
                .containsExactly("Shell in the shop", "Talks to somebody strange", "Namespace that nobody asked for");
        assertThat(sets).extracting(ActionSet::mode).containsExactly(Mode.ENFORCE, Mode.ENFORCE, Mode.DRY_RUN);
        assertThat(sets).extracting(ActionSet::continues).containsExactly(true, false, true);
        assertThat(sets.getFirst().notified()).containsExactly("slack", "k8sevents");
        assertThat(sets.getFirst().steps())
                .extracting(step -> step.id() + " " + step.action().verb())
                .containsExactly(
                        "keep-the-log evidence.logs",
                        "mark-the-pod pod.label",
                        "look-around pod.script",
                        "end-the-pod pod.terminate");
        assertThat(sets.getFirst().steps())
                .extracting(ActionSet.Step::onFailure)
                .containsExactly(Optional.of(OnFailure.CONTINUE), Optional.empty(), Optional.empty(), Optional.empty());
        assertThat(sets.getFirst().place().toString()).isEqualTo(SHOP + ":28:9");
        assertThat(sets.getFirst().trigger().pattern()).isInstanceOf(Pattern.One.class);
        assertThat(sets.getFirst().fieldsUsed()).contains("k8s.ns.name", "proc.pname", "k8s.pod.name");
    }

    @Test
    void whatIsImportedReadsBackAsTheSame() {
        // Given
        List<ActionSet> loaded = load(SHOP);

        // When
        Problems problems = new Problems();
        String text = importAll(SHOP).stream().map(Imported::yaml).collect(Collectors.joining("---\n"));
        List<ActionSet> read = new ActionSetReader(TalonText.WHERE).read("imported.yaml", text, problems);

        // Then
        assertThat(errors(problems)).isEmpty();
        assertThat(read)
                .extracting(TalonFilesTest::essence)
                .isEqualTo(loaded.stream().map(TalonFilesTest::essence).toList());
        assertThat(read)
                .extracting(ActionSet::name)
                .containsExactly("shell-in-the-shop", "talks-to-somebody-strange", "namespace-that-nobody-asked-for");
    }

    @Test
    void whatIsImportedSaysWhereItComesFromAndWhatIsWarnedOf() {
        // When
        List<Imported> sets = importAll(SHOP);

        // Then
        assertThat(sets.getFirst().yaml())
                .startsWith("# Talon's rule 'Shell in the shop', " + SHOP + ":28:9\n# Nobody needs a shell there.\n")
                .contains(
                        "# " + SHOP + ":26:27: warning: found min_healthy_replicas",
                        "which Talon compares with a number of pods");
        assertThat(sets.getLast().yaml()).contains("a condition that Talon leaves out");
    }

    @Test
    void importingTwiceGivesTheSameBytes() {
        assertThat(importAll(SHOP)).isEqualTo(importAll(SHOP));
    }

    @Test
    void rulesWhoseNamesLookAlikeGetNamesOfTheirOwn(@TempDir Path folder) throws IOException {
        // Given
        String actions = "  match: {rules: [X]}\n  actions: [{action: A, actionner: 'kubernetes:cordon'}]\n";
        Path file = Files.writeString(folder.resolve("r.yaml"), "- rule: a b\n" + actions + "- rule: A/B\n" + actions);

        // Then
        assertThat(importAll(file)).extracting(Imported::name).containsExactly("a-b", "a-b-2");
        assertThat(load(file)).extracting(ActionSet::name).containsExactly("a b", "A/B");
    }

    @Test
    void noRuleFileIsAnError(@TempDir Path empty) {
        // Given
        Problems none = new Problems();
        Problems inFolder = new Problems();

        // Then
        assertThat(TalonFiles.read(List.of(), TalonText.WHERE, none)).isEmpty();
        assertThat(TalonFiles.read(List.of(empty), TalonText.WHERE, inFolder)).isEmpty();
        assertThat(errors(none)).singleElement().asString().contains("found no rule file");
        assertThat(errors(inFolder)).singleElement().asString().contains("found no rule file");
    }

    @Test
    void aFileWithAnErrorLoadsNothingAndAllErrorsOfAllFilesAreReported(@TempDir Path folder) throws IOException {
        // Given
        Path one = Files.writeString(folder.resolve("1.yaml"), "- rule: R\n  match: {rules: [X]}\n");
        Path two = Files.writeString(folder.resolve("2.yaml"), "- rule: S\n  matc: {}\n");
        Path three = Files.writeString(folder.resolve("3.yaml"), "- rule: [\n");
        Problems problems = new Problems();

        // When
        Optional<List<ActionSet>> sets = TalonFiles.read(List.of(SHOP, one, two, three), TalonText.WHERE, problems);

        // Then
        assertThat(sets).isEmpty();
        assertThat(errors(problems))
                .anySatisfy(error -> assertThat(error).contains("1.yaml:1:9"))
                .anySatisfy(error -> assertThat(error).contains("2.yaml:2:3"))
                .anySatisfy(error -> assertThat(error).contains("3.yaml:"));
    }

    @Test
    void aValueThatAStepCannotHaveIsAnErrorAtItsPlace(@TempDir Path folder) throws IOException {
        // Given
        Path file = Files.writeString(folder.resolve("r.yaml"), """
                - rule: R
                  match: {rules: [X]}
                  actions:
                    - action: A
                      actionner: kubernetes:label
                      parameters:
                        labels:
                          team: "not a label's value!"
                """);
        Problems problems = new Problems();

        // When
        TalonFiles.read(List.of(file), TalonText.WHERE, problems);

        // Then
        assertThat(errors(problems)).singleElement().asString().contains("r.yaml:8:17: error: found ");
    }

    @ParameterizedTest
    @CsvSource({
        "'- action: A', true",
        "'- rule: R\n  actions: []', true",
        "'- rule: R\n  match: {}', true",
        "'- rule: R\n  condition: evt.type = execve\n  output: x', false",
        "'- macro: m\n  condition: evt.type = execve', false",
        "'- list: l\n  items: []', false",
        "'kind: ActionSet', false",
    })
    void aRuleFileOfTalonIsToldFromOneOfFalco(String text, boolean talons) {
        assertThat(TalonFiles.isRuleFile(
                        Yaml.read("x.yaml", text, new Problems()).getFirst()))
                .isEqualTo(talons);
    }

    @Test
    void theRuleFilesThatTalonShipsLoad() {
        // Given
        Path talon =
                Path.of(Optional.ofNullable(System.getenv("POUNCE_TALON_RULES")).orElse("../shared/data/talon"));
        if (!Files.isDirectory(talon)) {
            String sentence = "left out: Talon's rule files are not at " + talon;
            System.out.println(sentence);
            Assumptions.abort(sentence);
        }
        Path rules = talon.resolve("rules.yaml");
        Path override = talon.resolve("rules_override.yaml");

        // Then
        assertThat(load(rules)).hasSize(11);
        ActionSet overridden = load(rules, override).stream()
                .filter(set -> set.name().equals("Terminal shell in container"))
                .findFirst()
                .orElseThrow();
        assertThat(overridden.steps().getFirst().action().given())
                .containsEntry("grace", "2s")
                .containsEntry("ignoreDaemonSets", "true")
                .containsEntry("ignoreStatefulSets", "true")
                .containsEntry("ignoreStandalone", "true");
    }
}
