package dev.pounce.action.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.ActionType;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyDocumentsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<Direction> BOTH = EnumSet.allOf(Direction.class);
    private static final Set<Direction> NONE = EnumSet.noneOf(Direction.class);
    private static final JsonNode ONE_POD = json("{'matchLabels':{'pounce.dev/isolated':'uid'}}");

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException typo) {
            throw new AssertionError(typo);
        }
    }

    private static AllowList allow(boolean dns, List<String> cidrs, List<String> namespaces) {
        return new AllowList(dns, AllowList.ranges(cidrs), namespaces);
    }

    @Test
    void aNetworkPolicyAllowsTheListInTheDirectionsThatAreGrantedAndNothingElse() {
        AllowList list = allow(true, List.of("10.1.2.3"), List.of("tools"));

        assertThat((JsonNode) NetworkPolicyDocument.isolating(ONE_POD, list, NONE))
                .isEqualTo(json("{'podSelector':{'matchLabels':{'pounce.dev/isolated':'uid'}},"
                        + "'policyTypes':['Ingress','Egress']}"));
        JsonNode both = NetworkPolicyDocument.isolating(ONE_POD, list, BOTH);
        JsonNode peers = json("[{'ipBlock':{'cidr':'10.1.2.3/32'}},"
                + "{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'tools'}}}]");
        assertThat(both.path("ingress")).hasSize(1);
        assertThat(both.path("ingress").get(0).path("from")).isEqualTo(peers);
        assertThat(both.path("egress")).hasSize(2);
        assertThat(both.path("egress").get(0).path("to")).isEqualTo(peers);
        assertThat(both.path("egress").get(1).path("ports"))
                .isEqualTo(json("[{'protocol':'UDP','port':53},{'protocol':'TCP','port':53}]"));
    }

    @Test
    void ciliumsPoliciesOnlyDeny() {
        for (AllowList list : List.of(AllowList.NOBODY, allow(true, List.of("10.0.0.0/8", "::/0"), List.of("tools")))) {
            JsonNode spec = CiliumDocument.isolating(ONE_POD, list);
            assertThat(spec.has("ingress")).isFalse();
            assertThat(spec.has("egress")).isFalse();
            assertThat(spec.path("ingressDeny")).isNotEmpty();
            assertThat(spec.path("egressDeny")).isNotEmpty();
        }
        JsonNode some = CiliumDocument.isolating(ONE_POD, allow(true, List.of("10.0.0.0/8", "::/0"), List.of("tools")));
        assertThat(some.findValues("toCIDRSet"))
                .containsExactly(json("[{'cidr':'0.0.0.0/0','except':['10.0.0.0/8']}]"));
        assertThat(some.path("enableDefaultDeny")).isEqualTo(json("{'ingress':false,'egress':false}"));
        assertThat(CiliumDocument.isolating(ONE_POD, AllowList.NOBODY).has("enableDefaultDeny"))
                .isFalse();
        assertThat((JsonNode) CiliumDocument.denying(ONE_POD, AllowList.ranges(List.of("2001:db8::1"))))
                .isEqualTo(json("{'endpointSelector':{'matchLabels':{'pounce.dev/isolated':'uid'}},"
                        + "'ingressDeny':[{'fromCIDR':['2001:db8:0:0:0:0:0:1/128']}],"
                        + "'egressDeny':[{'toCIDR':['2001:db8:0:0:0:0:0:1/128']}],"
                        + "'enableDefaultDeny':{'ingress':false,'egress':false}}"));
    }

    @Test
    void ciliumDoesNotSeeTheHashOfATemplate() {
        JsonNode spec = CiliumDocument.isolating(
                json("{'matchLabels':{'app':'web','pod-template-hash':'abc'}}"), AllowList.NOBODY);

        assertThat(spec.path("endpointSelector")).isEqualTo(json("{'matchLabels':{'app':'web'}}"));
        assertThat(CiliumDocument.selectsAll(spec)).isFalse();
        assertThat(CiliumDocument.selectsAll(CiliumDocument.isolating(
                        json("{'matchLabels':{'pod-template-hash':'abc'}}"), AllowList.NOBODY)))
                .isTrue();
    }

    @Test
    void calicosPoliciesEndWithADenyAndAllowOnlyWhatIsGranted() {
        AllowList list = allow(true, List.of("10.0.0.0/8", "2001:db8::/32"), List.of("a", "b"));

        JsonNode nothing = CalicoDocument.isolating(ONE_POD, list, NONE, 5);
        JsonNode both = CalicoDocument.isolating(ONE_POD, list, BOTH, 5);

        assertThat(nothing)
                .hasToString("{\"tier\":\"default\",\"order\":5,\"selector\":\"pounce.dev/isolated == 'uid'\","
                        + "\"types\":[\"Ingress\",\"Egress\"],\"ingress\":[{\"action\":\"Deny\"}],"
                        + "\"egress\":[{\"action\":\"Deny\"}]}");
        assertThat(both.path("ingress").findValuesAsText("action")).containsExactly("Allow", "Allow", "Allow", "Deny");
        assertThat(both.path("egress").findValuesAsText("action")).hasSize(8).endsWith("Deny");
        assertThat(both.path("ingress")
                        .get(2)
                        .path("source")
                        .path("namespaceSelector")
                        .asText())
                .isEqualTo("kubernetes.io/metadata.name in {'a', 'b'}");
    }

    @Test
    void calicosDeniesAreOfOneVersionEachAndSingleAddressesAreWhole() {
        JsonNode spec = CalicoDocument.denying(ONE_POD, AllowList.ranges(List.of("10.1.1.1", "2001:db8::1")), 0);

        assertThat(spec.path("egress"))
                .isEqualTo(json("[{'action':'Deny','destination':{'nets':['10.1.1.1/32']}},"
                        + "{'action':'Deny','destination':{'nets':['2001:db8:0:0:0:0:0:1/128']}}]"));
        assertThat(CalicoDocument.expression(json("{'matchLabels':{'a/b':'c'},'matchExpressions':["
                        + "{'key':'d','operator':'NotIn','values':['e','f']},{'key':'g','operator':'DoesNotExist'}]}")))
                .isEqualTo("a/b == 'c' && d not in {'e', 'f'} && !has(g)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                                  | true  | true",
                "{'matchLabels':{'app':'web'}}                                       | true  | true",
                "{'matchLabels':{'app':'db'}}                                        | false | false",
                "{'matchLabels':{'tier':'x'}}                                        | false | true",
                "{'matchExpressions':[{'key':'app','operator':'In','values':['a']}]} | false | false",
                "{'matchExpressions':[{'key':'app','operator':'Exists'}]}            | true  | true",
                "{'matchExpressions':[{'key':'no','operator':'DoesNotExist'}]}       | true  | true",
                "{'matchExpressions':[{'key':'app','operator':'DoesNotExist'}]}      | false | false",
                "{'matchExpressions':[{'key':'no','operator':'NotIn','values':['a']}]}| true | true",
                "{'matchExpressions':[{'key':'no','operator':'In','values':['a']}]}  | false | true",
            })
    void aSelectorTakesOrCouldTake(String selector, boolean takes, boolean could) {
        assertThat(LabelSelector.selects(json(selector), Map.of("app", "web"))).isEqualTo(takes);
        assertThat(LabelSelector.couldSelect(json(selector), Map.of("app", "web")))
                .isEqualTo(could);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "all()                                  ; true",
                "app == 'web'                           ; true",
                "app == \"db\"                          ; false",
                "app == 'web' && zone == 'a'            ; false",
                "app == 'db' || has(other)              ; true",
                "projectcalico.org/orchestrator == 'k8s'; true",
                "app in {'db'}                          ; true",
            })
    void aSelectorOfCalicoCouldTakeUnlessItIsCertain(String selector, boolean could) {
        assertThat(CalicoInForce.couldSelect(selector, Map.of("app", "web"), true))
                .isEqualTo(could);
    }

    @Test
    void whatOthersAllowBeyondAListIsTold() {
        JsonNode list = json(
                "{'items':[{'metadata':{'name':'web'},'spec':{'podSelector':{},'policyTypes':['Ingress','Egress'],"
                        + "'ingress':[{'from':[{'ipBlock':{'cidr':'10.1.0.0/16'}}]}],"
                        + "'egress':[{'to':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'tools'}}}],'ports':[{'protocol':'TCP','port':443}]}]}}]}");
        PoliciesInForce policies = PoliciesInForce.of(list, policy -> true);

        assertThat(policies.restrict(Direction.INGRESS)).isTrue();
        assertThat(policies.allowBeyond(allow(false, List.of("10.0.0.0/8"), List.of("tools")), "mine"))
                .isEmpty();
        assertThat(policies.allowBeyond(allow(false, List.of("10.0.0.0/8"), List.of()), "mine"))
                .hasValue("policy web lets out to pods of other namespaces (TCP 443)");
        assertThat(policies.allowBeyond(AllowList.NOBODY, "mine"))
                .isPresent()
                .get()
                .asString()
                .contains("in from 10.1.0.0/16")
                .contains("out to pods");
        assertThat(new PoliciesInForce(List.of()).restrict(Direction.EGRESS)).isFalse();
    }

    @Test
    void aListIsReadBackAsItWas() {
        AllowList list = AllowList.of(ActionType.POD_ISOLATE.read(Map.of(
                "allow",
                Map.of("dns", "true", "cidrs", List.of("10.0.0.0/8", "10.1.1.1"), "namespaces", List.of("b", "a")))));

        assertThat(AllowList.parse(list.text())).hasValue(list);
        assertThat(list.display()).isEqualTo("the name service, 10.0.0.0/8, the pods of a, b");
        assertThat(list.inBoth(allow(true, List.of("10.2.0.0/16"), List.of("a"))))
                .isEqualTo(allow(true, List.of("10.2.0.0/16"), List.of("a")));
        assertThat(AllowList.parse("{}")).isEmpty();
        assertThat(AllowList.parse("nonsense")).isEmpty();
    }

    @Test
    void aFingerprintIsOfTheContentAndNotOfItsOrder() {
        assertThat(Ours.fingerprint(json("{'a':[1,{'b':2,'c':3}],'d':'4'}")))
                .isEqualTo(Ours.fingerprint(json("{'d':'4','a':[1,{'c':3,'b':2}]}")))
                .isNotEqualTo(Ours.fingerprint(json("{'d':4,'a':[1,{'c':3,'b':2}]}")))
                .isNotEqualTo(Ours.fingerprint(json("{'d':'4','a':[{'c':3,'b':2},1]}")));
    }
}
