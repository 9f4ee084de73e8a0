package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What becomes of alerts that were accepted a moment before the engine was ended. */
final class Losses {

    private static final int ALERTS = 20;

    private final Bed bed;

    Losses(Bed bed) {
        this.bed = bed;
    }

    void ofBothSignals() throws IOException, InterruptedException {
        lossesAt("KILL");
        lossesAt("TERM");
    }

    private void lossesAt(String signal) throws IOException, InterruptedException {
        String name = signal.toLowerCase(java.util.Locale.ROOT);
        List<String> pods = bed.pods(name, ALERTS);
        List<CompletableFuture<Long>> effects =
                pods.stream().map(pod -> bed.watch().effect(pod, Bed.label(0))).toList();
        MeasuredEngine engine = bed.startEngine(name).awaitArmed();
        Bed.forAll(pods, pod -> engine.alert(Bed.labelRule(0), bed.namespace(), pod));
        long before = Bed.count(effects);
        if (signal.equals("KILL")) {
            engine.kill();
        } else {
            engine.close();
        }
        long after = Bed.count(effects);
        MeasuredEngine next = bed.startEngine(name).awaitArmed();
        int seen = Bed.seen(effects).size();
        System.out.printf(
                "{\"signal\":\"%s\",\"accepted\":%d,\"seen_at_signal\":%d,\"seen_at_end\":%d,\"seen_after_restart\":%d,\"lost\":%d}%n",
                signal, ALERTS, before, after, seen, ALERTS - seen);
        next.close();
    }
}
