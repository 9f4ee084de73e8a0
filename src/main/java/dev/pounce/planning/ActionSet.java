package dev.pounce.planning;

import dev.pounce.action.Lane;
import dev.pounce.correlation.Trigger;
import dev.pounce.source.Place;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which detections are answered, and how: one document of {@code actionsets/*.yaml}.
 *
 * @param name unique among all that are loaded
 * @param place where it was read
 * @param steps in the order in which they are tried: each behind those that it is {@code after}
 * @param onFailure for steps that do not say themselves
 * @param notified names of those who are to be told
 * @param continues whether sets that were loaded after this one answer the same incident, too
 * @param fieldsUsed of detections, by conditions, keys and parameters; detections must carry them
 */
public record ActionSet(
        String name,
        Place place,
        Map<String, String> labels,
        Mode mode,
        Trigger trigger,
        List<Step> steps,
        Guards guards,
        OnFailure onFailure,
        List<String> notified,
        boolean continues,
        Set<String> fieldsUsed) {

    /**
     * @param id unique within the set
     * @param within how long the effect may take to be observed
     * @param after ids of steps further up, of any lane; without all of them in the plan, this one is not either
     * @param onFailure empty for what the set says
     * @param ask who has to say yes before; nobody has to when it is empty
     */
    public record Step(
            String id,
            ActionTemplate action,
            Duration within,
            List<String> after,
            Lane lane,
            Optional<OnFailure> onFailure,
            Optional<Ask> ask) {
        public Step {
            after = List.copyOf(after);
        }

        /** One that says no more than that. */
        public Step(String id, ActionTemplate action, Duration within, List<String> after) {
            this(id, action, within, after, action.type().lane(), Optional.empty(), Optional.empty());
        }
    }

    /**
     * A person says yes first.
     *
     * @param of names of those who may
     * @param expires when nobody has said anything by then, {@code otherwise} holds
     */
    public record Ask(List<String> of, Duration expires, Otherwise otherwise) {
        public Ask {
            of = List.copyOf(of);
        }
    }

    /** What becomes of a step that nobody has said anything about. */
    public enum Otherwise {
        SKIP,
        PROCEED
    }

    public ActionSet {
        labels = Map.copyOf(labels);
        steps = List.copyOf(steps);
        notified = List.copyOf(notified);
        fieldsUsed = Set.copyOf(fieldsUsed);
        if (!trigger.name().equals(name)) {
            throw new IllegalArgumentException(
                    "the trigger of action set '" + name + "' is named '" + trigger.name() + "'");
        }
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("action set '" + name + "' has no step");
        }
        Set<String> further = new HashSet<>();
        for (Step step : steps) {
            if (!further.containsAll(step.after()) || !further.add(step.id())) {
                throw new IllegalArgumentException("step '" + step.id() + "' of action set '" + name
                        + "' has the id of another, or comes after one that is not further up");
            }
        }
    }

    /** One without guards, that stops at a failure, tells nobody and lets others answer, too. */
    public ActionSet(
            String name,
            Place place,
            Map<String, String> labels,
            Mode mode,
            Trigger trigger,
            List<Step> steps,
            Set<String> fieldsUsed) {
        this(name, place, labels, mode, trigger, steps, Guards.NONE, OnFailure.STOP, List.of(), true, fieldsUsed);
    }
}
