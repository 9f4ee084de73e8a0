package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many pods of a ReplicaSet or StatefulSet would stay ready without one of them.
 *
 * <p>Counted by the pods themselves: what their controller has counted comes late, and of several pods that are ended in one
 * moment each would find the others ready. Whoever counts and then acts does both {@link #alone}. That holds for the steps of
 * this engine; between engines only a disruption budget is exact, which the server asks and counts down in one.
 *
 * <p>Thread-safe.
 */
final class Replicas {

    /** @param stay ready, and are not being deleted */
    record Left(int wanted, int stay) {}

    private static final class Turn {
        private final ReentrantLock lock = new ReentrantLock(true);
        private int users; // guarded by turns
    }

    private final Map<String, Turn> turns = new HashMap<>();

    /** Empty when the owner is gone. */
    static Optional<Left> without(Attempt attempt, JsonNode pod, Owner owner) throws StepEnds {
        Optional<JsonNode> set = attempt.read(owner.path())
                .filter(found -> found.path("metadata").path("uid").asText().equals(owner.uid()));
        if (set.isEmpty()) {
            return Optional.empty();
        }
        JsonNode spec = set.get().path("spec");
        JsonNode pods = attempt.read(Request.get(ApiPath.core("pods").in(owner.namespace()))
                        .with("labelSelector", query(spec.path("selector"))))
                .orElseThrow(() -> StepEnds.failedForNow("the API server lists no pods"));
        String itself = pod.path("metadata").path("uid").asText();
        int stay = 0;
        for (JsonNode one : pods.path("items")) {
            boolean another = !one.path("metadata").path("uid").asText().equals(itself);
            boolean its =
                    Owner.of(one).filter(has -> has.uid().equals(owner.uid())).isPresent();
            if (another && its && isReady(one) && PodTerminate.deletion(one).isEmpty()) {
                stay++;
            }
        }
        return Optional.of(new Left(spec.path("replicas").asInt(1), stay));
    }

    static boolean isReady(JsonNode pod) {
        for (JsonNode condition : pod.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    /** A selector as a list's query has it. Neither keys nor values can hold what has a meaning there. */
    static String query(JsonNode selector) {
        List<String> parts = new ArrayList<>();
        selector.path("matchLabels")
                .properties()
                .forEach(label ->
                        parts.add(label.getKey() + "=" + label.getValue().asText()));
        for (JsonNode expression : selector.path("matchExpressions")) {
            String key = expression.path("key").asText();
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            String among = " (" + String.join(",", values) + ")";
            parts.add(
                    switch (expression.path("operator").asText()) {
                        case "In" -> key + " in" + among;
                        case "NotIn" -> key + " notin" + among;
                        case "DoesNotExist" -> "!" + key;
                        default -> key;
                    });
        }
        return String.join(",", parts);
    }

    @FunctionalInterface
    interface Work<T> {
        T result() throws StepEnds;
    }

    /** Ends the step when the owner's pods are others' business until it is too late. Not to be called from within itself. */
    <T> T alone(Attempt attempt, Owner owner, Work<T> work) throws StepEnds {
        if (attempt.rehearsal()) {
            return work.result(); // what changes nothing waits for nobody
        }
        Turn turn;
        synchronized (turns) {
            turn = turns.computeIfAbsent(owner.uid(), none -> new Turn());
            turn.users++;
        }
        try {
            if (!locked(turn, Duration.between(attempt.now(), attempt.changesUntil()))) {
                throw StepEnds.failedForNow(
                        "another step was about to end pods of " + owner.display() + " until it was too late");
            }
            try {
                return work.result();
            } finally {
                turn.lock.unlock();
            }
        } finally {
            synchronized (turns) {
                turn.users--;
                if (turn.users == 0) {
                    turns.remove(owner.uid());
                }
            }
        }
    }

    private static boolean locked(Turn turn, Duration patience) {
        try {
            return turn.lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
