package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.time.Instant;
import java.util.List;

/**
 * What one or more detections amount to, and who wants to answer it.
 *
 * @param id unique, and in the order of time
 * @param triggers names of the action sets whose {@code when} and {@code where} held, in the order in which
 *     they were loaded; never empty
 * @param coolingDown names of action sets that matched but answered the same key a short while ago
 * @param evidence the detections that led to it, oldest first
 */
public record Incident(
        String id, Instant time, List<String> triggers, List<CoolingDown> coolingDown, List<Detection> evidence) {

    /** A set that matched and holds still until its cooldown has passed. */
    public record CoolingDown(String actionSet, String key, Instant until) {}

    public Incident {
        triggers = List.copyOf(triggers);
        coolingDown = List.copyOf(coolingDown);
        evidence = List.copyOf(evidence);
    }
}
