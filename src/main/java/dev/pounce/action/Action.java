package dev.pounce.action;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import java.util.Optional;

/**
 * One thing the engine can do to one asset.
 *
 * <p>The set is closed. A new action does not compile until the dispatcher, the guards and the journal
 * have each said what it means to them, which is the review we want it to get.
 */
public sealed interface Action {

    Asset target();

    /** The step's name in an action set, such as {@code process.kill}. */
    String verb();

    /** The action that restores the target, or empty where nothing can. */
    default Optional<Action> inverse() {
        return Optional.empty();
    }

    /** What is done to a process. */
    sealed interface OnProcess extends Action {
        @Override
        ProcessRef target();
    }

    /** How far around the process a kill reaches. */
    enum Scope {
        /** The process alone. */
        PROCESS,
        /** The process and all its descendants. */
        TREE,
        /** Every process of the container it lives in. */
        CONTAINER
    }

    /**
     * SIGKILL.
     *
     * @param container where the process lived when it was seen; must be present for scope CONTAINER
     */
    record KillProcess(ProcessRef target, Scope scope, Optional<ContainerRef> container) implements OnProcess {
        @Override
        public String verb() {
            return "process.kill";
        }
    }

    /** SIGSTOP: holds the evidence in memory and buys time. */
    record SuspendProcess(ProcessRef target) implements OnProcess {
        @Override
        public String verb() {
            return "process.suspend";
        }

        @Override
        public Optional<Action> inverse() {
            return Optional.of(new ResumeProcess(target));
        }
    }

    /** SIGCONT. */
    record ResumeProcess(ProcessRef target) implements OnProcess {
        @Override
        public String verb() {
            return "process.resume";
        }
    }
}
