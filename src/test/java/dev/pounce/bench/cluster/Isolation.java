package dev.pounce.bench.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * From an alert to the first packet to a pod that is not answered any more: by a policy, for a new connection (what enforces
 * policies here leaves open ones alone); and where this engine runs on the pod's node, for a new and for an open one. Pods run
 * on the node that is this machine, and {@code isolate_latency} (native-probe) talks from one to the other.
 */
final class Isolation {

    /** Of what is cut off. All of it ends by itself. */
    static final int LEASE_SECONDS = 15;

    private static final int PORT = 7;

    private final Bed bed;
    private final Path meter;
    private final String node;

    Isolation(Bed bed, Path meter) throws IOException, InterruptedException {
        this.bed = bed;
        this.meter = meter;
        this.node = nodeOfThisMachine();
    }

    void print(int runs) throws IOException, InterruptedException {
        MeasuredEngine engine = bed.startAgent("state", node).awaitArmed();
        String peer = "/proc/" + processOf(pods("peer", 1).getFirst()) + "/ns/net";
        print(runs, engine, Bed.ISOLATE_BY_POLICY, "new", peer);
        print(runs, engine, Bed.ISOLATE, "new", peer);
        print(runs, engine, Bed.ISOLATE, "open", peer);
        Thread.sleep(1_000L * LEASE_SECONDS + 5_000); // nothing is left in force
    }

    private void print(int runs, MeasuredEngine engine, String rule, String connection, String peer)
            throws IOException, InterruptedException {
        Times times = new Times();
        String name = (rule.equals(Bed.ISOLATE) ? "node" : "policy") + "-" + connection;
        for (JsonNode pod : pods(name, runs)) {
            times.add(firstRefused(engine, rule, connection, peer, pod));
        }
        System.out.printf("{\"by\":\"%s\",\"connection\":\"%s\",\"refused\":%s}%n", rule, connection, times.json());
    }

    /** In nanoseconds since the meter had the alert sent. */
    private long firstRefused(MeasuredEngine engine, String rule, String connection, String peer, JsonNode pod)
            throws IOException, InterruptedException {
        Path go = bed.file("go");
        Files.deleteIfExists(go);
        Process talking = new ProcessBuilder(
                        "nsenter",
                        "--net=" + peer,
                        meter.toString(),
                        connection,
                        pod.path("status").path("podIP").asText(),
                        Integer.toString(PORT),
                        "/bin/sh",
                        "-c",
                        ": >" + go)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        while (!Files.exists(go) && talking.isAlive()) {
            LockSupport.parkNanos(100_000);
        }
        engine.alert(rule, bed.namespace(), pod.path("metadata").path("name").asText());
        String micros = new String(talking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return 1_000 * Long.parseLong(micros.split(" ", 2)[0]);
    }

    /** Pods that are ready and answer. */
    private List<JsonNode> pods(String name, int count) throws IOException, InterruptedException {
        List<String> names =
                IntStream.range(0, count).mapToObj(i -> name + "-" + i).toList();
        Bed.forAll(names, pod -> bed.api().create(ApiServer.pods(bed.namespace()), """
                {"metadata": {"name": "%s", "labels": {"app": "%s"}},
                 "spec": {"nodeName": "%s", "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                          "volumes": [{"name": "meter", "hostPath": {"path": "%s"}}],
                          "containers": [{"name": "app", "image": "registry.local/busybox:1", "imagePullPolicy": "Never",
                                          "command": ["/meter/%s", "serve", "%d"],
                                          "volumeMounts": [{"name": "meter", "mountPath": "/meter"}]}]}}
                """.formatted(
                        pod, name, node, meter.getParent(), meter.getFileName(), PORT)));
        List<JsonNode> ready = new ArrayList<>();
        for (String pod : names) {
            JsonNode now = bed.api().get(ApiServer.pods(bed.namespace()) + "/" + pod);
            while (!Ready.is(now)) {
                Thread.sleep(200);
                now = bed.api().get(ApiServer.pods(bed.namespace()) + "/" + pod);
            }
            ready.add(now);
        }
        return ready;
    }

    private String nodeOfThisMachine() throws IOException, InterruptedException {
        for (JsonNode one : bed.api().get("/api/v1/nodes").path("items")) {
            if (!one.path("metadata").path("annotations").has("kwok.x-k8s.io/node")) {
                return one.path("metadata").path("name").asText();
            }
        }
        throw new IOException("no node is real");
    }

    private static long processOf(JsonNode pod) throws IOException {
        String container = pod.path("status")
                .path("containerStatuses")
                .path(0)
                .path("containerID")
                .asText()
                .replaceFirst("^[a-z]+://", "");
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> isIn(container, process))
                    .mapToLong(process -> Long.parseLong(process.getFileName().toString()))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the pod's node is another machine"));
        }
    }

    private static boolean isIn(String container, Path process) {
        try {
            return Files.readString(process.resolve("cgroup")).contains(container);
        } catch (IOException ended) {
            return false;
        }
    }
}
