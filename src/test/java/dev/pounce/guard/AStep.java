package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.testing.ADetection;
import java.time.Duration;
import java.util.Optional;

/** Steps as a plan would have them. */
final class AStep {

    private AStep() {}

    static ProcessRef process(int pid) {
        return new ProcessRef(ADetection.NODE, pid, 1000L * pid);
    }

    static ResponsePlan.Step of(Action action, Mode mode) {
        return new ResponsePlan.Step("set/step", "set", action, mode, Duration.ofSeconds(5), "a test wants it");
    }

    static ResponsePlan.Step suspend(int pid) {
        return of(new Action.SuspendProcess(process(pid)), Mode.ENFORCE);
    }

    static ResponsePlan.Step kill(int pid, Action.Scope scope) {
        return of(new Action.KillProcess(process(pid), scope, Optional.empty()), Mode.ENFORCE);
    }

    static ResponsePlan.Step killContainer(int pid, String container) {
        return of(
                new Action.KillProcess(
                        process(pid),
                        Action.Scope.CONTAINER,
                        Optional.of(new ContainerRef(ADetection.NODE, container))),
                Mode.ENFORCE);
    }
}
