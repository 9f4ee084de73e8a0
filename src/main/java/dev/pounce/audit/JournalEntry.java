package dev.pounce.audit;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.detection.Detection;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One thing that is worth proving afterwards. The set is closed: a new kind does not compile until its JSON
 * form has been written down. The journal adds number, time and hashes.
 */
public sealed interface JournalEntry {

    /** The JSON member {@code type}; never changes once released. */
    String type();

    /** @param sha256 of the file's bytes, lower-case hexadecimal */
    record LoadedFile(String path, String sha256) {}

    /** @param ceiling no action set goes further than this */
    record EngineStarted(String version, String node, Mode ceiling, List<LoadedFile> files) implements JournalEntry {
        public EngineStarted {
            files = List.copyOf(files);
        }

        @Override
        public String type() {
            return "engine-started";
        }
    }

    record EngineStopped(String reason) implements JournalEntry {
        @Override
        public String type() {
            return "engine-stopped";
        }
    }

    /** Rules or action sets were exchanged while running; all files that are in force from now on. */
    record ConfigurationLoaded(List<LoadedFile> files) implements JournalEntry {
        public ConfigurationLoaded {
            files = List.copyOf(files);
        }

        @Override
        public String type() {
            return "configuration-loaded";
        }
    }

    /** @param alert by what another product's alert is known again; empty for a detection of our own */
    record DetectionSeen(Detection detection, Optional<String> alert) implements JournalEntry {

        public DetectionSeen(Detection detection) {
            this(detection, Optional.empty());
        }

        @Override
        public String type() {
            return "detection";
        }
    }

    /**
     * Detections that were like others just before and led to nothing new, counted instead of written one by one.
     *
     * @param count how many, of those that are not entries of their own
     * @param subject what they spoke of, such as {@code process/4711}; {@code *} for several
     */
    record DetectionsRepeated(String rule, String subject, long count, Instant since, Instant until)
            implements JournalEntry {
        @Override
        public String type() {
            return "repeated";
        }
    }

    /** Names its detections by their ids; they are entries of their own, before it. */
    record Planned(ResponsePlan plan) implements JournalEntry {
        @Override
        public String type() {
            return "planned";
        }
    }

    record Judged(String response, String step, Verdict verdict) implements JournalEntry {
        @Override
        public String type() {
            return "judged";
        }
    }

    /** Written before the act. Without an {@link Ended} it is what a crash left behind. */
    record Intended(String response, String step, Action action, Instant deadline) implements JournalEntry {
        @Override
        public String type() {
            return "intended";
        }
    }

    record Ended(String response, String step, Outcome outcome, StageTimings timings) implements JournalEntry {
        @Override
        public String type() {
            return "ended";
        }
    }

    /** An intent without an end was resolved, after a restart, by looking at the world. */
    record Recovered(String response, String step, Resolution resolution, String reason) implements JournalEntry {
        @Override
        public String type() {
            return "recovered";
        }
    }

    /** What the world says about an effect that nobody saw happen. */
    enum Resolution {
        DONE,
        NOT_DONE,
        /** It could not be seen, or was seen not to be there, and is done again: that does no harm. */
        TRIED_AGAIN,
        UNKNOWN;

        /** As the journal and people write it: {@code not done}. */
        public String display() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Written before the step that it takes back is carried out. */
    record UndoScheduled(String response, String step, Action inverse, Instant due) implements JournalEntry {
        @Override
        public String type() {
            return "undo-scheduled";
        }
    }

    /**
     * Written by a step before it changes anything: what takes it back, and when that shall happen by itself. Written again
     * when that time is put off.
     *
     * @param due empty when only a person, or the failure of another step, takes it back
     */
    record UndoPrepared(String response, String step, Action.TakeBack undo, Optional<Instant> due)
            implements JournalEntry {
        @Override
        public String type() {
            return "undo-prepared";
        }
    }

    /** @param by the name of who wants the step taken back before its time */
    record Released(String response, String step, String by) implements JournalEntry {
        @Override
        public String type() {
            return "released";
        }
    }

    record Undone(String response, String step, Outcome outcome) implements JournalEntry {
        @Override
        public String type() {
            return "undone";
        }
    }

    /** An action set has used up its budget and is stopped, until a person re-arms it. */
    record BudgetTripped(String actionSet, String reason) implements JournalEntry {
        @Override
        public String type() {
            return "budget-tripped";
        }
    }

    /** @param by the name of who said so */
    record Rearmed(String actionSet, String by) implements JournalEntry {
        @Override
        public String type() {
            return "rearmed";
        }
    }

    /** @param kind of event, as the probe counts them */
    record LossNoticed(String kind, long count) implements JournalEntry {
        @Override
        public String type() {
            return "loss";
        }
    }

    /** @param state {@code armed}, {@code blind}, …: what the probe can see from now on */
    record ProbeChanged(String state, String reason) implements JournalEntry {
        @Override
        public String type() {
            return "probe";
        }
    }

    /** The last line had no end, as a crash leaves it; it had never been promised to be durable. */
    record TornTailCut(String segment, long bytes) implements JournalEntry {
        @Override
        public String type() {
            return "torn-tail-cut";
        }
    }

    /** Entries that had been durable were found missing or changed when the journal was opened. */
    record DamageFound(String where, String what) implements JournalEntry {
        @Override
        public String type() {
            return "damage-found";
        }
    }

    /** Old segments were deleted on purpose: {@code hash} is that of the last entry deleted. */
    record SegmentsExpired(long through, String hash) implements JournalEntry {
        @Override
        public String type() {
            return "segments-expired";
        }
    }
}
