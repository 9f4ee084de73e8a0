package dev.pounce.probe;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How the probe is: for {@code pounce probe status}, the metrics and the console. A silent probe and a drowning
 * one never look alike.
 *
 * @param hello what the probe that runs now, or ran last, said of itself
 * @param tiers what this host can promise; empty until the probe is armed
 * @param hooks what is attached; empty until the probe is armed
 * @param generation of the filter that is in force, 0 for none
 * @param heartbeat the last one
 * @param counters of all CPUs, of this probe and of those before it since the engine started
 * @param received events that reached the engine since it started
 * @param starts how often the probe was started
 * @param lastWords the newest lines of its standard error, oldest first
 */
public record ProbeHealth(
        State state,
        Optional<ProbeFrame.Hello> hello,
        Set<ProbeFrame.Tier> tiers,
        List<String> hooks,
        int generation,
        Optional<ProbeFrame.Heartbeat> heartbeat,
        Optional<Instant> lastHeartbeat,
        CpuCounters counters,
        Map<EventKind, Long> received,
        long starts,
        List<String> lastWords) {

    public ProbeHealth {
        tiers = Set.copyOf(tiers);
        hooks = List.copyOf(hooks);
        received = Map.copyOf(received);
        lastWords = List.copyOf(lastWords);
    }

    /** Whether anything is seen at all. */
    public sealed interface State {

        Instant since();

        /** What is the case, and what to do about it, in a sentence. */
        String sentence();
    }

    /** The probe was started and is not armed yet. */
    public record Starting(Instant since) implements State {
        @Override
        public String sentence() {
            return "The probe is starting.";
        }
    }

    /** Events are seen. */
    public record Armed(Instant since) implements State {
        @Override
        public String sentence() {
            return "The probe is armed.";
        }
    }

    /** Nothing is seen. */
    public record Blind(Instant since, String reason) implements State {
        @Override
        public String sentence() {
            return "The engine is blind: " + reason;
        }
    }

    public boolean isArmed() {
        return state instanceof Armed;
    }
}
