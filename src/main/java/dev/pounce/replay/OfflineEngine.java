package dev.pounce.replay;

import dev.pounce.correlation.Correlator;
import dev.pounce.correlation.DroolsCorrelator;
import dev.pounce.correlation.Incident;
import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.Trigger;
import dev.pounce.detection.Detection;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The engine's own correlator and planner, with the clock of a recording and ids that are counted. Time never goes back;
 * the clock ticks on every whole second, as a running engine's does. Not thread-safe.
 */
public final class OfflineEngine implements AutoCloseable {

    private final DroolsCorrelator correlator;
    private final Planner planner;
    private final boolean waits;
    private final Duration memory;
    private Instant now = Instant.MIN;
    private @Nullable Instant lastTick;
    private Instant nothingWaitsAfter = Instant.MIN;

    /** @param ceiling no set goes further than this */
    public OfflineEngine(ActionSets sets, Mode ceiling) {
        correlator = new DroolsCorrelator(sets.ruleBook(), counted("i-"));
        planner = new Planner(sets, ceiling, counted("r-"));
        waits = sets.all().stream().anyMatch(set -> set.trigger().pattern() instanceof Pattern.Absence);
        memory = sets.all().stream()
                .map(set -> set.trigger().pattern().memory())
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    /** In alphabetical order they are in the order of time. */
    private static Supplier<String> counted(String prefix) {
        return new Supplier<>() {
            private long last = 1_000_000_000;

            @Override
            public String get() {
                // The leading one keeps the width
                return prefix.concat(Long.toString(++last).substring(1));
            }
        };
    }

    /** For how long before a moment detections matter to it: what is half seen, and what cools down. */
    public static Duration reach(ActionSets sets) {
        Duration reach = Duration.ZERO;
        for (ActionSet set : sets.all()) {
            Duration memory = set.trigger().pattern().memory();
            Duration cooldown =
                    set.trigger().cooldown().map(Trigger.Cooldown::length).orElse(Duration.ZERO);
            reach = longer(reach, memory.plus(cooldown));
        }
        return reach;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    /** Takes in what was seen before the time of interest. */
    void remember(Detection detection, Instant at) {
        moveTo(at);
        nothingWaitsAfter = now.plus(memory).plusSeconds(1);
        correlator.remember(detection, now);
    }

    /**
     * What is answered because time passed, and nothing else happened, until then. To be called before {@link #accept} for
     * the same moment.
     */
    public List<ResponsePlan> elapse(Instant at) {
        moveTo(at);
        Instant second = now.truncatedTo(ChronoUnit.SECONDS);
        if (lastTick == null || !second.isAfter(lastTick)) {
            lastTick = lastTick == null ? second : lastTick;
            return List.of();
        }
        Instant tick = lastTick.plusSeconds(1);
        lastTick = second;
        if (!waits) {
            return plansFor(correlator.elapsed(second));
        }
        List<ResponsePlan> plans = new ArrayList<>(0);
        // A week in which nothing happened is not gone through by the second
        for (; tick.isBefore(second) && !tick.isAfter(nothingWaitsAfter); tick = tick.plusSeconds(1)) {
            plans.addAll(plansFor(correlator.elapsed(tick)));
        }
        plans.addAll(plansFor(correlator.elapsed(second)));
        return plans;
    }

    public List<ResponsePlan> accept(Detection detection, Instant at) {
        moveTo(at);
        nothingWaitsAfter = now.plus(memory).plusSeconds(1);
        Correlator.Finding finding = correlator.accept(detection, now);
        return finding.incidents().isEmpty() ? List.of() : plansFor(finding.incidents());
    }

    private void moveTo(Instant at) {
        if (at.isAfter(now)) {
            now = at;
        }
    }

    private List<ResponsePlan> plansFor(List<Incident> incidents) {
        if (incidents.isEmpty()) {
            return List.of();
        }
        List<ResponsePlan> plans = new ArrayList<>(incidents.size());
        for (Incident incident : incidents) {
            plans.add(planner.planFor(incident));
        }
        return plans;
    }

    /** Of the recording; never before what was handed in. */
    Instant now() {
        return now;
    }

    /** Detections that would have been answered, had the sets that matched not been cooling down. */
    long heldBack() {
        return correlator.heldBack();
    }

    @Override
    public void close() {
        correlator.close();
    }
}
