package dev.pounce.audit;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.correlation.AnIncident;
import dev.pounce.correlation.Incident;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.guard.Verdict;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Entries for tests. */
final class Entries {

    static final Instant NOON = Instant.parse("2026-11-23T12:00:00.123456Z");
    static final NodeRef NODE = new NodeRef("worker-1");
    static final ProcessRef MINER = new ProcessRef(NODE, 4711, 123_456_789_012L);
    static final ProcessRef MINER_SINCE_6_9 = new ProcessRef(NODE, 4711, 123_456_789_012L, (1L << 40) + 7);
    static final ContainerRef CART = new ContainerRef(NODE, "0123456789abcdef".repeat(4));
    static final Action KILL = new Action.KillProcess(MINER, Action.Scope.TREE, Optional.of(CART));

    private Entries() {}

    static Detection detection(String id, Map<String, @Nullable Object> fields, String output) {
        return new Detection(
                id,
                NOON,
                "syscall",
                "Run miner",
                Priority.CRITICAL,
                List.of("mitre_impact"),
                output,
                fields,
                List.of(MINER, CART));
    }

    static Detection detection(String id) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("proc.cmdline", "xmrig -o \"pool\" \\ \n\u0007 ünï 😀");
        fields.put("proc.pid", 4711L);
        fields.put("fd.sport", null);
        fields.put("evt.failed", false);
        fields.put("proc.aname", Arrays.asList("sh", "node"));
        return detection(id, fields, "A miner ran (cmdline=xmrig)");
    }

    static ResponsePlan plan(String response, String... detections) {
        Incident incident = AnIncident.of(
                "inc-" + response,
                NOON,
                List.of("contain-miner"),
                List.of(new Incident.CoolingDown("hold", "cart", NOON)),
                Arrays.stream(detections).map(Entries::detection).toList());
        return new ResponsePlan(
                response,
                incident,
                List.of(new ResponsePlan.Step(
                        "contain-miner/stop",
                        "contain-miner",
                        KILL,
                        Mode.ENFORCE,
                        Duration.ofSeconds(5),
                        "rule 'Run miner' fired in container cart")),
                List.of(new ResponsePlan.LeftOut("hold", "suspend", "killing makes suspending pointless")));
    }

    static List<JournalEntry> wholeStory(String response) {
        String step = "contain-miner/stop";
        return List.of(
                new JournalEntry.DetectionSeen(detection("det-" + response)),
                new JournalEntry.Planned(plan(response, "det-" + response)),
                new JournalEntry.Judged(response, step, new Verdict.Allow()),
                new JournalEntry.Intended(response, step, KILL, NOON.plusSeconds(5)),
                new JournalEntry.Ended(
                        response,
                        step,
                        new Outcome.Done("3 processes of tree of process/4711 dead after 0.4 ms"),
                        new StageTimings(80, 120, 15, 60, 400)));
    }

    /** One of each kind. */
    static List<JournalEntry> ofEveryKind() {
        var files = List.of(new JournalEntry.LoadedFile("actionsets/contain.yaml", "ab".repeat(32)));
        return List.of(
                new JournalEntry.EngineStarted("0.1.0", "worker-1", Mode.ENFORCE, files),
                new JournalEntry.ConfigurationLoaded(files),
                new JournalEntry.ProbeChanged("armed", "tier B"),
                new JournalEntry.DetectionSeen(detection("d1")),
                new JournalEntry.Planned(plan("r1", "d1")),
                new JournalEntry.Judged("r1", "s1", new Verdict.Allow()),
                new JournalEntry.Judged("r1", "s2", new Verdict.Deny("budget", "20 steps in 1 m")),
                new JournalEntry.Judged("r1", "s3", new Verdict.Rehearse("the mode is dry-run")),
                new JournalEntry.UndoScheduled("r1", "s1", new Action.ResumeProcess(MINER), NOON),
                new JournalEntry.Intended("r1", "s1", new Action.SuspendProcess(MINER), NOON),
                new JournalEntry.Ended("r1", "s1", new Outcome.Failed("EPERM", false), StageTimings.NONE),
                new JournalEntry.Recovered("r1", "s1", JournalEntry.Resolution.NOT_DONE, "alive"),
                new JournalEntry.Undone("r1", "s1", new Outcome.AlreadySo("running")),
                new JournalEntry.DetectionsRepeated(
                        "Rule \"R\"", "process/7", 12, Instant.EPOCH, Instant.EPOCH.plusSeconds(1)),
                new JournalEntry.BudgetTripped("contain-miner", "20 steps in 1m"),
                new JournalEntry.Rearmed("contain-miner", "ada"),
                new JournalEntry.LossNoticed("open", 12),
                new JournalEntry.TornTailCut("00000000000000000001.jsonl", 17),
                new JournalEntry.DamageFound("00000000000000000001.jsonl", "cut"),
                new JournalEntry.SegmentsExpired(7, "cd".repeat(32)),
                new JournalEntry.EngineStopped("asked to"));
    }

    static JournalEntry random(Random random) {
        List<JournalEntry> kinds = ofEveryKind();
        if (random.nextInt(3) > 0) {
            return kinds.get(random.nextInt(kinds.size() - 2));
        }
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(60); i > 0; i--) {
            text.append((char) (random.nextInt(8) == 0 ? random.nextInt(65536) : 32 + random.nextInt(95)));
        }
        return new JournalEntry.ProbeChanged("blind", text.toString());
    }
}
