package dev.pounce.action.process;

import dev.pounce.action.Action;
import dev.pounce.action.Actuator;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Kills, suspends and resumes processes of this node.
 *
 * <p>The first signal is sent on the caller's thread, tens of microseconds after the call: the process itself
 * for a kill, a suspension and a resumption; for a kill of a tree its root is stopped, so that it cannot run
 * ahead; for a kill of a container the process that was seen is killed. All else happens on five daemon
 * threads, whatever the number of actions under way: one that waits for exits, two that sweep trees and
 * containers ({@link Sweep} says how), and two that complete the returned stages, so that a slow dependent
 * delays neither a signal nor an observation.
 *
 * <p>Whatever is asked for, pid 1, kernel threads, this process and its ancestors are never signalled. Needs
 * CAP_KILL for processes of other users, and the host's pid namespace. Thread-safe.
 */
public final class ProcessActuator implements Actuator<Action.OnProcess>, AutoCloseable {

    private final ContainerMembership membership;
    private final Objections objections;
    private final Clock clock;
    private final boolean silent;
    private final Untouchable untouchable = Untouchable.aroundThisProcess();
    private final ExitWatch exitWatch = new ExitWatch();
    private final ScheduledExecutorService sweepers = Executors.newScheduledThreadPool(2, daemons("pounce-sweep"));
    /** Shared by who sends a first signal, so that none is sent after {@link #close} has looked at what is under way. */
    private final ReadWriteLock closing = new ReentrantReadWriteLock();

    /** What takes more than the first signal. */
    private final Map<Object, CompletableFuture<Outcome>> sweeping = new ConcurrentHashMap<>();

    private volatile boolean closed;
    // After the end whoever has an outcome hands it on himself: a response must not wait for ever for what has happened
    private final ExecutorService completers = new ThreadPoolExecutor(
            2,
            2,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            daemons("pounce-outcome"),
            (outcome, ended) -> outcome.run());

    /** @param objections to what a kill of a tree or of a container takes along */
    public ProcessActuator(ContainerMembership membership, Objections objections, Clock clock) {
        this(membership, objections, clock, false);
    }

    private ProcessActuator(ContainerMembership membership, Objections objections, Clock clock, boolean silent) {
        this.membership = membership;
        this.objections = objections;
        this.clock = clock;
        this.silent = silent;
    }

    /**
     * One that goes the same way with each signal replaced by signal 0, which only asks whether a process could be signalled:
     * for warming up on processes that are none of our business. What it awaits does not happen.
     */
    public static ProcessActuator silent(Clock clock) {
        return new ProcessActuator(ContainerMembership.NONE, Objections.NONE, clock, true);
    }

    private int send(Resolved.Held held, int signal) {
        return Signals.send(held.pidfd(), silent ? 0 : signal);
    }

    /**
     * Walks each path once or more, so that the first signal does not wait for classes to be loaded. Signals
     * nobody; blocks for a tenth of a second, on a busy machine for a whole one.
     */
    public void warmUp() {
        Signals.warmUp();
        int self = Math.toIntExact(ProcessHandle.current().pid());
        ProcStat stat = ProcFiles.stat(self).orElseThrow();
        int pidfd = Signals.openPidfd(self);
        long inode = ProcFiles.inodeOf(pidfd).orElse(0);
        Signals.close(pidfd);
        ProcessRef us =
                new ProcessRef(new NodeRef("localhost"), self, stat.startTicks() * ProcStat.NANOS_PER_TICK, inode);
        for (int i = 0; i < 2_000; i++) {
            Outcome withheld = rehearse(new Action.SuspendProcess(us));
            if (!(withheld instanceof Outcome.Withheld)) {
                throw new IllegalStateException("this engine would signal itself: " + withheld);
            }
        }
        // Nobody's: our pid, and a start time at which nobody with that pid started
        ProcessRef nobody = new ProcessRef(us.node(), self, us.startTimeNanos() + ProcStat.NANOS_PER_TICK, inode);
        for (int i = 0; i < 20; i++) {
            for (Action.OnProcess action : List.of(
                    new Action.KillProcess(nobody, Action.Scope.PROCESS, Optional.empty()),
                    new Action.KillProcess(nobody, Action.Scope.TREE, Optional.empty()),
                    new Action.SuspendProcess(nobody),
                    new Action.ResumeProcess(nobody))) {
                carryOut(action, clock.instant()).toCompletableFuture().join();
            }
            long soon = System.nanoTime() + 1_000_000_000L;
            CompletableFuture<Outcome> nobodyLeft = new CompletableFuture<>();
            sweep(new Tree("tree of nobody"), List.of(), List.of(), soon, nobodyLeft);
            CompletableFuture<Outcome> running = new CompletableFuture<>();
            exitWatch.add(new Awaiting.Holding(new Resolved.Held(Signals.openPidfd(self), stat), false, soon, running));
            CompletableFuture.allOf(nobodyLeft, running).join();
        }
    }

    @Override
    public CompletionStage<Outcome> carryOut(Action.OnProcess action, Instant deadline) {
        CompletableFuture<Outcome> result = new CompletableFuture<>();
        long deadlineNanos = nanosOf(deadline);
        closing.readLock().lock();
        try {
            if (closed) {
                return CompletableFuture.completedFuture(
                        new Outcome.Failed("the engine is ending and begins nothing more", false));
            }
            switch (action) {
                case Action.KillProcess kill -> kill(kill, deadlineNanos, result);
                case Action.SuspendProcess suspend -> hold(suspend.target(), true, deadlineNanos, result);
                case Action.ResumeProcess resume -> hold(resume.target(), false, deadlineNanos, result);
            }
        } catch (RuntimeException bug) {
            // Most likely of whoever told us what belongs to a container; the step must end all the same
            result.complete(new Outcome.Failed(action.verb() + " broke off: " + bug, false));
        } finally {
            closing.readLock().unlock();
        }
        // Dependents run on threads of their own: the thread that waits for exits must not wait for them
        return result.isDone() ? result : result.thenApplyAsync(outcome -> outcome, completers);
    }

    private void kill(Action.KillProcess kill, long deadlineNanos, CompletableFuture<Outcome> result) {
        if (kill.scope() != Action.Scope.PROCESS) {
            Object key = new Object();
            sweeping.put(key, result);
            CompletableFuture<Outcome> unused = result.whenComplete((outcome, bug) -> sweeping.remove(key));
        }
        switch (kill.scope()) {
            case PROCESS -> killOne(kill.target(), deadlineNanos, result);
            case TREE -> killTree(kill.target(), deadlineNanos, result);
            case CONTAINER -> {
                if (kill.container().isPresent()) {
                    killContainer(kill.target(), kill.container().get(), deadlineNanos, result);
                } else {
                    result.complete(noContainerNamed());
                }
            }
        }
    }

    private void killOne(ProcessRef target, long deadlineNanos, CompletableFuture<Outcome> result) {
        switch (Resolved.resolve(target, untouchable)) {
            case Resolved.Missed(Outcome outcome) -> result.complete(outcome);
            case Resolved.Held held -> {
                int answer = send(held, Signals.SIGKILL);
                if (answer < 0) {
                    Signals.close(held.pidfd());
                    result.complete(Resolved.couldNotSignal(held.stat(), -answer));
                } else {
                    exitWatch.add(new Awaiting.Exit(held, deadlineNanos, result));
                }
            }
        }
    }

    private void killTree(ProcessRef root, long deadlineNanos, CompletableFuture<Outcome> result) {
        switch (Resolved.resolve(root, untouchable)) {
            case Resolved.Missed(Outcome outcome) -> result.complete(outcome);
            case Resolved.Held held -> {
                int answer = send(held, Signals.SIGSTOP);
                Signals.close(held.pidfd());
                if (answer < 0) {
                    result.complete(Resolved.couldNotSignal(held.stat(), -answer));
                } else {
                    sweep(
                            new Tree("tree of " + root.display()),
                            List.of(held.stat()),
                            List.of(),
                            deadlineNanos,
                            result);
                }
            }
        }
    }

    /**
     * The process that was seen tells which control group is meant, as long as its pid is its own. It may be gone, or hard to
     * signal: then the container is looked for by its name.
     */
    private void killContainer(
            ProcessRef seen, ContainerRef container, long deadlineNanos, CompletableFuture<Outcome> result) {
        switch (Resolved.resolve(seen, untouchable)) {
            case Resolved.Missed(Outcome.Withheld withheld) -> result.complete(withheld);
            case Resolved.Missed(Outcome ignored) ->
                sweepers.execute(() -> killContainerByName(container, deadlineNanos, result));
            case Resolved.Held held -> {
                try {
                    Optional<String> directory = membership.directoryOf(seen.pid(), container);
                    if (directory.isEmpty()) {
                        sweepers.execute(() -> killContainerByName(container, deadlineNanos, result));
                        return;
                    }
                    InContainer group = new InContainer(container, directory.get(), membership);
                    Optional<Outcome> problem = problemWith(group);
                    if (problem.isPresent()) {
                        result.complete(problem.get());
                        return;
                    }
                    int answer = send(held, Signals.SIGKILL);
                    if (answer == -Signals.ESRCH) {
                        // It ended before its control group was read, or after: nobody knows whose that was
                        sweepers.execute(() -> killContainerByName(container, deadlineNanos, result));
                    } else {
                        sweep(group, List.of(), answer < 0 ? List.of() : List.of(held.stat()), deadlineNanos, result);
                    }
                } finally {
                    Signals.close(held.pidfd());
                }
            }
        }
    }

    private void killContainerByName(ContainerRef container, long deadlineNanos, CompletableFuture<Outcome> result) {
        try {
            switch (find(container)) {
                case Found.Nothing(Outcome outcome) -> result.complete(outcome);
                case Found.Group(InContainer group) -> sweep(group, List.of(), List.of(), deadlineNanos, result);
            }
        } catch (RuntimeException bug) {
            result.complete(new Outcome.Failed("killing " + container.display() + " broke off: " + bug, false));
        }
    }

    private sealed interface Found {

        record Group(InContainer group) implements Found {}

        record Nothing(Outcome outcome) implements Found {}
    }

    /** By the process that was seen, and if that is gone by name. */
    private Found find(ProcessRef seen, ContainerRef container) {
        switch (Resolved.resolve(seen, untouchable)) {
            case Resolved.Missed(Outcome.Withheld withheld) -> {
                return new Found.Nothing(withheld);
            }
            case Resolved.Missed(Outcome ignored) -> {
                return find(container);
            }
            case Resolved.Held held -> {
                Optional<String> directory = membership.directoryOf(seen.pid(), container);
                boolean stillIts = Signals.send(held.pidfd(), 0) != -Signals.ESRCH;
                Signals.close(held.pidfd());
                return directory.isPresent() && stillIts
                        ? checked(new InContainer(container, directory.get(), membership))
                        : find(container);
            }
        }
    }

    /** By its name, which counts when only one control group bears it. */
    private Found find(ContainerRef container) {
        List<String> directories = ProcFiles.processes().stream()
                .filter(process -> !process.hasExited())
                .flatMap(process -> membership.directoryOf(process.pid(), container).stream())
                .distinct()
                .toList();
        return switch (directories.size()) {
            case 0 -> new Found.Nothing(new Outcome.TargetGone(container.display() + " has no process left"));
            case 1 -> checked(new InContainer(container, directories.getFirst(), membership));
            default ->
                new Found.Nothing(new Outcome.Failed(
                        directories.size() + " control groups bear the id of " + container.display()
                                + ", and the process that would tell which is meant is gone",
                        false));
        };
    }

    private Found checked(InContainer group) {
        return problemWith(group).<Found>map(Found.Nothing::new).orElseGet(() -> new Found.Group(group));
    }

    private void sweep(
            Sweep.Group group,
            List<ProcStat> held,
            List<ProcStat> dying,
            long deadlineNanos,
            CompletableFuture<Outcome> result) {
        if (silent) {
            throw new UnsupportedOperationException("a sweep sends signals of its own");
        }
        sweepers.execute(new Sweep(
                group,
                held,
                dying,
                untouchable,
                objections,
                () -> closed,
                sweepers,
                result,
                System.nanoTime(),
                deadlineNanos));
    }

    private static Outcome noContainerNamed() {
        return new Outcome.Failed("to kill a container, the action must name it; none was named", false);
    }

    private Optional<Outcome> problemWith(InContainer group) {
        for (int pid : untouchable.pids()) {
            if (group.has(pid)) {
                return Optional.of(new Outcome.Withheld(
                        group.display() + " is where process/" + pid + " lives, this engine or an ancestor"));
            }
        }
        return Optional.empty();
    }

    private void hold(ProcessRef target, boolean stop, long deadlineNanos, CompletableFuture<Outcome> result) {
        switch (Resolved.resolve(target, untouchable)) {
            case Resolved.Missed(Outcome outcome) -> result.complete(outcome);
            case Resolved.Held held -> {
                List<ProcStat> threads = ProcFiles.threads(target.pid());
                if (stop ? Awaiting.allStopped(threads) : Awaiting.noneStopped(threads)) {
                    Signals.close(held.pidfd());
                    result.complete(new Outcome.AlreadySo(
                            target.display() + (stop ? " was stopped already" : " was not stopped")));
                    return;
                }
                int answer = send(held, stop ? Signals.SIGSTOP : Signals.SIGCONT);
                if (answer < 0) {
                    Signals.close(held.pidfd());
                    result.complete(Resolved.couldNotSignal(held.stat(), -answer));
                } else {
                    exitWatch.add(new Awaiting.Holding(held, stop, deadlineNanos, result));
                }
            }
        }
    }

    @Override
    public Outcome rehearse(Action.OnProcess action) {
        if (action instanceof Action.KillProcess kill && kill.scope() == Action.Scope.CONTAINER) {
            return rehearseContainer(kill);
        }
        return switch (Resolved.resolve(action.target(), untouchable)) {
            case Resolved.Missed(Outcome outcome) -> outcome;
            case Resolved.Held held -> {
                int answer = Signals.send(held.pidfd(), 0);
                Signals.close(held.pidfd());
                yield answer < 0 ? Resolved.couldNotSignal(held.stat(), -answer) : wouldAct(action, held.stat());
            }
        };
    }

    private Outcome wouldAct(Action.OnProcess action, ProcStat stat) {
        String process = action.target().display() + " (" + stat.comm() + ")";
        return switch (action) {
            case Action.KillProcess kill
            when kill.scope() == Action.Scope.TREE -> {
                Tree tree = new Tree("tree of " + action.target().display());
                List<ProcStat> members = Sweep.wouldReach(tree, List.of(stat));
                int others = members.size() - 1;
                yield objectionTo(members)
                        .map(objection -> Sweep.withheld(tree, objection))
                        .orElseGet(() -> new Outcome.WouldAct("would kill " + process + " and "
                                + (others == 1 ? "1 descendant" : others + " descendants")));
            }
            case Action.KillProcess kill -> new Outcome.WouldAct("would kill " + process);
            case Action.SuspendProcess suspend ->
                stat.isStopped()
                        ? new Outcome.AlreadySo(process + " is stopped already")
                        : new Outcome.WouldAct("would suspend " + process);
            case Action.ResumeProcess resume ->
                stat.isStopped()
                        ? new Outcome.WouldAct("would resume " + process)
                        : new Outcome.AlreadySo(process + " is not stopped");
        };
    }

    private Outcome rehearseContainer(Action.KillProcess kill) {
        if (kill.container().isEmpty()) {
            return noContainerNamed();
        }
        ContainerRef container = kill.container().get();
        return switch (find(kill.target(), container)) {
            case Found.Nothing(Outcome outcome) -> outcome;
            case Found.Group(InContainer group) -> rehearseContainer(group);
        };
    }

    private Outcome rehearseContainer(InContainer group) {
        List<ProcStat> members = Sweep.wouldReach(group, List.of());
        if (members.isEmpty()) {
            return new Outcome.TargetGone(group.display() + " has no process left");
        }
        Optional<String> objection = objectionTo(members);
        if (objection.isPresent()) {
            return Sweep.withheld(group, objection.get());
        }
        return new Outcome.WouldAct("would kill " + members.size() + (members.size() == 1 ? " process" : " processes")
                + " of " + group.display());
    }

    private Optional<String> objectionTo(List<ProcStat> members) {
        for (ProcStat member : members) {
            Optional<String> objection = untouchable.objectionTo(member).or(() -> objections.to(member.pid()));
            if (objection.isPresent()) {
                return objection;
            }
        }
        return Optional.empty();
    }

    /**
     * {@link Outcome.AlreadySo} when the effect is there, {@link Outcome.WouldAct} when it is not, {@link
     * Outcome.TargetGone} when the process ended and so cannot tell whether it had been suspended or resumed,
     * {@link Outcome.Failed} when it cannot be seen.
     */
    @Override
    public Outcome observe(Action.OnProcess action) {
        if (action instanceof Action.KillProcess kill
                && kill.scope() == Action.Scope.CONTAINER
                && kill.container().isPresent()) {
            ContainerRef container = kill.container().get();
            return switch (find(kill.target(), container)) {
                case Found.Nothing(Outcome.TargetGone gone) -> new Outcome.AlreadySo(gone.reason());
                case Found.Nothing(Outcome outcome) -> outcome;
                case Found.Group(InContainer group) -> {
                    int alive = Sweep.wouldReach(group, List.of()).size();
                    yield alive == 0
                            ? new Outcome.AlreadySo(container.display() + " has no process left")
                            : new Outcome.WouldAct(container.display() + " still has " + alive
                                    + (alive == 1 ? " process" : " processes"));
                }
            };
        }
        return switch (Resolved.resolve(action.target(), untouchable)) {
            case Resolved.Missed(Outcome outcome) -> observedGone(action, outcome);
            case Resolved.Held held -> {
                Signals.close(held.pidfd());
                yield observed(action, held.stat());
            }
        };
    }

    private static Outcome observedGone(Action.OnProcess action, Outcome outcome) {
        return switch (outcome) {
            // The root of a tree says nothing about those below it, who have other parents by now
            case Outcome.TargetGone gone ->
                action instanceof Action.KillProcess kill && kill.scope() == Action.Scope.PROCESS
                        ? new Outcome.AlreadySo(gone.reason())
                        : gone;
            case Outcome.Done d -> d;
            case Outcome.AlreadySo a -> a;
            case Outcome.Failed f -> f;
            case Outcome.Withheld w -> w;
            case Outcome.WouldAct w -> w;
        };
    }

    private static Outcome observed(Action.OnProcess action, ProcStat stat) {
        String process = action.target().display() + " (" + stat.comm() + ")";
        List<ProcStat> threads = ProcFiles.threads(stat.pid());
        return switch (action) {
            case Action.KillProcess kill -> new Outcome.WouldAct(process + " is alive");
            case Action.SuspendProcess suspend ->
                Awaiting.allStopped(threads)
                        ? new Outcome.AlreadySo(process + " is stopped")
                        : new Outcome.WouldAct(process + " is not stopped");
            case Action.ResumeProcess resume ->
                Awaiting.noneStopped(threads)
                        ? new Outcome.AlreadySo(process + " is not stopped")
                        : new Outcome.WouldAct(process + " is stopped");
        };
    }

    private long nanosOf(Instant deadline) {
        return System.nanoTime() + Duration.between(clock.instant(), deadline).toNanos();
    }

    /**
     * Begins nothing more and ends the threads; what was sent stays sent. A tree or a container that is being stopped is killed
     * at once, so that nobody is left behind stopped. Waits for at most a second for that, and for another for what depends
     * on the stages that have been completed; others are not completed any more.
     */
    @Override
    public void close() {
        closing.writeLock().lock();
        try {
            closed = true;
        } finally {
            closing.writeLock().unlock();
        }
        try {
            CompletableFuture.allOf(sweeping.values().toArray(CompletableFuture<?>[]::new))
                    .get(1, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException whatIsLeft) {
            // Killed by now, and not seen dead
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        exitWatch.close();
        sweepers.shutdownNow();
        completers.shutdown();
        try {
            completers.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private static ThreadFactory daemons(String name) {
        return runnable -> {
            Thread thread = new Thread(runnable, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
