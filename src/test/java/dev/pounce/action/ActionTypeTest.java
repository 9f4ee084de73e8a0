package dev.pounce.action;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ActionTypeTest {

    @ParameterizedTest
    @EnumSource
    void parametersSurviveBeingWrittenDown(ActionType type) {
        Random random = new Random(type.verb().hashCode());
        for (int round = 0; round < 200; round++) {
            // Given
            Parameters parameters = type.read(ActionSamples.given(type, random));

            // When
            Parameters again = type.read(parameters.plain());

            // Then
            assertThat(again).isEqualTo(parameters).hasSameHashCodeAs(parameters);
            assertThat(again.display()).isEqualTo(parameters.display());
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyActionSaysWhatItIsInAWholeSentence(ActionType type) {
        assertThat(type.verb()).matches("[a-z]+\\.[a-z]+(-[a-z]+)*");
        assertThat(type.summary()).matches("[A-Z].*\\.");
        assertThat(type.targets()).isNotEmpty();
        assertThat(type.disruption()).isBetween(0, 100);
        assertThat(ActionType.of(type.verb())).contains(type);
        assertThat(type.parameters())
                .allSatisfy(parameter -> assertThat(parameter.description()).doesNotEndWith("."))
                .extracting(Parameter::name)
                .doesNotHaveDuplicates();
    }

    /** talon-rules.md section 1.1: each of the seventeen jobs has an action that can be told the same. */
    @Test
    void whatTalonCanDoIsHere() {
        assertThat(ActionType.POD_TERMINATE.read(Map.of(
                        "grace", "0s",
                        "ignoreDaemonSets", "true",
                        "ignoreStatefulSets", "true",
                        "ignoreStandalone", "false",
                        "minHealthy", "33%")))
                .isNotNull();
        ActionType.OBJECT_DELETE.read(Map.of());
        ActionType.POD_LABEL.read(Map.of("labels", Map.of("suspicious", "")));
        ActionType.NODE_LABEL.read(Map.of("labels", Map.of("suspicious", "yes")));
        ActionType.POD_ANNOTATE.read(Map.of("annotations", Map.of("a", "b")));
        ActionType.NODE_ANNOTATE.read(Map.of("annotations", Map.of("a", "b")));
        ActionType.POD_ISOLATE.read(Map.of(
                "scope", "workload", "allow", Map.of("cidrs", List.of("10.0.0.0/8"), "namespaces", List.of("shop"))));
        ActionType.POD_ISOLATE.read(Map.of("engine", "calico", "order", "5", "deny", List.of("1.2.3.4/32")));
        ActionType.POD_ISOLATE.read(Map.of("engine", "cilium", "deny", List.of("1.2.3.4/32")));
        ActionType.POD_EXEC.read(Map.of("argv", List.of("/bin/sh", "-c", "id"), "container", "*"));
        ActionType.POD_SCRIPT.read(Map.of("script", "id\n", "shell", "/bin/bash"));
        ActionType.POD_SCRIPT.read(Map.of("file", "/etc/pounce/a.sh"));
        ActionType.EVIDENCE_LOGS.read(Map.of("tail", "20", "to", "s3://bucket/prefix"));
        ActionType.EVIDENCE_FILES.read(Map.of("paths", List.of("/etc/passwd"), "to", "file:///var/evidence"));
        ActionType.EVIDENCE_CAPTURE.read(Map.of("duration", "5s", "snaplen", "0", "to", "gs://bucket/prefix"));
        ActionType.EVIDENCE_TRACE.read(Map.of("duration", "5s", "scope", "node", "buffer", "2048"));
        ActionType.NODE_CORDON.read(Map.of());
        ActionType.NODE_DRAIN.read(Map.of(
                "minHealthy", "2",
                "ignoreDaemonSets", "false",
                "ignoreStatefulSets", "true",
                "ignoreErrors", "true",
                "wait", "false",
                "excludeNamespaces", List.of("kube-system")));
        ActionType.CALL_LAMBDA.read(Map.of("name", "f", "version", "$LATEST", "invocation", "Event"));
        ActionType.CALL_FUNCTION.read(Map.of("name", "f", "location", "us-central1", "timeLimit", "10s"));
    }

    @Test
    void whatIsLeftOutIsFilledIn() {
        // When
        Parameters parameters = ActionType.POD_ISOLATE.read(Map.of());

        // Then
        assertThat(parameters.time("for")).contains(Duration.ofHours(1));
        assertThat(parameters.text("engine")).contains("networkpolicy");
        assertThat(parameters.inner("allow")).isEmpty();
        assertThat(parameters.words("deny")).isEmpty();
        assertThat(parameters.display()).isEqualTo("for 1h, scope pod, engine networkpolicy, by both");
    }

    @ParameterizedTest(name = "{0}: {1} as {2}")
    @CsvSource({
        "pod.label, labels, x, 'x'' as labels, expected a mapping of labels'",
        "pod.terminate, grace, 2h, '''2h'' as grace, expected a time from 0s to 1h'",
        "workload.scale, replicas, -1, '''-1'' as replicas, expected a number from 0 to 10000'",
        "workload.scale, replica, 1, '''replicas'' is missing'",
        "node.cordon, now, 1, 'there is no parameter ''now'''",
        "pod.isolate, deny, 1.2.3, '''1.2.3'' as deny, expected a list of addresses'"
    })
    void whatDoesNotFitIsSaid(String verb, String name, String value, String expected) {
        assertThatThrownBy(() -> ActionType.of(verb).orElseThrow().read(Map.of(name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void onlyTheRightsThatTheParametersNeedAreNeeded() {
        // When
        List<Right> plain = ActionType.POD_ISOLATE.rightsFor(ActionType.POD_ISOLATE.read(Map.of()));
        List<Right> calico = ActionType.POD_ISOLATE.rightsFor(
                ActionType.POD_ISOLATE.read(Map.of("engine", "calico", "scope", "workload")));
        List<Right> healthy =
                ActionType.POD_TERMINATE.rightsFor(ActionType.POD_TERMINATE.read(Map.of("minHealthy", "2")));

        // Then
        assertThat(plain)
                .extracting(Right::display)
                .containsExactly(
                        "get, patch pods",
                        "get, create, patch, delete networkpolicies.networking.k8s.io (with engine networkpolicy)",
                        "list networkpolicies.networking.k8s.io (with engine calico or networkpolicy)",
                        "create events.events.k8s.io");
        assertThat(calico)
                .extracting(Right::display)
                .contains(
                        "get daemonsets.apps (with scope workload)",
                        "get, create, patch, delete networkpolicies.crd.projectcalico.org (with engine calico)")
                .doesNotContainAnyElementsOf(List.of(
                        "get, create, patch, delete networkpolicies.networking.k8s.io (with engine networkpolicy)"));
        assertThat(healthy).extracting(Right::display).contains("get replicasets.apps (with minHealthy)");
    }

    @ParameterizedTest
    @EnumSource
    void theNamesThatConditionsOfRightsGoByExist(ActionType type) {
        Set<String> names =
                Set.copyOf(type.parameters().stream().map(Parameter::name).toList());

        assertThat(type.rights()).allSatisfy(right -> right.when()
                .ifPresent(when -> assertThat(names).contains(when.parameter())));
        assertThat(names).containsAll(type.exactlyOneOf()).containsAll(type.atMostOneOf());
    }

    @Test
    void anActionCannotBeAimedAtSomethingElse() {
        assertThatThrownBy(() -> new Action.OnCluster(
                        ActionType.POD_TERMINATE, new NodeRef("n"), ActionType.POD_TERMINATE.read(Map.of())))
                .hasMessage("pod.terminate cannot be aimed at node/n");
        assertThatThrownBy(() -> new Action.OnCluster(
                        ActionType.PROCESS_KILL, new PodRef("a", "b", Optional.empty()), Parameters.NONE))
                .hasMessageContaining("process.kill");
    }

    @ParameterizedTest(name = "{0} of {1}: at least {2}, at most {3}")
    @CsvSource({"33%, 10, 4, 3", "33%, 3, 1, 0", "50%, 4, 2, 2", "2, 10, 2, 2", "0%, 10, 0, 0", "100%, 7, 7, 7"})
    void aShareIsRoundedToTheCarefulSide(String share, int whole, int atLeast, int atMost) {
        assertThat(Share.parse(share).orElseThrow().atLeastOf(whole)).isEqualTo(atLeast);
        assertThat(Share.parse(share).orElseThrow().atMostOf(whole)).isEqualTo(atMost);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "10.0.0.1, true",
        "10.0.0.1/32, true",
        "0.0.0.0/0, true",
        "::/0, true",
        "fe80::1/64, true",
        "::ffff:1.2.3.4, true",
        "10.0.0.1/33, false",
        "10.0.0, false",
        "10.0.0.256, false",
        "010.0.0.1, false",
        "::1/129, false",
        "1::2::3, false",
        "abc, false",
        "ab.cd, false",
        "10.0.0.1/, false"
    })
    void anAddressIsOneWithoutAskingANameServer(String text, boolean address) {
        assertThat(Form.CIDR.accepts(text)).isEqualTo(address);
    }
}
