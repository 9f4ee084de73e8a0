package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.Policy;
import dev.pounce.action.ActionType;
import dev.pounce.correlation.Selector;
import dev.pounce.correlation.Trigger;
import dev.pounce.detection.Priority;
import dev.pounce.source.DurationText;
import dev.pounce.source.Place;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.testing.ADetection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActionSetReaderTest {

    private static final String FULL = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata:
              name: contain
              labels: { team: platform-security }
            spec:
              mode: enforce
              when:
                detection:
                  rules: [Rule A, Rule B]
                  tags: [t1, t2]
                  priority: Warning
                  source: syscall
                  where: "proc.name = sh"
              steps:
                - id: hold
                  process.suspend: {}
                  within: 500ms
                - id: stop
                  after: [hold]
                  process.kill: { scope: tree }
              guards:
                cooldown: { per: container, for: 1h30m }
            """;

    private static final String SMALL = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: NAME }
            spec:
              when: { detection: { rules: [Rule A] } }
              steps: [ { id: stop, process.kill: } ]
            """;

    private final ActionSetReader reader = new ActionSetReader(new FieldEqualsValue());
    private final Problems problems = new Problems();

    private List<String> problemsOf(String text) {
        reader.read("a.yaml", text, problems);
        return rendered();
    }

    private List<String> rendered() {
        return problems.all().stream()
                .map(Problem::render)
                .map(line -> line.replace(System.lineSeparator() + "    ", " | "))
                .toList();
    }

    private static String broken(String correct, String wrong) {
        assertThat(FULL).as("what is to be broken").contains(correct);
        return FULL.replace(correct, wrong);
    }

    @Test
    void everyKeyArrivesInTheModel() {
        // When
        List<ActionSet> sets = reader.read("a.yaml", FULL, problems);

        // Then
        assertThat(rendered()).isEmpty();
        assertThat(sets).hasSize(1);
        ActionSet set = sets.get(0);
        assertThat(set.name()).isEqualTo("contain");
        assertThat(set.place()).isEqualTo(new Place("a.yaml", 4, 9));
        assertThat(set.labels()).isEqualTo(Map.of("team", "platform-security"));
        assertThat(set.mode()).isEqualTo(Mode.ENFORCE);
        assertThat(set.fieldsUsed()).containsExactly("proc.name");
        assertThat(set.steps())
                .containsExactly(
                        new ActionSet.Step(
                                "hold",
                                ActionTemplate.of(ActionType.PROCESS_SUSPEND),
                                Duration.ofMillis(500),
                                List.of()),
                        new ActionSet.Step(
                                "stop",
                                ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "tree")),
                                Duration.ofSeconds(5),
                                List.of("hold")));
        Trigger trigger = set.trigger();
        assertThat(trigger.name()).isEqualTo("contain");
        assertThat(trigger.cooldown()).contains(new Trigger.Cooldown(Trigger.Per.CONTAINER, Duration.ofMinutes(90)));
        Selector selector = trigger.pattern().selectors().getFirst();
        assertThat(selector.rules()).containsExactly("Rule A", "Rule B");
        assertThat(selector.tags()).containsExactly(List.of("t1"), List.of("t2"));
        assertThat(selector.priorities()).isEqualTo(Selector.atLeast(Priority.WARNING));
        assertThat(selector.source()).contains("syscall");
        Selector.Where where = selector.where().orElseThrow();
        assertThat(where.text()).isEqualTo("proc.name = sh");
        assertThat(where.condition()
                        .test(ADetection.of("r").field("proc.name", "sh").build()))
                .isTrue();
    }

    @Test
    void whatIsLeftOutIsCareful() {
        // When
        ActionSet set =
                reader.read("a.yaml", SMALL.replace("NAME", "small"), problems).get(0);

        // Then
        assertThat(set.mode()).isEqualTo(Mode.DRY_RUN);
        assertThat(set.trigger().cooldown()).isEmpty();
        assertThat(set.steps())
                .containsExactly(new ActionSet.Step(
                        "stop", ActionTemplate.of(ActionType.PROCESS_KILL), Duration.ofSeconds(5), List.of()));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
        apiVersion: pounce.dev/v1   ¦ apiVersion: v1              ¦ a.yaml:1:13: error: found 'v1' as apiVersion, expected pounce.dev/v1
        kind: ActionSet             ¦ kind: Pod                   ¦ a.yaml:2:7: error: found 'Pod' as kind, expected ActionSet
        team: platform-security     ¦ team: [a]                   ¦ a.yaml:5:19: error: found a list as team, expected a word
        name: contain               ¦ name: Contain It            ¦ a.yaml:4:9: error: found the name 'Contain It', expected at most 63 small letters, digits, hyphens and dots, a letter or digit at both ends
        name: contain               ¦ name: [contain]             ¦ a.yaml:4:9: error: found a list as name, expected at most 63 small letters, digits, hyphens and dots, a letter or digit at both ends
        mode: enforce               ¦ mode: enforced              ¦ a.yaml:7:9: error: found unknown mode 'enforced', expected one of ask, dry-run, enforce, observe | did you mean 'enforce'?
        mode: enforce               ¦ mode: [enforce]             ¦ a.yaml:7:9: error: found a list as mode, expected one of observe, dry-run, ask, enforce
        rules: [Rule A, Rule B]     ¦ rules: Rule A               ¦ a.yaml:10:14: error: found 'Rule A' as rules, expected a list of rule names | write it as a list: [Rule A]
        rules: [Rule A, Rule B]     ¦ rules: []                   ¦ a.yaml:10:14: error: found an empty list as rules, expected a list of rule names | leave the key out if any will do
        rules: [Rule A, Rule B]     ¦ rules: [Rule A, Rule A]     ¦ a.yaml:10:23: error: found 'Rule A' a second time in rules, expected each once
        rules: [Rule A, Rule B]     ¦ rule: [Rule A]              ¦ a.yaml:10:7: error: found unknown key in detection: 'rule', expected one of priority, rules, source, tags, where | did you mean 'rules'?
        priority: Warning           ¦ priority: Warn              ¦ a.yaml:12:17: error: found unknown priority 'Warn', expected one of Alert, Critical, Debug, Emergency, Error, Informational, Notice, Warning
        source: syscall             ¦ source: { a: b }            ¦ a.yaml:13:15: error: found a mapping as source, expected a source such as syscall or k8s_audit
        "proc.name = sh"            ¦ "proc.nam = sh"             ¦ a.yaml:14:15: error: found unknown field 'proc.nam', expected one of container.id, fd.sport, proc.name | did you mean 'proc.name'?
        "proc.name = sh"            ¦ proc.nam = sh               ¦ a.yaml:14:14: error: found unknown field 'proc.nam', expected one of container.id, fd.sport, proc.name | did you mean 'proc.name'?
        process.suspend: {}         ¦ process.suspnd: {}          ¦ a.yaml:17:7: error: found unknown action 'process.suspnd', expected a known action | did you mean 'process.suspend'?
        process.suspend: {}         ¦ process.suspend: { now: 1 } ¦ a.yaml:17:26: error: found key 'now' in process.suspend, expected nothing, it has no keys
        within: 500ms               ¦ within: 500                 ¦ a.yaml:18:15: error: found '500' as within, expected a number and a unit, such as 500ms, 5s, 10m, 1h30m or 1d
        within: 500ms               ¦ within: 0s                  ¦ a.yaml:18:15: error: found '0s' as within, expected more than nothing and no more than 1h
        within: 500ms               ¦ within: 2h                  ¦ a.yaml:18:15: error: found '2h' as within, expected more than nothing and no more than 1h
        within: 500ms               ¦ wihtin: 5s                  ¦ a.yaml:18:7: error: found unknown key in a step: 'wihtin', expected one of after, ask, id, lane, onFailure, within | did you mean 'within'?
        id: stop                    ¦ id: hold                    ¦ a.yaml:19:11: error: found a second step with the id 'hold', expected each id once; the first is at line 16
        after: [hold]               ¦ after: [holt]               ¦ a.yaml:20:15: error: found unknown step in after: 'holt', expected one of hold, stop | did you mean 'hold'?
        after: [hold]               ¦ after: [stop]               ¦ a.yaml:20:15: error: found 'stop' in after, which is this step or one further down, expected steps further up: they are tried in the order in which they are written | move the step below 'stop'
        { scope: tree }             ¦ { scope: forest }           ¦ a.yaml:21:30: error: found unknown scope 'forest', expected one of container, process, tree
        { scope: tree }             ¦ tree                        ¦ a.yaml:21:21: error: found 'tree' as process.kill, expected a mapping
        per: container              ¦ per: pot                    ¦ a.yaml:23:22: error: found unknown per 'pot', expected one of container, namespace, node, pod, process, rule | did you mean 'pod'?
        for: 1h30m                  ¦ for: ten                    ¦ a.yaml:23:38: error: found 'ten' as for, expected a number and a unit, such as 500ms, 5s, 10m, 1h30m or 1d
        `, for: 1h30m`              ¦ ``                          ¦ a.yaml:23:15: error: found cooldown without 'for', expected a number and a unit, such as 500ms, 5s, 10m, 1h30m or 1d
        """)
    void aMistakeIsShownWhereItStands(String correct, String wrong, String expected) {
        // When
        List<String> found = problemsOf(broken(correct, wrong));

        // Then
        assertThat(found).containsExactly(expected);
    }

    @Test
    void allMistakesOfAFileAreReportedAtOnceAndNoSetOfItIsLoaded() {
        // Given
        String text = FULL.replace("mode: enforce", "mode: enforced")
                .replace("priority: Warning", "priority: Wrning")
                .replace("process.suspend", "process.hold")
                .replace("scope: tree", "scope: forest")
                .replace("for: 1h30m", "for: 0s");

        // When
        List<ActionSet> sets = reader.read("a.yaml", text, problems);

        // Then
        assertThat(sets).isEmpty();
        assertThat(problems.all()).extracting(problem -> problem.place().line()).containsExactly(7, 12, 17, 21, 23);
    }

    @Test
    void aDetectionWithoutCriteriaIsAnErrorSinceItWouldMatchEverything() {
        assertThat(problemsOf(SMALL.replace("NAME", "a").replace("{ rules: [Rule A] }", "{}")))
                .containsExactly("a.yaml:5:22: error: found a detection without any criterion, which would match"
                        + " everything, expected at least one of rules, tags, priority, source, where");
    }

    @Test
    void missingPartsAreNamed() {
        assertThat(problemsOf("apiVersion: pounce.dev/v1\nkind: ActionSet\nmetadata: {}\nspec: {}\n"))
                .containsExactlyInAnyOrder(
                        "a.yaml:3:11: error: found metadata without 'name', expected at most 63 small letters, digits,"
                                + " hyphens and dots, a letter or digit at both ends",
                        "a.yaml:4:7: error: found spec without 'when', expected when: { detection: … }",
                        "a.yaml:4:7: error: found spec without 'steps', expected a list of steps");
    }

    @Test
    void aStepHasOneActionNotTwoAndNotNone() {
        assertThat(problemsOf(SMALL.replace("NAME", "a")
                        .replace(
                                "[ { id: stop, process.kill: } ]",
                                "[ { id: a, process.kill: , process.suspend: }, { id: b } ]")))
                .containsExactly(
                        "a.yaml:6:12: error: found a step with the actions process.kill and process.suspend, expected"
                                + " one action | make it several steps",
                        "a.yaml:6:57: error: found a step without an action, expected one, such as process.kill: {} |"
                                + " 'pounce actions list' prints all");
    }

    @Test
    void modeAskLoadsWithAWarning() {
        // When
        List<ActionSet> sets = reader.read("a.yaml", broken("mode: enforce", "mode: ask"), problems);

        // Then
        assertThat(sets).hasSize(1);
        assertThat(problems.hasErrors()).isFalse();
        assertThat(rendered())
                .singleElement()
                .asString()
                .startsWith("a.yaml:7:9: warning: found mode ask, expected observe, dry-run or enforce: approval is not"
                        + " built yet, nobody could say yes");
    }

    @Test
    void aRuleThatNobodyLoadedIsAWarningWithTheNameThatWasMeant() {
        // Given
        ActionSetReader knowing =
                new ActionSetReader(new FieldEqualsValue(), Optional.of(Set.of("Rule A", "Rule Beta")));

        // When
        List<ActionSet> sets = knowing.read("a.yaml", broken("Rule B]", "Rule Bta]"), problems);

        // Then
        assertThat(sets).hasSize(1);
        assertThat(rendered())
                .containsExactly("a.yaml:10:23: warning: found rule 'Rule Bta', expected the name of a loaded"
                        + " detection rule, unless another product reports it | did you mean 'Rule Beta'?");
    }

    @Test
    void whereMayStandBesideTheDetectionButNotTwice() {
        // Given
        String beside = SMALL.replace("NAME", "a").replace("} }", "}, where: proc.name = sh }");
        String both = beside.replace("[Rule A] }", "[Rule A], where: proc.name = sh }");

        // When
        ActionSet set = reader.read("a.yaml", beside, problems).get(0);
        List<String> found = problemsOf(both);

        // Then
        assertThat(set.trigger()
                        .pattern()
                        .selectors()
                        .getFirst()
                        .where()
                        .orElseThrow()
                        .text())
                .isEqualTo("proc.name = sh");
        assertThat(found).singleElement().asString().contains("a second 'where'");
    }

    @Test
    void aConditionWrittenAsABlockBeginsOnTheLineBelow() {
        assertThat(problemsOf(broken("\"proc.name = sh\"", ">\n            proc.nam = sh")))
                .singleElement()
                .asString()
                .startsWith("a.yaml:15:13: error: found unknown field 'proc.nam'");
    }

    @Test
    void aMistakeInOneDocumentDoesNotCostTheNext() {
        // Given
        String text = SMALL.replace("NAME", "one").replace("rules", "ruls") + "---\n" + SMALL.replace("NAME", "two")
                + "---\n# nothing\n";

        // When
        List<ActionSet> sets = reader.read("a.yaml", text, problems);

        // Then
        assertThat(sets).extracting(ActionSet::name).containsExactly("two");
        assertThat(problems.all()).hasSize(1);
    }

    @Test
    void foldersAreReadInAlphabeticalOrder(@TempDir Path folder) throws IOException {
        // Given
        Files.writeString(folder.resolve("b.yaml"), SMALL.replace("NAME", "first-of-b"));
        Files.writeString(
                folder.resolve("a.yml"), SMALL.replace("NAME", "one-of-a") + "---\n" + SMALL.replace("NAME", "a-two"));
        Files.writeString(folder.resolve("notes.txt"), "not: [yaml");

        // When
        ActionSets sets = reader.readAll(List.of(folder), problems).orElseThrow();

        // Then
        assertThat(sets.all()).extracting(ActionSet::name).containsExactly("one-of-a", "a-two", "first-of-b");
        assertThat(sets.ruleBook().triggers())
                .extracting(Trigger::name)
                .containsExactly("one-of-a", "a-two", "first-of-b");
    }

    @Test
    void aNameUsedInTwoFilesIsAnErrorAndNothingIsLoaded(@TempDir Path folder) throws IOException {
        // Given
        Files.writeString(folder.resolve("a.yaml"), SMALL.replace("NAME", "same"));
        Files.writeString(folder.resolve("b.yaml"), SMALL.replace("NAME", "same"));

        // When
        Optional<ActionSets> sets = reader.readAll(List.of(folder), problems);

        // Then
        assertThat(sets).isEmpty();
        assertThat(rendered())
                .containsExactly(folder.resolve("b.yaml") + ":3:19: error: found a second action set named 'same',"
                        + " expected each name once; the first is at " + folder.resolve("a.yaml") + ":3:19");
    }

    @Test
    void aFileThatIsNotThereIsAnError() {
        // When
        Optional<ActionSets> sets = reader.readAll(List.of(Path.of("no-such-file.yaml")), problems);

        // Then
        assertThat(sets).isEmpty();
        assertThat(rendered()).singleElement().asString().contains("a file that cannot be read");
    }

    /** With the real language and our own rules: no warning either, so every rule name is one of ours. */
    @Test
    void theSetsWeShipLoadWithTheRulesWeShipWithoutAProblem() {
        // When
        Optional<Policy> policy =
                Policy.read(List.of(Path.of("rules/detection")), List.of(Path.of("actionsets")), problems);

        // Then
        assertThat(rendered()).isEmpty();
        assertThat(policy.orElseThrow().actionSets().all())
                .hasSizeGreaterThanOrEqualTo(5)
                .allSatisfy(set -> {
                    assertThat(set.mode()).isEqualTo(Mode.DRY_RUN);
                    assertThat(Path.of(set.place().file()).getFileName()).hasToString(set.name() + ".yaml");
                    assertThat(set.trigger().cooldown()).isPresent();
                });
    }

    @ParameterizedTest
    @CsvSource({
        "500ms, PT0.5S",
        "5s, PT5S",
        "10m, PT10M",
        "1h30m, PT1H30M",
        "1d, PT24H",
        "1m500ms, PT1M0.5S",
        "90m, PT1H30M",
        "5, ",
        "'', ",
        "s, ",
        "1m1h, ",
        "-5s, ",
        "5 s, ",
        "1.5h, ",
        "5sec, ",
        "99999999999s, "
    })
    void durationsNeedAUnit(String text, Duration expected) {
        assertThat(DurationText.parse(text)).isEqualTo(Optional.ofNullable(expected));
    }
}
