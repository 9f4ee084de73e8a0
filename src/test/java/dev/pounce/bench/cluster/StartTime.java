package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** From the command to the first alert that is accepted, and to what it does; each time with a state of its own. */
final class StartTime {

    private final Bed bed;

    StartTime(Bed bed) {
        this.bed = bed;
    }

    void print(int times) throws IOException, InterruptedException {
        List<String> pods = bed.pods("early", times);
        for (String pod : pods) {
            Label label = new Label(pod, 0);
            long begun = System.nanoTime();
            try (MeasuredEngine engine = bed.startEngine(pod)) {
                engine.firstAlert(label.rule(), bed.namespace(), pod);
                long accepted = System.nanoTime();
                System.out.printf(
                        Locale.ROOT,
                        "{\"accepted_ms\":%.0f,\"label_seen_ms\":%.0f}%n",
                        (accepted - begun) / 1e6,
                        (Bed.seen(List.of(bed.effect(label))).getFirst() - begun) / 1e6);
            }
        }
    }
}
