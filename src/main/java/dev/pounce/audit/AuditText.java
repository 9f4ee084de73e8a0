package dev.pounce.audit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.pounce.source.Printable;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Responses as a person or a script wants to see them. Texts that came from events are made printable: a
 * command line must not be able to move the cursor of whoever reads about it.
 */
public final class AuditText {

    private static final List<String> COLUMNS =
            List.of("TIME", "RESPONSE", "RULE", "ACTION SET", "STEP", "ACTION", "TARGET", "VERDICT", "OUTCOME", "TOOK");

    private static final int WIDEST_COLUMN = 40;

    private AuditText() {}

    /** A table with a heading, one line per step; a response without steps has one line too. */
    public static String list(List<ResponseRecord> responses) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(COLUMNS);
        for (ResponseRecord response : responses) {
            String rules = response.detections().stream()
                    .map(ResponseRecord.Seen::rule)
                    .distinct()
                    .collect(Collectors.joining(", "));
            String time = response.time().truncatedTo(ChronoUnit.MILLIS).toString();
            if (response.steps().isEmpty()) {
                rows.add(List.of(
                        time,
                        response.id(),
                        rules,
                        String.join(", ", response.triggers()),
                        "-",
                        "-",
                        "-",
                        "-",
                        "-",
                        "-"));
            }
            for (ResponseRecord.StepRecord step : response.steps()) {
                rows.add(List.of(
                        time,
                        response.id(),
                        rules,
                        step.actionSet(),
                        step.id(),
                        step.verb(),
                        step.target(),
                        step.verdict().map(AuditText::word).orElse("-"),
                        step.result(),
                        step.ending()
                                .map(ending -> took(ending.timings().total()))
                                .orElse("-")));
            }
        }
        return table(rows);
    }

    private static String word(ResponseRecord.Judgement verdict) {
        return verdict.guard().isEmpty() ? verdict.verdict() : verdict.verdict() + " (" + verdict.guard() + ")";
    }

    private static String table(List<List<String>> rows) {
        int[] widths = new int[COLUMNS.size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], cell(row.get(i), i).length());
            }
        }
        StringBuilder table = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String cell = cell(row.get(i), i);
                line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
            }
            table.append(line.toString().stripTrailing()).append('\n');
        }
        return table.toString();
    }

    private static String cell(String text, int column) {
        String printable = Printable.of(text);
        // An id that was shortened could not be pasted into the next command
        boolean whole = column <= 1 || printable.length() <= WIDEST_COLUMN;
        return whole ? printable : printable.substring(0, WIDEST_COLUMN - 1) + "…";
    }

    /** The whole story of one response, in the order in which it happened. */
    public static String show(ResponseRecord response) {
        StringBuilder story = new StringBuilder();
        line(story, 0, "Response " + response.id() + ", planned " + response.time());
        line(story, 0, "Incident " + response.incident() + ", answered by " + String.join(", ", response.triggers()));
        line(story, 0, "");
        line(story, 0, "What was seen");
        for (ResponseRecord.Seen seen : response.detections()) {
            line(story, 1, seen.time() + "  " + seen.priority() + "  " + seen.rule());
            line(story, 2, seen.output());
            if (seen.assets().stream().anyMatch(asset -> asset.startsWith("pod/"))) {
                line(story, 2, "in " + String.join(", ", whereabouts(seen.assets())));
            }
        }
        if (response.detections().isEmpty()) {
            line(story, 1, "(the detections are no longer in the journal)");
        }
        line(story, 0, "");
        line(story, 0, "What was done");
        for (ResponseRecord.StepRecord step : response.steps()) {
            show(step, story);
        }
        if (response.steps().isEmpty()) {
            line(story, 1, "nothing");
        }
        if (!response.leftOut().isEmpty()) {
            line(story, 0, "");
            line(story, 0, "What was left out");
            for (ResponseRecord.LeftOut left : response.leftOut()) {
                line(story, 1, left.actionSet() + " / " + left.step() + ": " + left.because());
            }
        }
        return story.toString();
    }

    /** Pod, node and workload; the process is in the output already. */
    private static List<String> whereabouts(List<String> assets) {
        return assets.stream()
                .filter(asset -> !asset.startsWith("process/") && !asset.startsWith("container/"))
                .toList();
    }

    private static void show(ResponseRecord.StepRecord step, StringBuilder story) {
        line(
                story,
                1,
                step.id() + ": " + step.verb() + " " + step.target()
                        + (step.mode().isEmpty() ? "" : ", mode " + step.mode()));
        course(step, story);
    }

    /** From why it is there to how it ended. */
    static void course(ResponseRecord.StepRecord step, StringBuilder story) {
        if (!step.because().isEmpty()) {
            line(story, 2, "because  " + step.because());
        }
        step.verdict()
                .ifPresent(verdict -> line(
                        story,
                        2,
                        "verdict  " + word(verdict) + (verdict.reason().isEmpty() ? "" : ": " + verdict.reason())));
        step.ending().ifPresent(ending -> {
            line(story, 2, "outcome  " + ending.outcome() + ": " + ending.detail());
            String timings = timings(ending.timings());
            if (!timings.isEmpty()) {
                line(story, 2, "took     " + timings);
            }
        });
        if (step.ending().isEmpty()
                && step.intended().isPresent()
                && step.recovery().isEmpty()) {
            line(
                    story,
                    2,
                    "outcome  open: it was about to be carried out at "
                            + step.intended().get());
        }
        step.recovery()
                .ifPresent(recovery ->
                        line(story, 2, "after a restart  " + recovery.resolution() + ": " + recovery.reason()));
        step.undo()
                .ifPresent(undo -> line(
                        story,
                        2,
                        "undo     " + undo.verb() + " "
                                + undo.ending()
                                        .map(ending -> ending.outcome() + " at " + ending.at() + ": " + ending.detail())
                                        .orElse("due " + undo.due())));
    }

    static void line(StringBuilder story, int depth, String text) {
        story.append(("  ".repeat(depth) + Printable.of(text)).stripTrailing()).append('\n');
    }

    private static String timings(StageTimings timings) {
        List<String> parts = new ArrayList<>();
        part(parts, "detected", timings.detected());
        part(parts, "planned", timings.planned());
        part(parts, "judged", timings.judged());
        part(parts, "sent", timings.sent());
        part(parts, "observed", timings.observed());
        return parts.isEmpty() ? "" : took(timings.total()) + " (" + String.join(", ", parts) + ")";
    }

    private static void part(List<String> parts, String stage, long micros) {
        if (micros != StageTimings.UNKNOWN) {
            parts.add(stage + " " + took(micros));
        }
    }

    /** Microseconds as a person reads them. */
    static String took(long micros) {
        if (micros == StageTimings.UNKNOWN) {
            return "-";
        }
        if (micros < 1_000) {
            return micros + " µs";
        }
        return micros < 1_000_000
                ? String.format(Locale.ROOT, "%.1f ms", micros / 1e3)
                : String.format(Locale.ROOT, "%.1f s", micros / 1e6);
    }

    /** One object per response, with everything that is known. */
    public static ArrayNode json(List<ResponseRecord> responses) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        responses.forEach(response -> array.add(json(response)));
        return array;
    }

    public static ObjectNode json(JournalVerifier.Verification verification) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("holds", verification.holds());
        json.put("entries", verification.entries());
        json.put("last_seq", verification.lastSeq());
        json.put("last_hash", verification.lastHash());
        json.put("torn_bytes", verification.tornBytes());
        ArrayNode breaks = json.putArray("breaks");
        for (JournalVerifier.Break broken : verification.breaks()) {
            breaks.addObject()
                    .put("file", broken.file())
                    .put("line", broken.line())
                    .put("what", broken.what());
        }
        return json;
    }

    public static ObjectNode json(ResponseRecord response) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("response", response.id());
        json.put("incident", response.incident());
        json.put("time", response.time().toString());
        texts(response.triggers(), json.putArray("triggers"));
        ArrayNode detections = json.putArray("detections");
        for (ResponseRecord.Seen seen : response.detections()) {
            ObjectNode detection = detections
                    .addObject()
                    .put("id", seen.id())
                    .put("time", seen.time().toString())
                    .put("source", seen.source())
                    .put("rule", seen.rule())
                    .put("priority", seen.priority())
                    .put("output", seen.output());
            texts(seen.assets(), detection.putArray("assets"));
            ObjectNode fields = detection.putObject("fields");
            seen.fields().forEach((name, value) -> fields.putRawValue(name, new RawValue(value)));
        }
        ArrayNode matches = json.putArray("matches");
        for (ResponseRecord.Matched match : response.matches()) {
            ObjectNode why =
                    matches.addObject().put("action_set", match.actionSet()).put("when", match.when());
            texts(match.fields(), why.putArray("fields"));
            texts(match.detections(), why.putArray("detections"));
        }
        ArrayNode steps = json.putArray("steps");
        for (ResponseRecord.StepRecord step : response.steps()) {
            json(step, steps.addObject());
        }
        ArrayNode leftOut = json.putArray("left_out");
        for (ResponseRecord.LeftOut left : response.leftOut()) {
            leftOut.addObject()
                    .put("action_set", left.actionSet())
                    .put("step", left.step())
                    .put("because", left.because());
        }
        texts(response.notified(), json.putArray("notify"));
        return json;
    }

    private static void texts(List<String> texts, ArrayNode array) {
        texts.forEach(array::add);
    }

    private static void json(ResponseRecord.StepRecord step, ObjectNode json) {
        json.put("id", step.id())
                .put("action_set", step.actionSet())
                .put("action", step.verb())
                .putRawValue("parameters", new RawValue(step.parameters()))
                .put("target", step.target())
                .put("identity", step.identity())
                .put("lane", step.lane().isEmpty() ? "containment" : step.lane())
                .put("mode", step.mode())
                .put("because", step.because())
                .put("result", step.result());
        step.verdict().ifPresent(verdict -> json.putObject("verdict")
                .put("at", verdict.at().toString())
                .put("verdict", verdict.verdict())
                .put("guard", verdict.guard())
                .put("reason", verdict.reason()));
        step.intended().ifPresent(at -> json.put("intended", at.toString()));
        step.ending().ifPresent(ending -> json(ending, json.putObject("outcome")));
        step.recovery().ifPresent(recovery -> json.putObject("recovered")
                .put("at", recovery.at().toString())
                .put("resolution", recovery.resolution())
                .put("reason", recovery.reason()));
        step.undo().ifPresent(undo -> {
            ObjectNode node = json.putObject("undo")
                    .put("verb", undo.verb())
                    .put("due", undo.due().toString());
            undo.ending().ifPresent(ending -> json(ending, node.putObject("outcome")));
        });
    }

    private static void json(ResponseRecord.Ending ending, ObjectNode json) {
        json.put("at", ending.at().toString()).put("outcome", ending.outcome()).put("detail", ending.detail());
        StageTimings timings = ending.timings();
        ObjectNode micros = json.putObject("micros");
        put(micros, "detected", timings.detected());
        put(micros, "planned", timings.planned());
        put(micros, "judged", timings.judged());
        put(micros, "sent", timings.sent());
        put(micros, "observed", timings.observed());
        put(micros, "total", timings.total());
    }

    private static void put(ObjectNode json, String stage, long micros) {
        if (micros != StageTimings.UNKNOWN) {
            json.put(stage, micros);
        }
    }
}
