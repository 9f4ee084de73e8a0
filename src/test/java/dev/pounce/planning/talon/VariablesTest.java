package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.language.FieldTable;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.planning.talon.Variables.Meaning;
import dev.pounce.planning.talon.Variables.Piece;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How variables are told from what is the shell's: rows of section 2.5. */
class VariablesTest {

    private static List<String> namesIn(String text) {
        return Variables.in(text).stream()
                .filter(Piece.Variable.class::isInstance)
                .map(piece -> ((Piece.Variable) piece).name())
                .toList();
    }

    @Test
    void variablesStandWithAndWithoutBraces() {
        assertThat(Variables.in("echo $RULE and ${K8S_NS_NAME}."))
                .containsExactly(
                        new Piece.Text("echo "),
                        new Piece.Variable("RULE", "$RULE", false),
                        new Piece.Text(" and "),
                        new Piece.Variable("K8S_NS_NAME", "${K8S_NS_NAME}", false),
                        new Piece.Text("."));
    }

    @ParameterizedTest
    @ValueSource(strings = {"$1", "$?", "$$", "$@", "$#", "$*", "$!", "$-", "$0", "${1}"})
    void whatOnlyAShellKnowsIsLeftToIt(String written) {
        assertThat(Variables.in(written)).containsExactly(new Piece.OfShell(written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"$(id -u)", "a $ b", "cost: 5$", "${}", "${open", "\\$RULE"})
    void whatIsNoVariableSurvives(String text) {
        assertThat(namesIn(text)).isEmpty();
    }

    @Test
    void aShellsOwnExpansionsAreLeftToIt() {
        assertThat(Variables.in("${x:-y}")).containsExactly(new Piece.OfShell("${x:-y}"));
    }

    @Test
    void aVariableInSingleQuotesIsNoted() {
        assertThat(Variables.in("echo '$RULE' \"it's $SOURCE\""))
                .contains(new Piece.Variable("RULE", "$RULE", true), new Piece.Variable("SOURCE", "$SOURCE", false));
    }

    @ParameterizedTest
    @CsvSource({
        "k8s.pod.name, K8S_POD_NAME",
        "proc.aname[2], PROC_ANAME_2",
        "proc.is_exe_writable, PROC_IS_EXE_WRITABLE",
        "fd.name, FD_NAME",
        "evt.arg.flags, EVT_ARG_FLAGS"
    })
    void aFieldIsSpelledInCapitalsWithUnderscores(String field, String variable) {
        assertThat(Variables.spelled(field)).isEqualTo(variable);
        assertThat(Variables.of(variable, Map.of())).isEqualTo(new Meaning.Field(field));
    }

    @Test
    void everyFieldIsFoundAgainByItsSpelling() {
        assertThat(FieldTable.names())
                .filteredOn(
                        field -> FieldTable.typeOf(new FieldUse(field, null)).isPresent())
                .hasSizeGreaterThan(300)
                .allSatisfy(field -> assertThat(Variables.of(Variables.spelled(field), Map.of()))
                        .isEqualTo(new Meaning.Field(field)));
    }

    @ParameterizedTest
    @CsvSource({
        "PRIORITY, detection.priority",
        "RULE, detection.rule",
        "SOURCE, detection.source",
        "TAGS, detection.tags",
        "HOSTNAME, detection.hostname"
    })
    void whatEveryEventHasIsKnown(String variable, String field) {
        assertThat(Variables.of(variable, Map.of())).isEqualTo(new Meaning.Field(field));
    }

    @Test
    void whatIsKnownOfRuleAndActionIsAConstant() {
        assertThat(Variables.of("FALCO-TALON_RULE", Map.of("FALCO-TALON_RULE", "R")))
                .isEqualTo(new Meaning.Constant("R"));
    }

    @ParameterizedTest
    @CsvSource({"NODE_HOSTNAME, k8snode, node.hostname", "AWS_REGION, aws, aws.region"})
    void whatAContextKnowsIsTheContexts(String variable, String context, String name) {
        assertThat(Variables.of(variable, Map.of())).isEqualTo(new Meaning.OfContext(context, name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PATH", "HOME", "x", "MY_OWN"})
    void anythingElseIsUnknown(String variable) {
        assertThat(Variables.of(variable, Map.of())).isEqualTo(new Meaning.Unknown());
    }
}
