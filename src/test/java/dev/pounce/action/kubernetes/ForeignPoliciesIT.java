package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ForeignPolicies;
import dev.pounce.cluster.RealCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code pod.isolate} with policies that only Cilium and Calico know. */
class ForeignPoliciesIT {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private static Acting acting;
    private static final List<ForeignPolicies> DEFINED = new ArrayList<>();

    @BeforeAll
    static void opensTheActuator() {
        acting = new Acting(CLUSTER);
    }

    @AfterAll
    static void closesTheActuator() {
        acting.close();
    }

    @AfterEach
    void takesTheDefinitionsAway() {
        acting.undos().clear();
        DEFINED.forEach(ForeignPolicies::close);
        DEFINED.clear();
    }

    private static PodRef pod(String name) {
        String uid = CLUSTER.unscheduled(name, "app=" + name);
        return new PodRef(CLUSTER.namespace(), name, Optional.of(uid));
    }

    private static final Map<String, ?> LIST =
            Map.of("dns", "true", "cidrs", List.of("10.0.0.0/8", "2001:db8::/32"), "namespaces", List.of("tools"));

    @Test
    void ciliumsApiTakesOurPoliciesAndHasThemNoMoreAfterwards() {
        // Given
        DEFINED.add(ForeignPolicies.ofCilium(CLUSTER));

        // When
        Outcome all = acting.carryOut(ActionType.POD_ISOLATE, pod("cilium-all"), Map.of("engine", "cilium"));
        Outcome some =
                acting.carryOut(ActionType.POD_ISOLATE, pod("cilium-some"), Map.of("engine", "cilium", "allow", LIST));
        Outcome one = acting.carryOut(
                ActionType.POD_ISOLATE,
                pod("cilium-one"),
                Map.of("engine", "cilium", "deny", List.of("2001:db8::1", "10.1.1.1")));

        // Then
        assertThat(List.of(all, some, one)).allSatisfy(outcome -> assertThat(outcome)
                .asInstanceOf(type(Outcome.Done.class))
                .extracting(Outcome.Done::observed)
                .asString()
                .contains("Cilium is there to enforce it"));
        assertThat(CLUSTER.kubectl("get", "ciliumnetworkpolicies", "-o", "name").lines())
                .hasSize(3);
        assertThat(acting.observe(
                        ActionType.POD_ISOLATE,
                        new PodRef(CLUSTER.namespace(), "cilium-all", Optional.empty()),
                        Map.of("engine", "cilium")))
                .isInstanceOf(Outcome.AlreadySo.class);
        acting.undos().forEach(undo -> assertThat(acting.takeBack(undo)).isInstanceOf(Outcome.Done.class));
        assertThat(CLUSTER.kubectl("get", "ciliumnetworkpolicies", "-o", "name"))
                .isEmpty();
        assertThat(CLUSTER.kubectl("get", "pod", "cilium-one", "-o", "jsonpath={.metadata.labels}"))
                .isEqualTo("{\"app\":\"cilium-one\"}");
    }

    @Test
    void aCiliumThatWouldRefuseMoreThanIsAskedForIsNotAskedToDeny() {
        // Given
        DEFINED.add(ForeignPolicies.ofOldCilium(CLUSTER));

        // When
        Outcome one = acting.carryOut(
                ActionType.POD_ISOLATE, pod("old"), Map.of("engine", "cilium", "deny", List.of("10.1.1.1")));

        // Then
        assertThat(one)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("too old");
        assertThat(CLUSTER.kubectl("get", "ciliumnetworkpolicies", "-o", "name"))
                .isEmpty();
    }

    @Test
    void whereThereIsNoCiliumAndNoCalicoThatIsSaid() {
        for (String engine : List.of("cilium", "calico")) {
            Outcome outcome =
                    acting.carryOut(ActionType.POD_ISOLATE, pod("without-" + engine), Map.of("engine", engine));

            assertThat(outcome)
                    .asInstanceOf(type(Outcome.Failed.class))
                    .extracting(Outcome.Failed::reason)
                    .asString()
                    .contains("not installed");
        }
    }

    @Test
    void calicosApiTakesOurPoliciesAndHasThemNoMoreAfterwards() {
        // Given
        DEFINED.add(ForeignPolicies.ofCalico(CLUSTER));

        // When
        Outcome all = acting.carryOut(ActionType.POD_ISOLATE, pod("calico-all"), Map.of("engine", "calico"));
        Outcome some = acting.carryOut(
                ActionType.POD_ISOLATE, pod("calico-some"), Map.of("engine", "calico", "allow", LIST, "order", "7"));
        Outcome one = acting.carryOut(
                ActionType.POD_ISOLATE,
                pod("calico-one"),
                Map.of("engine", "calico", "deny", List.of("2001:db8::1", "10.1.1.1")));

        // Then
        assertThat(List.of(all, some, one))
                .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Done.class));
        assertThat(CLUSTER.kubectl("get", "networkpolicies.projectcalico.org", "-o", "name")
                        .lines())
                .hasSize(4);
        assertThat(CLUSTER.kubectl("get", "networkpolicies.projectcalico.org", "-o", "jsonpath={.items[*].spec.order}"))
                .contains("7")
                .contains("1000000000");
        acting.undos().forEach(undo -> assertThat(acting.takeBack(undo)).isInstanceOf(Outcome.Done.class));
        assertThat(CLUSTER.kubectl("get", "networkpolicies.projectcalico.org", "-o", "name"))
                .isEmpty();
    }

    @Test
    void whatCalicoAsksFirstIsToldAndNothingIsLoosened() {
        // Given
        DEFINED.add(ForeignPolicies.ofCalico(CLUSTER));
        CLUSTER.apply("""
                apiVersion: projectcalico.org/v3
                kind: NetworkPolicy
                metadata: {name: default.first}
                spec: {tier: default, order: -1, selector: all(), types: [Ingress], ingress: [{action: Allow}]}
                """);

        // When
        Outcome some =
                acting.carryOut(ActionType.POD_ISOLATE, pod("second"), Map.of("engine", "calico", "allow", LIST));
        Outcome one = acting.carryOut(
                ActionType.POD_ISOLATE, pod("third"), Map.of("engine", "calico", "deny", List.of("10.1.1.1")));

        // Then
        assertThat(some)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("Calico asks default.first first");
        assertThat(CLUSTER.kubectl(
                        "get",
                        "networkpolicies.projectcalico.org",
                        "-l",
                        "app.kubernetes.io/managed-by=pounce",
                        "-o",
                        "jsonpath={.items[*].spec.ingress[*].action}"))
                .isEqualTo("Deny");
        assertThat(one)
                .asInstanceOf(type(Outcome.Failed.class))
                .extracting(Outcome.Failed::reason)
                .asString()
                .contains("cannot be vouched for");
    }
}
