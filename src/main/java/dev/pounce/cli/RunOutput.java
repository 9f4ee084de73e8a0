package dev.pounce.cli;

import dev.pounce.LineWriter;
import dev.pounce.Onlooker;
import dev.pounce.action.Outcome;
import dev.pounce.audit.StageTimings;
import dev.pounce.detection.Detection;
import dev.pounce.detection.FalcoJson;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.source.Printable;
import java.io.PrintWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** What {@code pounce run} prints while it runs. */
final class RunOutput implements Onlooker {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    private final LineWriter lines;
    private final Output output;
    private final FalcoJson falcoJson;
    private final PrintWriter err;

    RunOutput(LineWriter lines, Output output, String hostname, PrintWriter err) {
        this.err = err;
        this.lines = lines;
        this.output = output;
        this.falcoJson = new FalcoJson(hostname, ZoneId.systemDefault());
    }

    /** On stderr and a line of its own: scripts wait for it. */
    @Override
    public void armed() {
        err.println("armed");
    }

    @Override
    public void detected(Detection detection) {
        lines.write(
                switch (output) {
                    case JSON -> falcoJson.line(detection);
                    case TEXT ->
                        Printable.of(TIME.format(detection.time()) + "  "
                                + detection.priority().display() + "  " + detection.rule() + ": "
                                + detection.output());
                });
    }

    @Override
    public void ended(
            ResponsePlan plan, ResponsePlan.Step step, Verdict verdict, Outcome outcome, StageTimings timings) {
        if (output == Output.TEXT) {
            lines.write(Printable.of("              " + step.action().verb() + " "
                    + step.action().target().display() + " by " + step.actionSet() + ": " + say(outcome)
                    + "  (response " + plan.id() + ")"));
        }
    }

    @Override
    public long leftOut() {
        return lines.leftOut();
    }

    private static String say(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done(String observed) -> "done, " + observed;
            case Outcome.AlreadySo(String observed) -> "already so, " + observed;
            case Outcome.TargetGone(String reason) -> "target gone, " + reason;
            case Outcome.Failed(String reason, boolean retryable) -> "failed, " + reason;
            case Outcome.Withheld(String reason) -> "withheld, " + reason;
            case Outcome.WouldAct(String what) -> what + " (rehearsed)";
        };
    }
}
