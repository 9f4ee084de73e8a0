package dev.pounce.bench;

import dev.pounce.probe.ContainerDescriptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** How long the first question about a container takes, and the others: {@code main CONTAINERD-STATE}. */
public final class ContainerDescriptionTime {

    private ContainerDescriptionTime() {}

    public static void main(String[] args) throws IOException {
        Path state = Path.of(args[0]);
        List<String> ids;
        try (Stream<Path> all = Files.list(state.resolve("io.containerd.runtime.v2.task/k8s.io"))) {
            ids = all.map(path -> path.getFileName().toString()).toList();
        }
        List<Long> first = new ArrayList<>();
        List<Long> again = new ArrayList<>();
        for (int round = 0; round < 2_000; round++) {
            ContainerDescriptions fresh = ContainerDescriptions.under(Path.of("/nowhere"), List.of(state));
            for (String id : ids) {
                first.add(time(fresh, id));
                again.add(time(fresh, id));
            }
        }
        System.out.printf(Locale.ROOT, "the very first %.0f us%n", first.getFirst() / 1000.0);
        print("first", first);
        print("again", again);
    }

    private static long time(ContainerDescriptions descriptions, String id) {
        long start = System.nanoTime();
        if (descriptions.of(id).isEmpty()) {
            throw new IllegalStateException(id + " is not described");
        }
        return System.nanoTime() - start;
    }

    private static void print(String what, List<Long> nanos) {
        Collections.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%s: p50 %.1f us, p99 %.1f us%n",
                what,
                nanos.get(nanos.size() / 2) / 1000.0,
                nanos.get(nanos.size() * 99 / 100) / 1000.0);
    }
}
