package dev.pounce.cli;

import dev.pounce.audit.JournalScan;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.replay.JournalRecording;
import dev.pounce.replay.Recording;
import dev.pounce.replay.Replay;
import dev.pounce.replay.ReplayReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "replay",
        description = {
            "Feeds what was seen to action sets once more, and tells what they would have done.",
            "",
            "How often they would have answered, with which steps, whom they would have touched, which guards they",
            "would have tripped, and what changes. Touches nothing; reads the journal of a running engine,",
            "of a stopped one, or a copy.",
            "",
            "With --with, those sets answer and are compared with the loaded ones (--actionsets). Without",
            "it, the loaded ones answer and are compared with what was really planned. The same input gives",
            "the same output.",
            "",
            "What was withheld from the journal (environments, contents) and what it cut short is not seen",
            "again; neither are detections that the engine counted instead of writing each: the report says",
            "how many those were. Lines that cannot be read are named on stderr and passed over."
        },
        footer = {
            "",
            "Examples:",
            "  pounce replay --since 7d --with new-sets/",
            "  pounce replay --from falco-events.jsonl --with contain.yaml -o json"
        })
final class ReplayCommand implements Callable<Integer> {

    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description = "Detections as lines of Falco's JSON, oldest first, instead of the journal.")
    Optional<Path> from = Optional.empty();

    @Option(
            names = "--since",
            paramLabel = "WHEN",
            converter = WhenConverter.class,
            description = "Only from then on: 90s, 15m, 24h, 7d ago, or a time such as 2026-11-23T10:00:00Z.")
    Optional<Instant> since = Optional.empty();

    @Option(
            names = "--until",
            paramLabel = "WHEN",
            converter = WhenConverter.class,
            description = "Only up to then; written as --since is.")
    Optional<Instant> until = Optional.empty();

    @Option(
            names = "--with",
            paramLabel = "PATH",
            description = "Action sets to try: a file, or a folder. May be given often.")
    List<Path> with = List.of();

    @Option(
            names = "--actionsets",
            paramLabel = "PATH",
            description =
                    "The loaded action sets: a file, or a folder. May be given often (default: the ones we ship).")
    List<Path> actionSets = List.of();

    @Option(
            names = "--rules",
            paramLabel = "PATH",
            description =
                    "Rule files with the macros that conditions use. May be given often (default: the ones we ship).")
    List<Path> rules = List.of();

    @Option(
            names = "--mode",
            paramLabel = "CEILING",
            converter = RunCommand.ModeConverter.class,
            defaultValue = "enforce",
            description =
                    "No action set goes further than this: observe, dry-run, ask, enforce (default: enforce, so each goes as far as it says).")
    Mode ceiling = Mode.ENFORCE;

    @Option(
            names = "--examples",
            paramLabel = "N",
            defaultValue = "20",
            description = "How many targets, workloads and differing responses are named (default: 20).")
    int examples = 20;

    @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
    Output output = Output.TEXT;

    private long nextProgress = System.nanoTime() + QUIET_NANOS;

    @Override
    public Integer call() {
        Recording recording = recording();
        PrintWriter err = spec.commandLine().getErr();
        List<Path> ruleFiles = PolicyFiles.rulesOr(rules);
        ActionSets loaded = PolicyFiles.read(ruleFiles, PolicyFiles.actionSetsOr(actionSets), List.of(), err);
        Optional<ActionSets> tried =
                with.isEmpty() ? Optional.empty() : Optional.of(PolicyFiles.read(ruleFiles, with, List.of(), err));
        ReplayReport report = Replay.run(
                recording,
                new Replay.Question(
                        since, until, tried.orElse(loaded), tried.map(sets -> loaded), ceiling, Math.max(0, examples)),
                this::reached);
        tell(report.damage(), err);
        PrintWriter out = spec.commandLine().getOut();
        switch (output) {
            case TEXT -> ReplayText.print(report, out);
            case JSON -> out.println(ReplayJson.of(report));
        }
        out.flush();
        return 0;
    }

    private Recording recording() {
        if (from.isPresent()) {
            return PlanCommand.alertFile(from.get());
        }
        state.requireJournal();
        return new JournalRecording(state.directory);
    }

    private void reached(long detections, Instant at) {
        if (System.nanoTime() - nextProgress >= 0) {
            nextProgress = System.nanoTime() + PROGRESS_NANOS;
            spec.commandLine()
                    .getErr()
                    .println(String.format(Locale.ROOT, "replayed %,d detections, up to %s", detections, at));
        }
    }

    /** No reason to fail: whoever asks is told, and the rest is an answer. */
    private static void tell(JournalScan.Outcome damage, PrintWriter err) {
        damage.damages().forEach(line -> err.println(line.render()));
        if (damage.damaged() > 0) {
            err.println("pounce: " + damage.damaged() + (damage.damaged() == 1 ? " line" : " lines")
                    + " could not be read and had no part in this");
        }
    }
}
