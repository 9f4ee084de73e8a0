package dev.pounce.cli;

import dev.pounce.ClusterSettings;
import dev.pounce.Engine;
import dev.pounce.EngineRun;
import dev.pounce.EngineSettings;
import dev.pounce.LineWriter;
import dev.pounce.Policy;
import dev.pounce.UnusableCluster;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.intake.AdmissionServer;
import dev.pounce.intake.Listening;
import dev.pounce.planning.Mode;
import dev.pounce.source.Problems;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
        name = "run",
        description = {
            "Starts the probe, watches this machine, and answers detections by the loaded action sets.",
            "",
            "An action set does what its own mode says, but never more than --mode: so by default everything is",
            "rehearsed and nothing touched. 'armed' on stderr says that events are seen. SIGTERM ends it. Files that",
            "change are loaded while it runs; files with an error are reported and change nothing."
        },
        footer = {
            "",
            "Examples:",
            "  pounce run",
            "  pounce run --rules my-rules.yaml --rules more/ --actionsets my-sets/ --mode enforce",
            "  pounce run -o json | jq .rule",
            "  pounce run --listen 127.0.0.1:2803 --no-probe"
        })
final class RunCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    @Option(
            names = "--rules",
            paramLabel = "PATH",
            description =
                    "Detection rules: a file, or a folder of them. May be given often (default: the ones we ship).")
    List<Path> rules = List.of();

    @Option(
            names = "--actionsets",
            paramLabel = "PATH",
            description = "Action sets: a file, or a folder. May be given often (default: the ones we ship).")
    List<Path> actionSets = List.of();

    @Option(
            names = "--talon",
            paramLabel = "PATH",
            description =
                    "Falco Talon's rule files, taken together in this order. May be given often; without --actionsets"
                            + " they alone answer.")
    List<Path> talon = List.of();

    @Option(
            names = "--mode",
            paramLabel = "CEILING",
            converter = ModeConverter.class,
            defaultValue = "dry-run",
            description = "No action set goes further than this: observe, dry-run, ask, enforce (default: dry-run).")
    Mode ceiling = Mode.DRY_RUN;

    @Option(
            names = "--probe",
            paramLabel = "PROGRAM",
            description = "The native probe (default: pounce-probe beside pounce).")
    Path probe = Home.directory().resolve("bin/pounce-probe");

    @Option(
            names = "--no-probe",
            description = "Watches nothing itself and answers what comes by --listen. Then no rules are needed.")
    boolean noProbe;

    @Mixin
    ListenOptions listen;

    @Mixin
    ClusterOptions cluster;

    @Option(
            names = "--containerd-state",
            paramLabel = "DIR",
            description = {
                "Where a containerd keeps its state, if not in /run/containerd. May be given often. From there comes which",
                "pod and image a container is of."
            })
    List<Path> containerd = List.of();

    @Option(
            names = "--keep",
            paramLabel = "DURATION",
            converter = DurationConverter.class,
            defaultValue = "90d",
            description = "How long journal entries are kept at least: 24h, 90d (default: 90d).")
    Duration keep = Duration.ofDays(90);

    @Option(
            names = "-o",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text: a line per detection and step. json: each detection as a line of Falco's JSON.")
    Output output = Output.TEXT;

    @Override
    public Integer call() {
        Optional<Listening> listening = listen.listening();
        if (noProbe && listening.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "--no-probe without --listen: nothing would ever be seen; expected --listen");
        }
        Optional<ClusterSettings> of = cluster.cluster(System.getenv());
        Optional<AdmissionServer.Settings> admission = listen.admission();
        if (admission.isPresent() && !of.map(ClusterSettings::actionSets).orElse(false)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--admission judges the cluster's ActionSet resources; expected --cluster-actionsets with it");
        }
        EngineSettings settings = new EngineSettings(
                state.directory.toAbsolutePath(),
                rules.isEmpty() ? List.of(Home.directory().resolve("rules/detection")) : rules,
                actionSets(of),
                talon,
                ceiling,
                noProbe ? Optional.empty() : Optional.of(probe.toAbsolutePath()),
                listening,
                admission,
                of,
                containerd,
                keep,
                Version.current(),
                hostName());
        Problems problems = new Problems();
        Policy policy = Policy.read(settings.rules(), settings.actionSets(), settings.talon(), problems)
                .orElseThrow(() -> new Refusal(problems.all().stream()
                        .map(problem -> problem.render() + System.lineSeparator())
                        .collect(Collectors.joining("", "", "nothing was started: the files above have errors"))));
        problems.all().forEach(warning -> spec.commandLine().getErr().println(warning.render()));

        CleanEnd end = CleanEnd.watching();
        int code = 1;
        try (LineWriter lines = new LineWriter(new FileOutputStream(FileDescriptor.out))) {
            RunOutput onlooker = new RunOutput(
                    lines, output, settings.node(), spec.commandLine().getErr());
            try (Engine engine = Engine.open(settings, policy, Clock.systemUTC(), onlooker)) {
                code = EngineRun.until(engine);
            }
        } catch (JournalUnavailable | UnusableCluster unusable) {
            throw new Refusal(String.valueOf(unusable.getMessage()));
        } finally {
            end.closed(code);
        }
        return code;
    }

    /** Ours, unless others are named. */
    private List<Path> actionSets(Optional<ClusterSettings> of) {
        boolean ofCluster = of.map(ClusterSettings::actionSets).orElse(false);
        List<Path> paths = new ArrayList<>(actionSets);
        if (ofCluster) {
            paths.add(EngineSettings.clusterActionSets(state.directory.toAbsolutePath()));
        } else if (paths.isEmpty() && talon.isEmpty()) {
            paths.add(Home.directory().resolve("actionsets"));
        }
        return paths;
    }

    /** Falco's order: its variable, else the machine's name. */
    private static String hostName() {
        return Stream.of(System.getenv("FALCO_HOSTNAME"), System.getenv("HOSTNAME"), nameOfKernel())
                .filter(name -> name != null && !name.isBlank())
                .findFirst()
                .orElse("localhost");
    }

    private static String nameOfKernel() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (java.io.IOException unreadable) {
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException nameless) {
                return "";
            }
        }
    }

    /** Modes as files write them. */
    static final class ModeConverter implements ITypeConverter<Mode> {
        @Override
        public Mode convert(String word) {
            return Mode.parse(word)
                    .orElseThrow(() -> new TypeConversionException(
                            "'" + word + "' is not a mode; expected observe, dry-run, ask or enforce"));
        }
    }
}
