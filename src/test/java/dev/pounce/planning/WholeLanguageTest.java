package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.ActionType;
import dev.pounce.action.Lane;
import dev.pounce.action.Share;
import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Selector;
import dev.pounce.detection.Priority;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an action set can say beyond one detection and one signal. */
class WholeLanguageTest {

    private static final String SET = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: whole }
            spec:
              when: WHEN
              steps:
                - STEP
            """;

    private static final String WHEN = "{ detection: { rules: [A] } }";
    private static final String STEP = "{ id: s, process.kill: }";

    private final Problems problems = new Problems();
    private final ActionSetReader reader = new ActionSetReader(new FieldEqualsValue());

    private List<String> rendered() {
        return problems.all().stream()
                .map(Problem::render)
                .map(line -> line.replace(System.lineSeparator() + "    ", " | "))
                .toList();
    }

    private ActionSet read(String text) {
        List<ActionSet> sets = reader.read("a.yaml", text, problems);
        assertThat(rendered()).isEmpty();
        return sets.getFirst();
    }

    private Pattern when(String when) {
        return read(SET.replace("WHEN", when).replace("STEP", STEP)).trigger().pattern();
    }

    private ActionSet.Step step(String step) {
        return read(SET.replace("WHEN", WHEN).replace("STEP", step)).steps().getFirst();
    }

    private static Selector rule(String name) {
        return new Selector(List.of(name), List.of(), Set.of(), Optional.empty(), Optional.empty());
    }

    @Test
    void anyOfSeveralKinds() {
        assertThat(when("{ any: [ { rules: [A] }, { rules: [B] } ] }"))
                .isEqualTo(new Pattern.Any(List.of(rule("A"), rule("B"))));
    }

    @Test
    void allAndSequenceHaveAWindowAndKeysBesideThem() {
        assertThat(when("{ all: [ { rules: [A] }, { rules: [B] } ], within: 5m }"))
                .isEqualTo(new Pattern.All(List.of(rule("A"), rule("B")), Duration.ofMinutes(5), List.of()));
        assertThat(when("{ sequence: [ { rules: [A] }, { rules: [B] } ], within: 1h, by: container.id }"))
                .isEqualTo(new Pattern.Sequence(
                        List.of(rule("A"), rule("B")), Duration.ofHours(1), List.of("container.id")));
        assertThat(when("{ sequence: [ { rules: [A] }, { rules: [B] } ], within: 1h, by: [container.id, proc.name] }"))
                .isEqualTo(new Pattern.Sequence(
                        List.of(rule("A"), rule("B")), Duration.ofHours(1), List.of("container.id", "proc.name")));
    }

    @Test
    void countsOfDetectionsAndOfValues() {
        assertThat(when("{ count: { of: { rules: [A] }, atLeast: 5 }, within: 1m }"))
                .isEqualTo(new Pattern.Count(rule("A"), 5, Duration.ofMinutes(1), List.of()));
        assertThat(
                        when(
                                "{ valueCount: { of: { rules: [A] }, field: fd.sport, atLeast: 9 }, within: 1m, by: proc.name }"))
                .isEqualTo(
                        new Pattern.ValueCount(rule("A"), "fd.sport", 9, Duration.ofMinutes(1), List.of("proc.name")));
    }

    @Test
    void oneKindWithoutTheOtherBehindIt() {
        assertThat(when("{ absence: { seen: { rules: [A] }, missing: { rules: [B] } }, within: 30s }"))
                .isEqualTo(new Pattern.Absence(rule("A"), rule("B"), Duration.ofSeconds(30), List.of()));
    }

    @Test
    void aConditionBesideThePatternHoldsForEachOfItsDetections() {
        assertThat(when("{ any: [ { rules: [A] }, { rules: [B] } ], where: proc.name = sh }")
                        .selectors())
                .allSatisfy(selector ->
                        assertThat(selector.where().orElseThrow().text()).isEqualTo("proc.name = sh"));
    }

    @Test
    void tagsAreOneOfSeveralOrAllOfAList() {
        assertThat(when("{ detection: { tags: [a, [b, c]] } }")
                        .selectors()
                        .getFirst()
                        .tags())
                .containsExactly(List.of("a"), List.of("b", "c"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "Alert, ALERT EMERGENCY",
        "'\">=Alert\"', ALERT EMERGENCY",
        "'\">Alert\"', EMERGENCY",
        "'\"=Alert\"', ALERT",
        "=Alert, ALERT",
        "<Notice, INFORMATIONAL DEBUG",
        "'<= info', INFORMATIONAL DEBUG"
    })
    void aPriorityIsALevelAndWhatIsWorseUnlessItSaysOtherwise(String written, String expected) {
        // Given
        Set<Priority> levels = EnumSet.noneOf(Priority.class);
        for (String level : expected.split(" ")) {
            levels.add(Priority.valueOf(level));
        }

        // When
        Pattern pattern = when("{ detection: { priority: " + written + " } }");

        // Then
        assertThat(pattern.selectors().getFirst().priorities()).isEqualTo(levels);
    }

    @Test
    void aStepBringsWhatItsActionBringsUnlessItSaysOtherwise() {
        // When
        ActionSet.Step logs = step("{ id: s, evidence.logs: }");
        ActionSet.Step own = step("{ id: s, evidence.logs: , lane: containment, within: 3s, onFailure: continue }");

        // Then
        assertThat(logs.lane()).isEqualTo(Lane.FORENSICS);
        assertThat(logs.within()).isEqualTo(ActionType.EVIDENCE_LOGS.patience());
        assertThat(logs.onFailure()).isEmpty();
        assertThat(own.lane()).isEqualTo(Lane.CONTAINMENT);
        assertThat(own.within()).isEqualTo(Duration.ofSeconds(3));
        assertThat(own.onFailure()).contains(OnFailure.CONTINUE);
    }

    @Test
    void parametersArriveAsTheyWereWritten() {
        assertThat(step("{ id: s, pod.isolate: { for: 2h, allow: { dns: true, cidrs: [10.0.0.53, fd00::/8] } } }")
                        .action())
                .isEqualTo(ActionTemplate.of(
                        ActionType.POD_ISOLATE,
                        Map.of(
                                "for",
                                "2h",
                                "allow",
                                Map.of("dns", "true", "cidrs", List.of("10.0.0.53", "fd00::/8")))));
        assertThat(step("{ id: s, pod.label: { labels: { example.com/team: '', seen: yes } } }")
                        .action())
                .isEqualTo(ActionTemplate.of(
                        ActionType.POD_LABEL, Map.of("labels", Map.of("example.com/team", "", "seen", "yes"))));
    }

    @Test
    void whatTheSetSaysAboutItselfArrives() {
        // When
        ActionSet set = read(SET.replace("WHEN", WHEN).replace("STEP", STEP)
                + "  guards:\n"
                + "    cooldown: { per: namespace, for: 10m }\n"
                + "    budget: { steps: 20, per: 1m }\n"
                + "    blastRadius: { shareOfWorkload: 33%, podsPerNamespace: 3 }\n"
                + "  onFailure: undo\n"
                + "  notify: [oncall, lead]\n"
                + "  continue: false\n");

        // Then
        assertThat(set.guards())
                .isEqualTo(new Guards(
                        Optional.of(new Guards.Budget(20, Duration.ofMinutes(1))),
                        Optional.of(new Guards.BlastRadius(Optional.of(new Share(33, true)), Optional.of(3)))));
        assertThat(set.onFailure()).isEqualTo(OnFailure.UNDO);
        assertThat(set.notified()).containsExactly("oncall", "lead");
        assertThat(set.continues()).isFalse();
    }

    @Test
    void everyFieldThatIsReadIsKnownToTheDetector() {
        // When
        ActionSet set = read(SET.replace(
                        "WHEN",
                        "{ valueCount: { of: { where: proc.name = sh }, field: fd.sport, atLeast: 2 }, within: 1m,"
                                + " by: container.id }")
                .replace("STEP", "{ id: s, pod.annotate: { annotations: { seen: '${proc.name}' } } }"));

        // Then
        assertThat(set.fieldsUsed()).containsExactlyInAnyOrder("proc.name", "fd.sport", "container.id");
    }

    @Test
    void aStepThatAsksLoadsWithAWarning() {
        // When
        List<ActionSet> sets = reader.read(
                "a.yaml",
                SET.replace("WHEN", WHEN)
                        .replace("STEP", "{ id: s, process.kill: , ask: { of: [oncall], expires: 5m } }"),
                problems);

        // Then
        assertThat(sets.getFirst().steps().getFirst().ask())
                .contains(new ActionSet.Ask(List.of("oncall"), Duration.ofMinutes(5), ActionSet.Otherwise.SKIP));
        assertThat(problems.hasErrors()).isFalse();
        assertThat(rendered()).singleElement().asString().contains("warning: found a step that asks first");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
        { detection: { rules: [A] }, any: [ { rules: [A] } ] } ¦ 5:9: error: found when with detection and any, expected one of them | several kinds of detections are written as any, all or sequence
        { where: proc.name = sh }                              ¦ 5:9: error: found when without a detection, expected one of detection, any, all, sequence, count, valueCount, absence
        { detections: { rules: [A] } }                         ¦ 5:11: error: found unknown key in when: 'detections', expected one of absence, all, any, by, count, detection, sequence, valueCount, where, within | did you mean 'detection'?
        { detection: { rules: [A] }, within: 5m }              ¦ 5:46: error: found 'within' beside detection, expected neither within nor by: each detection is answered by itself | leave it out, or write all, sequence, count, valueCount or absence
        { any: [ { rules: [A] } ], by: proc.name }             ¦ 5:40: error: found 'by' beside any, expected neither within nor by: each detection is answered by itself | leave it out, or write all, sequence, count, valueCount or absence
        { sequence: [ { rules: [A] }, { rules: [B] } ] }       ¦ 5:9: error: found sequence without 'within', expected a time such as within: 5m beside it | what belongs together must end at some time, or it would be remembered for ever
        { sequence: [ { rules: [A] } ], within: 5m }           ¦ 5:21: error: found a list of 1 as sequence, expected a list of at least 2 detections
        { sequence: { rules: [A] }, within: 5m }               ¦ 5:21: error: found a mapping as sequence, expected a list of at least 2 detections
        { any: [ A ] }                                         ¦ 5:18: error: found 'A' as a detection, expected a mapping
        { all: [ { rules: [A], within: 5m }, { rules: [B] } ], within: 5m } ¦ 5:40: error: found 'within' inside a detection of all, expected it further out, in when | write it beside a detection of all
        { count: { of: { rules: [A] }, atLeast: 5, within: 5m }, within: 5m } ¦ 5:60: error: found 'within' inside count, expected it further out, in when | write it beside count
        { count: { of: { rules: [A] } }, within: 5m }          ¦ 5:18: error: found count without 'atLeast', expected a number from 2 to 10000
        { count: { of: { rules: [A] }, atLeast: 1 }, within: 5m } ¦ 5:49: error: found '1' as atLeast, expected a number from 2 to 10000
        { count: { rules: [A], atLeast: 2 }, within: 5m }      ¦ 5:20: error: found unknown key in count: 'rules', expected one of atLeast, of
        { valueCount: { of: { rules: [A] }, field: fd.sprt, atLeast: 2 }, within: 5m } ¦ 5:52: error: found unknown field 'fd.sprt', expected one of container.id, fd.sport, proc.name | did you mean 'fd.sport'?
        { all: [ { rules: [A] }, { rules: [B] } ], within: 5m, by: proc.nam } ¦ 5:68: error: found unknown field 'proc.nam', expected one of container.id, fd.sport, proc.name | did you mean 'proc.name'?
        { all: [ { rules: [A] }, { rules: [B] } ], within: 5m, by: "proc.name = a or container.id" } ¦ 5:69: error: found 'proc.name = a or container.id', expected the name of a field, such as proc.name
        { all: [ { rules: [A] }, { rules: [B] } ], within: 2d } ¦ 5:60: error: found '2d' as within, expected more than nothing and no more than 1d
        { detection: { rules: [A] }, wher: proc.name = sh }    ¦ 5:38: error: found unknown key in when: 'wher', expected one of absence, all, any, by, count, detection, sequence, valueCount, where, within | did you mean 'where'?
        { absence: { seen: { rules: [A] } }, within: 5m }      ¦ 5:20: error: found absence without 'missing', expected missing: { rules: [the rule's name] }
        { any: [ { rules: [A] }, {} ] }                        ¦ 5:34: error: found a detection without any criterion, which would match everything, expected at least one of rules, tags, priority, source, where
        { detection: { tags: [a, []] } }                       ¦ 5:34: error: found an empty list in tags, expected at least one tag
        { detection: { tags: [a, a] } }                        ¦ 5:34: error: found 'a' a second time in tags, expected each once
        { detection: { priority: <=Urgent } }                  ¦ 5:34: error: found unknown priority 'Urgent', expected one of Alert, Critical, Debug, Emergency, Error, Informational, Notice, Warning
        { detection: { priority: <Debug } }                    ¦ 5:34: error: found '<Debug' as priority, expected a level that there can be
        """)
    void aMistakeInWhenIsShownWhereItStands(String when, String expected) {
        // When
        List<ActionSet> sets = reader.read("a.yaml", SET.replace("WHEN", when).replace("STEP", STEP), problems);

        // Then
        assertThat(sets).isEmpty();
        assertThat(rendered()).contains("a.yaml:" + expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '¦', quoteCharacter = '`', textBlock = """
        pod.lable: { labels: { a: b } }              ¦ 7:16: error: found unknown action 'pod.lable', expected a known action | did you mean 'pod.label'?
        pod.defenestrate: {}                         ¦ 7:16: error: found unknown action 'pod.defenestrate', expected one of pod.terminate, pod.label, pod.annotate, pod.quarantine, pod.exec, pod.script, pod.isolate
        pod.label: {}                                ¦ 7:27: error: found pod.label without 'labels', expected a mapping of labels: a label's key, such as team or example.com/team, and behind it a label's value: at most 63 letters, digits, dots, hyphens and underscores, a letter or digit at both ends
        pod.label: { labels: { a b: c } }            ¦ 7:39: error: found 'a b' in labels, expected a label's key, such as team or example.com/team
        pod.label: { labels: { a: "b c" } }          ¦ 7:42: error: found 'b c' as a, expected a label's value: at most 63 letters, digits, dots, hyphens and underscores, a letter or digit at both ends
        pod.label: { labels: { a: } }                ¦ 7:41: error: found nothing as a, expected a label's value: at most 63 letters, digits, dots, hyphens and underscores, a letter or digit at both ends | write '' for nothing
        pod.label: { labels: { a: "${proc.nme}" } }  ¦ 7:45: error: found unknown field 'proc.nme', expected one of container.id, fd.sport, proc.name | did you mean 'proc.name'?
        pod.label: { labels: { a: "${proc.name" } }  ¦ 7:42: error: found '${' without '}' in a, expected a field such as ${proc.name} | for '${' itself write '$${'
        pod.terminate: { grace: 2h }                 ¦ 7:40: error: found '2h' as grace, expected a time from 0s to 1h
        pod.terminate: { minHealthy: 133% }          ¦ 7:45: error: found '133%' as minHealthy, expected a number such as 2, or a share such as 33%
        pod.terminate: { ignoreStandalone: no }      ¦ 7:51: error: found 'no' as ignoreStandalone, expected true or false
        pod.terminate: { gracePeriod: 2s }           ¦ 7:33: error: found unknown key in pod.terminate: 'gracePeriod', expected one of grace, ignoreBudgets, ignoreDaemonSets, ignoreStandalone, ignoreStatefulSets, minHealthy
        pod.isolate: { allow: { cidrs: [10.0.0.1/33] } }  ¦ 7:48: error: found '10.0.0.1/33' as cidrs, expected an address such as 10.0.0.53, or a range such as 10.0.0.0/8
        pod.isolate: { allow: { cidr: [10.0.0.1] } } ¦ 7:40: error: found unknown key in allow: 'cidr', expected one of cidrs, dns, namespaces | did you mean 'cidrs'?
        pod.isolate: { engine: flannel }             ¦ 7:39: error: found unknown engine 'flannel', expected one of calico, cilium, networkpolicy
        pod.isolate: { deny: [10.0.0.1], allow: { dns: true } } ¦ 7:29: error: found pod.isolate with more than one of allow, deny, expected at most one of them
        pod.script: { shell: /bin/bash }             ¦ 7:28: error: found pod.script with none of file, script, expected exactly one of them
        pod.exec: { argv: sh -c id }                 ¦ 7:34: error: found 'sh -c id' as argv, expected a list of arguments, each a text without control characters | write it as a list: [sh -c id]
        pod.exec: { argv: [sh, -c, "rm ${proc.name}"] } ¦ 7:43: error: found a field in text that a shell reads, expected the text written out, with what the detection says behind it as arguments | such as [sh, -c, 'cat "$1"', sh, "${proc.exepath}"]
        pod.exec: { argv: [env, bash, -ec, "rm ${proc.name}"] } ¦ 7:51: error: found a field in text that a shell reads, expected the text written out, with what the detection says behind it as arguments | such as [sh, -c, 'cat "$1"', sh, "${proc.exepath}"]
        pod.exec: { argv: ["${proc.name}"] }         ¦ 7:35: error: found a field as the program, expected the program, written out
        call.webhook: { url: "https://${proc.name}" } ¦ 7:37: error: found a field in url, expected a URL that begins with https:// or http://, written out: a detection must not decide it
        call.webhook: { url: ftp://example.com }     ¦ 7:37: error: found 'ftp://example.com' as url, expected a URL that begins with https:// or http://
        evidence.logs: { tail: 0 }                   ¦ 7:39: error: found '0' as tail, expected a number from 1 to 1000000
        process.kill: , lane: forensic               ¦ 7:38: error: found unknown lane 'forensic', expected one of containment, forensics, notification | did you mean 'forensics'?
        process.kill: , ask: { expires: 5m }         ¦ 7:37: error: found ask without 'of', expected a list of names of those who may say yes
        """)
    void aMistakeInAStepIsShownWhereItStands(String step, String expected) {
        // When
        List<ActionSet> sets =
                reader.read("a.yaml", SET.replace("WHEN", WHEN).replace("STEP", "{ id: s, " + step + " }"), problems);

        // Then
        assertThat(sets).isEmpty();
        assertThat(rendered()).contains("a.yaml:" + expected);
    }
}
