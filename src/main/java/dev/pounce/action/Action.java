package dev.pounce.action;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.ProcessRef;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One thing the engine can do to one asset.
 *
 * <p>The set is closed. A new action does not compile until the dispatcher, the guards and the journal
 * have each said what it means to them, which is the review we want it to get.
 */
public sealed interface Action {

    Asset target();

    ActionType type();

    /** What was chosen about it, defaults included. */
    Parameters parameters();

    /** The step's name in an action set, such as {@code process.kill}. */
    default String verb() {
        return type().verb();
    }

    /** The action that restores the target, or empty where nothing can. */
    default Optional<Action> inverse() {
        return Optional.empty();
    }

    /** What is done to a process. */
    sealed interface OnProcess extends Action {
        @Override
        ProcessRef target();
    }

    /**
     * What is done through the cluster, on its nodes beyond processes, or by calling somebody.
     *
     * @param parameters as {@link ActionType#read} gives them
     */
    record OnCluster(ActionType type, Asset target, Parameters parameters) implements Action {
        public OnCluster {
            if (type.family() == Family.PROCESS || !type.canBeAimedAt(target)) {
                throw new IllegalArgumentException(type.verb() + " cannot be aimed at " + target.display());
            }
        }
    }

    /**
     * What restores what a step through the cluster changed. Made by its actuator before it changes anything; nobody writes
     * it into a file.
     *
     * @param taken the step, its target told as certainly as the actuator knew it
     * @param before what there was, and what was put in its place, in the actuator's own words
     */
    record TakeBack(OnCluster taken, Map<String, String> before) implements Action {
        /** The key that is there when somebody asked for it, and not when a time was over. */
        public static final String RELEASED = "released";

        /** What the keys begin with that say in words what is in force, where the verb and the target do not say it all. */
        public static final String HOW = "how.";

        public TakeBack {
            before = Collections.unmodifiableMap(new TreeMap<>(before));
        }

        @Override
        public Asset target() {
            return taken.target();
        }

        @Override
        public ActionType type() {
            return taken.type();
        }

        @Override
        public Parameters parameters() {
            return taken.parameters();
        }

        /** What is in force, for a person; empty when the verb and the target say it all. */
        public Optional<String> how() {
            return before.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith(HOW))
                    .map(Map.Entry::getValue)
                    .reduce((one, other) -> one + " and " + other);
        }
    }

    /** How far around the process a kill reaches. */
    enum Scope {
        /** The process alone. */
        PROCESS,
        /** The process and all its descendants. */
        TREE,
        /** Every process of the container it lives in. */
        CONTAINER;

        /** As files write it. */
        public String display() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Scope> parse(String word) {
            for (Scope scope : values()) {
                if (scope.display().equals(word)) {
                    return Optional.of(scope);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * SIGKILL.
     *
     * @param container where the process lived when it was seen; must be present for scope CONTAINER
     */
    record KillProcess(ProcessRef target, Scope scope, Optional<ContainerRef> container) implements OnProcess {
        // Made once: every kill is explained, and this stands before the signal
        private static final Map<Scope, Parameters> SCOPES = Stream.of(Scope.values())
                .collect(Collectors.toUnmodifiableMap(
                        scope -> scope, scope -> ActionType.PROCESS_KILL.read(Map.of("scope", scope.display()))));

        @Override
        public ActionType type() {
            return ActionType.PROCESS_KILL;
        }

        @Override
        public Parameters parameters() {
            return SCOPES.getOrDefault(scope, Parameters.NONE);
        }
    }

    /** SIGSTOP: holds the evidence in memory and buys time. */
    record SuspendProcess(ProcessRef target) implements OnProcess {
        @Override
        public ActionType type() {
            return ActionType.PROCESS_SUSPEND;
        }

        @Override
        public Parameters parameters() {
            return Parameters.NONE;
        }

        @Override
        public Optional<Action> inverse() {
            return Optional.of(new ResumeProcess(target));
        }
    }

    /** SIGCONT. */
    record ResumeProcess(ProcessRef target) implements OnProcess {
        @Override
        public ActionType type() {
            return ActionType.PROCESS_RESUME;
        }

        @Override
        public Parameters parameters() {
            return Parameters.NONE;
        }
    }
}
