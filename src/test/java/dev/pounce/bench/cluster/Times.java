package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How long it took until each effect was seen, and how many were not within half a minute. */
final class Times {

    private final List<Long> nanos = new ArrayList<>();
    private int lost;

    interface Cause {
        void send() throws IOException, InterruptedException;
    }

    /** Sends, and waits until the effect is seen. */
    void measure(CompletableFuture<Long> effect, Cause cause) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        cause.send();
        try {
            nanos.add(effect.get(30, TimeUnit.SECONDS) - begun);
        } catch (TimeoutException late) {
            lost++;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    void add(long taken) {
        nanos.add(taken);
    }

    double millis(double share) {
        List<Long> sorted = nanos.stream().sorted().toList();
        return sorted.isEmpty() ? Double.NaN : sorted.get((int) ((sorted.size() - 1) * share)) / 1e6;
    }

    String json() {
        return String.format(
                Locale.ROOT,
                "{\"n\":%d,\"lost\":%d,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}",
                nanos.size(),
                lost,
                millis(0.5),
                millis(0.99),
                millis(1));
    }
}
