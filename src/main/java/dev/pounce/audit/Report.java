package dev.pounce.audit;

import dev.pounce.detection.Detection;
import dev.pounce.planning.ResponsePlan;
import java.nio.charset.StandardCharsets;

/** What is told to others of a step: what was seen, with Falco's keys, and what is done about it. */
public final class Report {

    private Report() {}

    /**
     * One JSON object. The detection is the last that led to the step; of a plan that was made before a restart only the
     * step is told. What {@code SecretFields} names is withheld, as it is from the journal.
     *
     * @param node this machine's name
     */
    public static String of(ResponsePlan plan, ResponsePlan.Step step, String node) {
        JsonLine json = new JsonLine();
        json.beginObject();
        plan.incident().lastFor(step.actionSet()).ifPresent(detection -> seen(detection, json));
        json.member("hostname", node);
        json.key("pounce").beginObject();
        json.member("response", plan.id())
                .member("step", step.id())
                .member("action_set", step.actionSet())
                .member("mode", step.mode().display())
                .member("because", step.because());
        EntryJson.action("action", step.action(), json);
        json.endObject().endObject();
        return new String(json.bytes(), 0, json.length(), StandardCharsets.UTF_8);
    }

    private static void seen(Detection detection, JsonLine json) {
        json.member("uuid", detection.id())
                .member("time", detection.time())
                .member("source", detection.source())
                .member("rule", detection.rule())
                .member("priority", detection.priority().display());
        json.key("tags").value(detection.tags());
        EntryJson.outputOf(detection, json);
    }
}
