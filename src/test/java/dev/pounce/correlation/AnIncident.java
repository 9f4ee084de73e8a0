package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.time.Instant;
import java.util.List;

/** Incidents in which every action set has seen the same. */
public final class AnIncident {

    private AnIncident() {}

    public static Incident of(
            String id,
            Instant time,
            List<String> sets,
            List<Incident.CoolingDown> coolingDown,
            List<Detection> evidence) {
        return new Incident(
                id,
                time,
                sets.stream().map(set -> new Incident.Match(set, evidence)).toList(),
                coolingDown);
    }
}
