package dev.pounce;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Actuator;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Family;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Who does what. */
final class Actuators {

    private static final Outcome NOBODY = new Outcome.Withheld("this engine has nobody who could do that");

    private final Actuator<Action.OnProcess> processes;
    private final Map<ActionType, RemoteActuator> remote;

    Actuators(Actuator<Action.OnProcess> processes, Map<ActionType, RemoteActuator> remote) {
        this.processes = processes;
        this.remote = Map.copyOf(remote);
    }

    /** Every kind of step that somebody here can carry out. */
    Set<ActionType> known() {
        Set<ActionType> known = EnumSet.noneOf(ActionType.class);
        known.addAll(ActionType.of(Family.PROCESS));
        known.addAll(remote.keySet());
        return known;
    }

    CompletionStage<Outcome> carryOut(
            Action action, Circumstances why, Instant deadline, RemoteActuator.BeforeChange beforeChange) {
        return switch (action) {
            case Action.OnProcess onProcess -> processes.carryOut(onProcess, deadline);
            case Action.OnCluster onCluster -> {
                RemoteActuator one = remote.get(onCluster.type());
                yield one == null ? nobody() : one.carryOut(onCluster, why, deadline, beforeChange);
            }
            case Action.TakeBack takeBack -> takeBack(takeBack, deadline);
        };
    }

    CompletionStage<Outcome> rehearse(Action action, Circumstances why, Instant deadline) {
        return switch (action) {
            case Action.OnProcess onProcess -> CompletableFuture.completedStage(processes.rehearse(onProcess));
            case Action.OnCluster onCluster -> {
                RemoteActuator one = remote.get(onCluster.type());
                yield one == null ? nobody() : one.rehearse(onCluster, why, deadline);
            }
            case Action.TakeBack takeBack -> nobody();
        };
    }

    /** Restores what a step has changed. */
    CompletionStage<Outcome> takeBack(Action inverse, Instant deadline) {
        return switch (inverse) {
            case Action.OnProcess onProcess -> processes.carryOut(onProcess, deadline);
            case Action.TakeBack takeBack -> {
                RemoteActuator one = remote.get(takeBack.type());
                yield one == null ? nobody() : one.takeBack(takeBack, deadline);
            }
            case Action.OnCluster onCluster -> nobody();
        };
    }

    /** Waits until the deadline at most: for the start, when nothing else goes on yet. */
    Outcome observe(Action action, Instant deadline) {
        return switch (action) {
            case Action.OnProcess onProcess -> processes.observe(onProcess);
            case Action.OnCluster onCluster -> {
                RemoteActuator one = remote.get(onCluster.type());
                yield one == null
                        ? NOBODY
                        : one.observe(onCluster, deadline).toCompletableFuture().join();
            }
            case Action.TakeBack takeBack -> NOBODY;
        };
    }

    private static CompletionStage<Outcome> nobody() {
        return CompletableFuture.completedStage(NOBODY);
    }
}
