package dev.pounce.bench;

import dev.pounce.action.ActionType;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.correlation.AnIncident;
import dev.pounce.correlation.Correlator;
import dev.pounce.correlation.DroolsCorrelator;
import dev.pounce.correlation.Incident;
import dev.pounce.correlation.Pattern;
import dev.pounce.correlation.RuleBook;
import dev.pounce.correlation.Selector;
import dev.pounce.correlation.Trigger;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.ActionTemplate;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.source.Place;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jboss.logmanager.Level;
import org.jboss.logmanager.Logger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * From a detection to the finished plan, with its reasons in words, on one thread; beside it the same by a
 * hand-written map from rule name to sets, which is what Drools costs us.
 *
 * <p>Aim: 500,000 detections a second on one core with 1,000 sets, half of that with 10,000. With few sets the
 * text of the plan is half of the cost; with many it is the memory that Drools touches per rule.
 *
 * <p>{@code main [forks [iterations [seconds]]]} runs it all and prints a table; three minutes by default.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class PlannerBenchmark {

    /** How the sets choose their detections; each detection is answered by exactly one set, or by none. */
    public enum Kind {
        /** By rule name. */
        RULE,
        /** By rule name, of which no detection has one. */
        MISS,
        /** By one of the detection's five tags. */
        TAG,
        /** By rule name and a condition. */
        WHERE,
        /** By rule name; the set has answered for this process a moment ago, so there is nothing to plan. */
        COOLDOWN
    }

    private static final int DETECTIONS = 10_000;
    private static final NodeRef NODE = new NodeRef("node-1");

    @Param({"10", "1000", "10000"})
    private int sets;

    @Param
    private @Nullable Kind kind;

    private final List<Detection> detections = new ArrayList<>();
    private final Map<String, List<Trigger>> byHand = new HashMap<>();
    private @Nullable DroolsCorrelator correlator;
    private @Nullable Planner planner;
    private Supplier<String> ids = () -> "";
    private int next;

    @Setup(org.openjdk.jmh.annotations.Level.Trial)
    public void load() {
        // Outside Quarkus nobody sets a level, and Drools would trace each fact: two thirds of the time.
        Logger.getLogger("org.drools").setLevel(Level.INFO);
        Kind chosen = kind == null ? Kind.RULE : kind;
        List<ActionSet> all = new ArrayList<>();
        for (int i = 0; i < sets; i++) {
            all.add(actionSet(i, chosen));
        }
        for (int i = 0; i < DETECTIONS; i++) {
            detections.add(detection(i, sets, chosen));
        }
        ActionSets loaded = new ActionSets(all);
        RuleBook book = loaded.ruleBook();
        for (Trigger trigger : book.triggers()) {
            Selector selector = trigger.pattern().selectors().getFirst();
            List<String> keys = selector.rules().isEmpty()
                    ? selector.tags().stream().map(List::getFirst).toList()
                    : selector.rules();
            keys.forEach(
                    key -> byHand.computeIfAbsent(key, k -> new ArrayList<>()).add(trigger));
        }
        long[] last = {0};
        ids = () -> Long.toString(++last[0], 36);
        correlator = new DroolsCorrelator(book, ids);
        planner = new Planner(loaded, Mode.ENFORCE, ids);
    }

    @TearDown(org.openjdk.jmh.annotations.Level.Trial)
    public void unload() {
        if (correlator != null) {
            correlator.close();
        }
    }

    @Benchmark
    public @Nullable ResponsePlan drools() {
        Detection detection = detections.get(next());
        return plan(correlator, detection);
    }

    @Benchmark
    public @Nullable ResponsePlan handWritten() {
        Detection detection = detections.get(next());
        return plan(this::lookUp, detection);
    }

    private int next() {
        next = next + 1 == DETECTIONS ? 0 : next + 1;
        return next;
    }

    private @Nullable ResponsePlan plan(@Nullable Source incidents, Detection detection) {
        ResponsePlan last = null;
        if (incidents != null && planner != null) {
            for (Incident incident : incidents.accept(detection)) {
                last = planner.planFor(incident);
            }
        }
        return last;
    }

    /** What the one does with Drools and the other by hand. */
    @FunctionalInterface
    private interface Source {
        List<Incident> accept(Detection detection);
    }

    private @Nullable ResponsePlan plan(@Nullable Correlator drools, Detection detection) {
        return drools == null
                ? null
                : plan((Source) seen -> drools.accept(seen, Instant.now()).incidents(), detection);
    }

    private List<Incident> lookUp(Detection detection) {
        List<String> names = new ArrayList<>(2);
        add(byHand.get(detection.rule()), detection, names);
        for (String tag : detection.tags()) {
            add(byHand.get(tag), detection, names);
        }
        return names.isEmpty()
                ? List.of()
                : List.of(AnIncident.of(ids.get(), Instant.now(), names, List.of(), List.of(detection)));
    }

    private static void add(@Nullable List<Trigger> triggers, Detection detection, List<String> names) {
        if (triggers == null) {
            return;
        }
        for (Trigger trigger : triggers) {
            Selector selector = trigger.pattern().selectors().getFirst();
            if ((selector.priorities().isEmpty() || selector.priorities().contains(detection.priority()))
                    && selector.where()
                            .map(where -> where.condition().test(detection))
                            .orElse(true)) {
                names.add(trigger.name());
            }
        }
    }

    private static ActionSet actionSet(int i, Kind kind) {
        String name = "answer-" + i;
        String wanted = "p" + i;
        Trigger trigger = new Trigger(
                name,
                new Pattern.One(new Selector(
                        kind == Kind.TAG ? List.of() : List.of(ruleName(i)),
                        kind == Kind.TAG ? List.of(List.of("tag-" + i)) : List.of(),
                        Selector.atLeast(Priority.NOTICE),
                        Optional.empty(),
                        kind == Kind.WHERE
                                ? Optional.of(new Selector.Where(
                                        "proc.name = " + wanted,
                                        d -> wanted.equals(d.fields().get("proc.name"))))
                                : Optional.empty())),
                kind == Kind.COOLDOWN
                        ? Optional.of(new Trigger.Cooldown(Trigger.Per.PROCESS, Duration.ofMinutes(10)))
                        : Optional.empty());
        return new ActionSet(
                name,
                new Place("bench.yaml", i + 1, 1),
                Map.of(),
                Mode.ENFORCE,
                trigger,
                List.of(
                        new ActionSet.Step(
                                "hold",
                                ActionTemplate.of(ActionType.PROCESS_SUSPEND),
                                Duration.ofSeconds(5),
                                List.of()),
                        new ActionSet.Step(
                                "stop",
                                ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "tree")),
                                Duration.ofSeconds(5),
                                List.of("hold"))),
                Set.of("proc.name"));
    }

    private static Detection detection(int i, int sets, Kind kind) {
        int set = (i * 7919) % sets;
        int pid = 100 + i;
        return new Detection(
                "d-" + i,
                Instant.parse("2026-11-23T15:04:05.678Z").plusMillis(i),
                "syscall",
                kind == Kind.MISS ? "Unanswered " + i % 100 : ruleName(set),
                Priority.CRITICAL,
                List.of("container", "maturity_stable", "mitre_execution", "process", "tag-" + set),
                "something happened (process=sh pid=" + pid + ")",
                Map.of("proc.name", "p" + set, "container.id", "0123456789ab"),
                List.of(new ProcessRef(NODE, pid, pid * 1000L), new ContainerRef(NODE, "c" + pid)));
    }

    private static String ruleName(int i) {
        return "Something that should not happen, number " + i;
    }

    /** The table. */
    public static void main(String... args) throws RunnerException {
        int forks = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        int iterations = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        long seconds = args.length > 2 ? Long.parseLong(args[2]) : 1;
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(PlannerBenchmark.class.getSimpleName())
                        .forks(forks)
                        .jvmArgsAppend("-Xms1g", "-Xmx1g", "-XX:+UseSerialGC")
                        .warmupIterations(iterations)
                        .warmupTime(TimeValue.seconds(seconds))
                        .measurementIterations(iterations)
                        .measurementTime(TimeValue.seconds(seconds))
                        .build())
                .run();
        Map<String, String> cells = new TreeMap<>();
        for (RunResult result : results) {
            String key = result.getParams().getParam("kind") + " "
                    + result.getParams().getParam("sets") + " "
                    + result.getPrimaryResult().getLabel();
            cells.put(
                    key,
                    String.format(
                            Locale.ROOT, "%,14.0f", result.getPrimaryResult().getScore()));
        }
        System.out.printf("%n%-10s %8s %14s %14s   detections/s%n", "chosen by", "sets", "Drools", "by hand");
        for (Kind kind : Kind.values()) {
            for (String sets : List.of("10", "1000", "10000")) {
                System.out.printf(
                        "%-10s %8s %s %s%n",
                        kind,
                        sets,
                        cells.getOrDefault(kind + " " + sets + " drools", "-"),
                        cells.getOrDefault(kind + " " + sets + " handWritten", "-"));
            }
        }
    }
}
