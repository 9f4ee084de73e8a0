package dev.pounce.bench.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which pods of each workload are ready and not being deleted: what a budget counts. */
final class Ready {

    private final Map<String, Set<String>> byWorkload = new HashMap<>();
    private int fewest;

    synchronized void see(PodWatch.Change change) {
        String name = change.pod().path("metadata").path("name").asText();
        String workload =
                change.pod().path("metadata").path("labels").path("app").asText();
        Set<String> pods = byWorkload.computeIfAbsent(workload, key -> new HashSet<>());
        if (is(change.pod()) && !change.isEnding()) {
            pods.add(name);
        } else if (pods.remove(name)) {
            fewest = Math.min(fewest, pods.size());
        }
    }

    static boolean is(JsonNode pod) {
        for (JsonNode condition : pod.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    /** Those that are ready now; from here on the fewest of any workload are counted anew. */
    synchronized Map<String, Set<String>> begin() {
        fewest = Integer.MAX_VALUE;
        Map<String, Set<String>> now = new HashMap<>();
        byWorkload.forEach((workload, pods) -> now.put(workload, Set.copyOf(pods)));
        return now;
    }

    synchronized int fewest() {
        return fewest;
    }

    synchronized int count() {
        return byWorkload.values().stream().mapToInt(Set::size).sum();
    }
}
