package dev.pounce.guard;

import static dev.pounce.cluster.RealCluster.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionSamples;
import dev.pounce.action.ActionType;
import dev.pounce.action.Right;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.AnAccount;
import dev.pounce.cluster.ClusterView;
import dev.pounce.cluster.RealCluster;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.NeededRights;
import dev.pounce.planning.NeededRights.Permission;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** By a service account that may do exactly what {@code pounce rbac} prints for one set with all steps. */
class PermissionsIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    /** One of each kind, as a person would write it; what only other clusters have is left out. */
    private static final String STEPS = """
            - { id: end, pod.terminate: { minHealthy: 33% } }
            - { id: label, pod.label: { labels: { a: b } } }
            - { id: note, pod.annotate: { annotations: { a: b } } }
            - { id: hold, pod.quarantine: {} }
            - { id: exec, pod.exec: { argv: ["true"] } }
            - { id: script, pod.script: { script: "true" } }
            - { id: isolate, pod.isolate: { scope: workload } }
            - { id: cordon, node.cordon: {} }
            - { id: drain, node.drain: {} }
            - { id: taint, node.taint: { key: a } }
            - { id: label-node, node.label: { labels: { a: b } } }
            - { id: note-node, node.annotate: { annotations: { a: b } } }
            - { id: scale, workload.scale: { replicas: 0 } }
            - { id: delete, object.delete: {} }
            - { id: logs, evidence.logs: {} }
            - { id: files, evidence.files: { paths: [/etc/passwd] } }
            - { id: checkpoint, evidence.checkpoint: {} }
            """;

    @TempDir
    static Path directory;

    private static AnAccount account;

    @BeforeAll
    static void makeAccount() {
        account = new AnAccount(CLUSTER, "engine", rules(permissions().toList()));
    }

    @AfterAll
    static void removeAccount() {
        account.close();
    }

    @AfterEach
    void allowAll() {
        account.may(rules(permissions().toList()));
    }

    private static ActionSets sets(String name, String steps) {
        try {
            Path file = directory.resolve(name + ".yaml");
            Files.writeString(file, """
                    apiVersion: pounce.dev/v1
                    kind: ActionSet
                    metadata: { name: %s }
                    spec:
                      mode: enforce
                      when: { detection: { rules: [Any] } }
                      steps:
                    %s""".formatted(name, steps.indent(4)));
            Problems problems = new Problems();
            Optional<ActionSets> read =
                    new ActionSetReader((text, place, found) -> Optional.empty()).readAll(List.of(file), problems);
            return read.orElseThrow(() -> new AssertionError(problems.all().toString()));
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    private static ActionSets everything() {
        return sets("everything", STEPS);
    }

    static Stream<Permission> permissions() {
        Set<Permission> all = new TreeSet<>(ofItself());
        for (ActionSet set : everything().all()) {
            all.addAll(NeededRights.of(NeededRights.of(set)));
        }
        return all.stream();
    }

    private static Set<Permission> ofItself() {
        Set<Permission> all = new TreeSet<>(NeededRights.toFollow());
        all.addAll(NeededRights.forOwnResources());
        return all;
    }

    private static List<AnAccount.Rule> rules(List<Permission> permissions) {
        return permissions.stream()
                .map(one -> new AnAccount.Rule(one.group(), one.resource(), one.verb()))
                .toList();
    }

    private static Permissions permissionsOfAccount() {
        return new Permissions(account.access().api(), Clock.systemUTC(), List.of(), NeededRights.forOwnResources());
    }

    private static void untilItIsKnown(Permissions permissions, ActionSets sets, boolean armed) {
        until("the API server knows", () -> {
            permissions.check(sets);
            return permissions.problem().isEmpty()
                    && (permissions.missing().isEmpty()
                                    && permissions.missingOfItself().isEmpty())
                            == armed;
        });
    }

    @Test
    void withWhatIsPrintedNothingIsMissing() {
        // Given
        Permissions permissions = permissionsOfAccount();

        // When
        untilItIsKnown(permissions, everything(), true);

        // Then
        assertThat(permissions.missing()).isEmpty();
        assertThat(permissions.missingOfItself()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("permissions")
    void eachThatIsTakenAwayIsMissed(Permission one) {
        // Given
        Permissions permissions = permissionsOfAccount();
        List<Permission> others = new ArrayList<>(permissions().toList());
        others.remove(one);

        // When
        account.may(rules(others));
        untilItIsKnown(permissions, everything(), false);

        // Then
        boolean ofItself = ofItself().contains(one);
        assertThat(
                        ofItself
                                ? permissions.missingOfItself()
                                : permissions.missing().get("everything"))
                .containsExactly("the engine may not " + one.display());
    }

    @Test
    void aStepOfASetThatLacksARightIsRefusedAndThoseOfOtherSetsAreNot() {
        // Given
        ActionSets sets = new ActionSets(Stream.of(
                        sets("labels", "- { id: label, pod.label: { labels: { a: b } } }"),
                        sets("cordons", "- { id: cordon, node.cordon: {} }"))
                .flatMap(read -> read.all().stream())
                .toList());
        Permissions permissions = permissionsOfAccount();
        PermissionGuard guard = new PermissionGuard(EnumSet.allOf(ActionType.class), Optional.of(permissions));
        List<Permission> others = new ArrayList<>(permissions().toList());
        others.remove(new Permission("", "pods", "patch"));

        // When
        account.may(rules(others));
        untilItIsKnown(permissions, sets, false);

        // Then
        assertThat(guard.judge(step("labels", ActionType.POD_LABEL)))
                .isEqualTo(new Verdict.Deny(
                        "permission", "action set 'labels' is not armed: the engine may not patch pods"));
        assertThat(guard.judge(step("cordons", ActionType.NODE_CORDON))).isEqualTo(new Verdict.Allow());
    }

    @Test
    void whatWasRefusedIsAskedForAgainWhenASetIsJudgedThatNeedsIt() {
        // Given
        ActionSets sets = sets("labels", "- { id: label, pod.label: { labels: { a: b } } }");
        Permissions permissions = permissionsOfAccount();
        List<Permission> others = new ArrayList<>(permissions().toList());
        others.remove(new Permission("", "pods", "patch"));
        account.may(rules(others));
        untilItIsKnown(permissions, sets, false);

        // When
        account.may(rules(permissions().toList()));

        // Then
        ActionSet labels = sets.all().getFirst();
        assertThat(permissions.wouldLack(labels, Duration.ofSeconds(20))).isEmpty();
        assertThat(permissions.missing()).as("what is in force").containsKey("labels");
        assertThat(permissions.wouldLack(labels, Duration.ZERO))
                .as("with no time to ask")
                .containsExactly("the engine may not patch pods");
    }

    @Test
    void whoIsConfinedToNamespacesActsInNoOther() {
        // Given
        ActionSets sets = sets("labels", "- { id: label, pod.label: { labels: { a: b } } }");
        Permissions there = new Permissions(CLUSTER.access().api(), Clock.systemUTC(), List.of("shop"), Set.of());
        Permissions elsewhere = new Permissions(CLUSTER.access().api(), Clock.systemUTC(), List.of("bank"), Set.of());

        // When
        there.check(sets);
        elsewhere.check(sets);

        // Then
        Set<ActionType> all = EnumSet.allOf(ActionType.class);
        ResponsePlan.Step inShop = step("labels", ActionType.POD_LABEL);
        assertThat(new PermissionGuard(all, Optional.of(there)).judge(inShop)).isEqualTo(new Verdict.Allow());
        assertThat(new PermissionGuard(all, Optional.of(elsewhere)).judge(inShop))
                .isEqualTo(new Verdict.Deny("permission", "the engine acts in no namespace but bank"));
    }

    @Test
    void aKindOfPolicyThatTheClusterDoesNotKnowIsMissed() {
        // Given
        ActionSets sets = sets("cilium", "- { id: isolate, pod.isolate: { engine: cilium } }");
        Permissions permissions = new Permissions(CLUSTER.access().api(), Clock.systemUTC(), List.of(), Set.of());

        // When
        permissions.check(sets);

        // Then
        assertThat(permissions.missing()).isEqualTo(Map.of("cilium", List.of("the cluster has no API cilium.io")));
    }

    @Test
    void withWhatIsPrintedTheClusterCanBeFollowed() {
        // Given
        ClusterView view = ClusterView.follow(account.access());

        // When
        until("all kinds are known", () -> view.health().stream().allMatch(ClusterView.Health::synced));

        // Then
        assertThat(view.health()).allSatisfy(kind -> assertThat(kind.problem()).isEmpty());
        view.close();
    }

    private static ResponsePlan.Step step(String set, ActionType type) {
        Action action = new Action.OnCluster(
                type,
                new PodRef("shop", "web", Optional.empty()),
                type.read(ActionSamples.given(type, new java.util.Random(1))));
        return new ResponsePlan.Step(
                set + "/step", set, action, Mode.ENFORCE, Duration.ofSeconds(5), "a test wants it");
    }

    /** Rights of Linux and of other systems are not the API server's affair. */
    @Test
    void whatIsGrantedElsewhereIsNotAskedFor() {
        // Given
        ActionSets sets = sets("kill", "- { id: kill, process.kill: {} }");
        Permissions permissions = permissionsOfAccount();

        // When
        permissions.check(sets);

        // Then
        assertThat(NeededRights.of(sets.all().getFirst())).hasOnlyElementsOfType(Right.Capability.class);
        assertThat(permissions.missing()).isEmpty();
    }
}
