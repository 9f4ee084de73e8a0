package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * All pods of many workloads are to end, and each has a budget: how many a second, whether one workload waits for the other,
 * and whether a budget was ever exceeded. The nodes are fake, so kwok has to run there; all else is real. After it the meter
 * evicts as many by itself, asking anew a second after each refusal.
 */
final class Budgets {

    private static final int NODES = 4;
    private static final int PODS = 50;
    private static final int DISRUPTED_AT_MOST = 5;

    private final Bed bed;
    private final Ready ready = new Ready();
    private final Semaphore requests = new Semaphore(Bed.IN_FLIGHT);

    Budgets(Bed bed) {
        this.bed = bed;
    }

    /** @param count of pods, a multiple of the 50 of each workload */
    void print(int count) throws IOException, InterruptedException {
        bed.watch().tell(ready::see);
        List<String> workloads =
                IntStream.range(0, count / PODS).mapToObj(i -> "set-" + i).toList();
        nodes();
        Bed.forAll(workloads, this::workload);
        if (!awaitAll(count)) {
            System.out.println("left out: no fake node has made its pods ready, so kwok does not run here");
            return;
        }
        MeasuredEngine engine = bed.startEngine("state").awaitArmed();
        terminate("alerts", workloads, Bed.IN_FLIGHT, pod -> engine.alert(Bed.TERMINATE, bed.namespace(), pod));
        engine.close();
        awaitAll(count);
        terminate("the meter", workloads, count, this::evict);
    }

    private void evict(String pod) throws IOException, InterruptedException {
        while (!evicted(pod)) {
            Thread.sleep(1_000);
        }
    }

    private boolean evicted(String pod) throws IOException, InterruptedException {
        requests.acquire();
        try {
            return bed.api().evict(bed.namespace(), pod);
        } finally {
            requests.release();
        }
    }

    /** One workload after the other is asked for, so that a queue of one line would let the last ones wait. */
    private void terminate(String who, List<String> workloads, int inFlight, Bed.For<String> way)
            throws IOException, InterruptedException {
        Map<String, Set<String>> pods = ready.begin();
        List<String> order = new ArrayList<>();
        workloads.forEach(workload -> order.addAll(pods.getOrDefault(workload, Set.of())));
        List<CompletableFuture<Long>> effects = effects(order);
        long begun = System.nanoTime();
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                Bed.forAll(order, inFlight, way);
            } catch (IOException | InterruptedException broken) {
                System.err.println("not all could be sent: " + broken);
            }
        });
        long ended = 0;
        for (int quiet = 0; ended < order.size() && quiet < 30; quiet++) {
            TimeUnit.SECONDS.sleep(1);
            long now = Bed.count(effects);
            quiet = now > ended ? 0 : quiet;
            if (now / 100 > ended / 100) {
                Bed.progress(who + ": " + now + " of " + order.size() + " pods end");
            }
            ended = now;
        }
        sender.interrupt();
        sender.join();
        List<Double> all = new ArrayList<>();
        List<Double> half = new ArrayList<>();
        for (String workload : workloads) {
            List<Long> moments = effects(pods.getOrDefault(workload, Set.of())).stream()
                    .filter(CompletableFuture::isDone)
                    .map(CompletableFuture::resultNow)
                    .sorted()
                    .toList();
            if (!moments.isEmpty()) {
                half.add((moments.get((moments.size() - 1) / 2) - begun) / 1e9);
                all.add((moments.getLast() - begun) / 1e9);
            }
        }
        double last = all.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
        System.out.printf(
                Locale.ROOT,
                "{\"by\":\"%s\",\"pods\":%d,\"not_ended\":%d,\"per_s\":%.1f,\"half_of_a_workload_s\":%s,"
                        + "\"all_of_a_workload_s\":%s,\"fewest_ready\":%d,\"allowed\":%d}%n",
                who,
                order.size(),
                order.size() - ended,
                ended / last,
                spread(half),
                spread(all),
                ready.fewest(),
                PODS - DISRUPTED_AT_MOST);
    }

    private List<CompletableFuture<Long>> effects(Iterable<String> pods) {
        List<CompletableFuture<Long>> effects = new ArrayList<>();
        pods.forEach(pod -> effects.add(bed.watch().effect(pod, PodWatch.ENDING)));
        return effects;
    }

    private static String spread(List<Double> seconds) {
        List<Double> sorted = seconds.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "{\"first\":%.1f,\"median\":%.1f,\"last\":%.1f}",
                sorted.getFirst(),
                sorted.get(sorted.size() / 2),
                sorted.getLast());
    }

    private void nodes() throws IOException, InterruptedException {
        for (int node = 0; node < NODES; node++) {
            bed.api().create("/api/v1/nodes", """
                    {"metadata": {"name": "%1$s-%2$d", "annotations": {"kwok.x-k8s.io/node": "fake"},
                                  "labels": {"pounce-bench": "%1$s", "kubernetes.io/hostname": "%1$s-%2$d"}},
                     "spec": {"taints": [{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}]},
                     "status": {"allocatable": {"cpu": "64", "memory": "256Gi", "pods": "1000"},
                                "capacity": {"cpu": "64", "memory": "256Gi", "pods": "1000"}}}
                    """.formatted(bed.namespace(), node));
        }
    }

    private void workload(String name) throws IOException, InterruptedException {
        bed.api().create("/apis/policy/v1/namespaces/" + bed.namespace() + "/poddisruptionbudgets", """
                {"metadata": {"name": "%1$s"},
                 "spec": {"maxUnavailable": %2$d, "selector": {"matchLabels": {"app": "%1$s"}}}}
                """.formatted(
                        name, DISRUPTED_AT_MOST));
        bed.api().create("/apis/apps/v1/namespaces/" + bed.namespace() + "/replicasets", """
                {"metadata": {"name": "%1$s"},
                 "spec": {"replicas": %2$d, "selector": {"matchLabels": {"app": "%1$s"}},
                          "template": {"metadata": {"labels": {"app": "%1$s"}},
                                       "spec": {"nodeSelector": {"pounce-bench": "%3$s"},
                                                "terminationGracePeriodSeconds": 0,
                                                "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
                                                "containers": [{"name": "app", "image": "registry.local/busybox:1"}]}}}}
                """.formatted(
                        name, PODS, bed.namespace()));
    }

    /** False if no more become ready for a minute. */
    private boolean awaitAll(int count) throws InterruptedException {
        int before = -1;
        int now = ready.count();
        for (int quiet = 0; now < count && quiet < 60; quiet++) {
            TimeUnit.SECONDS.sleep(1);
            before = now;
            now = ready.count();
            quiet = now > before ? 0 : quiet;
            if (now / 200 > before / 200) {
                Bed.progress(now + " of " + count + " pods are ready");
            }
        }
        return now >= count;
    }
}
