package dev.pounce.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.pounce.audit.JournalScan;
import dev.pounce.audit.PlannedStep;
import dev.pounce.detection.Detection;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Explanation;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.replay.AlertFile;
import dev.pounce.replay.OfflineEngine;
import dev.pounce.source.Printable;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "plan",
        description = {
            "Says which action sets a detection matches, and with which steps they would answer.",
            "",
            "The detection is read from a file in Falco's JSON. A file with one on each line is taken as a",
            "recording, so that sequences, counts and cooldowns go on from line to line. With -o json there",
            "is one object for each: 'matched' names the sets in order, and each of 'steps' has 'action',",
            "'parameters', 'target' and 'mode'. What is complete because time passed is told with the",
            "detection before which it passed.",
            "",
            "Processes and containers are taken from the fields as they stand. A running engine acts on one",
            "only when it can identify it, which it can for what it has seen itself."
        },
        footer = {
            "",
            "Examples:",
            "  pounce plan --sets contain.yaml --detection alert.json",
            "  pounce plan --sets actionsets/ --detection events.jsonl -o json"
        })
final class PlanCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Option(
            names = "--sets",
            paramLabel = "PATH",
            description = "Action sets: a file, or a folder. May be given often.")
    List<Path> sets = List.of();

    @Option(names = "--talon", paramLabel = "PATH", description = "Falco Talon's rule files. May be given often.")
    List<Path> talon = List.of();

    @Option(
            names = "--rules",
            paramLabel = "PATH",
            description =
                    "Rule files with the macros that conditions use. May be given often (default: the ones we ship).")
    List<Path> rules = List.of();

    @Option(
            names = "--detection",
            paramLabel = "FILE",
            required = true,
            description = "One detection in Falco's JSON, or one on each line.")
    Path detection = Path.of("");

    @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
    Output output = Output.TEXT;

    @Override
    public Integer call() {
        if (sets.isEmpty() && talon.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "name the files to plan with: --sets or --talon");
        }
        AlertFile file = alertFile(detection);
        ActionSets loaded = PolicyFiles.read(
                PolicyFiles.rulesOr(rules), sets, talon, spec.commandLine().getErr());
        refuseUnreadable(file);
        PrintWriter out = spec.commandLine().getOut();
        try (OfflineEngine engine = new OfflineEngine(loaded, Mode.ENFORCE)) {
            file.forEach(Optional.empty(), Optional.empty(), moment -> {
                if (moment instanceof JournalScan.Moment.Seen seen) {
                    List<ResponsePlan> plans = new ArrayList<>(engine.elapse(seen.at()));
                    plans.addAll(engine.accept(seen.detection(), seen.at()));
                    switch (output) {
                        case TEXT -> print(seen.detection(), plans, out);
                        case JSON -> out.println(json(plans));
                    }
                }
            });
        }
        out.flush();
        return 0;
    }

    /** Read more than once, so it has to be a file. */
    static AlertFile alertFile(Path path) {
        if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
            throw new Refusal(path + " is no file that can be read");
        }
        return new AlertFile(path);
    }

    /** Before anything is printed: answers are counted by lines, and one that is left out would shift the others. */
    private static void refuseUnreadable(AlertFile file) {
        AtomicLong found = new AtomicLong();
        JournalScan.Outcome outcome =
                file.forEach(Optional.empty(), Optional.empty(), moment -> found.incrementAndGet());
        if (outcome.damaged() > 0) {
            throw new Refusal(outcome.damages().stream()
                    .map(damage -> damage.render() + System.lineSeparator())
                    .collect(Collectors.joining("", "", "the detections above cannot be read")));
        }
        if (found.get() == 0) {
            throw new Refusal("there is no detection in " + file.name());
        }
    }

    private static void print(Detection detection, List<ResponsePlan> plans, PrintWriter out) {
        if (plans.isEmpty()) {
            out.println(Printable.of(detection.id() + "  " + detection.rule() + ": no action set answers"));
        }
        for (ResponsePlan plan : plans) {
            out.println(Printable.of(detection.id() + "  " + detection.rule() + ": matched by "
                    + String.join(", ", plan.incident().triggers())));
            Explanation.of(plan).forEach(out::println);
        }
    }

    private static ObjectNode json(List<ResponsePlan> plans) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode matched = json.putArray("matched");
        ArrayNode steps = json.putArray("steps");
        for (ResponsePlan plan : plans) {
            plan.incident().triggers().forEach(matched::add);
            for (ResponsePlan.Step step : plan.steps()) {
                PlannedStep planned = PlannedStep.of(step);
                steps.addObject()
                        .put("action", planned.verb())
                        .putRawValue("parameters", new RawValue(planned.parameters()))
                        .put("target", planned.target())
                        .put("mode", planned.mode());
            }
        }
        return json;
    }
}
