package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.source.Yaml;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of entries of one name: rows of section 2.3, and the traps of section 3 that concern it. */
class MergingTest {

    private static final String RULE = """
            - rule: R
              match: {rules: [X]}
              actions: [{action: A}]
            """;

    private static TalonAction action(TalonText text) {
        return text.rule().actions().getFirst();
    }

    /** A parameter in a form that is easy to compare. */
    private static Object value(TalonAction action, String parameter) {
        return value(action.parameters(), parameter);
    }

    private static Object value(Map<String, Yaml.Entry> parameters, String name) {
        Yaml.Entry entry = parameters.get(name);
        return entry == null ? "nothing" : plain(entry.value());
    }

    private static Object plain(Yaml value) {
        return switch (value) {
            case Yaml.Scalar scalar -> scalar.text();
            case Yaml.Sequence list ->
                list.items().stream().map(MergingTest::plain).toList();
            case Yaml.Mapping map ->
                map.entries().entrySet().stream()
                        .collect(java.util.stream.Collectors.toMap(
                                Map.Entry::getKey,
                                entry -> plain(entry.getValue().value())));
        };
    }

    private static List<String> texts(List<Yaml.Scalar> scalars) {
        return scalars.stream().map(Yaml.Scalar::text).toList();
    }

    @Test
    void filesAreConcatenatedInTheirOrder() {
        // Given
        TalonText text = TalonText.of(
                "- rule: Second\n  match: {rules: [X]}\n  actions: [{action: A}]\n",
                "- rule: First\n  match: {rules: [X]}\n  actions: [{action: A}]\n");

        // Then
        assertThat(text.rules()).extracting(TalonRule::name).containsExactly("Second", "First");
    }

    @Test
    void entriesOfOneNameMergeInsideOneFileToo() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  match: {rules: [X]}
                  actions: [{action: A}]
                - rule: R
                  match: {rules: [Y]}
                """);

        // Then
        assertThat(text.rules()).hasSize(1);
        assertThat(texts(text.rule().match().orElseThrow().rules())).containsExactly("X", "Y");
    }

    @Test
    void ofSharedActionsTheLaterWord() {
        // Given
        TalonText text = TalonText.of(RULE, """
                - action: A
                  actionner: kubernetes:label
                  description: first
                  continue: true
                  ignore_errors: false
                """, """
                - action: A
                  actionner: kubernetes:cordon
                  description: second
                  continue: false
                  ignore_errors: true
                """);

        // Then
        assertThat(action(text).actionner().orElseThrow().text()).isEqualTo("kubernetes:cordon");
        assertThat(action(text).description()).contains("second");
        assertThat(action(text).continues()).contains(false);
        assertThat(action(text).ignoreErrors()).contains(true);
    }

    @Test
    void whatALaterSharedActionDoesNotMentionStays() {
        // Given
        TalonText text =
                TalonText.of(RULE, "- action: A\n  actionner: kubernetes:label\n  continue: false\n", "- action: A\n");

        // Then
        assertThat(action(text).actionner().orElseThrow().text()).isEqualTo("kubernetes:label");
        assertThat(action(text).continues()).contains(false);
    }

    @Test
    void ofTargetsTheFirstWinsAndAnotherIsWarnedOf() {
        // Given
        TalonText text = TalonText.of(
                RULE,
                "- action: A\n  output: {target: 'aws:s3', parameters: {bucket: one}}\n",
                "- action: A\n  output: {target: 'minio:s3', parameters: {bucket: two}}\n");

        // Then
        TalonAction.Output output = action(text).output().orElseThrow();
        assertThat(output.target().orElseThrow().text()).isEqualTo("aws:s3");
        assertThat(value(output.parameters(), "bucket")).isEqualTo("two");
        assertThat(text.rendered()).singleElement().asString().startsWith("3.yaml:2:20: warning: found another target");
    }

    @Test
    void contextsAreAppended() {
        // Given
        TalonText text = TalonText.of(
                "- rule: R\n  match: {rules: [X]}\n  actions: [{action: A, additional_contexts: [k8snode]}]\n",
                "- action: A\n  additional_contexts: [aws]\n",
                "- action: A\n  additional_contexts: [aws]\n");

        // Then
        assertThat(texts(action(text).contexts())).containsExactly("aws", "aws", "k8snode");
    }

    @ParameterizedTest
    @CsvSource({
        "'1', '2', 2",
        "'{a: x, b: y}', '{b: z, c: w}', '{a=x, b=z, c=w}'",
        "'[a]', '[b, a]', '[a, b, a]'",
    })
    void parametersOfSharedActionsMergeByTheirKind(String earlier, String later, String merged) {
        // Given
        TalonText text = TalonText.of(
                RULE,
                "- action: A\n  parameters: {p: " + earlier + "}\n",
                "- action: A\n  parameters: {p: " + later + "}\n");

        // Then
        assertThat(value(action(text), "p")).hasToString(merged);
        assertThat(text.rendered()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"'1', two", "'1', '[2]'", "'[1]', '{a: b}'", "'true', '1'"})
    void aLaterValueOfAnotherTypeIsDroppedAndWarnedOf(String earlier, String later) {
        // Given
        TalonText text = TalonText.of(
                RULE,
                "- action: A\n  parameters: {p: " + earlier + "}\n",
                "- action: A\n  parameters: {p: " + later + "}\n");

        // Then
        assertThat(value(action(text), "p"))
                .isEqualTo(value(action(TalonText.of(RULE, "- action: A\n  parameters: {p: " + earlier + "}\n")), "p"));
        assertThat(text.rendered())
                .singleElement()
                .asString()
                .startsWith("3.yaml:2:16: warning: found ")
                .contains("the earlier value stays, in Talon too");
    }

    @Test
    void aListThatAnOverrideAddsIsFlatAndTalonsNestingIsWarnedOf() {
        // Given
        TalonText text = TalonText.of(
                RULE,
                "- action: A\n  actionner: kubernetes:networkpolicy\n",
                "- action: A\n  parameters: {allow_cidr: [10.0.0.0/8]}\n");

        // Then
        assertThat(value(action(text), "allow_cidr")).isEqualTo(List.of("10.0.0.0/8"));
        assertThat(text.rendered())
                .singleElement()
                .asString()
                .startsWith("3.yaml:2:16: warning: found a list 'allow_cidr' for 'A', which had none before");
    }

    @Test
    void ofRulesTheLaterWordIfThereIsOne() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  description: first
                  continue: false
                  dry_run: true
                  match: {rules: [X]}
                  actions: [{action: A}]
                """, "- rule: R\n  match: {}\n  description: second\n  dry_run: false\n");

        // Then
        assertThat(text.rule().description()).contains("second");
        assertThat(text.rule().dryRun()).contains(false);
        assertThat(text.rule().continues()).contains(false);
    }

    @Test
    void listsOfRulesAreAppended() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  notifiers: [slack]
                  match: {rules: [X], tags: [a], output_fields: [k.a=1]}
                  actions: [{action: A}]
                """, """
                - rule: R
                  notifiers: [loki]
                  match: {rules: [Y], tags: [b], output_fields: [k.b=2]}
                  actions: [{action: B}]
                """);

        // Then
        TalonMatch match = text.rule().match().orElseThrow();
        assertThat(texts(text.rule().notifiers())).containsExactly("slack", "loki");
        assertThat(texts(match.rules())).containsExactly("X", "Y");
        assertThat(texts(match.tags())).containsExactly("a", "b");
        assertThat(texts(match.outputFields())).containsExactly("k.a=1", "k.b=2");
        assertThat(text.rule().actions()).extracting(TalonAction::name).containsExactly("A", "B");
    }

    @Test
    void priorityAndSourceAreReplacedByLaterOnes() {
        // Given
        TalonText text = TalonText.of(
                "- rule: R\n  match: {priority: Error, source: syscall}\n  actions: [{action: A}]\n",
                "- rule: R\n  match: {priority: Alert, source: k8s_audit}\n");

        // Then
        assertThat(text.rule().match().orElseThrow().priority().orElseThrow().text())
                .isEqualTo("Alert");
        assertThat(text.rule().match().orElseThrow().source().orElseThrow().text())
                .isEqualTo("k8s_audit");
        assertThat(text.rendered()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"'match: {rules: [Y]}'", "'dry_run: true'"})
    void priorityAndSourceAreKeptWhenALaterEntryDoesNotMentionThem(String later) {
        // Given
        TalonText text = TalonText.of(
                "- rule: R\n  match: {priority: Error, source: syscall}\n  actions: [{action: A}]\n",
                "- rule: R\n  " + later + "\n");

        // Then
        assertThat(text.rule().match().orElseThrow().priority().orElseThrow().text())
                .isEqualTo("Error");
        assertThat(text.rule().match().orElseThrow().source().orElseThrow().text())
                .isEqualTo("syscall");
        assertThat(text.rendered()).hasSize(2).allSatisfy(problem -> assertThat(problem)
                .startsWith("2.yaml:1:9: warning: found rule 'R' again, without its ")
                .contains("which Talon would then forget"));
    }

    @Test
    void anActionThatALaterEntryRepeatsRunsTwiceAndIsWarnedOf() {
        // Given
        TalonText text = TalonText.of(RULE, "- rule: R\n  actions: [{action: A}]\n");

        // Then
        assertThat(text.rule().actions()).hasSize(2);
        assertThat(text.rendered()).singleElement().asString().contains("it runs twice, in Talon too");
    }

    @Test
    void aSharedActionFillsWhatTheRulesActionLeavesOpen() {
        // Given
        TalonText text = TalonText.of(RULE, """
                - action: A
                  actionner: kubernetes:log
                  description: said
                  continue: false
                  ignore_errors: true
                  parameters: {tail_lines: 5}
                  output: {target: 'aws:s3', parameters: {bucket: b}}
                """);

        // Then
        assertThat(action(text).actionner().orElseThrow().text()).isEqualTo("kubernetes:log");
        assertThat(action(text).description()).contains("said");
        assertThat(action(text).continues()).contains(false);
        assertThat(action(text).ignoreErrors()).contains(true);
        assertThat(value(action(text), "tail_lines")).isEqualTo("5");
        assertThat(action(text).output().orElseThrow().target().orElseThrow().text())
                .isEqualTo("aws:s3");
    }

    @Test
    void ofSingleValuesTheRulesWins() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  match: {rules: [X]}
                  actions:
                    - {action: A, continue: true, parameters: {p: 1}, output: {parameters: {bucket: mine}}}
                - action: A
                  continue: false
                  parameters: {p: 2, q: 3}
                  output: {target: 'aws:s3', parameters: {bucket: shared, prefix: x}}
                """);

        // Then
        assertThat(action(text).continues()).contains(true);
        assertThat(value(action(text), "p")).isEqualTo("1");
        assertThat(value(action(text), "q")).isEqualTo("3");
        assertThat(action(text).output().orElseThrow().target().orElseThrow().text())
                .isEqualTo("aws:s3");
        assertThat(value(action(text).output().orElseThrow().parameters(), "bucket"))
                .isEqualTo("mine");
        assertThat(value(action(text).output().orElseThrow().parameters(), "prefix"))
                .isEqualTo("x");
    }

    @Test
    void ofListsTheSharedThenTheRules() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  match: {rules: [X]}
                  actions: [{action: A, parameters: {l: [b]}}]
                - action: A
                  parameters: {l: [a]}
                """);

        // Then
        assertThat(value(action(text), "l")).isEqualTo(List.of("a", "b"));
    }

    @Test
    void ofMapsTheRulesOwnValueWinsAndTalonsChoiceIsWarnedOf() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  match: {rules: [X]}
                  actions:
                    - action: A
                      parameters: {labels: {level: high, seen: now}}
                - action: A
                  parameters: {labels: {level: low, team: blue}}
                """);

        // Then
        assertThat(value(action(text), "labels")).isEqualTo(Map.of("level", "high", "seen", "now", "team", "blue"));
        assertThat(text.rendered())
                .singleElement()
                .asString()
                .startsWith("1.yaml:5:29: warning: found 'level' in 'labels' of 'A'")
                .contains("Talon would take 'low'");
    }

    @Test
    void aTypeThatDoesNotFitTheSharedOneIsWarnedOfAndNotFatal() {
        // Given
        TalonText text = TalonText.of("""
                - rule: R
                  match: {rules: [X]}
                  actions: [{action: A, parameters: {p: [x]}}]
                - action: A
                  parameters: {p: 1}
                """);

        // Then
        assertThat(value(action(text), "p")).isEqualTo(List.of("x"));
        assertThat(text.problems().hasErrors()).isFalse();
        assertThat(text.rendered()).singleElement().asString().contains("the rule's own value is taken, in Talon too");
    }

    @Test
    void twoRulesThatExtendOneListDoNotGetEachOthersValues() {
        // Given
        TalonText text = TalonText.of("""
                - action: A
                  parameters: {l: [a, b]}
                - action: A
                  parameters: {l: [c]}
                - rule: R1
                  match: {rules: [X]}
                  actions: [{action: A, parameters: {l: [one]}}]
                - rule: R2
                  match: {rules: [X]}
                  actions: [{action: A, parameters: {l: [two]}}]
                """);

        // Then
        assertThat(value(text.rules().get(0).actions().getFirst(), "l")).isEqualTo(List.of("a", "b", "c", "one"));
        assertThat(value(text.rules().get(1).actions().getFirst(), "l")).isEqualTo(List.of("a", "b", "c", "two"));
        assertThat(text.rendered())
                .singleElement()
                .asString()
                .startsWith("1.yaml:10:38: warning: found a second rule that adds to the list 'l' of 'A'");
    }

    @Test
    void anActionThatNoRuleNamesIsWarnedOf() {
        assertThat(TalonText.of(RULE + "- action: Unused\n").rendered())
                .singleElement()
                .asString()
                .startsWith("1.yaml:4:11: warning: found action 'Unused', which no rule names");
    }
}
