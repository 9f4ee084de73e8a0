package dev.pounce.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.UUID;

/**
 * How much heap a large cluster takes, and how long it takes to be read: {@code main [PODS [NODES]]}. What is fed in looks
 * like what comes over the wire; real numbers have the serial collector and {@code -Xmx256m}, as the engine has.
 */
public final class ClusterFootprint {

    private ClusterFootprint() {}

    public static void main(String[] args) {
        int pods = args.length > 0 ? Integer.parseInt(args[0]) : 10_000;
        int nodes = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
        int perSet = 20;
        Slim slim = new Slim();
        ClusterStore store = new ClusterStore();
        fill(slim, new ClusterStore(), 2_000, 100, perSet); // so that classes and compiled code are there
        long before = used();
        long nanos = fill(slim, store, pods, nodes, perSet);
        long after = used();
        System.out.printf(
                Locale.ROOT,
                "%d pods, %d nodes, %d ReplicaSets and Deployments: %.1f MiB, %d bytes for each pod; %.1f us to read one%n",
                store.podCount(),
                nodes,
                2 * pods / perSet,
                (after - before) / 1048576.0,
                (after - before) / pods,
                nanos / 1000.0 / pods);
    }

    private static long fill(Slim slim, ClusterStore store, int pods, int nodes, int perSet) {
        long nanos = 0;
        for (int node = 0; node < nodes; node++) {
            store.put(slim.node(Objects.slim("""
                    {"metadata":{"name":"node-%d","uid":"%s","labels":{}},"spec":{},
                     "status":{"conditions":[{"type":"Ready","status":"True"}]}}
                    """.formatted(node, UUID.randomUUID()))));
        }
        String[] sets = new String[pods / perSet + 1];
        for (int set = 0; set < sets.length; set++) {
            sets[set] = UUID.randomUUID().toString();
            String deployment = UUID.randomUUID().toString();
            String form = """
                    {"metadata":{"namespace":"team-%d","name":"%s","uid":"%s","ownerReferences":[%s]},
                     "spec":{"replicas":%d}}
                    """;
            store.put(slim.controller(
                    "Deployment", Objects.slim(form.formatted(set % 50, "app-" + set, deployment, "", perSet))));
            store.put(slim.controller(
                    "ReplicaSet",
                    Objects.slim(form.formatted(
                            set % 50,
                            "app-" + set + "-5d4f7c9b8",
                            sets[set],
                            "{\"kind\":\"Deployment\",\"name\":\"app-" + set + "\",\"uid\":\"" + deployment
                                    + "\",\"controller\":true}",
                            perSet))));
        }
        for (int pod = 0; pod < pods; pod++) {
            int set = pod / perSet;
            String json = Objects.pod(
                            "team-" + set % 50,
                            "app-" + set + "-5d4f7c9b8-" + Integer.toString(pod, 36),
                            UUID.randomUUID().toString(),
                            "app-" + set + "-5d4f7c9b8",
                            pod)
                    .replace("rs-app-" + set + "-5d4f7c9b8", sets[set])
                    .replace("\"app\":\"web\"", "\"app\":\"app-" + set + "\"")
                    .replace("node-" + pod % 250, "node-" + pod % nodes);
            long start = System.nanoTime();
            JsonNode slimmed = Objects.slim(json);
            store.put(slim.pod(slimmed));
            nanos += System.nanoTime() - start;
        }
        return nanos;
    }

    private static long used() {
        for (int i = 0; i < 5; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
