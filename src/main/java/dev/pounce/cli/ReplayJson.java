package dev.pounce.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.pounce.audit.PlannedStep;
import dev.pounce.replay.ReplayReport;
import java.util.Locale;
import java.util.SortedMap;

/** A replay's report as one line of JSON, with everything that was counted. */
final class ReplayJson {

    private ReplayJson() {}

    static ObjectNode of(ReplayReport report) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("recording", report.recording()).put("detections", report.detections());
        report.first().ifPresent(time -> json.put("first", time.toString()));
        report.last().ifPresent(time -> json.put("last", time.toString()));
        counts(report.notRecorded(), json.putObject("not_recorded"));
        json.put("damaged_lines", report.damage().damaged());
        json.put("responses", report.responses()).put("held_back", report.heldBack());
        judged(report.judged(), json);
        ArrayNode sets = json.putArray("action_sets");
        report.sets().forEach(set -> set(set, sets.addObject()));
        top(report.targets(), json.putObject("targets"));
        top(report.workloads(), json.putObject("workloads"));
        report.difference().ifPresent(difference -> difference(difference, json.putObject("difference")));
        return json;
    }

    private static void judged(ReplayReport.Judged judged, ObjectNode json) {
        json.put("steps", judged.steps()).put("allowed", judged.allowed()).put("rehearsed", judged.rehearsed());
        counts(judged.denied(), json.putObject("denied"));
        counts(judged.unknown(), json.putObject("cannot_be_known_afterwards"));
    }

    private static void set(ReplayReport.OfSet set, ObjectNode json) {
        json.put("name", set.name())
                .put("mode", set.mode())
                .put("responses", set.responses())
                .put("cooling_down", set.coolingDown());
        ArrayNode steps = json.putArray("steps");
        for (ReplayReport.OfStep step : set.steps()) {
            ObjectNode each = steps.addObject().put("id", step.id()).put("action", step.verb());
            judged(step.judged(), each);
            each.put("left_out", step.leftOut());
        }
    }

    private static void top(ReplayReport.Top top, ObjectNode json) {
        json.put("distinct", top.distinct()).put("or_more", top.more());
        ArrayNode most = json.putArray("most");
        top.most().forEach(named -> most.addObject().put("name", named.name()).put("steps", named.count()));
    }

    private static void difference(ReplayReport.Difference difference, ObjectNode json) {
        json.put("from", difference.from())
                .put("same", difference.same())
                .put("changed", difference.changed())
                .put("only_now", difference.onlyNow())
                .put("only_before", difference.onlyBefore());
        counts(difference.stepsAdded(), json.putObject("steps_added"));
        counts(difference.stepsRemoved(), json.putObject("steps_removed"));
        counts(difference.modesChanged(), json.putObject("modes_changed"));
        ArrayNode examples = json.putArray("examples");
        difference.examples().forEach(example -> example(example, examples.addObject()));
    }

    private static void example(ReplayReport.Example example, ObjectNode json) {
        json.put("time", example.at().toString())
                .put("kind", example.kind().name().toLowerCase(Locale.ROOT))
                .put("detection", example.detection())
                .put("rule", example.rule());
        example.response().ifPresent(id -> json.put("response", id));
        ArrayNode added = json.putArray("added");
        example.added().forEach(step -> step(step, added.addObject()));
        ArrayNode removed = json.putArray("removed");
        example.removed().forEach(step -> step(step, removed.addObject()));
        ArrayNode modes = json.putArray("modes");
        example.modes().forEach(change -> step(change.step(), modes.addObject()).put("mode_before", change.before()));
    }

    private static ObjectNode step(PlannedStep step, ObjectNode json) {
        return json.put("id", step.id())
                .put("action_set", step.actionSet())
                .put("action", step.verb())
                .putRawValue("parameters", new RawValue(step.parameters()))
                .put("target", step.target())
                .put("mode", step.mode());
    }

    private static void counts(SortedMap<String, Long> counts, ObjectNode json) {
        counts.forEach(json::put);
    }
}
