package dev.pounce.planning;

import dev.pounce.correlation.Trigger;
import dev.pounce.source.Place;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which detections are answered, and how: one document of {@code actionsets/*.yaml}.
 *
 * @param name unique among all that are loaded
 * @param place where it was read
 * @param steps in the order in which they are tried: each behind those that it is {@code after}
 * @param fieldsUsed of detections, by the condition; detections must carry them
 */
public record ActionSet(
        String name,
        Place place,
        Map<String, String> labels,
        Mode mode,
        Trigger trigger,
        List<Step> steps,
        Set<String> fieldsUsed) {

    /**
     * @param id unique within the set
     * @param within how long the effect may take to be observed
     * @param after ids of steps further up; without all of them in the plan, this one is not either
     */
    public record Step(String id, ActionTemplate action, Duration within, List<String> after) {
        public Step {
            after = List.copyOf(after);
        }
    }

    public ActionSet {
        labels = Map.copyOf(labels);
        steps = List.copyOf(steps);
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
}
