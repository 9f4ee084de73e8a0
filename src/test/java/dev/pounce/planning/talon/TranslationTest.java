package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.ActionType;
import dev.pounce.planning.ActionTemplate;
import dev.pounce.planning.YamlText;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What rules become: the tables of section 1, section 2.4 to 2.6, and what section 3 says of actions. */
@SuppressWarnings("StringConcatToTextBlock") // what is wrong is found by line and column
class TranslationTest {

    /** One rule's action set and what was said about it. */
    private record Result(String yaml, List<String> problems) {

        String steps() {
            int from = yaml.indexOf("  steps:\n");
            return from < 0 ? "" : yaml.substring(from + "  steps:\n".length()).indent(-4);
        }
    }

    private static Result rule(String... files) {
        TalonText text = TalonText.of(files);
        Problems problems = text.problems();
        String yaml = new Translation(new Criteria(TalonText.WHERE, problems), new HashSet<>(), problems)
                .actionSetFor(text.rule())
                .map(TranslationTest::checked)
                .orElse("");
        return new Result(yaml, problems.all().stream().map(Problem::render).toList());
    }

    /** Every step is one that people may write. */
    private static String checked(Yaml.Mapping document) {
        Yaml.Mapping spec = (Yaml.Mapping) document.get("spec").orElseThrow();
        for (Yaml item : ((Yaml.Sequence) spec.get("steps").orElseThrow()).items()) {
            ((Yaml.Mapping) item).entries().forEach((key, entry) -> ActionType.of(key)
                    .ifPresent(type -> ActionTemplate.of(type, map((Yaml.Mapping) entry.value()))));
        }
        return YamlText.of(document);
    }

    private static Map<String, Object> map(Yaml.Mapping mapping) {
        Map<String, Object> map = new LinkedHashMap<>();
        mapping.entries().forEach((key, entry) -> map.put(key, plain(entry.value())));
        return map;
    }

    private static Object plain(Yaml value) {
        return switch (value) {
            case Yaml.Scalar scalar -> scalar.text();
            case Yaml.Sequence list ->
                list.items().stream().map(TranslationTest::plain).toList();
            case Yaml.Mapping inner -> map(inner);
        };
    }

    /** A rule with one action, written behind {@code actionner:}. */
    private static Result action(String action) {
        return rule("- rule: R\n  match: {rules: [X]}\n  actions:\n    - action: A\n"
                + ("actionner: " + action.strip()).indent(6));
    }

    private static final String TO = "\noutput: {target: 'aws:s3', parameters: {bucket: keep}}";

    @Test
    void aRuleBecomesAnActionSet() {
        assertThat(rule("""
                        - rule: Terminal shell in container
                          description: why
                          notifiers: [slack, loki]
                          match:
                            rules: [Terminal shell in container, Other]
                            priority: ">=Warning"
                            source: syscall
                            tags: ["shell, container", mitre_execution]
                            output_fields: ["k8s.ns.name!=kube-system, k8s.ns.name!=falco"]
                          actions:
                            - action: Label it
                              actionner: kubernetes:label
                              parameters: {labels: {suspicious: "true"}}
                        """).yaml()).isEqualTo("""
                        apiVersion: pounce.dev/v1
                        kind: ActionSet
                        metadata:
                          name: terminal-shell-in-container
                        spec:
                          mode: enforce
                          when:
                            detection:
                              rules: [Terminal shell in container, Other]
                              tags: [[shell, container], mitre_execution]
                              priority: ">=Warning"
                              source: syscall
                              where: 'not k8s.ns.name = "kube-system" and not k8s.ns.name = "falco"'
                          steps:
                            - id: label-it
                              pod.label:
                                labels:
                                  suspicious: "true"
                          notify: [slack, loki]
                        """);
    }

    /** Each: what is behind the actionner, and the step. */
    static List<List<String>> actionners() {
        return List.of(
                List.of("kubernetes:terminate", """
                        pod.terminate:
                          grace: 0s
                          ignoreBudgets: true
                          ignoreStandalone: true
                        """),
                List.of("""
                        kubernetes:terminate
                        parameters:
                          grace_period_seconds: 5
                          ignore_daemonsets: true
                          ignore_statefulsets: true
                          ignore_standalone_pods: false
                          min_healthy_replicas: "33%"
                        """, """
                        pod.terminate:
                          grace: 5s
                          ignoreBudgets: true
                          ignoreDaemonSets: true
                          ignoreStatefulSets: true
                          ignoreStandalone: false
                          minHealthy: "33%"
                        """),
                List.of("kubernetes:delete", "object.delete: {}\n"),
                List.of("kubernetes:label\nparameters: {labels: {a: b, team: ''}}", """
                        pod.label:
                          labels:
                            a: b
                            team: ""
                        """),
                List.of("kubernetes:label\nparameters: {labels: {a: b}, level: node}", """
                        node.label:
                          labels:
                            a: b
                        """),
                List.of(
                        "kubernetes:annotation\nparameters: {annotations: {example.com/a: 'x ${RULE}'}, level: pod}",
                        """
                        pod.annotate:
                          annotations:
                            example.com/a: "x $${RULE}"
                        """),
                List.of("kubernetes:annotation\nparameters: {annotations: {a: b}, level: node}", """
                        node.annotate:
                          annotations:
                            a: b
                        """),
                List.of(
                        "kubernetes:networkpolicy\nparameters: {allow_cidr: [10.0.0.0/8], allow_namespaces: [green]}",
                        """
                        pod.isolate:
                          for: 30d
                          by: policy
                          allow:
                            cidrs: ["10.0.0.0/8"]
                            namespaces: [green]
                        """),
                List.of("kubernetes:networkpolicy", """
                        pod.isolate:
                          for: 30d
                          by: policy
                          allow:
                            cidrs: ["0.0.0.0/0"]
                        """),
                List.of("kubernetes:networkpolicy\nparameters: {allow_cidr: []}", """
                        pod.isolate:
                          for: 30d
                          by: policy
                        """),
                List.of("kubernetes:exec\nparameters: {command: 'kill -9 $(pidof $PROC_NAME)', shell: /bin/bash}", """
                        pod.script:
                          script: "kill -9 $(pidof $PROC_NAME)"
                          env:
                            PROC_NAME: "${proc.name}"
                          shell: /bin/bash
                          container: "*"
                        """),
                List.of("kubernetes:script\nparameters:\n  script: |\n    ps aux\n    echo done", """
                        pod.script:
                          script: |
                            ps aux
                            echo done
                        """),
                List.of("kubernetes:log", "evidence.logs:\n  tail: 20\n"),
                List.of("kubernetes:log\nparameters: {tail_lines: 7}" + TO, """
                        evidence.logs:
                          tail: 7
                          to: s3://keep/
                        """),
                List.of("kubernetes:download\nparameters: {file: '${FD_NAME}'}" + TO, """
                        evidence.files:
                          paths: ["${fd.name}"]
                          to: s3://keep/
                        """),
                List.of("kubernetes:tcpdump" + TO, """
                        evidence.capture:
                          duration: 5s
                          snaplen: 4096
                          to: s3://keep/
                        """),
                List.of("kubernetes:tcpdump\nparameters: {duration: 20, snaplen: 512}" + TO, """
                        evidence.capture:
                          duration: 20s
                          snaplen: 512
                          to: s3://keep/
                        """),
                List.of("kubernetes:sysdig\nparameters: {duration: 30, scope: node, buffer_size: 4096}" + TO, """
                        evidence.trace:
                          duration: 30s
                          scope: node
                          buffer: 4096
                          to: s3://keep/
                        """),
                List.of("kubernetes:cordon", "node.cordon: {}\n"),
                List.of("kubernetes:drain", """
                        node.drain:
                          ignoreDaemonSets: false
                          wait: false
                        """),
                List.of("""
                        kubernetes:drain
                        parameters:
                          ignore_daemonsets: true
                          ignore_statefulsets: true
                          ignore_errors: true
                          min_healthy_replicas: "2"
                          max_wait_period: 90
                        """, """
                        node.drain:
                          ignoreDaemonSets: true
                          ignoreStatefulSets: true
                          ignoreErrors: true
                          minHealthy: "2"
                          wait: true
                        within: 90s
                        """),
                List.of("""
                        aws:lambda
                        parameters:
                          aws_lambda_name: look
                          aws_lambda_alias_or_version: $LATEST
                          aws_lambda_invocation_type: Event
                        """, """
                        call.lambda:
                          name: look
                          version: "$LATEST"
                          invocation: Event
                        """),
                List.of("gcp:function\nparameters: {gcp_function_name: look, gcp_function_timeout: 10}", """
                        call.function:
                          name: look
                          location: us-central1
                          timeLimit: 10s
                        """),
                List.of("calico:networkpolicy\nparameters: {order: 20}", """
                        pod.isolate:
                          for: 30d
                          engine: calico
                          order: 20
                          deny: ["${fd.rip|fd.sip}"]
                        """),
                List.of("cilium:networkpolicy", """
                        pod.isolate:
                          for: 30d
                          engine: cilium
                          deny: ["${fd.rip|fd.sip}"]
                        """));
    }

    @ParameterizedTest
    @MethodSource("actionners")
    void everyActionnerBecomesAStep(List<String> pair) {
        // When
        Result result = action(pair.get(0));

        // Then
        assertThat(result.problems()).noneMatch(problem -> problem.contains("error:"));
        assertThat(result.steps()).isEqualTo("- id: a\n" + pair.get(1).indent(2));
    }

    @Test
    void everyActionnerHasARowHere() {
        assertThat(Actionner.words()).hasSize(17).allMatch(word -> actionners().stream()
                .anyMatch(pair -> pair.getFirst().startsWith(word)));
    }

    @Test
    void aNetworkPolicyForOneAddressAndListsBecomesTwoSteps() {
        assertThat(action("calico:networkpolicy\nparameters: {allow_cidr: [192.168.2.0/24], allow_namespaces: [green]}")
                        .steps())
                .isEqualTo("""
                        - id: a-remote
                          pod.isolate:
                            for: 30d
                            engine: calico
                            deny: ["${fd.rip|fd.sip}"]
                        - id: a-rest
                          pod.isolate:
                            for: 30d
                            engine: calico
                            by: policy
                            allow:
                              cidrs: ["192.168.2.0/24"]
                              namespaces: [green]
                        """);
    }

    /** Each: what is behind the actionner, the parameter in question, and what Talon does. */
    static List<List<String>> defaultsThatTalonDoesNotApply() {
        return List.of(
                List.of(
                        "kubernetes:terminate",
                        "ignoreStandalone: true",
                        "Talon deletes pods that nothing starts again"),
                List.of("kubernetes:tcpdump" + TO, "snaplen: 4096", "Talon keeps whole packets"),
                List.of("kubernetes:networkpolicy", "cidrs: [\"0.0.0.0/0\"]", "Talon allows nothing"),
                List.of(
                        "gcp:function\nparameters: {gcp_function_name: f}",
                        "location: us-central1",
                        "which Talon refuses"));
    }

    @ParameterizedTest
    @MethodSource("defaultsThatTalonDoesNotApply")
    void theDocumentedDefaultAppliesAndAWarningSaysWhatTalonDid(List<String> row) {
        // When
        Result result = action(row.get(0));

        // Then
        assertThat(result.yaml()).contains(row.get(1));
        assertThat(result.problems()).anySatisfy(problem -> assertThat(problem)
                .startsWith("1.yaml:4:15: warning: found 'A' without ")
                .contains(row.get(2)));
    }

    @Test
    void calicoAndCiliumNeverLoosenWhatIsInForce() {
        assertThat(List.of(action("calico:networkpolicy"), action("cilium:networkpolicy")))
                .allSatisfy(result -> {
                    assertThat(result.yaml()).doesNotContain("allow");
                    assertThat(result.problems())
                            .singleElement()
                            .asString()
                            .contains("so Talon allows 0.0.0.0/0, whatever other policies say");
                });
    }

    @Test
    void aNetworkPolicyIsForThisPodAndAWarningSaysWhatTalonDid() {
        assertThat(action("kubernetes:networkpolicy\nparameters: {allow_cidr: []}")
                        .problems())
                .singleElement()
                .asString()
                .contains("Talon cuts what leaves the pods of a whole workload");
    }

    @ParameterizedTest
    @CsvSource({"kubernetes:terminate, 50%, true", "kubernetes:terminate, 2, false", "kubernetes:drain, 2, true"})
    void aShareOfReadyReplicasIsWarnedOfWhereTalonMiscounts(String actionner, String share, boolean warned) {
        assertThat(action(actionner + "\nparameters: {min_healthy_replicas: '" + share + "'}")
                        .problems())
                .filteredOn(problem -> problem.contains("min_healthy_replicas: \"" + share + "\", which Talon"))
                .hasSize(warned ? 1 : 0);
    }

    /** Each: what is behind the actionner, and the error. */
    static List<List<String>> parameterErrors() {
        return List.of(
                List.of("kubernetes:terminate\nparameters: {min_healthy_replicas: 2}", "write it in quotes: \"2\""),
                List.of(
                        "kubernetes:terminate\nparameters: {min_healthy_replicas: '101%'}",
                        "expected a number such as 2"),
                List.of(
                        "kubernetes:terminate\nparameters: {min_healthy_replicas: 'half'}",
                        "expected a number such as 2"),
                List.of("kubernetes:terminate\nparameters: {grace_period_seconds: '5'}", "write it without quotes: 5"),
                List.of("kubernetes:terminate\nparameters: {grace_period_seconds: -1}", "a whole number from 0"),
                List.of("kubernetes:terminate\nparameters: {ignore_daemonsets: 'true'}", "expected true or false"),
                List.of(
                        "kubernetes:terminate\nparameters: {ignore_deamonsets: true}",
                        "did you mean 'ignore_daemonsets'?"),
                List.of("kubernetes:delete\nparameters: {force: true}", "expected no parameters"),
                List.of("kubernetes:label", "kubernetes:label without labels"),
                List.of("kubernetes:label\nparameters: {labels: {}}", "found no labels"),
                List.of("kubernetes:label\nparameters: {labels: {a: true}}", "write it in quotes: \"true\""),
                List.of("kubernetes:label\nparameters: {labels: [a]}", "expected a mapping"),
                List.of("kubernetes:label\nparameters: {labels: {a: b}, level: nod}", "did you mean 'node'?"),
                List.of("kubernetes:annotation\nparameters: {}", "kubernetes:annotation without annotations"),
                List.of("kubernetes:networkpolicy\nparameters: {allow_cidr: 10.0.0.0/8}", "expected a list"),
                List.of("kubernetes:networkpolicy\nparameters: {allow_cidrs: []}", "did you mean 'allow_cidr'?"),
                List.of("kubernetes:exec", "kubernetes:exec without command"),
                List.of("kubernetes:script", "neither script nor file"),
                List.of("kubernetes:script\nparameters: {script: a, file: b}", "script and file for kubernetes:script"),
                List.of(
                        "kubernetes:script\nparameters: {file: /nowhere/at/all.sh}",
                        "found a file that cannot be read"),
                List.of("kubernetes:log\nparameters: {tail_lines: -1}", "a whole number from 0"),
                List.of("kubernetes:download" + TO, "kubernetes:download without file"),
                List.of("kubernetes:tcpdump\nparameters: {duration: 5s}" + TO, "expected a whole number"),
                List.of("kubernetes:sysdig\nparameters: {duration: 31}" + TO, "a whole number from 1 to 30"),
                List.of("kubernetes:sysdig\nparameters: {buffer_size: 127}" + TO, "a whole number from 128"),
                List.of("kubernetes:sysdig\nparameters: {scope: host}" + TO, "unknown scope 'host'"),
                List.of("kubernetes:drain\nparameters: {max_wait_period: '90'}", "write it without quotes: 90"),
                List.of("aws:lambda", "aws:lambda without aws_lambda_name"),
                List.of(
                        "aws:lambda\nparameters: {aws_lambda_name: f, aws_lambda_invocation_type: Sync}",
                        "unknown aws_lambda_invocation_type 'Sync'"),
                List.of("gcp:function", "gcp:function without gcp_function_name"),
                List.of("calico:networkpolicy\nparameters: {order: first}", "expected a whole number"),
                List.of(
                        "cilium:networkpolicy\nparameters: {order: 1}",
                        "unknown parameter of cilium:networkpolicy: 'order'"));
    }

    @ParameterizedTest
    @MethodSource("parameterErrors")
    void wrongParametersAreErrors(List<String> row) {
        // When
        Result result = action(row.get(0));

        // Then
        assertThat(result.yaml()).isEmpty();
        assertThat(result.problems())
                .anySatisfy(
                        problem -> assertThat(problem).contains("error: found ").contains(row.get(1)));
    }

    @ParameterizedTest
    @CsvSource({
        "'kubernetes:networkpolicy\nparameters: {allow: [10.0.0.0/8], allow_cidr: []}', allow",
        "'kubernetes:drain\nparameters: {force: true}', force"
    })
    void parametersOfTalonsOwnExamplesThatItIgnoresAreWarnedOf(String action, String parameter) {
        // When
        Result result = action(action);

        // Then
        assertThat(result.yaml()).isNotEmpty();
        assertThat(result.problems()).anySatisfy(problem -> assertThat(problem)
                .contains("warning: found '" + parameter + "' of ")
                .contains("which Talon ignores"));
    }

    @Test
    void allErrorsOfARuleAreReportedAtOnce() {
        // When
        Result result = rule("""
                - rule: R
                  notifiers: [slak]
                  match: {priority: Sever, tags: ["a!"]}
                  actions:
                    - {action: A, actionner: "kubernetes:terminate", parameters: {grace: 5}}
                    - {action: B, actionner: "kubernetes:labl"}
                    - {action: C, actionner: "kubernetes:label", additional_contexts: [k8snod]}
                """);

        // Then
        assertThat(result.problems())
                .filteredOn(problem -> problem.contains("error:"))
                .hasSize(7);
    }

    @Test
    void aRuleWithoutAnActionIsAnError() {
        assertThat(rule("- rule: R\n  match: {rules: [X]}\n").problems())
                .containsExactly(
                        "1.yaml:1:9: error: found rule 'R' without an action, expected actions: [{action: NAME}]");
    }

    @Test
    void aMissingActionnerIsAnError() {
        assertThat(rule("- rule: R\n  match: {rules: [X]}\n  actions: [{action: A}]\n")
                        .problems())
                .singleElement()
                .asString()
                .startsWith("1.yaml:3:22: error: found action 'A' without an actionner");
    }

    @ParameterizedTest
    @CsvSource({
        "kubernetes:terminat, kubernetes:terminate",
        "kubernetes, ''",
        "Kubernetes:Label, kubernetes:label",
        "xkubernetes:labelx, kubernetes:label"
    })
    void anUnknownActionnerIsAnErrorWithASuggestion(String actionner, String meant) {
        assertThat(action(actionner).problems())
                .singleElement()
                .asString()
                .contains("error: found unknown actionner '" + actionner + "'")
                .endsWith(meant.isEmpty() ? "a known actionner" : "did you mean '" + meant + "'?");
    }

    @Test
    void unknownNotifiersAreErrorsWithASuggestion() {
        assertThat(rule("- rule: R\n  notifiers: [Slack]\n  match: {rules: [X]}\n"
                                + "  actions: [{action: A, actionner: 'kubernetes:cordon'}]\n")
                        .problems())
                .singleElement()
                .asString()
                .contains("1.yaml:2:15: error: found unknown notifier 'Slack'")
                .endsWith("did you mean 'slack'?");
    }

    @Test
    void theSixNotifiersAreKnown() {
        assertThat(rule("- rule: R\n  notifiers: [k8sevents, slack, smtp, webhook, loki, elasticsearch]\n"
                                + "  match: {rules: [X]}\n  actions: [{action: A, actionner: 'kubernetes:cordon'}]\n")
                        .yaml())
                .endsWith("  notify: [k8sevents, slack, smtp, webhook, loki, elasticsearch]\n");
    }

    @Test
    void unknownContextsAreErrorsWithASuggestion() {
        assertThat(action("kubernetes:cordon\nadditional_contexts: [k8snodes]").problems())
                .anySatisfy(problem -> assertThat(problem)
                        .contains("error: found unknown context 'k8snodes'")
                        .endsWith("did you mean 'k8snode'?"));
    }

    @Test
    void contextsThatTalonNeverLooksUpAreWarnedOf() {
        assertThat(action("kubernetes:cordon\nadditional_contexts: [aws, k8snode]")
                        .problems())
                .singleElement()
                .asString()
                .contains("warning: found additional_contexts, which Talon never looks up");
    }

    @ParameterizedTest
    @CsvSource({
        "'local:file', '{destination: /var/lib/keep}', file:///var/lib/keep",
        "'minio:s3', '{bucket: keep, prefix: /logs/}', s3://keep/logs/",
        "'minio:s3', '{bucket: keep}', s3://keep/",
        "'aws:s3', '{bucket: keep, prefix: logs/, region: us-east-1}', s3://keep/logs/",
        "'gcp:gcs', '{bucket: keep, prefix: a/b}', gs://keep/a/b",
    })
    void everyTargetBecomesAStore(String target, String parameters, String store) {
        assertThat(action("kubernetes:log\noutput: {target: '" + target + "', parameters: " + parameters + "}")
                        .yaml())
                .contains("to: " + store + "\n");
    }

    /** Each: the output, and the error. */
    static List<List<String>> outputs() {
        return List.of(
                List.of("{target: 'aws:s4', parameters: {bucket: b}}", "unknown target 'aws:s4'"),
                List.of("{parameters: {bucket: b}}", "an output without a target"),
                List.of("{target: 'aws:s3'}", "an output without parameters"),
                List.of("{target: 'aws:s3', parameters: {}}", "an output without parameters"),
                List.of("{target: 'aws:s3', parameters: {prefix: p}}", "aws:s3 without bucket"),
                List.of(
                        "{target: 'aws:s3', parameters: {bucket: b, buckt: c}}",
                        "unknown parameter of aws:s3: 'buckt'"),
                List.of(
                        "{target: 'minio:s3', parameters: {bucket: b, region: c}}",
                        "unknown parameter of minio:s3: 'region'"),
                List.of("{target: 'local:file', parameters: {destination: here}}", "'here' as destination"));
    }

    @ParameterizedTest
    @MethodSource("outputs")
    void anIncorrectOutputIsAnError(List<String> row) {
        assertThat(action("kubernetes:log\noutput: " + row.get(0)).problems())
                .anySatisfy(found -> assertThat(found).contains("error: found " + row.get(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes:download\nparameters: {file: /a}", "kubernetes:tcpdump", "kubernetes:sysdig"})
    void anOutputThatIsRequiredIsAnErrorWhenMissing(String action) {
        assertThat(action(action).problems())
                .anySatisfy(found ->
                        assertThat(found).contains("error: found 'A' of ").contains("without an output"));
    }

    @Test
    void anOutputForWhatKeepsNothingIsLeftOutAndWarnedOf() {
        // When
        Result result = action("kubernetes:cordon" + TO);

        // Then
        assertThat(result.steps()).isEqualTo("- id: a\n  node.cordon: {}\n");
        assertThat(result.problems())
                .singleElement()
                .asString()
                .contains("which has nothing to keep; Talon ignores it");
    }

    private static final String BEFORE = "- rule: R\n  match: {rules: [X]}\n";

    @Test
    void actionsBecomeStepsInTheirOrderAndInOneLane() {
        assertThat(rule(BEFORE + """
                          actions:
                            - {action: Look, actionner: "kubernetes:log"}
                            - {action: Call, actionner: "aws:lambda", parameters: {aws_lambda_name: f}}
                            - {action: Look, actionner: "kubernetes:log"}
                            - {action: End, actionner: "kubernetes:delete"}
                        """).steps()).isEqualTo("""
                        - id: look
                          evidence.logs:
                            tail: 20
                          lane: containment
                        - id: call
                          call.lambda:
                            name: f
                          lane: containment
                        - id: look-2
                          evidence.logs:
                            tail: 20
                          lane: containment
                        - id: end
                          object.delete: {}
                        """);
    }

    @ParameterizedTest
    @CsvSource({
        "kubernetes:terminate, ''",
        "kubernetes:delete, ''",
        "kubernetes:tcpdump, 'output: {target: local:file, parameters: {destination: /k}}'",
        "kubernetes:sysdig, 'output: {target: local:file, parameters: {destination: /k}}'",
        "kubernetes:cordon, 'continue: false'"
    })
    void stepsBehindAnActionThatDoesNotContinueAreLeftOutAndWarnedOf(String first, String more) {
        // When
        Result result = rule(BEFORE + "  actions:\n    - action: First\n      actionner: " + first + "\n"
                + (more.isEmpty() ? "" : more.indent(6))
                + "    - action: Second\n      actionner: kubernetes:cordon\n");

        // Then
        assertThat(result.steps()).contains("id: first").doesNotContain("id: second");
        assertThat(result.problems()).anySatisfy(problem -> assertThat(problem)
                .contains("warning: found action 'Second' behind 'First', which does not continue")
                .contains("write continue: true for 'First'"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes:terminate", "kubernetes:delete"})
    void continueTrueLetsTheStepsBehindRun(String first) {
        assertThat(rule(BEFORE + "  actions:\n    - {action: First, actionner: '" + first + "', continue: true}\n"
                                + "    - {action: Second, actionner: 'kubernetes:cordon'}\n")
                        .steps())
                .contains("id: second");
    }

    @Test
    void aMistakeBehindAnActionThatDoesNotContinueIsAnErrorAllTheSame() {
        assertThat(rule(BEFORE + "  actions:\n    - {action: First, actionner: 'kubernetes:delete'}\n"
                                + "    - {action: Second, actionner: 'kubernetes:label'}\n")
                        .problems())
                .anySatisfy(problem -> assertThat(problem).contains("error: found kubernetes:label without labels"));
    }

    @Test
    void anErrorStopsTheRuleUnlessErrorsAreIgnored() {
        // When
        String steps = rule(BEFORE + """
                  actions:
                    - {action: One, actionner: "kubernetes:cordon", ignore_errors: true}
                    - {action: Two, actionner: "kubernetes:cordon"}
                """).steps();

        // Then
        assertThat(steps).isEqualTo("""
                - id: one
                  node.cordon: {}
                  onFailure: continue
                - id: two
                  node.cordon: {}
                """);
    }

    @Test
    void aRuleThatDoesNotContinueIsTheLastToAnswer() {
        String actions = "  match: {rules: [X]}\n  actions: [{action: A, actionner: 'kubernetes:cordon'}]\n";
        assertThat(rule("- rule: R\n  continue: false\n" + actions).yaml()).endsWith("  continue: false\n");
        assertThat(rule("- rule: R\n  continue: true\n" + actions).yaml()).doesNotContain("continue");
        assertThat(rule("- rule: R\n" + actions).yaml()).doesNotContain("continue");
    }

    @ParameterizedTest
    @CsvSource({"'dry_run: true', dry-run", "'dry_run: false', enforce", "'', enforce"})
    void dryRunIsTheMode(String line, String mode) {
        assertThat(rule("- rule: R\n" + (line.isEmpty() ? "" : "  " + line + "\n")
                                + "  match: {rules: [X]}\n  actions: [{action: A, actionner: 'kubernetes:cordon'}]\n")
                        .yaml())
                .contains("  mode: " + mode + "\n");
    }

    @Test
    void valuesOfEventsAreDataOfThisOneCall() {
        // When
        Result result =
                action("kubernetes:exec\nparameters: {command: 'echo \"$RULE ${K8S_POD_NAME} $PROC_ANAME_2\"'}");

        // Then
        assertThat(result.steps()).isEqualTo("""
                - id: a
                  pod.script:
                    script: 'echo "$RULE ${K8S_POD_NAME} $PROC_ANAME_2"'
                    env:
                      RULE: "${detection.rule}"
                      K8S_POD_NAME: "${k8s.pod.name}"
                      PROC_ANAME_2: "${proc.aname[2]}"
                    container: "*"
                """);
        assertThat(result.problems())
                .singleElement()
                .asString()
                .contains("warning: found RULE, K8S_POD_NAME, PROC_ANAME_2, for which Talon pastes the event's text");
    }

    @Test
    void whatOnlyAShellKnowsSurvivesAndTalonsRemovalIsWarnedOf() {
        // When
        Result result = action("kubernetes:exec\nparameters: {command: 'x=1; echo $x $1 $? $$ $(id)'}");

        // Then
        assertThat(result.steps())
                .contains("script: \"x=1; echo $x $1 $? $$ $(id)\"\n")
                .doesNotContain("env:");
        assertThat(result.problems())
                .singleElement()
                .asString()
                .contains("warning: found $x, $1, $?, $$, which Talon removes before a shell sees it");
    }

    @Test
    void aVariableBetweenSingleQuotesIsWarnedOf() {
        assertThat(action("kubernetes:exec\nparameters: {command: \"echo '$RULE'\"}")
                        .problems())
                .anySatisfy(problem -> assertThat(problem).contains("$RULE between single quotes"));
    }

    @Test
    void whatTalonKnowsOfRuleAndActionIsAConstant() {
        assertThat(action("kubernetes:exec\nparameters: {command: 'echo ${FALCO-TALON_RULE} ${FALCO-TALON_ACTIONNER}'}")
                        .steps())
                .contains("script: \"echo ${FALCO_TALON_RULE} ${FALCO_TALON_ACTIONNER}\"\n")
                .contains("FALCO_TALON_RULE: R\n")
                .contains("FALCO_TALON_ACTIONNER: kubernetes:exec\n");
    }

    @Test
    void whatAContextKnowsIsEmptyButForTheNodesName() {
        // When
        Result result = action("kubernetes:exec\nadditional_contexts: [k8snode]\n"
                + "parameters: {command: 'echo $NODE_HOSTNAME $NODE_ROLE'}");

        // Then
        assertThat(result.steps())
                .contains("NODE_HOSTNAME: \"${detection.hostname}\"")
                .doesNotContain("NODE_ROLE:");
        assertThat(result.problems())
                .anySatisfy(problem -> assertThat(problem).contains("found $NODE_ROLE, which Talon never looks up"));
    }

    @Test
    void anEnvironmentOrTheContentOfAFileIsNotPassedOn() {
        // When
        Result result = action("kubernetes:exec\nparameters: {command: 'echo $PROC_ENV'}");

        // Then
        assertThat(result.steps()).doesNotContain("env:");
        assertThat(result.problems()).anySatisfy(problem -> assertThat(problem).contains("found $PROC_ENV"));
    }

    @Test
    void aScriptFileIsReadWhenRulesAre(@TempDir Path folder) throws Exception {
        // Given
        Path file = Files.writeString(folder.resolve("look.sh"), "ps aux\necho $RULE\n");

        // When
        Result result = action("kubernetes:script\nparameters: {file: '" + file + "'}");

        // Then
        assertThat(result.steps()).contains("script: |\n").contains("ps aux\n").contains("RULE: \"${detection.rule}\"");
    }

    @Test
    void aLongScriptFileIsNamed(@TempDir Path folder) throws Exception {
        // Given
        Path file = Files.writeString(folder.resolve("long.sh"), "true\n".repeat(1000));

        // Then
        assertThat(action("kubernetes:script\nparameters: {file: '" + file + "'}")
                        .steps())
                .contains("file: " + file + "\n");
    }

    @Test
    void aShellWithoutItsFolderIsTheOneInBin() {
        assertThat(action("kubernetes:exec\nparameters: {command: id, shell: bash}")
                        .steps())
                .contains("shell: /bin/bash\n");
    }

    @ParameterizedTest
    @CsvSource({
        "/tmp/x, /tmp/x",
        "/tmp/${K8S_POD_NAME}/$PROC_NAME, /tmp/${k8s.pod.name}/${proc.name}",
        "'/tmp/$NOTHING/x', /tmp//x",
        "/tmp/$1, /tmp/$1",
    })
    void aFileNameTakesValuesAsData(String written, String path) {
        assertThat(action("kubernetes:download\nparameters: {file: '" + written + "'}" + TO)
                        .steps())
                .contains(path.contains("$") ? "paths: [\"" + path + "\"]" : "paths: [" + path + "]");
    }

    @ParameterizedTest
    @CsvSource({
        "Terminal shell in container, terminal-shell-in-container",
        "'  Äpfel & Birnen! ', pfel-birnen",
        "'???', rule",
        "a.b_c/d, a-b-c-d"
    })
    void aNameBecomesOneThatActionSetsMayHave(String name, String slug) {
        assertThat(Translation.slug(name, "rule")).isEqualTo(slug);
    }

    @Test
    void aLongNameIsCut() {
        assertThat(Translation.slug("x".repeat(200), "rule")).hasSize(57);
    }
}
