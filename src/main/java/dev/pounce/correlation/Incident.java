package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What one or more detections amount to, and who wants to answer it.
 *
 * @param id unique, and in the order of time
 * @param time when it was complete, by the engine's clock
 * @param matches the action sets whose {@code when} held, in the order in which they were loaded; never empty
 * @param coolingDown action sets that matched but answered the same key a short while ago
 */
public record Incident(String id, Instant time, List<Match> matches, List<CoolingDown> coolingDown) {

    /**
     * One action set whose {@code when} held.
     *
     * @param evidence the detections that led to it, oldest first; the last one names the targets
     */
    public record Match(String actionSet, List<Detection> evidence) {
        public Match {
            evidence = List.copyOf(evidence);
            if (evidence.isEmpty()) {
                throw new IllegalArgumentException("action set '" + actionSet + "' matched nothing");
            }
        }
    }

    /** A set that matched and holds still until its cooldown has passed. */
    public record CoolingDown(String actionSet, String key, Instant until) {}

    public Incident {
        matches = List.copyOf(matches);
        coolingDown = List.copyOf(coolingDown);
    }

    /** The names of the action sets that want to answer, in the order in which they were loaded. */
    public List<String> triggers() {
        return matches.stream().map(Match::actionSet).toList();
    }

    /** The detection that completed what that set waited for. */
    public Optional<Detection> lastFor(String actionSet) {
        return matches.stream()
                .filter(match -> match.actionSet().equals(actionSet))
                .findFirst()
                .map(match -> match.evidence().getLast());
    }

    /** Every detection that led to it, each once, oldest first; the last one completed it. */
    public List<Detection> evidence() {
        if (matches.size() == 1) {
            return matches.getFirst().evidence();
        }
        Set<Detection> each = new LinkedHashSet<>();
        for (Match match : matches) {
            each.addAll(match.evidence().subList(0, match.evidence().size() - 1));
        }
        List<Detection> evidence = new ArrayList<>(each);
        evidence.sort(Comparator.comparing(Detection::time).thenComparing(Detection::id));
        Detection last = matches.getFirst().evidence().getLast();
        evidence.remove(last);
        evidence.add(last);
        return evidence;
    }
}
