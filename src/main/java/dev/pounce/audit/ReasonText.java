package dev.pounce.audit;

import static dev.pounce.audit.AuditText.line;

import dev.pounce.guard.ModeGuard;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Why a response is what it is: which detections, with the values that conditions looked at, which action set waited for
 * what, and of each step why it is there, whom exactly it is about, and who objected. {@link AuditText#show} tells the
 * course of events instead.
 */
public final class ReasonText {

    private ReasonText() {}

    public static String of(ResponseRecord response) {
        StringBuilder story = new StringBuilder();
        line(story, 0, "Response " + response.id() + ", planned " + response.time());
        seen(response, story);
        matches(response, story);
        steps(response, story);
        leftOut(response, story);
        if (!response.notified().isEmpty()) {
            line(story, 0, "");
            line(story, 0, "Who is told: " + String.join(", ", response.notified()));
        }
        return story.toString();
    }

    private static void seen(ResponseRecord response, StringBuilder story) {
        line(story, 0, "");
        line(story, 0, "What was seen");
        int number = 1;
        for (ResponseRecord.Seen seen : response.detections()) {
            line(
                    story,
                    1,
                    number++ + ". " + seen.time() + "  " + seen.priority() + "  " + seen.rule() + "  (" + seen.source()
                            + ", " + seen.id() + ")");
            line(story, 2, seen.output());
            if (!seen.assets().isEmpty()) {
                line(story, 2, "speaks of " + String.join(", ", seen.assets()));
            }
            for (Map.Entry<String, String> field : seen.fields().entrySet()) {
                line(story, 2, field.getKey() + " = " + field.getValue());
            }
        }
        if (response.detections().isEmpty()) {
            line(story, 1, "(the detections are no longer in the journal)");
        }
    }

    private static void matches(ResponseRecord response, StringBuilder story) {
        line(story, 0, "");
        line(story, 0, "Who answers, and what it had waited for");
        for (ResponseRecord.Matched match : response.matches()) {
            line(story, 1, match.actionSet() + ": " + match.when());
            line(story, 2, "met by " + numbers(match, response));
        }
        if (response.matches().isEmpty()) {
            line(
                    story,
                    1,
                    String.join(", ", response.triggers()) + " (the journal does not say what it had waited for)");
        }
    }

    private static String numbers(ResponseRecord.Matched match, ResponseRecord response) {
        List<String> numbers = new ArrayList<>();
        List<String> ids =
                response.detections().stream().map(ResponseRecord.Seen::id).toList();
        for (String id : match.detections()) {
            int place = ids.indexOf(id);
            numbers.add(place < 0 ? id : String.valueOf(place + 1));
        }
        return (numbers.size() == 1 ? "detection " : "detections ") + String.join(", ", numbers);
    }

    private static void steps(ResponseRecord response, StringBuilder story) {
        line(story, 0, "");
        line(story, 0, "What is done, and why");
        for (ResponseRecord.StepRecord step : response.steps()) {
            String parameters = step.parameters().equals("{}") ? "" : " " + step.parameters();
            String verb = step.verb().replaceFirst(" \\(.*", "");
            line(
                    story,
                    1,
                    step.id() + ": " + verb + parameters + " on " + step.target()
                            + (step.mode().isEmpty() ? "" : ", mode " + step.mode())
                            + (step.lane().isEmpty() ? "" : ", lane " + step.lane()));
            if (!step.identity().isEmpty()) {
                line(story, 2, "target   " + step.identity());
            }
            AuditText.course(step, story);
            if (step.verdict().isEmpty()) {
                line(story, 2, "guards   " + wouldSay(step));
            }
        }
        if (response.steps().isEmpty()) {
            line(story, 1, "nothing");
        }
    }

    /** Of a step whose turn did not come. */
    private static String wouldSay(ResponseRecord.StepRecord step) {
        return Mode.parse(step.mode())
                .map(mode -> switch (ModeGuard.judge(mode)) {
                    case Verdict.Allow allow -> "none was asked, and the mode would not have stood in the way";
                    case Verdict.Rehearse(String reason) -> "none was asked; it would have been rehearsed: " + reason;
                    case Verdict.Deny(String guard, String reason) ->
                        "none was asked; " + guard + " would have refused: " + reason;
                })
                .orElse("none was asked");
    }

    private static void leftOut(ResponseRecord response, StringBuilder story) {
        if (response.leftOut().isEmpty()) {
            return;
        }
        line(story, 0, "");
        line(story, 0, "What was left out, and why");
        for (ResponseRecord.LeftOut left : response.leftOut()) {
            String what = left.step().equals(Planner.EVERY_STEP) ? "every step" : left.step();
            line(story, 1, left.actionSet() + " / " + what + ": " + left.because());
        }
    }
}
