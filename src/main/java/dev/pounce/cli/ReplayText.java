package dev.pounce.cli;

import dev.pounce.audit.PlannedStep;
import dev.pounce.replay.ReplayReport;
import dev.pounce.source.Printable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/** A replay's report as a person wants to read it: a page or two, however long the recording was. */
final class ReplayText {

    private static final int MOST_RULES = 5;
    private static final int MOST_STEPS_OF_EXAMPLE = 5;

    private final ReplayReport report;
    private final PrintWriter out;

    private ReplayText(ReplayReport report, PrintWriter out) {
        this.report = report;
        this.out = out;
    }

    static void print(ReplayReport report, PrintWriter out) {
        ReplayText text = new ReplayText(report, out);
        text.recording();
        text.sums();
        text.sets();
        text.top("Targets", report.targets());
        text.top("Workloads", report.workloads());
        report.difference().ifPresent(text::difference);
    }

    private void recording() {
        line("Replayed " + number(report.detections(), "detection") + " of " + report.recording()
                + report.first().map(time -> ", from " + time).orElse("")
                + report.last().map(time -> " to " + time).orElse(""));
        if (!report.notRecorded().isEmpty()) {
            long sum = report.notRecorded().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            line("The engine counted " + number(sum, "more") + " without writing each, so these had no part in it: "
                    + largest(report.notRecorded()));
        }
        if (report.damage().damaged() > 0) {
            line(number(report.damage().damaged(), "line") + " could not be read");
        }
    }

    private void sums() {
        ReplayReport.Judged judged = report.judged();
        line(number(report.responses(), "response") + " with " + number(judged.steps(), "step") + ": "
                + judgement(judged));
        judged.unknown()
                .forEach((guard, count) ->
                        line("Of " + number(count, "step") + " the guard '" + guard + "' cannot know afterwards"));
        if (report.heldBack() > 0) {
            line(number(report.heldBack(), "match") + " led to nothing, since every set that matched was cooling down");
        }
    }

    private static String judgement(ReplayReport.Judged judged) {
        List<String> parts = new ArrayList<>();
        parts.add(count(judged.allowed()) + " would be carried out");
        parts.add(count(judged.rehearsed()) + " rehearsed");
        long denied =
                judged.denied().values().stream().mapToLong(Long::longValue).sum();
        parts.add(count(denied) + " refused" + (denied == 0 ? "" : " (" + largest(judged.denied()) + ")"));
        return String.join(", ", parts);
    }

    private void sets() {
        if (report.sets().isEmpty()) {
            return;
        }
        line("");
        Table table = new Table(
                "ACTION SET", "MODE", "RESPONSES", "STEP", "ACTION", "STEPS", "ACT", "REHEARSE", "REFUSED", "LEFT OUT");
        for (ReplayReport.OfSet set : report.sets()) {
            String name = set.name();
            String mode = set.mode();
            String responses = count(set.responses());
            for (ReplayReport.OfStep step : set.steps()) {
                ReplayReport.Judged judged = step.judged();
                table.row(
                        name,
                        mode,
                        responses,
                        step.id(),
                        step.verb(),
                        count(judged.steps()),
                        count(judged.allowed()),
                        count(judged.rehearsed()),
                        count(judged.denied().values().stream()
                                .mapToLong(Long::longValue)
                                .sum()),
                        count(step.leftOut()));
                name = "";
                mode = "";
                responses = "";
            }
        }
        table.print(out);
    }

    private void top(String what, ReplayReport.Top top) {
        if (top.distinct() == 0) {
            return;
        }
        line("");
        line(what + " that steps would have been aimed at: " + count(top.distinct()) + (top.more() ? " or more" : ""));
        for (ReplayReport.Named named : top.most()) {
            line(String.format(Locale.ROOT, "  %,8d  %s", named.count(), named.name()));
        }
        if (top.distinct() > top.most().size()) {
            line("       …  and " + number(top.distinct() - (long) top.most().size(), "more"));
        }
    }

    private void difference(ReplayReport.Difference difference) {
        line("");
        line("Difference to " + difference.from() + ": "
                + (difference.differences() == 0
                        ? "none, " + number(difference.same(), "response") + " the same"
                        : count(difference.onlyNow()) + " new, " + count(difference.onlyBefore()) + " gone, "
                                + count(difference.changed()) + " changed, " + count(difference.same()) + " the same"));
        difference.stepsAdded().forEach((step, count) -> line("  +" + count(count) + "  " + step));
        difference.stepsRemoved().forEach((step, count) -> line("  -" + count(count) + "  " + step));
        difference.modesChanged().forEach((step, count) -> line("  ~" + count(count) + "  " + step));
        if (!difference.examples().isEmpty()) {
            line("");
            line(
                    difference.examples().size() < difference.differences()
                            ? "The first " + difference.examples().size() + " of them"
                            : "These are");
        }
        difference.examples().forEach(this::example);
    }

    private void example(ReplayReport.Example example) {
        String kind =
                switch (example.kind()) {
                    case ONLY_NOW -> "new";
                    case ONLY_BEFORE -> "gone";
                    case CHANGED -> "changed";
                };
        line("  " + kind + "  " + example.at() + "  detection " + example.detection()
                + (example.rule().isEmpty() ? "" : "  " + example.rule())
                + example.response().map(id -> "  response " + id).orElse(""));
        steps("+", example.added());
        steps("-", example.removed());
        for (ReplayReport.ModeChange change : example.modes()) {
            line("    ~ " + change.step().what() + "  [" + change.step().id() + ", " + change.before() + " → "
                    + change.step().mode() + "]");
        }
    }

    private void steps(String sign, List<PlannedStep> steps) {
        for (PlannedStep step : steps.subList(0, Math.min(steps.size(), MOST_STEPS_OF_EXAMPLE))) {
            line("    " + sign + " " + step.what() + "  [" + step.id() + ", " + step.mode() + "]");
        }
        if (steps.size() > MOST_STEPS_OF_EXAMPLE) {
            line("    " + sign + " … and " + number(steps.size() - (long) MOST_STEPS_OF_EXAMPLE, "more"));
        }
    }

    private static String largest(SortedMap<String, Long> counts) {
        List<String> words = new ArrayList<>();
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(MOST_RULES)
                .forEach(entry -> words.add(entry.getKey() + " " + count(entry.getValue())));
        if (counts.size() > MOST_RULES) {
            words.add("…");
        }
        return String.join(", ", words);
    }

    private static String number(long count, String noun) {
        String plural = noun.equals("match") ? "matches" : noun.equals("more") ? "more" : noun + "s";
        return count(count) + " " + (count == 1 ? noun : plural);
    }

    private static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private void line(String text) {
        out.println(Printable.of(text));
    }
}
