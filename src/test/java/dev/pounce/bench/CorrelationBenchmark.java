package dev.pounce.bench;

import dev.pounce.action.ActionType;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
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
 * What patterns over time cost: from a detection to the finished plan, if it completes something, on one thread; a detection
 * each millisecond, windows of five minutes. Then the heap of a key of which a sequence has been half seen, and how long
 * a reload of 10,000 sets takes.
 *
 * <p>Aim: 200,000 detections a second with a sequence, a count and a cooldown over 10,000 keys.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class CorrelationBenchmark {

    /** What the sets wait for. */
    public enum Kind {
        /** A third of the detections for each of a sequence of three, a count of ten and a cooldown. */
        MIXED,
        /** All detections for a sequence of three, in any order; so most leave something half seen. */
        SEQUENCE
    }

    private static final int DETECTIONS = 500_000;
    private static final NodeRef NODE = new NodeRef("node-1");
    private static final Instant START = Instant.parse("2026-11-23T15:04:05.678Z");
    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final List<String> BY = List.of("container.id");

    @Param({"10000", "100000"})
    private int keys;

    @Param
    private @Nullable Kind kind;

    private final List<Detection> detections = new ArrayList<>();
    private @Nullable DroolsCorrelator correlator;
    private @Nullable Planner planner;
    private int next;
    private long millis;

    @Setup(org.openjdk.jmh.annotations.Level.Trial)
    public void load() {
        // Outside Quarkus nobody sets a level, and Drools would trace each fact: two thirds of the time.
        Logger.getLogger("org.drools").setLevel(Level.INFO);
        Random random = new Random(4);
        for (int i = 0; i < DETECTIONS; i++) {
            String rule =
                    switch (kind == Kind.SEQUENCE ? 0 : i % 3) {
                        case 0 -> "step " + random.nextInt(3);
                        case 1 -> "counted";
                        default -> "answered";
                    };
            detections.add(detection(i, rule, random.nextInt(keys)));
        }
        ActionSets sets = new ActionSets(List.of(
                actionSet(new Trigger("sequence", sequence(), Optional.empty())),
                actionSet(
                        new Trigger("count", new Pattern.Count(selector("counted"), 10, WINDOW, BY), Optional.empty())),
                actionSet(new Trigger(
                        "cooldown",
                        new Pattern.One(selector("answered")),
                        Optional.of(new Trigger.Cooldown(Trigger.Per.CONTAINER, Duration.ofMinutes(10)))))));
        Supplier<String> ids = ids();
        correlator = new DroolsCorrelator(sets.ruleBook(), ids);
        planner = new Planner(sets, Mode.ENFORCE, ids);
    }

    @TearDown(org.openjdk.jmh.annotations.Level.Trial)
    public void unload() {
        if (correlator != null) {
            correlator.close();
        }
    }

    @Benchmark
    public @Nullable ResponsePlan correlated() {
        ResponsePlan last = null;
        if (correlator != null && planner != null) {
            next = next + 1 == DETECTIONS ? 0 : next + 1;
            Instant now = START.plusMillis(++millis);
            for (Incident incident :
                    correlator.accept(detections.get(next), now).incidents()) {
                last = planner.planFor(incident);
            }
            if (millis % 1000 == 0) {
                correlator.elapsed(now);
            }
        }
        return last;
    }

    private static Pattern sequence() {
        return new Pattern.Sequence(List.of(selector("step 0"), selector("step 1"), selector("step 2")), WINDOW, BY);
    }

    private static Selector selector(String rule) {
        return new Selector(List.of(rule), List.of(), Set.of(), Optional.empty(), Optional.empty());
    }

    private static Supplier<String> ids() {
        long[] last = {0};
        return () -> Long.toString(++last[0], 36);
    }

    private static ActionSet actionSet(Trigger trigger) {
        return new ActionSet(
                trigger.name(),
                new Place("bench.yaml", 1, 1),
                Map.of(),
                Mode.ENFORCE,
                trigger,
                List.of(new ActionSet.Step(
                        "stop",
                        ActionTemplate.of(ActionType.PROCESS_KILL, Map.of("scope", "tree")),
                        Duration.ofSeconds(5),
                        List.of())),
                Set.of("proc.name"));
    }

    private static Detection detection(int i, String rule, int key) {
        return new Detection(
                "d-" + i,
                Instant.MAX, // whatever the clock shows
                "syscall",
                rule,
                Priority.CRITICAL,
                List.of("container", "maturity_stable", "mitre_execution", "process"),
                "something happened",
                Map.of("proc.name", "sh", "container.id", "c" + key),
                List.of(new ProcessRef(NODE, 100 + key, key * 1000L), new ContainerRef(NODE, "c" + key)));
    }

    /** The table. */
    public static void main(String... args) throws RunnerException {
        int forks = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        int iterations = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        long seconds = args.length > 2 ? Long.parseLong(args[2]) : 2;
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(CorrelationBenchmark.class.getSimpleName())
                        .forks(forks)
                        .jvmArgsAppend("-Xms1g", "-Xmx1g", "-XX:+UseSerialGC")
                        .warmupIterations(iterations)
                        .warmupTime(TimeValue.seconds(seconds))
                        .measurementIterations(iterations)
                        .measurementTime(TimeValue.seconds(seconds))
                        .build())
                .run();
        System.out.printf("%n%-10s %8s %14s   detections/s%n", "pattern", "keys", "Drools");
        for (RunResult result : results) {
            System.out.printf(
                    Locale.ROOT,
                    "%-10s %8s %,14.0f%n",
                    result.getParams().getParam("kind"),
                    result.getParams().getParam("keys"),
                    result.getPrimaryResult().getScore());
        }
        Logger.getLogger("org.drools").setLevel(Level.INFO);
        System.out.printf(
                Locale.ROOT, "%nheap of a half-seen sequence: %,d bytes a key, detections not counted%n", heapOfAKey());
        System.out.printf(Locale.ROOT, "reload of 10,000 sequences: %,d ms%n", reload());
    }

    private static long heapOfAKey() {
        int many = 100_000;
        List<Detection> seen = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            seen.add(detection(i, "step 0", i));
        }
        try (DroolsCorrelator correlator =
                new DroolsCorrelator(RuleBook.of(new Trigger("set", sequence(), Optional.empty())), ids())) {
            long before = heap();
            seen.forEach(detection -> correlator.accept(detection, START));
            return (heap() - before) / many;
        }
    }

    @SuppressWarnings("SystemGc") // what is left behind it is what is measured
    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** The fastest of five, as after some reloads. */
    private static long reload() {
        List<Trigger> triggers = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            triggers.add(new Trigger(
                    "set-" + i,
                    new Pattern.Sequence(List.of(selector("a" + i), selector("b" + i)), WINDOW, BY),
                    Optional.empty()));
        }
        RuleBook book = new RuleBook(triggers);
        long best = Long.MAX_VALUE;
        try (DroolsCorrelator correlator = new DroolsCorrelator(book, ids())) {
            for (int i = 0; i < 5; i++) {
                long start = System.nanoTime();
                correlator.prepare(book).run();
                correlator.elapsed(START);
                best = Math.min(best, System.nanoTime() - start);
            }
        }
        return TimeUnit.NANOSECONDS.toMillis(best);
    }
}
