package dev.pounce.action.kubernetes;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Asset;
import dev.pounce.cluster.RealCluster;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** The actuator as the pipeline uses it, on a real cluster, with all that it wrote down to be taken back. */
final class Acting implements AutoCloseable {

    private final KubernetesActuator actuator;
    private final List<Action.TakeBack> undos = new ArrayList<>();

    Acting(RealCluster cluster) {
        actuator = new KubernetesActuator(
                cluster.access(),
                Clock.systemUTC(),
                new SplittableRandom(),
                "test",
                pod -> Optional.empty(),
                Optional.empty());
    }

    Outcome carryOut(ActionType type, Asset target, Map<String, ?> parameters) {
        return carryOut("a-response", type, target, parameters);
    }

    Outcome carryOut(String response, ActionType type, Asset target, Map<String, ?> parameters) {
        return actuator.carryOut(
                        new Action.OnCluster(type, target, type.read(parameters)),
                        why(response),
                        Instant.now().plus(Duration.ofSeconds(30)),
                        undos::add)
                .toCompletableFuture()
                .join();
    }

    Outcome within(Duration time, ActionType type, Asset target, Map<String, ?> parameters) {
        return actuator.carryOut(
                        new Action.OnCluster(type, target, type.read(parameters)),
                        why("a-response"),
                        Instant.now().plus(time),
                        undos::add)
                .toCompletableFuture()
                .join();
    }

    Outcome rehearse(ActionType type, Asset target, Map<String, ?> parameters) {
        return actuator.rehearse(
                        new Action.OnCluster(type, target, type.read(parameters)),
                        why("a-response"),
                        Instant.now().plus(Duration.ofSeconds(30)))
                .toCompletableFuture()
                .join();
    }

    Outcome observe(ActionType type, Asset target, Map<String, ?> parameters) {
        return actuator.observe(
                        new Action.OnCluster(type, target, type.read(parameters)),
                        Instant.now().plus(Duration.ofSeconds(30)))
                .toCompletableFuture()
                .join();
    }

    Outcome takeBack(Action.TakeBack undo) {
        return actuator.takeBack(undo, Instant.now().plus(Duration.ofSeconds(30)))
                .toCompletableFuture()
                .join();
    }

    /** All that was written down, the oldest first. */
    List<Action.TakeBack> undos() {
        return undos;
    }

    private static Circumstances why(String response) {
        return new Circumstances(response, "a-step", Instant.now(), Optional.empty(), () -> "{}");
    }

    @Override
    public void close() {
        actuator.close();
    }
}
