package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.testing.ADetection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a rule asks of an event: rows of section 2.2, and the traps of section 3 that concern it. */
class CriteriaTest {

    private static TalonText match(String match) {
        return TalonText.of("- rule: R\n  match:\n" + match.indent(4) + "  actions: [{action: A}]\n");
    }

    private static TalonText fields(String... entries) {
        return match("output_fields: ["
                + Stream.of(entries).map(entry -> "'" + entry + "'").collect(Collectors.joining(", ")) + "]");
    }

    private static Detection carrying(String field, Object value) {
        return ADetection.of("X").field(field, value).build();
    }

    @Test
    void allCriteriaThatArePresentMustHold() {
        // Given
        TalonText rule = match("""
                rules: [Shell]
                output_fields: [k8s.ns.name=shop]
                priority: Warning
                tags: [shell]
                source: syscall
                """);
        Detection all = ADetection.of("Shell")
                .field("k8s.ns.name", "shop")
                .priority(Priority.WARNING)
                .tags("shell")
                .build();

        // Then
        assertThat(rule.answers(all)).isTrue();
        assertThat(List.of(
                        ADetection.of("Other")
                                .field("k8s.ns.name", "shop")
                                .tags("shell")
                                .build(),
                        ADetection.of("Shell")
                                .field("k8s.ns.name", "bank")
                                .tags("shell")
                                .build(),
                        ADetection.of("Shell")
                                .field("k8s.ns.name", "shop")
                                .tags("shell")
                                .priority(Priority.ERROR)
                                .build(),
                        ADetection.of("Shell")
                                .field("k8s.ns.name", "shop")
                                .tags("net")
                                .build(),
                        ADetection.of("Shell")
                                .field("k8s.ns.name", "shop")
                                .tags("shell")
                                .source("k8s_audit")
                                .build()))
                .noneMatch(rule::answers);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rules: []", "tags: []", "output_fields: []", "priority:", "source: ''", "priority: \">=\""})
    void anEmptyCriterionIsTrue(String empty) {
        // Given
        String other = empty.startsWith("source") ? "rules: [X]" : "source: syscall";

        // Then
        assertThat(match(other + "\n" + empty).answers(ADetection.of("X").build()))
                .isTrue();
    }

    @Test
    void aRuleWithoutMatchIsAnError() {
        // When
        List<String> problems =
                TalonText.of("- rule: R\n  actions: [{action: A}]\n").problemsOfMatch();

        // Then
        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("1.yaml:1:9: error: found rule 'R' without match, which in Talon answers every event")
                .contains("priority: \">=Debug\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{rules: []}", "{tags: [], priority: }"})
    void aMatchWithoutAnyCriterionIsAnError(String empty) {
        assertThat(TalonText.of("- rule: R\n  match: " + empty + "\n  actions: [{action: A}]\n")
                        .problemsOfMatch())
                .singleElement()
                .asString()
                .contains("error: found a match without any criterion, which in Talon is met by every event");
    }

    @Test
    void aMisspeltMatchIsAnErrorWithASuggestion() {
        // When
        List<String> problems = TalonText.of("- rule: R\n  mtach: {rules: [X]}\n  actions: [{action: A}]\n")
                .problemsOfMatch();

        // Then
        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("1.yaml:2:3: error: found unknown key in a rule: 'mtach'")
                .endsWith("did you mean 'match'?");
    }

    @Test
    void aMisspeltCriterionIsAnErrorWithASuggestion() {
        assertThat(match("output_field: [a.b=c]\nrules: [X]").problemsOfMatch())
                .singleElement()
                .asString()
                .contains("unknown key in match: 'output_field'")
                .endsWith("did you mean 'output_fields'?");
    }

    @Test
    void rulesAreAnyOfExactNamesUpperAndLowerCaseIncluded() {
        // Given
        TalonText rule = match("rules: [Shell, Terminal shell]");

        // Then
        assertThat(rule.answers(ADetection.of("Shell").build())).isTrue();
        assertThat(rule.answers(ADetection.of("Terminal shell").build())).isTrue();
        assertThat(rule.answers(ADetection.of("shell").build())).isFalse();
        assertThat(rule.answers(ADetection.of("Terminal").build())).isFalse();
    }

    @Test
    void theSourceIsOneExactValue() {
        // Given
        TalonText rule = match("source: k8s_audit");

        // Then
        assertThat(rule.answers(ADetection.of("X").source("k8s_audit").build())).isTrue();
        assertThat(rule.answers(ADetection.of("X").source("K8S_AUDIT").build())).isFalse();
        assertThat(rule.answers(ADetection.of("X").build())).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "Critical, CRITICAL",
        "critical, CRITICAL",
        "=Critical, CRITICAL",
        ">=Critical, EMERGENCY ALERT CRITICAL",
        ">Critical, EMERGENCY ALERT",
        "<=Notice, NOTICE INFORMATIONAL DEBUG",
        "<Notice, INFORMATIONAL DEBUG",
        ">=DEBUG, EMERGENCY ALERT CRITICAL ERROR WARNING NOTICE INFORMATIONAL DEBUG",
        "<=emergency, EMERGENCY ALERT CRITICAL ERROR WARNING NOTICE INFORMATIONAL DEBUG"
    })
    void aPriorityIsALevelWithAComparator(String written, String levels) {
        assertThat(match("priority: '" + written + "'").selector().priorities())
                .isEqualTo(Stream.of(levels.split(" ")).map(Priority::valueOf).collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @CsvSource({
        "Info, did you mean 'Informational'?",
        ">=Criticl, did you mean 'Critical'?",
        ">= Critical, write it without blanks",
        "=>Critical, such as",
        "5, such as",
        "<Debug, expected a priority that an event can have",
        ">Emergency, expected a priority that an event can have"
    })
    void anIncorrectPriorityIsAnError(String written, String suggestion) {
        assertThat(match("priority: '" + written + "'").problemsOfMatch())
                .singleElement()
                .asString()
                .contains("1.yaml:3:15: error: found priority '" + written + "'")
                .contains(suggestion);
    }

    @Test
    void aComparatorWithoutALevelIsAlwaysTrueAndIsWarnedOf() {
        // Given
        TalonText rule = match("priority: '>='\nrules: [X]");

        // Then
        assertThat(rule.selector().priorities()).isEmpty();
        assertThat(rule.rendered()).singleElement().asString().contains("warning: found priority '>=' without a level");
    }

    @Test
    void aComparatorWithoutALevelAloneIsAMatchThatEveryEventMeets() {
        assertThat(match("priority: '>='").problemsOfMatch())
                .anySatisfy(problem -> assertThat(problem).contains("error: found a match that every event meets"));
    }

    @Test
    void tagsAreAnyOfTheEntriesAndAllWithinOne() {
        // Given
        TalonText rule = match("tags: ['network, container', shell]");

        // Then
        assertThat(rule.selector().tags()).containsExactly(List.of("network", "container"), List.of("shell"));
        assertThat(rule.answers(ADetection.of("X").tags("shell").build())).isTrue();
        assertThat(rule.answers(ADetection.of("X").tags("network", "container").build()))
                .isTrue();
        assertThat(rule.answers(ADetection.of("X").tags("network").build())).isFalse();
    }

    @Test
    void aBlankWithinATagIsRemovedAndWarnedOf() {
        // Given
        TalonText rule = match("tags: ['container shell']");

        // Then
        assertThat(rule.selector().tags()).containsExactly(List.of("containershell"));
        assertThat(rule.rendered())
                .singleElement()
                .asString()
                .contains("warning")
                .contains("with a blank in it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NIST_800-53_AC-2", "AC-6", "AU-10", "T1059/004"})
    void tagsWithHyphensAreAcceptedAndTalonsRefusalIsWarnedOf(String tag) {
        // Given
        TalonText rule = match("tags: ['" + tag + "']");

        // Then
        assertThat(rule.answers(ADetection.of("X").tags(tag).build())).isTrue();
        assertThat(rule.rendered()).singleElement().asString().contains("for which Talon refuses the whole file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b!", "shell,", "", "a,,b", "ends_"})
    void anIncorrectTagIsAnError(String tag) {
        assertThat(match("tags: ['" + tag + "']").problemsOfMatch())
                .anySatisfy(problem -> assertThat(problem).contains("1.yaml:3:12: error: found tag '"));
    }

    @Test
    void aTagRepeatedInTheEventDoesNotBreakAMatch() {
        assertThat(match("tags: ['a, b']")
                        .answers(ADetection.of("X").tags("a", "b", "b", "a").build()))
                .isTrue();
    }

    @Test
    void aTagRepeatedInTheRuleDoesNotBreakAMatch() {
        assertThat(match("tags: ['a, b, a']")
                        .answers(ADetection.of("X").tags("a", "b").build()))
                .isTrue();
    }

    @Test
    void outputFieldsAreAnyOfTheEntriesAndAllWithinOne() {
        // Given
        TalonText rule = fields("k8s.ns.name=shop, proc.name=sh", "user.name=root");

        // Then
        assertThat(rule.selector().where().orElseThrow().text())
                .isEqualTo("(k8s.ns.name = \"shop\" and proc.name = \"sh\") or user.name = \"root\"");
        assertThat(rule.answers(ADetection.of("X")
                        .field("k8s.ns.name", "shop")
                        .field("proc.name", "sh")
                        .build()))
                .isTrue();
        assertThat(rule.answers(carrying("user.name", "root"))).isTrue();
        assertThat(rule.answers(carrying("k8s.ns.name", "shop"))).isFalse();
    }

    @Test
    void aCommaSeparatesWithAndWithoutABlank() {
        assertThat(fields("k8s.ns.name=a,proc.name=b, user.name=c")
                        .selector()
                        .where()
                        .orElseThrow()
                        .text())
                .isEqualTo("k8s.ns.name = \"a\" and proc.name = \"b\" and user.name = \"c\"");
    }

    @Test
    void aBlankBeforeACommaStaysInTheValueAndIsWarnedOf() {
        // Given
        TalonText rule = fields("k8s.ns.name=a ,proc.name=b");

        // Then
        assertThat(rule.selector().where().orElseThrow().text())
                .isEqualTo("k8s.ns.name = \"a \" and proc.name = \"b\"");
        assertThat(rule.rendered()).singleElement().asString().contains("a value with a blank at its end");
    }

    @Test
    void equalNeedsTheFieldAndUnequalDoesNot() {
        // Given
        Detection without = ADetection.of("X").build();

        // Then
        assertThat(fields("k8s.ns.name=shop").answers(without)).isFalse();
        assertThat(fields("k8s.ns.name!=shop").answers(without)).isTrue();
        assertThat(fields("k8s.ns.name!=shop").answers(carrying("k8s.ns.name", "shop")))
                .isFalse();
        assertThat(fields("k8s.ns.name!=shop").answers(carrying("k8s.ns.name", "bank")))
                .isTrue();
    }

    @Test
    void allDoubleQuotesInAValueAreRemoved() {
        assertThat(fields("proc.cmdline=sh -c \"id\"").answers(carrying("proc.cmdline", "sh -c id")))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "my_field, underscore",
        "my-field, hyphen",
        "team/owner, slash",
        "nodots, none",
        "k8s.pod.label[app.kubernetes.io/name], of Falco"
    })
    void fieldsOfAnyNameAreLookedUp(String key, String what) {
        // Given
        TalonText equal = fields(key + "=x");
        TalonText unequal = fields(key + "!=x");

        // Then
        assertThat(equal.answers(carrying(key, "x"))).as(what).isTrue();
        assertThat(equal.answers(carrying(key, "y"))).isFalse();
        assertThat(unequal.answers(carrying(key, "x"))).isFalse();
        assertThat(unequal.answers(carrying(key, "y"))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"proc.is_exe_writable", "my-field", "a/b"})
    void fieldsThatTalonRefusesAreWarnedOf(String key) {
        assertThat(fields(key + "=true").problemsOfMatch())
                .singleElement()
                .asString()
                .contains("warning: found field '" + key + "', for which Talon refuses the whole file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"k8s.ns.name", "k8s.ns.name = a", "=a", "k8s.ns.name=a,  proc.name=b", "a$b=c", ""})
    void anIncorrectFieldIsAnError(String entry) {
        assertThat(fields(entry).problemsOfMatch())
                .singleElement()
                .asString()
                .startsWith("1.yaml:3:21: error: found '")
                .contains("in output_fields, expected field=value or field!=value");
    }

    @ParameterizedTest
    @CsvSource({
        "proc.cmdline=env A=1, 'env A=1', true",
        "proc.cmdline=env A=1, 'env A=2', false",
        "proc.cmdline!=env A=1, 'env A=1', false",
        "proc.cmdline!=env A=1, 'env A=2', true",
        "proc.cmdline=a!=b, a!=b, true",
        "proc.cmdline==, =, true"
    })
    void aValueIsAllThatFollowsTheFirstComparator(String written, String value, boolean met) {
        // Given
        TalonText rule = fields(written);

        // Then
        assertThat(rule.answers(carrying("proc.cmdline", value))).isEqualTo(met);
        assertThat(rule.rendered())
                .singleElement()
                .asString()
                .contains("warning")
                .contains("a condition that Talon");
    }

    static Stream<Map.Entry<String, Object>> numbers() {
        return Stream.of(
                Map.entry("fd.sport=4444", 4444),
                Map.entry("fd.sport=4444", 4444L),
                Map.entry("proc.pid=1234567", 1_234_567L),
                Map.entry("proc.pid=1234567", 1234567.0),
                Map.entry("proc.pid=1234567", "1234567"),
                Map.entry("proc.pid=1.234567e+06", 1_234_567L),
                Map.entry("amount=1234567", 1_234_567L),
                Map.entry("amount=1234567", 1.234567e6),
                Map.entry("amount=1.234567e+06", 1_234_567),
                Map.entry("amount=0.5", 0.5),
                Map.entry("ka.response.code=201", 201),
                Map.entry("ka.response.code=201", "201"));
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("numbers")
    void numbersCompareAsNumbers(Map.Entry<String, Object> number) {
        String field = number.getKey().substring(0, number.getKey().indexOf('='));
        assertThat(fields(number.getKey()).answers(carrying(field, number.getValue())))
                .isTrue();
        assertThat(fields(number.getKey().replace("=", "!=")).answers(carrying(field, number.getValue())))
                .isFalse();
        assertThat(fields(number.getKey()).answers(carrying(field, 77))).isFalse();
    }

    @Test
    void aNumberThatTalonNeverFindsEqualIsWarnedOf() {
        assertThat(fields("proc.pid=1000000").problemsOfMatch())
                .singleElement()
                .asString()
                .contains("warning: found 'proc.pid=1000000', a number that Talon never finds equal");
        assertThat(fields("proc.pid=999999").problemsOfMatch()).isEmpty();
    }

    @Test
    void booleansCompareAsTheirWords() {
        assertThat(fields("evt.failed=true").answers(carrying("evt.failed", true)))
                .isTrue();
        assertThat(fields("flag=false").answers(carrying("flag", false))).isTrue();
        assertThat(fields("flag=false").answers(carrying("flag", true))).isFalse();
    }

    @Test
    void aFieldWithoutAValueIsTalonsNil() {
        // Given
        Detection nothing = ADetection.of("X").field("proc.pname", null).build();

        // Then
        assertThat(fields("proc.pname=<nil>").answers(nothing)).isTrue();
        assertThat(fields("proc.pname=<nil>").answers(carrying("proc.pname", "sh")))
                .isFalse();
        assertThat(fields("proc.pname!=<nil>").answers(carrying("proc.pname", "sh")))
                .isTrue();
        assertThat(fields("my-field=<nil>").answers(nothing)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C:\\", "a\\b", "don''t", "(a or b)", "shell_binaries", "a b\\", "%proc.name", "x and y"})
    void anyValueComesThroughUnchanged(String written) {
        // Given
        String value = written.replace("''", "'");

        // Then
        assertThat(fields("proc.cmdline=" + written).answers(carrying("proc.cmdline", value)))
                .isTrue();
        assertThat(fields("my-field=" + written).answers(carrying("my-field", value)))
                .isTrue();
    }

    @Test
    void fieldsOfFalcoThatAConditionReadsAreAskedOfDetections() {
        // Given
        TalonText rule = fields("k8s.ns.name!=a, my-field=b, proc.pid=x");

        // When
        Set<String> used = new Criteria(TalonText.WHERE, rule.problems())
                .of(rule.rule())
                .orElseThrow()
                .fieldsUsed();

        // Then
        assertThat(used).containsExactlyInAnyOrder("k8s.ns.name", "proc.pid");
    }
}
