package dev.pounce.audit;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What a crash leaves behind: steps that were about to be carried out, and of which nobody wrote down the end.
 * Each is resolved by looking at the world, and never by trying again.
 */
public final class OpenIntents {

    private static final String INTENDED = "intended";
    private static final Set<String> TYPES = Set.of(INTENDED, "ended", "recovered");

    /** @param action empty if this release cannot read it */
    public record OpenIntent(long seq, Instant time, String response, String step, Optional<Action> action) {}

    private OpenIntents() {}

    /** Oldest first. Reads the journal from that time on; what is older was settled by a start before. To be called before the first new intent is written. */
    public static List<OpenIntent> in(Path state, Instant since) {
        Map<String, OpenIntent> open = new LinkedHashMap<>();
        new JournalReader(state).forEachSince(since, TYPES::contains, entry -> {
            String key = entry.text("response") + '\n' + entry.text("step");
            if (entry.type().equals(INTENDED)) {
                open.put(key, intent(entry));
            } else {
                open.remove(key);
            }
        });
        return new ArrayList<>(open.values());
    }

    /** All since then, and maybe some from before, whatever became of them; oldest first. */
    public static List<OpenIntent> begun(Path state, Instant since) {
        List<OpenIntent> begun = new ArrayList<>();
        new JournalReader(state).forEachSince(since, INTENDED::equals, entry -> begun.add(intent(entry)));
        return begun;
    }

    private static OpenIntent intent(RecordedEntry entry) {
        return new OpenIntent(
                entry.seq(),
                entry.time(),
                entry.text("response"),
                entry.text("step"),
                ActionJson.read(entry.json().path("action")));
    }

    /**
     * Resolves each with {@code observe}, and appends what was found.
     *
     * @param observe looks at the world and touches nothing: {@code Actuator.observe} of the action's family
     * @return what was appended
     */
    public static List<JournalEntry.Recovered> resolve(
            List<OpenIntent> intents, Function<Action, Outcome> observe, Journal journal) {
        List<JournalEntry.Recovered> resolved = new ArrayList<>();
        for (OpenIntent intent : intents) {
            JournalEntry.Recovered recovered = intent.action()
                    .map(action -> recovered(intent, observe.apply(action)))
                    .orElseGet(() -> new JournalEntry.Recovered(
                            intent.response(),
                            intent.step(),
                            JournalEntry.Resolution.UNKNOWN,
                            "the action cannot be read by this release"));
            journal.append(recovered);
            resolved.add(recovered);
        }
        return resolved;
    }

    private static JournalEntry.Recovered recovered(OpenIntent intent, Outcome seen) {
        return switch (seen) {
            case Outcome.Done(String observed) -> recovered(intent, JournalEntry.Resolution.DONE, observed);
            case Outcome.AlreadySo(String observed) -> recovered(intent, JournalEntry.Resolution.DONE, observed);
            case Outcome.WouldAct(String what) -> recovered(intent, JournalEntry.Resolution.NOT_DONE, what);
            case Outcome.TargetGone(String reason) -> recovered(intent, JournalEntry.Resolution.UNKNOWN, reason);
            case Outcome.Failed(String reason, boolean retryable) ->
                recovered(
                        intent,
                        retryable && isRepeatable(intent)
                                ? JournalEntry.Resolution.TRIED_AGAIN
                                : JournalEntry.Resolution.UNKNOWN,
                        reason);
            case Outcome.Withheld(String reason) -> recovered(intent, JournalEntry.Resolution.UNKNOWN, reason);
        };
    }

    private static boolean isRepeatable(OpenIntent intent) {
        return intent.action().map(action -> action.type().isRepeatable()).orElse(false);
    }

    private static JournalEntry.Recovered recovered(
            OpenIntent intent, JournalEntry.Resolution resolution, String reason) {
        return new JournalEntry.Recovered(intent.response(), intent.step(), resolution, reason);
    }
}
