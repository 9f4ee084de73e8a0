package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Resident memory of the engine: beside a small cluster, when it has grown to many pods and nodes, and when it starts beside them. */
final class Memory {

    private static final int AT_ONCE = 1_000;

    private final Bed bed;

    Memory(Bed bed) {
        this.bed = bed;
    }

    void print(int pods, int nodes) throws IOException, InterruptedException {
        MeasuredEngine first = bed.startEngine("first").awaitArmed();
        label(first, bed.pods("idle", 1).getFirst());
        print("idle", first);
        // Nobody runs them: what a kubelet says all the time would be another measurement
        Bed.forAll(IntStream.range(0, nodes).boxed().toList(), node -> bed.api()
                .create("/api/v1/nodes", """
                {"metadata": {"name": "%1$s-%2$d", "labels": {"pounce-bench": "%1$s"}},
                 "spec": {"unschedulable": true}}
                """.formatted(bed.namespace(), node)));
        IntFunction<String> onNode = pod -> """
                "nodeName": "%s-%d", "tolerations": [{"operator": "Exists"}],
                """.formatted(bed.namespace(), pod % nodes);
        List<String> last = List.of();
        for (int made = 0; made < pods; made += AT_ONCE) {
            last = bed.pods("many-" + made, Math.min(AT_ONCE, pods - made), onNode);
            Bed.progress((made + last.size()) + " of " + pods + " pods");
        }
        label(first, last.getLast());
        print("grown to %d pods, %d nodes".formatted(pods, nodes), first);
        first.close();
        MeasuredEngine second = bed.startEngine("second").awaitArmed();
        label(second, last.getFirst());
        print("started beside %d pods, %d nodes".formatted(pods, nodes), second);
    }

    /** So that the engine has come to know the pod, and has done something once. */
    private void label(MeasuredEngine engine, String pod) throws IOException, InterruptedException {
        Label label = new Label(pod, 0);
        bed.alert(engine, label);
        Bed.seen(List.of(bed.effect(label)));
        Thread.sleep(10_000); // what was read for that becomes garbage, and is collected or not
    }

    private static void print(String when, MeasuredEngine engine) throws IOException {
        System.out.printf(Locale.ROOT, "{\"when\":\"%s\",\"rss_mib\":%.0f}%n", when, engine.residentMib());
    }
}
