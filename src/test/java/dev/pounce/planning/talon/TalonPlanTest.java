package dev.pounce.planning.talon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.Detection;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.replay.OfflineEngine;
import dev.pounce.source.Problem;
import dev.pounce.source.Problems;
import dev.pounce.testing.ADetection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Talon's rules lead to: section 2.4, and what section 3 says of events as they come. */
class TalonPlanTest {

    private static final PodRef POD = new PodRef("shop", "cart-1", Optional.of("5f2c"));

    @TempDir
    Path folder;

    private List<ResponsePlan> plans(Mode ceiling, String rules, Detection... detections) throws IOException {
        Path file = Files.writeString(folder.resolve("rules.yaml"), rules);
        Problems problems = new Problems();
        List<ActionSet> sets = TalonFiles.read(List.of(file), TalonText.WHERE, problems)
                .orElseThrow(() -> new AssertionError(
                        problems.all().stream().map(Problem::render).toList()));
        try (OfflineEngine engine = new OfflineEngine(new ActionSets(sets), ceiling)) {
            return List.of(detections).stream()
                    .flatMap(detection -> engine.accept(detection, detection.time()).stream())
                    .toList();
        }
    }

    private ResponsePlan plan(String rules, Detection detection) throws IOException {
        return plans(Mode.ENFORCE, rules, detection).getFirst();
    }

    private static Detection about(ADetection detection, Asset... assets) {
        Detection built = detection.build();
        return new Detection(
                built.id(),
                built.time(),
                built.source(),
                built.rule(),
                built.priority(),
                built.tags(),
                built.output(),
                built.fields(),
                List.of(assets));
    }

    private static String rule(String name, String more, String action) {
        return "- rule: " + name + "\n  match: {rules: [X]}\n" + more + "  actions:\n    - {action: A, " + action
                + "}\n";
    }

    private static List<String> steps(ResponsePlan plan) {
        return plan.steps().stream()
                .map(step -> step.actionSet() + ": " + step.action().verb() + " "
                        + step.action().target().display() + " " + step.mode().display())
                .toList();
    }

    private static final String CORDON = "actionner: 'kubernetes:cordon'";
    private static final String LABEL = "actionner: 'kubernetes:label', parameters: {labels: {a: b}}";

    @Test
    void matchesAreAnsweredInTheOrderInWhichRulesWereLoaded() throws IOException {
        // When
        ResponsePlan plan = plan(
                rule("Zebra", "", LABEL) + rule("Ant", "", CORDON), about(ADetection.of("X"), POD, ADetection.NODE));

        // Then
        assertThat(plan.incident().triggers()).containsExactly("Zebra", "Ant");
        assertThat(steps(plan))
                .containsExactly("Zebra: pod.label pod/shop/cart-1 enforce", "Ant: node.cordon node/node-1 enforce");
    }

    @Test
    void aRuleThatDoesNotContinueKeepsLaterRulesFromAnswering() throws IOException {
        // When
        ResponsePlan plan = plan(
                rule("First", "  continue: false\n", LABEL) + rule("Second", "", CORDON),
                about(ADetection.of("X"), POD, ADetection.NODE));

        // Then
        assertThat(steps(plan)).containsExactly("First: pod.label pod/shop/cart-1 enforce");
    }

    @Test
    void aDryRunIsARehearsalAndTheCeilingHoldsForTheRest() throws IOException {
        // Given
        String rules = rule("Dry", "  dry_run: true\n", LABEL) + rule("Real", "", CORDON);
        Detection detection = about(ADetection.of("X"), POD, ADetection.NODE);

        // Then
        assertThat(steps(plans(Mode.ENFORCE, rules, detection).getFirst()))
                .containsExactly("Dry: pod.label pod/shop/cart-1 dry-run", "Real: node.cordon node/node-1 enforce");
        assertThat(steps(plans(Mode.OBSERVE, rules, detection).getFirst()))
                .allSatisfy(step -> assertThat(step).endsWith(" observe"));
    }

    @Test
    void stepsOfARuleKeepTheirOrderWhateverTheyAre() throws IOException {
        // When
        ResponsePlan plan = plan("""
                - rule: R
                  match: {rules: [X]}
                  actions:
                    - {action: Call, actionner: "aws:lambda", parameters: {aws_lambda_name: f}}
                    - {action: Look, actionner: "kubernetes:log"}
                    - {action: Mark, actionner: "kubernetes:label", parameters: {labels: {a: b}}}
                    - {action: End, actionner: "kubernetes:terminate"}
                """, about(ADetection.of("X"), POD));

        // Then
        assertThat(plan.steps())
                .extracting(step -> step.id() + " " + step.lane())
                .containsExactly("R/call CONTAINMENT", "R/look CONTAINMENT", "R/mark CONTAINMENT", "R/end CONTAINMENT");
    }

    @Test
    void whatAnEventSaysIsNeverPartOfAScript() throws IOException {
        // Given
        String rules = rule(
                "R",
                "",
                "actionner: 'kubernetes:exec', parameters: {command: 'echo \"$K8S_POD_NAME\" \"$RULE\" $PRIORITY'}");
        String evil = "x; $(rm -rf /) ${RULE} '\"";

        // When
        List<ResponsePlan> plans = plans(
                Mode.ENFORCE,
                rules,
                about(ADetection.of("X").field("k8s.pod.name", evil), POD),
                about(ADetection.of("X"), POD));

        // Then
        Action.OnCluster first =
                (Action.OnCluster) plans.getFirst().steps().getFirst().action();
        assertThat(first.parameters().text("script")).contains("echo \"$K8S_POD_NAME\" \"$RULE\" $PRIORITY");
        assertThat(first.parameters().map("env"))
                .isEqualTo(Map.of("K8S_POD_NAME", evil, "RULE", "X", "PRIORITY", "Warning"));
        assertThat(plans.getLast().steps())
                .as("values do not leak from one event to the next")
                .isEmpty();
        assertThat(plans.getLast().leftOut().getFirst().because()).contains("the detection carries no k8s.pod.name");
    }

    @Test
    void whatIsAuditedIsAPodOnlyWhenItIsOne() throws IOException {
        // Given
        String rules = rule("R", "", "actionner: 'kubernetes:terminate'");

        // When
        ResponsePlan plan = plan(
                rules,
                about(
                        ADetection.of("X").field("ka.target.name", "cart-1").field("ka.target.namespace", "shop"),
                        new ObjectRef("secrets", Optional.of("shop"), "cart-1")));

        // Then
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.leftOut().getFirst().because()).contains("the detection names no pod");
    }

    @Test
    void aPodIsMeantByItsUid() throws IOException {
        assertThat(plan(rule("R", "", "actionner: 'kubernetes:terminate'"), about(ADetection.of("X"), POD))
                        .steps()
                        .getFirst()
                        .action()
                        .target())
                .isEqualTo(POD);
    }

    @Test
    void theRemoteAddressIsDeniedAndNothingElseIsTouched() throws IOException {
        // Given
        String rules = rule("R", "", "actionner: 'cilium:networkpolicy'");

        // When
        List<ResponsePlan> plans = plans(
                Mode.ENFORCE,
                rules,
                about(ADetection.of("X").field("fd.rip", "203.0.113.7").field("fd.sip", "10.0.0.1"), POD),
                about(ADetection.of("X").field("fd.sip", "2001:db8::7"), POD),
                about(ADetection.of("X"), POD),
                about(ADetection.of("X").field("fd.sip", "not an address"), POD));

        // Then
        assertThat(plans.subList(0, 2))
                .extracting(plan -> ((Action.OnCluster) plan.steps().getFirst().action())
                        .parameters()
                        .words("deny"))
                .containsExactly(List.of("203.0.113.7"), List.of("2001:db8::7"));
        assertThat(plans.get(2).leftOut().getFirst().because())
                .contains("the detection carries no fd.rip and no fd.sip");
        assertThat(plans.get(3).steps()).isEmpty();
    }

    @Test
    void aNetworkPolicyForOneAddressAndListsIsBoth() throws IOException {
        assertThat(plan(
                                rule(
                                        "R",
                                        "",
                                        "actionner: 'calico:networkpolicy', parameters: {allow_cidr: [10.0.0.0/8]}"),
                                about(ADetection.of("X").field("fd.rip", "10.6.6.6"), POD))
                        .steps())
                .extracting(ResponsePlan.Step::id)
                .containsExactly("R/a-remote", "R/a-rest");
    }
}
