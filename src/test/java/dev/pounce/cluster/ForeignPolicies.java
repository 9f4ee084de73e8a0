package dev.pounce.cluster;

import java.util.List;

/**
 * Policies of Cilium and Calico, as far as an API server can tell: their definitions here are our own, with those fields only
 * that both document and that we write. Nothing enforces them. They are the whole cluster's until {@link #close}.
 */
public record ForeignPolicies(List<String> definitions) implements AutoCloseable {

    private static final String SELECTOR = "{type: object, properties: {matchLabels: {type: object,"
            + " additionalProperties: {type: string}}, matchExpressions: {type: array, items: {type: object, properties:"
            + " {key: {type: string}, operator: {type: string, enum: [In, NotIn, Exists, DoesNotExist]}, values: {type:"
            + " array, items: {type: string}}}, required: [key, operator]}}}}";
    private static final String PEERS = "{type: array, items: " + SELECTOR + "}";
    private static final String ENTITIES =
            "{type: array, items: {type: string, enum: [all, world, host, remote-node," + " kube-apiserver, cluster]}}";
    private static final String CIDR_SETS =
            "{type: array, items: {type: object, required: [cidr], properties: {cidr: {type: string}, except: {type:"
                    + " array, items: {type: string}}}}}";
    private static final String WORDS = "{type: array, items: {type: string}}";
    private static final String CILIUM = "endpointSelector: " + SELECTOR
            + ", ingressDeny: {type: array, items: {type: object, properties: {fromEntities: " + ENTITIES
            + ", fromEndpoints: " + PEERS + ", fromCIDR: " + WORDS + ", fromCIDRSet: " + CIDR_SETS + "}}}"
            + ", egressDeny: {type: array, items: {type: object, properties: {toEntities: " + ENTITIES
            + ", toEndpoints: " + PEERS + ", toCIDR: " + WORDS + ", toCIDRSet: " + CIDR_SETS + "}}}";
    private static final String DEFAULT_DENY =
            ", enableDefaultDeny: {type: object, properties: {ingress: {type: boolean}, egress: {type: boolean}}}";
    private static final String END = "{type: object, properties: {nets: " + WORDS
            + ", selector: {type: string}, namespaceSelector: {type: string}, ports: {type: array, items:"
            + " {x-kubernetes-int-or-string: true}}}}";
    private static final String RULES = "{type: array, items: {type: object, required: [action], properties: {action:"
            + " {type: string, enum: [Allow, Deny, Log, Pass]}, protocol: {x-kubernetes-int-or-string: true}, source: "
            + END + ", destination: " + END + "}}}";
    private static final String CALICO = "tier: {type: string}, order: {type: number}, selector: {type: string}, types:"
            + " {type: array, items: {type: string, enum: [Ingress, Egress]}}, ingress: " + RULES + ", egress: "
            + RULES;

    public static ForeignPolicies ofCilium(RealCluster cluster) {
        return new ForeignPolicies(List.of(defined(
                cluster,
                "cilium.io",
                "v2",
                "ciliumnetworkpolicies",
                "CiliumNetworkPolicy",
                "Namespaced",
                CILIUM + DEFAULT_DENY)));
    }

    /** One that knows nothing of {@code enableDefaultDeny}. */
    public static ForeignPolicies ofOldCilium(RealCluster cluster) {
        return new ForeignPolicies(List.of(defined(
                cluster, "cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy", "Namespaced", CILIUM)));
    }

    /** With Calico's own API server. */
    public static ForeignPolicies ofCalico(RealCluster cluster) {
        return calico(cluster, "projectcalico.org", "v3");
    }

    /** Without its API server there are only the resources in which it keeps them. */
    public static ForeignPolicies ofCalicosStore(RealCluster cluster) {
        return calico(cluster, "crd.projectcalico.org", "v1");
    }

    private static ForeignPolicies calico(RealCluster cluster, String group, String version) {
        return new ForeignPolicies(List.of(
                defined(cluster, group, version, "networkpolicies", "NetworkPolicy", "Namespaced", CALICO),
                defined(cluster, group, version, "globalnetworkpolicies", "GlobalNetworkPolicy", "Cluster", CALICO)));
    }

    private static String defined(
            RealCluster cluster, String group, String version, String plural, String kind, String scope, String spec) {
        String name = plural + "." + group;
        cluster.apply("""
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: %s}
                spec:
                  group: %s
                  scope: %s
                  names: {plural: %s, kind: %s}
                  versions:
                  - name: %s
                    served: true
                    storage: true
                    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {%s}}}}}
                """.formatted(name, group, scope, plural, kind, version, spec));
        RealCluster.kubectlAnywhere("wait", "--for=condition=Established", "crd/" + name, "--timeout=30s");
        RealCluster.until(
                "it is served",
                () -> RealCluster.tryKubectl("get", name, "-A", "-o", "name").exit() == 0);
        return name;
    }

    @Override
    public void close() {
        definitions.forEach(name -> RealCluster.kubectlAnywhere("delete", "crd", name));
    }
}
