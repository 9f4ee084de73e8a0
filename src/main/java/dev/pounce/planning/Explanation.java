package dev.pounce.planning;

import dev.pounce.action.Lane;
import dev.pounce.asset.Asset;
import dev.pounce.detection.Detection;
import dev.pounce.source.DurationText;
import dev.pounce.source.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A plan in words, for a terminal. */
public final class Explanation {

    private Explanation() {}

    /**
     * What was seen, what is to be done about it and why, and what is not. Control characters in what a
     * detection quotes are shown as {@code \x1b}, because the quoted process may have chosen them.
     */
    public static List<String> of(ResponsePlan plan) {
        List<String> lines = new ArrayList<>();
        lines.add("plan " + plan.id() + " for incident " + plan.incident().id());
        for (Detection detection : plan.incident().evidence()) {
            lines.add("  " + detection.time() + "  " + detection.priority().display() + "  " + detection.rule() + "  ("
                    + detection.source() + ", " + detection.id() + ")");
            lines.add("      " + detection.output());
            if (!detection.assets().isEmpty()) {
                lines.add("      speaks of "
                        + detection.assets().stream().map(Asset::display).collect(Collectors.joining(", ")));
            }
        }
        int number = 1;
        for (ResponsePlan.Step step : plan.steps()) {
            lines.add("  " + number++ + ". " + step.action().verb() + " on "
                    + step.action().target().display() + "  [" + step.mode().display() + ", within "
                    + DurationText.display(step.patience())
                    + (step.lane() == Lane.CONTAINMENT
                            ? ""
                            : ", lane " + step.lane().display()) + ", " + step.id()
                    + "]");
            if (!step.action().parameters().isEmpty()) {
                lines.add("      with " + step.action().parameters().display());
            }
            if (!step.after().isEmpty()) {
                lines.add("      after " + String.join(", ", step.after()));
            }
            lines.add("      because " + step.because());
        }
        if (plan.steps().isEmpty()) {
            lines.add("  nothing to do");
        }
        if (!plan.notified().isEmpty()) {
            lines.add("  to be told: " + String.join(", ", plan.notified()));
        }
        for (ResponsePlan.LeftOut leftOut : plan.leftOut()) {
            String what = leftOut.step().equals(Planner.EVERY_STEP)
                    ? "action set " + leftOut.actionSet()
                    : "step " + leftOut.actionSet() + "/" + leftOut.step();
            lines.add("  left out: " + what + ", because " + leftOut.because());
        }
        return lines.stream().map(Printable::of).toList();
    }
}
