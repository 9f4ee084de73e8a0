package dev.pounce;

import dev.pounce.action.Action;
import dev.pounce.action.process.ProcessActuator;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.FileJournal;
import dev.pounce.correlation.DroolsCorrelator;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Detector;
import dev.pounce.detection.EventView;
import dev.pounce.detection.FalcoJson;
import dev.pounce.detection.MatchMode;
import dev.pounce.detection.ProbeFields;
import dev.pounce.detection.TimeOrderedIds;
import dev.pounce.detection.UserNames;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.guard.Guard;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.ModeGuard;
import dev.pounce.guard.ProcFacts;
import dev.pounce.guard.ProtectedSetGuard;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.FrameDecoder;
import dev.pounce.probe.ProbeEvent;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.probe.ProcessTable;
import dev.pounce.source.Problems;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Takes made-up events along the whole way, from the bytes of a frame to the journal, a few thousand times, so that the first
 * real answer is not ten times slower than the thousandth: the JVM compiles what it has seen running.
 *
 * <p>Everything on that way that has an effect is replaced: the journal is one in a temporary directory, the process table
 * is another one, and the target of the step has ended before. Nothing here touches what the engine knows. Takes about a
 * second of one processor; meant for a thread of its own, in the first second of a run.
 */
final class WarmUp {

    private static final int ROUNDS = 4_000;

    private static final String RULE = """
            - rule: Warm-up
              desc: fires on the made-up program
              condition: >
                evt.type in (execve, execveat) and proc.name exists and not proc.name in (a, b, c)
                and (proc.args startswith "-" or proc.exepath contains / or proc.cmdline exists)
              output: started (name=%proc.name path=%proc.exepath line=%proc.cmdline parent=%proc.pname container=%container.id)
              priority: DEBUG
            """;

    private static final String ACTION_SET = """
            apiVersion: pounce.dev/v1
            kind: ActionSet
            metadata: { name: warm-up }
            spec:
              mode: enforce
              when: { detection: { rules: [Warm-up] } }
              steps: [{ id: kill, process.kill: { scope: process } }]
            """;

    private static final Logger LOG = Logger.getLogger(WarmUp.class);

    private final Policy policy;
    private final ProcessActuator processes;
    private final NodeRef node;
    private long made;

    /** @param policy whose rules the events are shown to as well; what they find is thrown away */
    WarmUp(Policy policy, ProcessActuator processes, NodeRef node) {
        this.policy = policy;
        this.processes = processes;
        this.node = node;
    }

    void run() throws IOException {
        Path scratch = Files.createTempDirectory("pounce-warm-up");
        try (FileJournal journal = FileJournal.open(scratch, Clock.systemUTC())) {
            run(scratch, journal);
        } finally {
            remove(scratch);
        }
    }

    private void run(Path scratch, FileJournal journal) throws IOException {
        Clock clock = Clock.systemUTC();
        TimeOrderedIds ids = new TimeOrderedIds(clock, new Random());
        ProcSnapshot noProcesses = new ProcSnapshot(scratch);
        ProcessTable table = new ProcessTable(noProcesses, new ContainerIds(ContainerStates.NONE, Set.of(), Set.of()));
        ProbeFields fields =
                new ProbeFields(node, table, new UserNames(scratch, scratch, System::nanoTime), ZoneId.systemDefault());
        ActionSets sets = actionSets();
        Detector<EventView> firing = detector(ruleSet(), fields, ids);
        Detector<EventView> real = detector(policy.rules(), fields, ids);
        FalcoJson json = new FalcoJson(node.name(), ZoneId.systemDefault());
        Guard protectedSet = new ProtectedSetGuard(new ProcFacts());
        ResponsePlan.Step harmless = step(new ProcessRef(node, someProcess(), 0));
        ProcessRef nobody = new ProcessRef(node, endedProcess(), 0);

        try (DroolsCorrelator correlator = new DroolsCorrelator(sets.ruleBook(), clock, ids)) {
            ResponsePipeline pipeline = new ResponsePipeline(
                    journal,
                    correlator,
                    new Planner(sets, Mode.ENFORCE, ids),
                    new GuardChain(List.of(new ModeGuard(), protectedSet)),
                    processes,
                    new Onlooker() {},
                    clock);
            FrameDecoder decoder = new FrameDecoder();
            ByteBuffer frames = frames();
            for (int round = 0; round < ROUNDS; round++) {
                frames.rewind();
                while (frames.hasRemaining()) {
                    if (!(decoder.next(frames) instanceof ProbeEvent event)) {
                        throw new IllegalStateException("a golden frame is no event");
                    }
                    EventView view = new EventView(event, table.accept(event), 1, round);
                    real.detect(view, found -> made++);
                    firing.detect(view, found -> {
                        pipeline.on(about(found, nobody));
                        made += json.line(found).length();
                    });
                }
                made += protectedSet.judge(harmless) instanceof Verdict.Allow ? 1 : 0;
            }
        }
        LOG.debugv("Warmed up ({0})", made); // said, so that the compiler cannot leave out what nobody wants
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
                new ActionSetReader(Policy.whereIn(RuleSet.empty())).read("warm-up", ACTION_SET, problems));
        if (!problems.all().isEmpty()) {
            throw new IllegalStateException("our own action set is wrong: " + problems.all());
        }
        return sets;
    }

    /** One frame of each kind, as the probe's own tests write them. */
    private static ByteBuffer frames() throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (String kind : List.of("fork", "exec", "open", "connect-v4", "exit")) {
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

    /** Any that is alive, to be looked at only. */
    private static int someProcess() {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> pid > 1 && pid != ProcessHandle.current().pid())
                .findFirst()
                .map(Math::toIntExact)
                .orElse(2);
    }

    /** The pid of a child that was here and is gone. Should the kernel have given it away since, the start time differs. */
    private static int endedProcess() throws IOException {
        Process child = new ProcessBuilder("/bin/true").start();
        try {
            child.waitFor();
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        return Math.toIntExact(child.pid());
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> entries = Files.walk(directory)) {
            for (Path entry : entries.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(entry);
            }
        }
    }
}
