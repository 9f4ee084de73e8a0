package dev.pounce.bench.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Many labels at once: how many a second, beside as many that the meter asks for itself, which is the ceiling. */
final class Burst {

    private static final int ROUNDS = 2;

    private final Bed bed;

    Burst(Bed bed) {
        this.bed = bed;
    }

    /** @param count a multiple of the number of different labels */
    void labels(int count) throws IOException, InterruptedException {
        MeasuredEngine engine = bed.startEngine("state").awaitArmed();
        burst("warm-up", 20 * Label.EACH, label -> bed.alert(engine, label)); // engine and meter
        burst("warm-up-direct", 20 * Label.EACH, this::patch);
        for (int round = 1; round <= ROUNDS; round++) {
            double ceiling = burst("direct-" + round, count, this::patch).rate();
            Map<String, Long> before = podRequests();
            Result result = burst("alert-" + round, count, label -> bed.alert(engine, label));
            Thread.sleep(3_000); // events come a little later
            System.out.printf(
                    Locale.ROOT,
                    "{\"labels\":%d,\"lost\":%d,\"accepted_per_s\":%.0f,\"labelled_per_s\":%.0f,\"ceiling_per_s\":%.0f,"
                            + "\"ratio\":%.2f,\"requests_per_label\":%s}%n",
                    count,
                    count - result.seen(),
                    result.acceptedRate(),
                    result.rate(),
                    ceiling,
                    result.rate() / ceiling,
                    perLabel(before, podRequests(), count));
        }
    }

    /** @param rate of labels seen, from the first request to the last that was seen */
    private record Result(int seen, double acceptedRate, double rate) {}

    private Result burst(String prefix, int count, Bed.For<Label> way) throws IOException, InterruptedException {
        List<Label> labels = Label.allOf(bed.pods(prefix, count / Label.EACH));
        List<CompletableFuture<Long>> effects = labels.stream().map(bed::effect).toList();
        long begun = System.nanoTime();
        Bed.forAll(labels, way);
        long accepted = System.nanoTime();
        List<Long> seen = Bed.seen(effects);
        long last = seen.stream().mapToLong(Long::longValue).max().orElse(begun);
        return new Result(seen.size(), count / ((accepted - begun) / 1e9), seen.size() / ((last - begun) / 1e9));
    }

    private void patch(Label label) throws IOException, InterruptedException {
        bed.api().patch(ApiServer.pods(bed.namespace()) + "/" + label.pod(), Label.patch(label.key()));
    }

    /** How many requests about pods and events the API server has counted, by verb; other clients' are among them. */
    private Map<String, Long> podRequests() throws IOException, InterruptedException {
        Map<String, Long> counted = new TreeMap<>();
        bed.api()
                .text("/metrics")
                .lines()
                .filter(line -> line.startsWith("apiserver_request_total{"))
                .filter(line -> line.matches(".*resource=\"(pods|events)\".*"))
                .forEach(line -> counted.merge(
                        value(line, "verb") + " " + value(line, "resource"),
                        (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))),
                        Long::sum));
        return counted;
    }

    private static String value(String line, String label) {
        return line.replaceAll(".*[{,]" + label + "=\"([^\"]*)\".*", "$1");
    }

    private static String perLabel(Map<String, Long> before, Map<String, Long> after, int count) {
        List<String> parts = new ArrayList<>();
        after.forEach((request, number) -> {
            double each = (number - before.getOrDefault(request, 0L)) / (double) count;
            if (each >= 0.005) {
                parts.add(String.format(Locale.ROOT, "\"%s\":%.2f", request, each));
            }
        });
        return "{" + String.join(",", parts) + "}";
    }
}
