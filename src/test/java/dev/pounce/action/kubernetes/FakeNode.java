package dev.pounce.action.kubernetes;

import dev.pounce.asset.NodeRef;
import dev.pounce.cluster.RealCluster;

/** A node of one test's own, which kwok pretends to run; the API server, the controllers and the scheduler do not pretend. */
public record FakeNode(RealCluster cluster, String name) implements AutoCloseable {

    public static FakeNode named(RealCluster cluster, String part) {
        FakeNode node = new FakeNode(cluster, cluster.namespace() + "-" + part);
        cluster.apply("""
                apiVersion: v1
                kind: Node
                metadata:
                  name: %1$s
                  annotations: {kwok.x-k8s.io/node: fake}
                  labels: {kubernetes.io/hostname: %1$s, group: %2$s}
                spec: {taints: [{key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule}]}
                status:
                  allocatable: {cpu: "64", memory: 256Gi, pods: "500"}
                  capacity: {cpu: "64", memory: 256Gi, pods: "500"}
                """.formatted(node.name(), cluster.namespace()));
        RealCluster.kubectlAnywhere("wait", "--for=condition=Ready", "node/" + node.name(), "--timeout=30s");
        return node;
    }

    public NodeRef ref() {
        return new NodeRef(name);
    }

    /** A pod on it that nothing would start again. */
    void pod(String pod, String labels, String more) {
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, labels: {%s}}
                spec:
                  nodeName: %s
                  terminationGracePeriodSeconds: 0
                  containers: [{name: c, image: none}]
                  %s
                """.formatted(pod, labels, name, more));
        cluster.kubectl("wait", "--for=condition=Ready", "pod/" + pod, "--timeout=30s");
    }

    String json(String path) {
        return RealCluster.kubectlAnywhere("get", "node", name, "-o", "jsonpath={" + path + "}");
    }

    @Override
    public void close() {
        RealCluster.kubectlAnywhere("delete", "node", name, "--wait=false");
    }
}
