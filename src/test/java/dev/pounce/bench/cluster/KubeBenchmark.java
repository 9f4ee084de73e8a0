package dev.pounce.bench.cluster;

import java.nio.file.Path;

/**
 * One measurement on the cluster of {@code KUBECONFIG}: {@code main POUNCE WORK PART ARGUMENT...}, with the packaged engine's
 * program and a folder for what is written. Prints lines of JSON; what the arguments mean is said by the part's class.
 */
public final class KubeBenchmark {

    private KubeBenchmark() {}

    public static void main(String[] args) throws Exception {
        Bed bed = Bed.make(Path.of(args[0]), Path.of(args[1]));
        switch (args[2]) {
            case "label" -> new Latency(bed).labels(Integer.parseInt(args[3]), 0);
            case "paced" -> new Latency(bed).labels(Integer.parseInt(args[3]), 1_000);
            case "terminate" -> new Latency(bed).terminations(Integer.parseInt(args[3]));
            case "burst" -> new Burst(bed).labels(Integer.parseInt(args[3]));
            case "budgets" -> new Budgets(bed).print(Integer.parseInt(args[3]));
            case "memory" -> new Memory(bed).print(Integer.parseInt(args[3]), Integer.parseInt(args[4]));
            case "start" -> new StartTime(bed).print(Integer.parseInt(args[3]));
            case "losses" -> new Losses(bed).ofBothSignals(Integer.parseInt(args[3]));
            case "isolate" -> new Isolation(bed, Path.of(args[4])).print(Integer.parseInt(args[3]));
            default -> throw new IllegalArgumentException("no such part: " + args[2]);
        }
    }
}
