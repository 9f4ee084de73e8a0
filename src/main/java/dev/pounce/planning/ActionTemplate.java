package dev.pounce.planning;

import dev.pounce.action.Action;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An action whose target is not known yet: what an action set says, before there is an incident. */
public sealed interface ActionTemplate {

    /** The key in an action set, such as {@code process.kill}. */
    String verb();

    /** For a person, such as {@code process.kill of the whole tree}. */
    String display();

    record KillProcess(Action.Scope scope) implements ActionTemplate {
        @Override
        public String verb() {
            return "process.kill";
        }

        @Override
        public String display() {
            return switch (scope) {
                case PROCESS -> verb();
                case TREE -> verb() + " of the process and its descendants";
                case CONTAINER -> verb() + " of every process in its container";
            };
        }
    }

    record SuspendProcess() implements ActionTemplate {
        @Override
        public String verb() {
            return "process.suspend";
        }

        @Override
        public String display() {
            return verb();
        }
    }

    record ResumeProcess() implements ActionTemplate {
        @Override
        public String verb() {
            return "process.resume";
        }

        @Override
        public String display() {
            return verb();
        }
    }

    /** What the detection speaks of, as far as an action can touch it. */
    record Targets(@Nullable ProcessRef process, @Nullable ContainerRef container) {}

    /** What became of a template: an action, or the reason why there is none. */
    sealed interface Resolved {
        record Aimed(Action action) implements Resolved {}

        record NoTarget(String reason) implements Resolved {}
    }

    default Resolved aimAt(Targets targets) {
        ProcessRef process = targets.process();
        if (process == null) {
            return new Resolved.NoTarget("the detection names no process");
        }
        ContainerRef container = targets.container();
        return switch (this) {
            case KillProcess kill
            when kill.scope() == Action.Scope.CONTAINER && container == null ->
                new Resolved.NoTarget("the process was in no container");
            case KillProcess kill ->
                new Resolved.Aimed(new Action.KillProcess(process, kill.scope(), Optional.ofNullable(container)));
            case SuspendProcess suspend -> new Resolved.Aimed(new Action.SuspendProcess(process));
            case ResumeProcess resume -> new Resolved.Aimed(new Action.ResumeProcess(process));
        };
    }
}
