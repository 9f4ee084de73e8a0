package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.action.Action;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.Detection;
import dev.pounce.planning.ActionTemplate.Resolved;
import dev.pounce.testing.ADetection;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ActionTemplateTest {

    private static final PodRef POD = new PodRef("shop", "cart-1", Optional.empty());

    private final Detection detection = ADetection.of("Shell")
            .process(7)
            .container("c1")
            .pod("shop", "cart-1")
            .field("proc.exepath", "/tmp/$(reboot) ${proc.name}")
            .field("proc.name", "sh")
            .field("proc.pid", 7L)
            .field("proc.aname", Arrays.asList("sh", "node"))
            .field("fd.rip", "1.2.3.4")
            .field("fd.name", null)
            .build();

    private Resolved aim(ActionType type, Map<String, ?> given) {
        return ActionTemplate.of(type, given).aimAt(ActionTemplate.Targets.of(detection), detection);
    }

    private Action aimed(ActionType type, Map<String, ?> given) {
        Resolved resolved = aim(type, given);
        assertThat(resolved).isInstanceOf(Resolved.Aimed.class);
        return ((Resolved.Aimed) resolved).action();
    }

    @ParameterizedTest
    @EnumSource
    void everyActionFindsItsTargetInADetectionThatSpeaksOfOne(ActionType type) {
        // Given
        Random random = new Random(type.verb().hashCode());
        Detection about =
                ADetection.of("r").about(ActionSamples.target(type, random)).build();

        // When
        Resolved resolved = ActionTemplate.of(type, ActionSamples.given(type, random))
                .aimAt(ActionTemplate.Targets.of(about), about);

        // Then
        assertThat(
                        resolved.toString().contains("in no container")
                                ? "killing a whole container needs one"
                                : resolved.getClass().getSimpleName())
                .isIn("Aimed", "killing a whole container needs one");
    }

    @Test
    void whatADetectionSaysIsAValueAndNotLookedAtAgain() {
        assertThat(aimed(ActionType.EVIDENCE_FILES, Map.of("paths", List.of("/etc/passwd", "${proc.exepath}")))
                        .parameters()
                        .words("paths"))
                .containsExactly("/etc/passwd", "/tmp/$(reboot) ${proc.name}");
    }

    @Test
    void aFieldWithTextAroundItIsJoinedAndAnEscapedOneIsText() {
        assertThat(aimed(
                                ActionType.POD_ANNOTATE,
                                Map.of("annotations", Map.of("seen", "${proc.name}[${proc.pid}] of $${HOME}")))
                        .parameters()
                        .map("annotations"))
                .containsEntry("seen", "sh[7] of ${HOME}");
    }

    @Test
    void aTextWithNothingButAnEscapeIsText() {
        assertThat(aimed(ActionType.POD_ANNOTATE, Map.of("annotations", Map.of("a", "$${HOME}")))
                        .parameters()
                        .map("annotations"))
                .containsEntry("a", "${HOME}");
    }

    @Test
    void aFieldAloneKeepsItsType() {
        assertThat(aimed(ActionType.WORKLOAD_SCALE, Map.of("replicas", "${proc.pid}"))
                        .parameters()
                        .number("replicas"))
                .contains(7L);
        assertThat(aimed(ActionType.POD_EXEC, Map.of("argv", List.of("ps", "${proc.aname}", "-f")))
                        .parameters()
                        .words("argv"))
                .containsExactly("ps", "sh", "node", "-f");
        assertThat(aimed(ActionType.POD_ISOLATE, Map.of("engine", "cilium", "deny", "${fd.rip}"))
                        .parameters()
                        .words("deny"))
                .containsExactly("1.2.3.4");
    }

    @Test
    void aFieldThatIsMissingOrHasNoValueLeavesTheStepOut() {
        assertThat(aim(ActionType.POD_LABEL, Map.of("labels", Map.of("a", "${proc.tty}"))))
                .isEqualTo(new Resolved.NoTarget("the detection carries no proc.tty"));
        assertThat(aim(ActionType.POD_LABEL, Map.of("labels", Map.of("a", "x-${fd.name}"))))
                .isEqualTo(new Resolved.NoTarget("the detection carries no fd.name"));
    }

    @Test
    void aValueThatDoesNotFitLeavesTheStepOut() {
        assertThat(aim(ActionType.POD_LABEL, Map.of("labels", Map.of("a", "${proc.exepath}"))))
                .isInstanceOfSatisfying(Resolved.NoTarget.class, left -> assertThat(left.reason())
                        .startsWith("what the detection says does not fit: ")
                        .contains("expected a mapping of labels"));
    }

    @Test
    void whereNothingIsToBeDoneSaysSo() {
        // Given
        Detection nothing = ADetection.of("r").build();

        // When
        Resolved resolved =
                ActionTemplate.of(ActionType.EVIDENCE_LOGS).aimAt(ActionTemplate.Targets.of(nothing), nothing);

        // Then
        assertThat(resolved).isEqualTo(new Resolved.NoTarget("the detection names no pod and no container"));
    }

    @Test
    void theNodeIsThatOfTheProcessAndTheWorkloadThatOfThePodUnlessTheyAreNamed() {
        assertThat(aimed(ActionType.NODE_CORDON, Map.of()).target()).isEqualTo(ADetection.NODE);
        assertThat(aimed(ActionType.WORKLOAD_SCALE, Map.of("replicas", "0")).target())
                .isEqualTo(POD);
        assertThat(aimed(ActionType.NODE_ISOLATE_CONTAINER, Map.of()).target())
                .isEqualTo(new ContainerRef(ADetection.NODE, "c1"));

        // Given
        ObjectRef cart = new ObjectRef("deployments.apps", Optional.of("shop"), "cart");
        Detection audit = ADetection.of("r").about(cart).build();
        Detection podOnly = ADetection.of("r").about(POD).build();

        // When // Then
        assertThat(ActionTemplate.of(ActionType.WORKLOAD_SCALE, Map.of("replicas", "0"))
                        .aimAt(ActionTemplate.Targets.of(audit), audit))
                .isInstanceOfSatisfying(
                        Resolved.Aimed.class,
                        aimed -> assertThat(aimed.action().target()).isEqualTo(cart));
        assertThat(ActionTemplate.of(ActionType.NODE_DRAIN).aimAt(ActionTemplate.Targets.of(podOnly), podOnly))
                .isInstanceOfSatisfying(
                        Resolved.Aimed.class,
                        aimed -> assertThat(aimed.action().target()).isEqualTo(POD));
    }

    @Test
    void aCallIsAimedAtWhatItsParametersName() {
        assertThat(aimed(ActionType.CALL_WEBHOOK, Map.of("url", "https://example.com/a"))
                        .target())
                .isEqualTo(new EndpointRef("https://example.com/a"));
        assertThat(aimed(ActionType.CALL_FUNCTION, Map.of("name", "f", "location", "us-central1"))
                        .target())
                .isEqualTo(new EndpointRef("function/us-central1/f"));
    }

    @Test
    void whatCouldNeverBecomeAnActionIsNoTemplate() {
        assertThatThrownBy(() -> ActionTemplate.of(ActionType.CALL_WEBHOOK, Map.of("url", "https://${fd.name}")))
                .hasMessageContaining("as url");
        assertThatThrownBy(() -> ActionTemplate.of(ActionType.POD_LABEL)).hasMessageContaining("'labels' is missing");
        assertThatThrownBy(() -> ActionTemplate.of(ActionType.POD_LABEL, Map.of("lables", Map.of("a", "b"))))
                .hasMessage("there is no parameter 'lables'");
        assertThatThrownBy(() -> ActionTemplate.of(ActionType.POD_LABEL, Map.of("labels", Map.of("a", "${x"))))
                .hasMessage("'${' without '}'");
        assertThatThrownBy(() -> ActionTemplate.of(ActionType.POD_SCRIPT, Map.of("script", "id", "file", "/a")))
                .hasMessage("more than one of file, script, expected exactly one of them");
    }

    @Test
    void theFieldsItUsesAreKnown() {
        assertThat(ActionTemplate.of(
                                ActionType.POD_EXEC,
                                Map.of("argv", List.of("cat", "${proc.exepath}", "$${x}"), "container", "${k8s.c}"))
                        .fieldsUsed())
                .containsExactlyInAnyOrder("proc.exepath", "k8s.c");
    }
}
