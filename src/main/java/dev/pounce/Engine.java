package dev.pounce;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.action.process.ProcessActuator;
import dev.pounce.asset.Asset;
import dev.pounce.asset.NodeRef;
import dev.pounce.audit.AlertKeys;
import dev.pounce.audit.FileJournal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalReader;
import dev.pounce.audit.JournalScan;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.audit.OpenContainments;
import dev.pounce.audit.OpenIntents;
import dev.pounce.audit.OpenPlans;
import dev.pounce.audit.OpenUndos;
import dev.pounce.audit.RecordedEntry;
import dev.pounce.audit.StageTimings;
import dev.pounce.audit.TrippedBudgets;
import dev.pounce.cluster.AssetCompletion;
import dev.pounce.cluster.OwnPlace;
import dev.pounce.cluster.OwnResources;
import dev.pounce.correlation.DroolsCorrelator;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Detector;
import dev.pounce.detection.EventView;
import dev.pounce.detection.MatchMode;
import dev.pounce.detection.ProbeFields;
import dev.pounce.detection.TimeOrderedIds;
import dev.pounce.detection.UserNames;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.detection.language.ProbeInterest;
import dev.pounce.detection.language.Rule;
import dev.pounce.guard.BlastRadiusGuard;
import dev.pounce.guard.BudgetGuard;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.Permissions;
import dev.pounce.guard.ProcFacts;
import dev.pounce.guard.ProtectedSetGuard;
import dev.pounce.intake.AdmissionServer;
import dev.pounce.intake.Alert;
import dev.pounce.intake.AlertKey;
import dev.pounce.intake.AlertServer;
import dev.pounce.intake.FalcoAlerts;
import dev.pounce.intake.Intake;
import dev.pounce.intake.Listening;
import dev.pounce.intake.RecentAlerts;
import dev.pounce.intake.Token;
import dev.pounce.planning.ActionSet;
import dev.pounce.planning.ActionSetReader;
import dev.pounce.planning.ActionSets;
import dev.pounce.planning.Planner;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.probe.BootClock;
import dev.pounce.probe.ContainerDescriptions;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.Later;
import dev.pounce.probe.NativeProbe;
import dev.pounce.probe.ProbeFilter;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.probe.ProcessTable;
import dev.pounce.source.Printable;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Everything that runs in one process beside the probe, made from its parts, started and stopped in order.
 *
 * <p>The parts are here from the beginning (the journal is open, what a crash left behind is resolved); events flow from
 * {@link #watch} on. The pipeline stands between the two and belongs to the channel that feeds it.
 */
public final class Engine implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Engine.class);
    private static final Duration UNDO_PATIENCE = Duration.ofSeconds(5);

    /** Longer than a response takes: what had begun earlier than that before the end of an engine had ended by then. */
    private static final Duration UNSETTLED = Duration.ofHours(6);

    private static final Duration ADMISSION_PATIENCE = Duration.ofSeconds(2);
    private static final int CERTIFICATE_SECONDS = 10;

    private static final Duration LATEST_RESUMPTION = Duration.ofHours(1);

    private final EngineSettings settings;
    private final Clock clock;
    private final TimeOrderedIds ids;
    private final Onlooker onlooker;
    private final FileJournal journal;
    private final DroolsCorrelator correlator;
    private final Planner planner;
    private final GuardChain guards;
    private final BudgetGuard budgets;
    private final ProcessActuator processes;
    private final Reach reach;
    private final Actuators actuators;
    private final Containments containments;
    private final ProcSnapshot proc = new ProcSnapshot(Path.of("/proc"));
    private final NodeRef node;
    private final ProcessTable table;
    private final ProbeFields fields;
    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("engine-later").factory());
    /** Files may hang (a network file system), and then must not keep the probe's watchdog from its work. */
    private final ScheduledExecutorService files = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("engine-files").factory());

    /** The API server may be slow, and then must not keep anything else from its work. */
    private final ScheduledExecutorService telling = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("engine-telling").factory());

    private final AtomicBoolean closed = new AtomicBoolean();
    private final Policy policy; // at the start
    private volatile List<OpenPlans.OpenPlan> cutShort = List.of(); // by a crash before
    private volatile @Nullable ProbeWatch watch;
    private volatile @Nullable NativeProbe probe;
    private volatile @Nullable Intake intake;
    private volatile @Nullable AlertServer server;
    private volatile @Nullable AdmissionServer admission;
    private volatile @Nullable ControlSocket control;
    private volatile @Nullable WarmUp warmUp;
    private final SetCounters counters = new SetCounters();
    private volatile Policy inForce;
    private final List<AutoCloseable> followers = new CopyOnWriteArrayList<>();
    private volatile @Nullable ResponsePipeline answering;
    private @Nullable Instant lookUntil; // the start's own

    /** @param stopped names of the action sets that had used up their budgets and were not re-armed */
    private Engine(
            EngineSettings settings,
            Policy policy,
            Clock clock,
            Onlooker onlooker,
            FileJournal journal,
            Reach reach,
            Set<String> stopped) {
        this.settings = settings;
        this.policy = policy;
        this.inForce = policy;
        this.clock = clock;
        this.onlooker = counters.beside(onlooker);
        this.journal = journal;
        this.ids = new TimeOrderedIds(clock, new SecureRandom());
        this.node = new NodeRef(settings.node());
        this.correlator = new DroolsCorrelator(policy.actionSets().ruleBook(), ids);
        ProcFacts facts = new ProcFacts();
        this.processes = new ProcessActuator(
                new ContainersOfProcesses(proc, containerIds()), new ProtectedSetGuard(facts)::objectionTo, clock);
        this.reach = reach;
        this.actuators = new Actuators(processes, reach.actuators());
        this.planner = new Planner(policy.actionSets(), settings.ceiling(), ids, actuators.known());
        this.containments = new Containments(journal, actuators, clock);
        this.budgets = new BudgetGuard(
                clock, stopped, (set, reason) -> journal.append(new JournalEntry.BudgetTripped(set, reason)));
        this.guards = reach.permissions()
                .map(rights -> GuardChain.standard(
                        facts, reach.facts(), OwnPlace.of(OwnPlace.TOKEN), rights, clock, actuators.known(), budgets))
                .orElseGet(() -> GuardChain.standard(facts, clock, actuators.known(), budgets));
        ContainerDescriptions containers = ContainerDescriptions.under(Path.of("/run"), settings.containerd());
        // Read as soon as a container is seen, so that no detection waits for it
        this.table = new ProcessTable(
                proc, ContainerIds.of(ContainerStates.under(Path.of("/run")), proc, containers::expect));
        this.fields = new ProbeFields(
                node,
                table,
                new UserNames(Path.of("/"), Path.of("/proc"), System::nanoTime),
                containers,
                ZoneId.systemDefault());
    }

    /**
     * Opens the journal, resolves what a crash left behind by looking at the world, and makes the parts.
     *
     * @throws dev.pounce.audit.JournalUnavailable when the state directory cannot be used, or another engine holds it
     */
    public static Engine open(EngineSettings settings, Policy policy, Clock clock, Onlooker onlooker) {
        Reach reach = Reach.of(
                settings, new ContainersOfProcesses(new ProcSnapshot(Path.of("/proc")), containerIds()), clock);
        FileJournal journal = FileJournal.open(settings.state(), clock);
        Instant ended = new JournalScan(settings.state()).lastTime().orElseGet(clock::instant);
        List<OpenIntents.OpenIntent> unfinished = OpenIntents.in(settings.state(), ended.minus(UNSETTLED));
        List<OpenUndos.OpenUndo> openUndos = OpenUndos.in(settings.state(), ended.minus(UNSETTLED));
        journal.append(new JournalEntry.EngineStarted(
                settings.version(), settings.node(), settings.ceiling(), policy.files()));
        Set<String> stopped = TrippedBudgets.in(settings.state());
        // Again, so that it does not expire with the segment in which it happened
        stopped.forEach(set -> journal.append(
                new JournalEntry.BudgetTripped(set, "it had used up its budget before the engine was started")));
        Engine engine = new Engine(settings, policy, clock, onlooker, journal, reach, stopped);
        engine.recall(ended);
        engine.processes.warmUp();
        for (JournalEntry.Recovered recovered : OpenIntents.resolve(unfinished, engine::observe, journal)) {
            LOG.warnv(
                    "Step {0} of response {1} was under way when the engine was killed: {2} ({3})",
                    recovered.step(),
                    recovered.response(),
                    recovered.resolution().display(),
                    Printable.of(recovered.reason()));
        }
        engine.cutShort = OpenPlans.in(settings.state(), ended.minus(UNSETTLED));
        engine.recallBudgets();
        engine.recallWhatWasTaken();
        engine.askForRights(policy.actionSets());
        OpenContainments.in(settings.state(), ended.minus(UNSETTLED)).forEach(engine::remember);
        engine.takeBack(openUndos);
        return engine;
    }

    /** A set that lacks a right is not armed, and that is said before it is needed. Blocks for the API server. */
    private void askForRights(ActionSets sets) {
        Optional<Permissions> permissions = reach.permissions();
        if (permissions.isEmpty()) {
            return;
        }
        Map<String, List<String>> before = permissions.get().missing();
        List<String> ofItselfBefore = permissions.get().missingOfItself();
        permissions.get().check(sets);
        if (!permissions.get().problem().isEmpty()) {
            LOG.warnv(
                    "What this engine may do could not be asked of the API server: {0}",
                    permissions.get().problem());
        }
        List<String> ofItself = permissions.get().missingOfItself();
        if (!ofItself.isEmpty() && !ofItself.equals(ofItselfBefore)) {
            LOG.errorv("What the engine needs for itself is not granted: {0}", String.join("; ", ofItself));
        }
        Map<String, List<String>> now = permissions.get().missing();
        now.forEach((set, reasons) -> {
            if (!reasons.equals(before.get(set))) {
                LOG.errorv("Action set {0} is not armed: {1}", set, String.join("; ", reasons));
            }
        });
        before.keySet().stream()
                .filter(set -> !now.containsKey(set))
                .forEach(set -> LOG.infov("Action set {0} has the rights that it lacked", set));
    }

    /** A restart is no way to a new budget. */
    private void recallBudgets() {
        Optional<Duration> longest = policy.actionSets().all().stream()
                .flatMap(set -> set.guards().budget().stream())
                .map(budget -> budget.per())
                .max(Comparator.naturalOrder());
        if (longest.isEmpty()) {
            return;
        }
        Instant since = clock.instant().minus(longest.get());
        new JournalReader(settings.state()).forEachSince(since, Set.of("intended", "rearmed")::contains, entry -> {
            if (entry.type().equals("rearmed")) {
                budgets.forgetSpent(entry.text("action_set"));
            } else if (!hasItsTurnAgain(entry)) {
                String step = entry.text("step");
                budgets.recall(step.substring(0, Math.max(0, step.lastIndexOf('/'))), entry.time());
            }
        });
    }

    private void recallWhatWasTaken() {
        OpenIntents.begun(settings.state(), clock.instant().minus(BlastRadiusGuard.WINDOW))
                .forEach(intent -> intent.action().ifPresent(action -> guards.recall(action, intent.time())));
    }

    /** Written again: what is in force must not expire with the journal's old segments. */
    private void remember(OpenContainments.OpenContainment open) {
        journal.append(new JournalEntry.UndoPrepared(open.response(), open.step(), open.undo(), open.due()));
        containments.recall(new Containments.Containment(
                open.response(), open.step(), open.undo(), open.since(), open.due(), Optional.empty()));
        guards.recall(open.undo().taken(), open.since());
    }

    /** It is charged when it is tried again. */
    private boolean hasItsTurnAgain(RecordedEntry entry) {
        return cutShort.stream()
                .anyMatch(open -> open.plan().id().equals(entry.text("response"))
                        && open.left().contains(entry.text("step")));
    }

    /** What was to be taken back when the engine ended is taken back now. */
    private void takeBack(List<OpenUndos.OpenUndo> open) {
        for (OpenUndos.OpenUndo undo : open) {
            undo.inverse().ifPresent(inverse -> {
                if (inverse instanceof Action.TakeBack) {
                    containments.takeBack(undo.response(), undo.step());
                } else {
                    actuators
                            .takeBack(inverse, clock.instant().plus(UNDO_PATIENCE))
                            .thenAccept(outcome ->
                                    journal.append(new JournalEntry.Undone(undo.response(), undo.step(), outcome)));
                }
            });
        }
    }

    /**
     * What had been half seen when the engine ended, and who had been answered, is still so. What it waited for and did
     * not come while none ran is answered, however long that was.
     *
     * @param ended the last that was heard of the one before
     */
    private void recall(Instant ended) {
        Duration memory = correlator.memory();
        if (memory.isZero()) {
            return;
        }
        Instant since = (ended.isBefore(clock.instant()) ? ended : clock.instant()).minus(memory);
        new JournalScan(settings.state()).forEach(Optional.of(since), Optional.empty(), moment -> {
            switch (moment) {
                case JournalScan.Moment.Seen seen -> correlator.recall(seen.detection(), seen.at());
                case JournalScan.Moment.Planned planned ->
                    planned.detections().stream()
                            .reduce((earlier, last) -> last)
                            .ifPresent(last -> correlator.answered(planned.triggers(), last, planned.at()));
                case JournalScan.Moment.Counted counted -> {}
                case JournalScan.Moment.Started started -> {}
            }
        });
    }

    private static ContainerIds containerIds() {
        ProcSnapshot proc = new ProcSnapshot(Path.of("/proc"));
        return ContainerIds.of(ContainerStates.under(Path.of("/run")), proc);
    }

    private Outcome observe(Action action) {
        // One deadline for all: a start after a burst must not take as long as the burst
        Instant until = lookUntil;
        if (until == null) {
            until = clock.instant().plus(UNDO_PATIENCE);
            lookUntil = until;
        }
        return actuators.observe(action, until);
    }

    FileJournal journal() {
        return journal;
    }

    DroolsCorrelator correlator() {
        return correlator;
    }

    Planner planner() {
        return planner;
    }

    /** As a command asks for it: the set's name and who asks; the answer is JSON. */
    private String rearm(String words) {
        String set = words.substring(0, Math.max(0, words.lastIndexOf(' ')));
        boolean stopped = budgets.tripped().contains(set);
        if (stopped) {
            journal.append(new JournalEntry.Rearmed(set, words.substring(set.length() + 1)));
            budgets.rearm(set);
        }
        return "{\"rearmed\":" + stopped + "}";
    }

    /** As a command asks for it: the beginning of a response's id, a step or {@code *}, and who asks. */
    private String release(String words) {
        String[] parts = words.split(" ", 3);
        if (parts.length < 3) {
            return "{\"error\":\"expected a response, a step and who asks\"}";
        }
        Set<String> responses = containments.all().stream()
                .map(Containments.Containment::response)
                .filter(id -> id.startsWith(parts[0]))
                .collect(Collectors.toUnmodifiableSet());
        Optional<String> step = parts[1].equals("*") ? Optional.empty() : Optional.of(parts[1]);
        return ContainmentJson.of(
                responses.size() == 1
                        ? containments
                                .release(responses.iterator().next(), step, parts[2])
                                .toCompletableFuture()
                                .join()
                        : Map.of());
    }

    GuardChain guards() {
        return guards;
    }

    Actuators actuators() {
        return actuators;
    }

    Containments containments() {
        return containments;
    }

    UnaryOperator<Detection> completion() {
        AssetCompletion known = new AssetCompletion(reach.facts());
        return seen -> {
            List<Asset> assets = known.complete(seen.assets(), seen.time());
            return assets.equals(seen.assets()) ? seen : seen.with(assets);
        };
    }

    String nodeName() {
        return settings.node();
    }

    Onlooker onlooker() {
        return onlooker;
    }

    Clock clock() {
        return clock;
    }

    /**
     * Starts the probe, and to look for changed files. A probe that cannot work is no reason to end: it is said, and
     * {@code pounce probe status} says it again.
     *
     * @param detections the channel; called on the probe's thread
     * @param pipeline what stands behind the channel
     * @param rehearsals a channel like it, which runs what it is given
     * @throws IOException when a socket in the state directory cannot be made
     */
    public void watch(Consumer<Detection> detections, ResponsePipeline pipeline, Consumer<Runnable> rehearsals)
            throws IOException {
        answering = pipeline;
        if (cutShort.isEmpty() || reach.isKnown()) {
            resume(pipeline);
        } else {
            every(1, TimeUnit.SECONDS, telling, () -> resumeWhenKnown(pipeline));
        }
        pipeline.passTime(); // before anything new comes
        Path run = settings.state().resolve("run");
        if (settings.probe().isPresent()) {
            watch(settings.probe().get(), run.resolve("probe.sock"), detections);
            warmUp = WarmUp.start(policy, node, run.resolve("warm-up"), rehearsals);
        }
        control = ControlSocket.listen(
                settings.state(),
                Map.of(
                        "probe-status",
                        () -> ProbeStatus.json(
                                Optional.ofNullable(probe).map(NativeProbe::health), engineHealth(pipeline)),
                        "containments",
                        () -> ContainmentJson.of(containments.all())),
                Map.of("rearm", this::rearm, "release", this::release));
        new PolicyWatch(settings, policy.files(), next -> use(next, pipeline), Later.on(files)).start();
        every(1, TimeUnit.SECONDS, later, pipeline::writeWhatWasCounted);
        every(1, TimeUnit.SECONDS, later, pipeline::passTime);
        if (settings.cluster().isPresent()) {
            every(1, TimeUnit.MINUTES, telling, () -> askForRights(inForce.actionSets()));
        }
        if (settings.cluster().map(ClusterSettings::actionSets).orElse(false)) {
            reach.objects().ifPresent(this::follow);
        }
        every(200, TimeUnit.MILLISECONDS, later, containments::passTime);
        every(10, TimeUnit.SECONDS, files, () -> containments.passPods(reach.facts()));
        every(1, TimeUnit.HOURS, files, containments::writeAgain);
        every(1, TimeUnit.HOURS, files, this::expire);
    }

    /** Loads the cluster's own action sets, and shows there what becomes of them. */
    private void follow(Reach.Objects cluster) {
        ClusterActionSets sets = new ClusterActionSets(
                EngineSettings.clusterActionSets(settings.state()),
                actionSetResources(),
                this::whyNotArmed,
                counters,
                cluster.own(),
                clock);
        ClusterContainments shown = new ClusterContainments(containments, cluster.own(), settings.node());
        followers.add(OwnResources.follow(cluster.access(), OwnResources.ACTION_SETS, sets::accept));
        followers.add(OwnResources.follow(cluster.access(), OwnResources.CONTAINMENTS, shown::accept));
        every(1, TimeUnit.SECONDS, telling, sets::tell);
        every(500, TimeUnit.MILLISECONDS, telling, shown::show);
    }

    /** As they would be read now. */
    private ActionSetResources actionSetResources() {
        Path folder = EngineSettings.clusterActionSets(settings.state());
        return new ActionSetResources(
                () -> new ActionSetReader(
                        Policy.whereIn(inForce.rules()),
                        Optional.of(inForce.rules().rules().stream()
                                .map(Rule::name)
                                .collect(Collectors.toUnmodifiableSet()))),
                name -> inForce.actionSets()
                        .named(name)
                        .filter(set -> !Path.of(set.place().file()).startsWith(folder))
                        .isPresent());
    }

    private Optional<String> whyNotArmed(String actionSet, JournalEntry.LoadedFile file) {
        Policy now = inForce;
        if (!now.files().contains(file)) {
            return Optional.of("it is not loaded yet"
                    + (now.actionSets().named(actionSet).isPresent()
                            ? "; what was loaded of it before is in force"
                            : ""));
        }
        List<String> lacking = reach.permissions()
                .map(Permissions::missing)
                .map(all -> all.getOrDefault(actionSet, List.of()))
                .orElse(List.of());
        if (!lacking.isEmpty()) {
            return Optional.of(String.join("; ", lacking));
        }
        return overBudget(actionSet);
    }

    private Optional<String> overBudget(String actionSet) {
        return budgets.tripped().contains(actionSet)
                ? Optional.of("it has used up its budget; see pounce rearm")
                : Optional.empty();
    }

    /** The same of one that is not loaded yet. Blocks for the API server, for less time than that gives us. */
    private List<String> whyItWouldNotBeArmed(ActionSet set) {
        List<String> reasons = new ArrayList<>();
        reach.permissions().ifPresent(rights -> reasons.addAll(rights.wouldLack(set, ADMISSION_PATIENCE)));
        overBudget(set.name()).ifPresent(reasons::add);
        return reasons;
    }

    /** Under what their sets say now, should that be less than it was; what they allow themselves is not in the journal. */
    private ResponsePlan asTheSetsAreNow(ResponsePlan plan) {
        List<ResponsePlan.Step> steps = plan.steps().stream()
                .map(step -> policy.actionSets()
                        .named(step.actionSet())
                        .map(set -> step.with(set.mode().cappedBy(settings.ceiling()), set.guards()))
                        .orElse(step)) // whose turn does not come
                .toList();
        return new ResponsePlan(plan.id(), plan.incident(), steps, plan.leftOut());
    }

    private synchronized void resume(ResponsePipeline pipeline) {
        List<OpenPlans.OpenPlan> open = cutShort;
        cutShort = List.of();
        open.forEach(one -> goOnWith(one, pipeline));
    }

    /** Before its guards know the cluster, a step would be refused for good. */
    private void resumeWhenKnown(ResponsePipeline pipeline) {
        if (cutShort.isEmpty()) {
            return;
        }
        if (reach.isKnown()) {
            resume(pipeline);
        } else {
            reach.permissions().ifPresent(rights -> rights.check(inForce.actionSets()));
        }
    }

    /** A cluster that answers is known a moment after the start; one that does not is no reason not to listen. */
    private void awaitCluster() {
        Instant until = clock.instant().plus(UNDO_PATIENCE);
        while (!reach.isKnown() && clock.instant().isBefore(until)) {
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** What a crash kept from happening still makes sense a short while later, and surprises people after a long one. */
    private void goOnWith(OpenPlans.OpenPlan open, ResponsePipeline pipeline) {
        Duration age = Duration.between(open.time(), clock.instant()).abs(); // the clock may have been set back
        LOG.warnv(
                "Response {0} was cut short by the end of the engine before: {1} steps had not had their turn",
                open.plan().id(), open.left().size() + open.unreadable().size());
        List<JournalEntry> withheld = new ArrayList<>();
        Set<String> turnsTaken = open.turnsTaken();
        open.unreadable().forEach(step -> withheld.add(withheld(open, step, "this release cannot read the step")));
        boolean tooLate = age.compareTo(LATEST_RESUMPTION) > 0;
        for (ResponsePlan.Step step : open.plan().steps()) {
            boolean gone = policy.actionSets().named(step.actionSet()).isEmpty();
            if ((tooLate || gone) && turnsTaken.add(step.id())) {
                String why = gone
                        ? "action set " + step.actionSet() + " is not loaded any more"
                        : "its turn had not come when the engine before ended, and it was planned " + age.toMinutes()
                                + " minutes ago, more than " + LATEST_RESUMPTION.toMinutes();
                withheld.add(withheld(open, step.id(), why));
            }
        }
        journal.append(withheld);
        pipeline.goOnWith(asTheSetsAreNow(open.plan()), turnsTaken, open.failed(), open.done());
    }

    private static JournalEntry withheld(OpenPlans.OpenPlan open, String step, String why) {
        return new JournalEntry.Ended(open.plan().id(), step, new Outcome.Withheld(why), StageTimings.NONE);
    }

    private void watch(Path program, Path socket, Consumer<Detection> detections) throws IOException {
        Consumer<Detection> seen = detection -> {
            detections.accept(detection);
            onlooker.detected(detection);
        };
        ProbeWatch watching =
                new ProbeWatch(table, proc, new BootClock(), detector(policy), seen, journal, onlooker::armed);
        watch = watching;
        probe = NativeProbe.start(program, socket, filter(policy), watching, clock, Later.on(later));
    }

    /**
     * Takes in other products' alerts, and judges action sets for the API server, if the settings say so.
     *
     * @param alerts the channel: plans one and writes that down, on the caller's thread; false when it could not be
     * @param pipeline what stands behind the channel
     * @throws IOException when the address cannot be listened on, or a file of ours cannot be used
     */
    public void listen(Predicate<Alert> alerts, ResponsePipeline pipeline, Supplier<Vertx> vertx) throws IOException {
        if (settings.admission().isPresent()) {
            judge(settings.admission().get(), vertx.get());
        }
        if (settings.listening().isEmpty()) {
            return;
        }
        awaitCluster();
        Listening listening = settings.listening().get();
        Optional<Token> token = listening.authenticated() ? Optional.of(Token.in(settings.state())) : Optional.empty();
        Intake.Downstream pipelineAndJournal = new Intake.Downstream() {
            @Override
            public boolean handle(Alert alert) {
                boolean recorded = alerts.test(alert);
                onlooker.detected(alert.detection());
                return recorded;
            }

            @Override
            public boolean commit() {
                try {
                    journal.commit();
                    return true;
                } catch (JournalUnavailable failed) {
                    LOG.errorv(failed, "Alerts are refused: they cannot be written to the disk");
                    return false;
                }
            }
        };
        Intake started = Intake.start(pipelineAndJournal, recentAlerts(), clock);
        intake = started;
        AlertServer listens = AlertServer.start(
                vertx.get(), listening, token, new FalcoAlerts(ids, clock), started, journal::failure);
        server = listens;
        every(CERTIFICATE_SECONDS, TimeUnit.SECONDS, files, listens::renewCertificate);
        LOG.infov(
                "Listening for alerts on {0}://{1}:{2,number,#}{3}",
                listening.tls().isPresent() ? "https" : "http",
                listening.address().getAddress().getHostAddress(),
                listens.port(),
                token.isPresent()
                        ? " (the token is in " + settings.state().resolve("token") + ")"
                        : " without a token");
        if (settings.probe().isEmpty()) {
            onlooker.armed();
        }
    }

    private void judge(AdmissionServer.Settings where, Vertx vertx) throws IOException {
        AdmissionServer judges = AdmissionServer.start(
                vertx, where, new ActionSetAdmission(actionSetResources(), this::whyItWouldNotBeArmed));
        admission = judges;
        every(CERTIFICATE_SECONDS, TimeUnit.SECONDS, files, judges::renewCertificate);
        LOG.infov(
                "Judging action sets for the API server on https://{0}:{1,number,#}{2}",
                where.address().getAddress().getHostAddress(), judges.port(), AdmissionServer.PATH);
    }

    private RecentAlerts recentAlerts() {
        RecentAlerts recent = new RecentAlerts();
        AlertKeys.since(
                settings.state(), clock.instant().minus(RecentAlerts.LONGEST), (key, time) -> AlertKey.parse(key)
                        .ifPresent(known -> recent.add(known, time)));
        return recent;
    }

    private static void every(int delay, TimeUnit unit, ScheduledExecutorService executor, Runnable work) {
        @SuppressWarnings("unused") // ends with the executor
        Object repeated = executor.scheduleWithFixedDelay(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException bug) {
                        LOG.error("Regular work failed; it is tried again at the next time", bug);
                    }
                },
                delay,
                delay,
                unit);
    }

    private void expire() {
        int deleted = journal.expire(clock.instant().minus(settings.keep()));
        if (deleted > 0) {
            LOG.infov("{0} journal files older than {1} were deleted", deleted, settings.keep());
        }
    }

    private EngineHealth engineHealth(ResponsePipeline pipeline) {
        Optional<Intake> taking = Optional.ofNullable(intake);
        return new EngineHealth(
                journal.failure(),
                pipeline.unrecorded(),
                correlator.heldBack(),
                correlator.failedConditions(),
                correlator.forgottenCooldowns(),
                taking.map(Intake::accepted).orElse(0L),
                taking.map(Intake::repeated).orElse(0L),
                taking.map(Intake::refused).orElse(0L),
                onlooker.leftOut());
    }

    private Detector<EventView> detector(Policy from) {
        // Every rule that matches is a detection: with Falco's "first" a harmless rule could hide one that is answered
        return new Detector<>(
                from.rules(),
                "syscall",
                fields,
                new EventViews(node, fields),
                MatchMode.ALL,
                ids,
                fieldsOf(from.actionSets()));
    }

    /** What the conditions of action sets read has to be in the detections. */
    private static Set<FieldUse> fieldsOf(ActionSets sets) {
        return sets.fieldsUsed().stream().map(FieldUse::parse).collect(Collectors.toUnmodifiableSet());
    }

    private static ProbeFilter filter(Policy from) {
        return ProbeInterest.of(from.rules());
    }

    /**
     * Goes by other files from the next detection on. All that can fail comes first, so that it is one or the other: the
     * journal says that the files are in force, and they are, or neither.
     */
    private void use(Policy next, ResponsePipeline pipeline) {
        Runnable otherTriggers = correlator.prepare(next.actionSets().ruleBook());
        askForRights(next.actionSets());
        Detector<EventView> otherRules = detector(next);
        ProbeFilter otherFilter = filter(next);
        journal.append(new JournalEntry.ConfigurationLoaded(next.files()));
        // The kernel before the rest: what the new rules need must already come when they are asked
        Optional.ofNullable(probe).ifPresent(running -> running.apply(otherFilter));
        pipeline.between(() -> {
            otherTriggers.run();
            planner.reload(next.actionSets());
            inForce = next;
            Optional.ofNullable(watch).ifPresent(watching -> watching.use(otherRules));
        });
        LOG.infov(
                "Files have changed: {0} rules and {1} action sets are in force now",
                next.rules().rules().size(), next.actionSets().all().size());
    }

    /**
     * Ends what brings detections first, so that nothing more comes, and the journal last. Alerts that wait are finished and
     * answered. Waits for a few seconds at most. Each part is
     * closed whatever the others do; a second call does nothing.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        later.shutdownNow();
        files.shutdownNow();
        telling.shutdownNow();
        closeInTurn(followers.toArray(AutoCloseable[]::new));
        ProbeWatch watching = watch;
        if (watching != null) {
            watching.end();
        }
        closeInTurn(intake, server, admission, warmUp, control, probe);
        Optional.ofNullable(answering).ifPresent(ResponsePipeline::ending);
        closeInTurn(processes, reach, correlator);
        closeInTurn(() -> journal.append(new JournalEntry.EngineStopped("asked to")), journal);
    }

    private static void closeInTurn(@Nullable AutoCloseable... parts) {
        for (AutoCloseable part : parts) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (Exception broken) {
                LOG.errorv(broken, "A part of the engine could not be closed");
            }
        }
    }
}
