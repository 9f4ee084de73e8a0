package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The shape of files: rows of section 2.1, and the errors of section 2.6 that concern it. */
class EntryReaderTest {

    @Test
    void aFileIsAListOfActionsAndRules() {
        // Given
        TalonText text = TalonText.of("""
                - action: A
                  description: what
                  actionner: kubernetes:label
                  parameters: {labels: {a: b}}
                  continue: true
                  ignore_errors: true
                  additional_contexts: [aws]
                  output: {target: 'aws:s3', parameters: {bucket: b}}
                - rule: R
                  description: why
                  continue: false
                  dry_run: true
                  notifiers: [slack]
                  actions:
                    - action: A
                    - action: B
                      actionner: kubernetes:terminate
                  match: {rules: [X], priority: Error, source: syscall, tags: [a], output_fields: [a.b=c]}
                """);

        // Then
        assertThat(text.rendered()).isEmpty();
        assertThat(text.rule().actions()).extracting(TalonAction::name).containsExactly("A", "B");
        assertThat(text.rule().continues()).contains(false);
        assertThat(text.rule().dryRun()).contains(true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n", "---\n", "[]"})
    void anEmptyFileHasNoRules(String nothing) {
        assertThat(TalonText.of(nothing).rules()).isEmpty();
        assertThat(TalonText.of(nothing).rendered()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'- rule: [', 1.yaml:1:",
        "'rule: R', 1.yaml:1:1: error: found a mapping in 1.yaml",
        "'a word', 1.yaml:1:1: error: found 'a word' in 1.yaml",
        "'- a word', 1.yaml:1:3: error: found 'a word' as an entry",
    })
    void wrongSyntaxNamesTheFile(String text, String problem) {
        assertThat(TalonText.of(text).rendered()).singleElement().asString().startsWith(problem);
    }

    @Test
    void anActionSetIsToldFromARuleFile() {
        assertThat(TalonText.of("apiVersion: pounce.dev/v1\nkind: ActionSet\n").rendered())
                .singleElement()
                .asString()
                .endsWith("this is an action set: give it with --actionsets");
    }

    @Test
    void aSecondDocumentIsAnErrorForTalonReadsOnlyTheFirst() {
        assertThat(TalonText.of("- action: A\n---\n- action: B\n").rendered())
                .anySatisfy(problem -> assertThat(problem).startsWith("1.yaml:3:1: error: found a second document"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"- rule:\n", "- rule: ''\n", "- match: {rules: [X]}\n", "- actions: [{action: A}]\n"})
    void allRulesMustHaveAName(String text) {
        assertThat(TalonText.of(text).rendered())
                .singleElement()
                .asString()
                .contains("error: found a rule without a name, expected rule: NAME");
    }

    @Test
    void aMisspeltRuleIsSuggested() {
        assertThat(TalonText.of("- rlue: R\n  match: {rules: [X]}\n").rendered())
                .singleElement()
                .asString()
                .endsWith("did you mean 'rule' where 'rlue' stands?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"- action:\n", "- actionner: kubernetes:label\n", "- rule: R\n  actions: [{actionner: 'a:b'}]\n"
            })
    void anActionWithoutANameIsAnError(String text) {
        assertThat(TalonText.of(text).rendered())
                .singleElement()
                .asString()
                .contains("error: found an action without a name, expected action: NAME");
    }

    @Test
    void anEntryThatIsBothIsAnError() {
        assertThat(TalonText.of("- rule: R\n  action: A\n").rendered())
                .singleElement()
                .asString()
                .contains("an entry that is an action and a rule");
    }

    @ParameterizedTest
    @ValueSource(strings = {"True", "yes", "FALSE", "1", "on"})
    void booleansAreTrueOrFalseInSmallLetters(String written) {
        assertThat(TalonText.of("- rule: R\n  continue: " + written + "\n").rendered())
                .singleElement()
                .asString()
                .isEqualTo("1.yaml:2:13: error: found '" + written
                        + "' as continue, expected true or false, in small letters");
        assertThat(TalonText.of("- rule: R\n  dry_run: " + written + "\n").rendered())
                .hasSize(1);
        assertThat(TalonText.of("- rule: R\n  actions: [{action: A, ignore_errors: " + written + "}]\n")
                        .rendered())
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"'true'", "\"true\"", "true"})
    void booleansMayBeInQuotes(String written) {
        assertThat(TalonText.of("- rule: R\n  dry_run: " + written + "\n")
                        .rule()
                        .dryRun())
                .contains(true);
    }

    @ParameterizedTest
    @CsvSource({
        "'- rule: R\n  notifier: [slack]', notifiers",
        "'- rule: R\n  dryrun: true', dry_run",
        "'- action: A\n  actioner: a:b', actionner",
        "'- action: A\n  ignore_error: true', ignore_errors",
        "'- action: A\n  output: {targt: x}', target",
        "'- rule: R\n  match: {rule: [X]}', rules"
    })
    void unknownKeysAreErrorsWithASuggestion(String text, String meant) {
        assertThat(TalonText.of(text).rendered()).anySatisfy(problem -> assertThat(problem)
                .contains("error: found unknown key in ")
                .endsWith("did you mean '" + meant + "'?"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "match: [X]",
                "match: {rules: X}",
                "actions: A",
                "actions: [A]",
                "notifiers: slack",
                "match: {tags: [[a]]}"
            })
    void aValueOfAnotherShapeIsAnError(String line) {
        assertThat(TalonText.of("- rule: R\n  " + line + "\n").rendered())
                .singleElement()
                .asString()
                .contains("error: found ");
    }
}
