package dev.pounce.action.kubernetes;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ClusterAccess;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** An actuator of the tests' own, and what they ask of it; everything that would take a step back is kept. */
public final class Trial implements AutoCloseable {

    public static final String RESPONSE = "response-1";

    private final KubernetesActuator actuator;
    private final List<Action.TakeBack> undos = new CopyOnWriteArrayList<>();

    public Trial(ClusterAccess access) {
        this(access, pod -> Optional.empty());
    }

    Trial(ClusterAccess access, Function<PodRef, Optional<Map<String, String>>> knownLabels) {
        actuator =
                new KubernetesActuator(access, Clock.systemUTC(), new Random(1), "test", knownLabels, Optional.empty());
    }

    KubernetesActuator actuator() {
        return actuator;
    }

    public Outcome carryOut(Action.OnCluster action) {
        return carryOut(action, Duration.ofSeconds(30));
    }

    public Outcome carryOut(Action.OnCluster action, Duration time) {
        return join(begin(action, time));
    }

    public CompletionStage<Outcome> begin(Action.OnCluster action, Duration time) {
        return actuator.carryOut(action, why(Optional.empty()), Instant.now().plus(time), undos::add);
    }

    public Outcome carryOutIn(ContainerRef seen, Action.OnCluster action) {
        return join(
                actuator.carryOut(action, why(Optional.of(seen)), Instant.now().plusSeconds(30), undos::add));
    }

    public Outcome carryOutSeen(Instant seen, Action.OnCluster action) {
        Circumstances why = new Circumstances(RESPONSE, "step-1", seen, Optional.empty(), () -> "{}");
        return join(actuator.carryOut(action, why, Instant.now().plusSeconds(30), undos::add));
    }

    public Outcome rehearse(Action.OnCluster action) {
        return join(
                actuator.rehearse(action, why(Optional.empty()), Instant.now().plusSeconds(30)));
    }

    public Outcome takeBack(Action.TakeBack undo) {
        return join(actuator.takeBack(undo, Instant.now().plusSeconds(30)));
    }

    public Outcome observe(Action.OnCluster action) {
        return join(actuator.observe(action, Instant.now().plusSeconds(30)));
    }

    public List<Action.TakeBack> undos() {
        return undos;
    }

    public Action.TakeBack undo() {
        return undos.getLast();
    }

    public static Action.OnCluster action(ActionType type, Asset target, Map<String, ?> parameters) {
        return new Action.OnCluster(type, target, type.read(parameters));
    }

    static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static Circumstances why(Optional<ContainerRef> container) {
        return new Circumstances(RESPONSE, "step-1", Instant.now().plusSeconds(1), container, () -> "{}");
    }

    @Override
    public void close() {
        actuator.close();
    }
}
