package dev.pounce.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Lane;
import dev.pounce.correlation.Incident;
import dev.pounce.planning.Guards;
import dev.pounce.planning.Mode;
import dev.pounce.planning.OnFailure;
import dev.pounce.planning.ResponsePlan;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a crash leaves behind besides {@link OpenIntents}: plans with steps whose turn had not come. Those have never been
 * tried, so that they can still be, under the guards.
 */
public final class OpenPlans {

    private static final Set<String> TYPES = Set.of("planned", "intended", "ended", "recovered", "undo-scheduled");

    /** Ways in which a step that was under way has its turn once more, if it is one that may. */
    private static final Set<String> AGAIN =
            Set.of(JournalEntry.Resolution.NOT_DONE.display(), JournalEntry.Resolution.TRIED_AGAIN.display());

    /**
     * @param time at which it was planned
     * @param plan with all steps that can be read; what their sets allow themselves is not in the journal
     * @param left the ids of the steps whose turn had not come, in order
     * @param failed the ids of steps that failed, or were begun and nobody knows how they ended
     * @param done the ids of steps that changed the world and were not to be taken back yet, oldest first
     * @param unreadable the ids of those whose turn had not come and that this release cannot read
     */
    public record OpenPlan(
            Instant time,
            ResponsePlan plan,
            List<String> left,
            List<String> unreadable,
            Set<String> failed,
            List<String> done) {
        public OpenPlan {
            left = List.copyOf(left);
            unreadable = List.copyOf(unreadable);
            failed = Set.copyOf(failed);
            done = List.copyOf(done);
        }

        /** The ids of the steps that need not be tried any more. */
        public Set<String> turnsTaken() {
            Set<String> taken = new HashSet<>();
            plan.steps().forEach(step -> taken.add(step.id()));
            left.forEach(taken::remove);
            return taken;
        }
    }

    private OpenPlans() {}

    /**
     * Oldest first. Reads the journal from that time on; what is older was settled by a start before. To be called when open
     * intents are resolved, and before the first new plan is written.
     */
    public static List<OpenPlan> in(Path state, Instant since) {
        Map<String, Open> open = new LinkedHashMap<>();
        new JournalReader(state).forEachSince(since, TYPES::contains, entry -> {
            String response = entry.text("response");
            if (entry.type().equals("planned")) {
                if (!entry.json().path("steps").isEmpty()) {
                    open.put(response, new Open(entry));
                }
            } else {
                Open plan = open.get(response);
                if (plan != null) {
                    plan.hadItsTurn(entry);
                    if (plan.left.isEmpty() && plan.underWay.isEmpty()) {
                        open.remove(response);
                    }
                }
            }
        });
        return open.values().stream()
                .filter(plan -> !plan.left.isEmpty())
                .map(Open::put)
                .toList();
    }

    private static final class Open {
        private final RecordedEntry planned;
        private final Set<String> left = new HashSet<>();
        private final Set<String> failed = new HashSet<>();
        private final List<String> done = new ArrayList<>();
        private final Set<String> underWay = new HashSet<>();

        /** What is done to the very same target or to none: it may be tried again when it was seen not to have happened. */
        private final Set<String> repeatable = new HashSet<>();

        Open(RecordedEntry planned) {
            this.planned = planned;
            planned.json().path("steps").forEach(step -> {
                String id = step.path("id").asText();
                left.add(id);
                if (ActionType.of(step.path("action").path("verb").asText())
                        .filter(ActionType::isRepeatable)
                        .isPresent()) {
                    repeatable.add(id);
                }
            });
        }

        void hadItsTurn(RecordedEntry entry) {
            String step = entry.text("step");
            if (entry.type().equals("recovered")
                    && AGAIN.contains(entry.text("resolution"))
                    && repeatable.contains(step)) {
                left.add(step);
                failed.remove(step);
                underWay.remove(step);
                return;
            }
            left.remove(step);
            if (entry.type().equals("intended")) {
                underWay.add(step);
            } else {
                underWay.remove(step);
            }
            if (entry.type().equals("undo-scheduled")) {
                done.remove(step); // it is taken back already, or OpenUndos sees to it
                return;
            }
            String end = entry.type().equals("recovered") ? entry.text("resolution") : entry.text("outcome");
            switch (end) {
                case "done" -> {
                    failed.remove(step);
                    done.add(step);
                }
                case "" -> failed.add(step); // intended, and so far nobody has said how it ended
                case "failed", "not done", "unknown" -> failed.add(step);
                default -> failed.remove(step);
            }
        }

        OpenPlan put() {
            List<ResponsePlan.Step> steps = new ArrayList<>();
            List<String> waiting = new ArrayList<>();
            List<String> unreadable = new ArrayList<>();
            for (JsonNode json : planned.json().path("steps")) {
                String id = json.path("id").asText();
                Optional<ResponsePlan.Step> step = step(json);
                step.ifPresent(steps::add);
                if (left.contains(id)) {
                    (step.isPresent() ? waiting : unreadable).add(id);
                }
            }
            // A pod that was made after what was seen is somebody else, however late it is answered
            Instant seen =
                    planned.json().path("seen").isTextual() ? Instant.parse(planned.text("seen")) : planned.time();
            Incident incident = new Incident(planned.text("incident"), seen, List.of(), List.of());
            ResponsePlan plan = new ResponsePlan(planned.text("response"), incident, steps, List.of());
            return new OpenPlan(planned.time(), plan, waiting, unreadable, failed, done);
        }

        private static Optional<ResponsePlan.Step> step(JsonNode json) {
            Optional<Action> action = ActionJson.read(json.path("action"));
            Optional<Mode> mode = Mode.parse(json.path("mode").asText());
            if (action.isEmpty() || mode.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new ResponsePlan.Step(
                    json.path("id").asText(),
                    json.path("action_set").asText(),
                    action.get(),
                    mode.get(),
                    Duration.ofMillis(json.path("patience_ms").asLong()),
                    json.path("because").asText(),
                    Lane.parse(json.path("lane").asText()).orElse(Lane.CONTAINMENT),
                    texts(json.path("after")),
                    texts(json.path("behind")),
                    OnFailure.parse(json.path("on_failure").asText()).orElse(OnFailure.STOP),
                    Guards.NONE,
                    texts(json.path("also_for"))));
        }

        private static List<String> texts(JsonNode json) {
            List<String> texts = new ArrayList<>();
            json.forEach(text -> texts.add(text.asText()));
            return texts;
        }
    }
}
