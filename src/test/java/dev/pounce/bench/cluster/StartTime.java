package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** From the command to the first alert that is accepted, and to what it does; each time with a state of its own. */
final class StartTime {

    private final Bed bed;

    StartTime(Bed bed) {
        this.bed = bed;
    }

    void print(int times) throws IOException, InterruptedException, ExecutionException {
        List<String> pods = bed.pods("early", times);
        for (String pod : pods) {
            CompletableFuture<Long> effect = bed.watch().effect(pod, Bed.label(0));
            long begun = System.nanoTime();
            try (MeasuredEngine engine = bed.startEngine(pod)) {
                engine.firstAlert(Bed.labelRule(0), bed.namespace(), pod);
                long accepted = System.nanoTime();
                System.out.printf(
                        Locale.ROOT,
                        "{\"accepted_ms\":%.0f,\"label_seen_ms\":%.0f}%n",
                        (accepted - begun) / 1e6,
                        (effect.get() - begun) / 1e6);
            }
        }
    }
}
