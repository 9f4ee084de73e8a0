package dev.pounce;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.action.process.ProcessActuator;
import dev.pounce.asset.Answer;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.FileJournal;
import dev.pounce.audit.StageTimings;
import dev.pounce.correlation.DroolsCorrelator;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Detector;
import dev.pounce.detection.EventView;
import dev.pounce.detection.FalcoJson;
import dev.pounce.detection.MatchMode;
import dev.pounce.detection.ProbeFields;
import dev.pounce.detection.TimeOrderedIds;
import dev.pounce.detection.UserNames;
import dev.pounce.detection.language.ProbeInterest;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.ProcFacts;
import dev.pounce.guard.ProcessFacts.Facts;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.ProbeListener;
import dev.pounce.probe.ProbeStream;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.probe.ProcessTable;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Takes made-up events along the whole way, from the probe's socket to the signal, a few thousand times, so that the first
 * real answer is not ten times slower than the thousandth: the JVM compiles what it has seen running.
 *
 * <p>Everything on that way that has an effect is replaced: the journal is one in a directory of its own, the process table
 * is another one, and the signal is signal 0, which reaches nobody. Nothing here touches what the engine knows. Takes three to
 * five seconds of one processor; on a thread of its own beside the first events, because
 * armed early and a little slow is better than blind for seconds longer.
 *
 * <p>The target is a process that is there, whosever it is: the compiler leaves out what it has not seen, and an engine that
 * has only ever missed would be slow when it hits.
 */
final class WarmUp implements AutoCloseable {

    /** So many that the second compiler has done its work too: half as many leave answers at half the speed. */
    private static final int ROUNDS = 12_000;

    private static final List<String> KINDS = List.of("fork", "exec", "open", "connect-v4", "exit");

    /** Sent and not seen yet: more than a few, or it would take longer to wake each other than to do the work. */
    private static final int EVENTS_AHEAD = 8 * KINDS.size();

    /** Responses whose end is awaited; each holds a descriptor for a millisecond. */
    private static final int AT_ONCE = 64;

    private static final long NANOS_PER_TICK = 10_000_000;

    private static final String RULE = """
            - rule: Warm-up
              desc: fires on the made-up program
              condition: >
                evt.type in (execve, execveat) and proc.name exists and not proc.name in (a, b, c)
                and (proc.args startswith "-" or proc.exepath contains / or proc.cmdline exists)
              output: started (name=%proc.name path=%proc.exepath line=%proc.cmdline parent=%proc.pname container=%container.id)
              priority: DEBUG
            - rule: Warm-up in short
              desc: the same for a rule with little to say
              condition: evt.type = execve and proc.name exists
              output: started | %proc.cmdline
              priority: WARNING
              tags: [warm, up]
            """;

    /** The second one, so that half-seen patterns and steps that two sets want have been met as well. */
    private static final String ACTION_SETS = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: warm-up }
            spec:
              mode: enforce
              when: { detection: { rules: [Warm-up, Warm-up in short] } }
              steps: [{ id: kill, process.kill: { scope: process }, within: 1ms }]
            ---
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: warm-up-too }
            spec:
              mode: enforce
              when: { sequence: [{ rules: [Warm-up] }, { rules: [Warm-up in short] }], within: 1m }
              steps: [{ id: kill, process.kill: { scope: process }, within: 1ms }]
            """;

    private static final Logger LOG = Logger.getLogger(WarmUp.class);

    private final Policy policy;
    private final NodeRef node;
    private final Path scratch;
    private final Consumer<Runnable> channel;
    private final Thread thread = Thread.ofPlatform().daemon().name("warm-up").unstarted(this::runAndSay);
    private volatile boolean closed;
    private long made; // of the thread that reads the events

    /**
     * @param policy whose rules the events are shown to as well; what they find is thrown away
     * @param scratch a directory that is made and removed again; one that a killed engine left behind is replaced
     * @param channel runs what it is given on the caller's thread, by way of a channel like that of detections
     */
    static WarmUp start(Policy policy, NodeRef node, Path scratch, Consumer<Runnable> channel) {
        WarmUp warmUp = new WarmUp(policy, node, scratch, channel);
        warmUp.thread.start();
        return warmUp;
    }

    private WarmUp(Policy policy, NodeRef node, Path scratch, Consumer<Runnable> channel) {
        this.policy = policy;
        this.node = node;
        this.scratch = scratch;
        this.channel = channel;
    }

    /** Ends it early, and waits for at most two seconds for it to clean up. */
    @Override
    public void close() {
        closed = true;
        try {
            thread.join(2_000);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private void runAndSay() {
        try {
            run();
        } catch (IOException | RuntimeException notWarm) {
            LOG.warnv(
                    notWarm, "The engine could not be warmed up: its first answers will take some milliseconds longer");
        }
    }

    private void run() throws IOException {
        remove(scratch);
        try (FileJournal journal = FileJournal.open(scratch, Clock.systemUTC())) {
            run(journal);
        } finally {
            remove(scratch);
        }
    }

    private void run(FileJournal journal) throws IOException {
        Clock clock = Clock.systemUTC();
        TimeOrderedIds ids = new TimeOrderedIds(clock, new Random());
        ProcSnapshot noProcesses = new ProcSnapshot(scratch);
        ProcessTable table = new ProcessTable(noProcesses, new ContainerIds(ContainerStates.NONE, Set.of(), Set.of()));
        UserNames users = new UserNames(scratch, scratch, System::nanoTime);
        ProbeFields fields = new ProbeFields(node, table, users, ZoneId.systemDefault());
        ActionSets sets = actionSets();
        Detector<EventView> firing = detector(ruleSet(), fields, ids);
        Detector<EventView> real = detector(policy.rules(), fields, ids);
        FalcoJson json = new FalcoJson(node.name(), ZoneId.systemDefault());
        ProcFacts facts = new ProcFacts();
        GuardChain guards = GuardChain.standard(facts, clock);
        ProcessRef somebody = somebody(facts, guards);
        AtomicLong responses = new AtomicLong();
        Semaphore underWay = new Semaphore(AT_ONCE);

        try (users;
                DroolsCorrelator correlator = new DroolsCorrelator(sets.ruleBook(), ids);
                ProcessActuator silent = ProcessActuator.silent(clock)) {
            ResponsePipeline pipeline = new ResponsePipeline(
                    journal,
                    correlator,
                    new Planner(sets, Mode.ENFORCE, ids),
                    guards,
                    silent,
                    new Onlooker() {
                        @Override
                        public void ended(
                                ResponsePlan plan,
                                ResponsePlan.Step step,
                                Verdict verdict,
                                Outcome outcome,
                                StageTimings timings) {
                            underWay.release();
                        }
                    },
                    clock);
            Consumer<Detection> answer = found -> {
                // Another one for the cooldown, and the same within the tick that the kernel shows
                long start = somebody.startTimeNanos() + responses.incrementAndGet();
                await(underWay, 1);
                pipeline.on(about(found, new ProcessRef(node, somebody.pid(), start)));
                made += json.line(found).length();
            };
            Semaphore seen = new Semaphore(EVENTS_AHEAD);
            rehearse(scratch.resolve("run").resolve("probe.sock"), seen, event -> {
                EventView view = new EventView(event, table.accept(event), 1, made);
                real.detect(view, found -> made++);
                firing.detect(view, found -> channel.accept(() -> answer.accept(found)));
                seen.release();
            });
            await(underWay, AT_ONCE); // what is still awaited wants to be written down
        }
        LOG.debugv("Warmed up ({0})", made); // said, so that the compiler cannot leave out what nobody wants
    }

    /** Plays the probe that sends so many events. */
    private void rehearse(Path socket, Semaphore seen, ProbeListener events) throws IOException {
        ByteBuffer frames = frames(KINDS);
        try (ProbeStream stream = ProbeStream.open(socket, ProbeInterest.of(policy.rules()), events);
                SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            write(frames(List.of("hello")), probe);
            for (int round = 0; round < ROUNDS && !closed; round++) {
                await(seen, KINDS.size());
                write(frames.rewind(), probe);
            }
            await(seen, EVENTS_AHEAD);
        }
    }

    private static void write(ByteBuffer frames, SocketChannel probe) throws IOException {
        while (frames.hasRemaining()) {
            int ignored = probe.write(frames);
        }
    }

    private static void await(Semaphore semaphore, int count) {
        try {
            if (!semaphore.tryAcquire(count, 10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nothing has moved for ten seconds");
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", hurried);
        }
    }

    private static Detection about(Detection found, ProcessRef target) {
        return new Detection(
                found.id(),
                found.time(),
                found.source(),
                found.rule(),
                found.priority(),
                found.tags(),
                found.output(),
                found.fields(),
                List.of(target));
    }

    private ResponsePlan.Step step(ProcessRef target) {
        Action kill = new Action.KillProcess(target, Action.Scope.PROCESS, Optional.empty());
        return new ResponsePlan.Step("warm-up/kill", "warm-up", kill, Mode.ENFORCE, Duration.ofSeconds(1), "");
    }

    private Detector<EventView> detector(RuleSet rules, ProbeFields fields, TimeOrderedIds ids) {
        return new Detector<>(rules, "syscall", fields, new EventViews(node, fields), MatchMode.ALL, ids, Set.of());
    }

    private static RuleSet ruleSet() {
        RuleFileReader reader = new RuleFileReader();
        reader.read("warm-up", RULE);
        RuleFileReader.Outcome read = reader.finish();
        return read.rules().orElseThrow(() -> new IllegalStateException("our own rule is wrong: " + read.problems()));
    }

    private static ActionSets actionSets() {
        Problems problems = new Problems();
        ActionSets sets = new ActionSets(
                new ActionSetReader(Policy.whereIn(RuleSet.empty())).read("warm-up", ACTION_SETS, problems));
        if (!problems.all().isEmpty()) {
            throw new IllegalStateException("our own action set is wrong: " + problems.all());
        }
        return sets;
    }

    /** One frame of each, as the probe's own tests write them. */
    private static ByteBuffer frames(List<String> kinds) throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (String kind : kinds) {
            try (InputStream golden = WarmUp.class.getResourceAsStream("warm-up/" + kind + ".bin")) {
                if (golden == null) {
                    throw new IOException("warm-up/" + kind + ".bin is missing from the build");
                }
                all.add(golden.readAllBytes());
            }
        }
        ByteBuffer frames = ByteBuffer.allocateDirect(
                        all.stream().mapToInt(frame -> frame.length).sum())
                .order(ByteOrder.LITTLE_ENDIAN);
        all.forEach(frames::put);
        return frames.flip();
    }

    /** One that is alive and that the guards would allow; ourselves if there is none, and then it ends at the guards. */
    private ProcessRef somebody(ProcFacts facts, GuardChain guards) {
        return ProcessHandle.allProcesses()
                .map(process -> facts.about(Math.toIntExact(process.pid())))
                .filter(Answer.Known.class::isInstance)
                .map(answer -> ((Answer.Known<Facts>) answer).value())
                .filter(known -> !known.ended())
                .map(known -> new ProcessRef(node, known.pid(), known.startTimeTicks() * NANOS_PER_TICK))
                .filter(process -> guards.judge(step(process)) instanceof Verdict.Allow)
                .findFirst()
                .orElseGet(() -> new ProcessRef(node, facts.self(), 0));
    }

    private static void remove(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> entries = Files.walk(directory)) {
            for (Path entry : entries.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(entry);
            }
        }
    }
}
