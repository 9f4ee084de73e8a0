package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What becomes of alerts that were accepted a moment before the engine was ended. They are about two pods, and what is done to one
 * pod is done one after the other, so that most are still to be done in that moment.
 */
final class Losses {

    private static final int PODS = 2;
    private static final int ALERTS = PODS * Label.EACH;

    private final Bed bed;

    Losses(Bed bed) {
        this.bed = bed;
    }

    void ofBothSignals(int times) throws IOException, InterruptedException {
        for (int time = 1; time <= times; time++) {
            lossesAt("KILL", "kill-" + time);
            lossesAt("TERM", "term-" + time);
        }
    }

    private void lossesAt(String signal, String name) throws IOException, InterruptedException {
        List<Label> labels = Label.allOf(bed.pods(name, PODS));
        List<CompletableFuture<Long>> effects = labels.stream().map(bed::effect).toList();
        MeasuredEngine engine = bed.startEngine(name).awaitArmed();
        Bed.forAll(labels, label -> bed.alert(engine, label));
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
