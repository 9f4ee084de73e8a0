package dev.pounce.probe;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is who: every process that events speak of, with what it runs and where it comes from.
 *
 * <p>A pid names a slot that the kernel reuses, so an entry is found by pid and start time together. The
 * kernel counts nanoseconds and {@code /proc} hundredths of a second; an entry from there takes the exact time
 * from the first event that agrees with it.
 *
 * <p>Fork, exec and exit keep it, a snapshot of /proc fills it at the start, and each event's subject heals it:
 * the subject carries the parent's pid and start time, so a lost fork costs one look into /proc. An
 * exited process stays for {@value #DEAD_STAY_NANOS} ns, so that events that were under way still find it; its
 * children know it for as long as the kernel says that it is their parent.
 *
 * <p>Bounded by {@value #CAPACITY} entries and by bytes. Over those the dead give up what they ran, then they are
 * forgotten, then the living give up what they run, large texts first and then the oldest: that is read from /proc
 * when such a process is heard of again.
 *
 * <p>For one thread, the one that reads the probe. It reads /proc only for processes that it missed.
 */
public final class ProcessTable {

    /** Live ones, that is; a quarter more of dead ones. */
    public static final int CAPACITY = 65_536;

    /**
     * Of the heap, by an estimate that errs on the high side. What a program is given, and the paths, belong to whoever
     * starts it: entries alone would be no bound.
     */
    static final long BUDGET_BYTES = 48L << 20;

    /** An entry and its subject, its place in the map, and among the dead. */
    private static final int ENTRY_BYTES = 400;

    /** A process whose texts are larger is asked to give them up before the others are. */
    private static final int LARGE_BYTES = 1024;

    private static final long DEAD_STAY_NANOS = 30_000_000_000L;
    private static final int CHECKED_AT_ONCE = 64;
    private static final int ANCESTORS_AT_ONCE = 64;

    private final ProcSnapshot proc;
    private final ContainerIds containers;
    private final int capacity;
    private final long budget;
    private final SharedTexts texts = new SharedTexts();
    private final CommandLines lines = new CommandLines();

    /** By pid, in the order in which they became known, so that the oldest are doubted first. */
    private final LinkedHashMap<Integer, ProcessEntry> entries = new LinkedHashMap<>();

    private final ArrayDeque<ProcessEntry> dead = new ArrayDeque<>();
    private long lookups;
    private long evicted;
    private long shortened;

    public ProcessTable(ProcSnapshot proc, ContainerIds containers) {
        this(proc, containers, CAPACITY, BUDGET_BYTES);
    }

    ProcessTable(ProcSnapshot proc, ContainerIds containers, int capacity, long budget) {
        this.proc = proc;
        this.containers = containers;
        this.capacity = capacity;
        this.budget = budget;
    }

    /**
     * Takes the snapshot in: at the start, and again whenever events were lost or the probe was away. Processes
     * that are not in /proc any more are exited.
     *
     * @param boottimeNanos CLOCK_BOOTTIME before the snapshot was taken: what became known later stays
     */
    public void reconcile(List<ProcSnapshot.Found> snapshot, long boottimeNanos) {
        reconcile(snapshot, new HashSet<>(), boottimeNanos);
    }

    /**
     * The same with a look into /proc that is short for whom the table knows: when events were lost. Reads one small
     * file per process, about a hundredth of a second for a thousand of them.
     */
    public void reconcile() {
        long boottimeNanos = proc.boottimeNanos();
        List<Integer> pids = proc.pids();
        if (pids.isEmpty()) {
            return; // it cannot be read, and says nothing about who ended
        }
        List<ProcSnapshot.Found> unknown = new ArrayList<>();
        Set<Integer> alive = new HashSet<>();
        for (int pid : pids) {
            ProcessEntry entry = entries.get(pid);
            if (entry != null && entry.isStartedAt(proc.startOf(pid), false)) {
                alive.add(pid);
            } else {
                proc.read(pid).ifPresent(unknown::add);
            }
        }
        reconcile(unknown, alive, boottimeNanos);
    }

    private void reconcile(List<ProcSnapshot.Found> snapshot, Set<Integer> alive, long boottimeNanos) {
        for (ProcSnapshot.Found found : snapshot) {
            stayWithinBudget();
            alive.add(found.subject().pid());
            take(found, boottimeNanos);
        }
        for (ProcessEntry entry : List.copyOf(entries.values())) {
            if (!alive.contains(entry.pid()) && entry.startBoottimeNanos() < boottimeNanos) {
                bury(entry, boottimeNanos);
            }
        }
        for (int pid : alive) {
            ProcessEntry entry = entries.get(pid);
            if (entry != null) {
                entry.seekParentAgain();
                link(entry, boottimeNanos);
            }
        }
    }

    /** Brings the table up to date and returns the entry of the event's subject, as it is after the event. */
    public ProcessEntry accept(ProbeEvent event) {
        forgetDead(event.boottimeNanos());
        stayWithinBudget();
        return switch (event) {
            case ProbeEvent.Exec exec -> accept(exec);
            case ProbeEvent.Fork fork -> accept(fork);
            case ProbeEvent.Exit exit -> accept(exit);
            case ProbeEvent.Open open -> inCgroup(seen(open), open.cgroup(), open.boottimeNanos());
            case ProbeEvent.Connect connect -> inCgroup(seen(connect), connect.cgroup(), connect.boottimeNanos());
        };
    }

    /** The process that has this pid now, or had it last. */
    public @Nullable ProcessEntry find(int pid) {
        return entries.get(pid);
    }

    /** The process of this pid and start time; null when it is not known. */
    public @Nullable ProcessEntry find(int pid, long startBoottimeNanos) {
        ProcessEntry entry = entries.get(pid);
        return entry != null && entry.isStartedAt(startBoottimeNanos, true) ? entry : null;
    }

    /** One process, for who asks from outside; a copy. */
    public record Known(
            int pid,
            long startBoottimeNanos,
            int parentPid,
            int vpid,
            long uid,
            String comm,
            Program program,
            Optional<String> containerId) {}

    /** A copy of all that live, to be made on the table's own thread and read on any. */
    public List<Known> living() {
        List<Known> living = new ArrayList<>(entries.size());
        for (ProcessEntry entry : entries.values()) {
            if (!entry.hasExited()) {
                ProbeEvent.Subject subject = entry.subject();
                living.add(new Known(
                        subject.pid(),
                        subject.startBoottimeNanos(),
                        subject.parentPid(),
                        subject.vpid(),
                        subject.uid(),
                        entry.comm(),
                        entry.program(),
                        entry.containerId()));
            }
        }
        return List.copyOf(living);
    }

    /** Entries, the recently exited among them. */
    public int size() {
        return entries.size();
    }

    /** How often a process was unknown and had to be looked up in /proc: what lost events cost. */
    public long lookups() {
        return lookups;
    }

    /** Entries given up because the table was full. */
    public long evicted() {
        return evicted;
    }

    /** Processes that had to give up what they ran to make room. */
    public long shortened() {
        return shortened;
    }

    /** What it keeps of the heap, estimated. */
    long bytes() {
        return texts.bytes() + (long) ENTRY_BYTES * (entries.size() + dead.size());
    }

    private ProcessEntry accept(ProbeEvent.Exec exec) {
        boolean succeeded = exec.result() >= 0;
        ProcessEntry entry = succeeded ? known(exec.subject(), exec.boottimeNanos(), false) : seen(exec);
        if (succeeded) {
            entry.runs(Program.of(exec));
            entry.isWhole();
        }
        if (!exec.cwd().isEmpty()) {
            entry.isIn(exec.cwd());
        }
        return inCgroup(entry, exec.cgroup(), exec.boottimeNanos());
    }

    private ProcessEntry accept(ProbeEvent.Fork fork) {
        ProcessEntry parent = seen(fork);
        ProcessEntry known = find(fork.childPid(), fork.childStartBoottimeNanos());
        if (known != null) { // its exec overtook its fork
            if (known.parent() == null) {
                known.childOf(parent);
            }
            return parent;
        }
        ProcessEntry newer = entries.get(fork.childPid());
        if (newer != null && newer.startBoottimeNanos() > fork.childStartBoottimeNanos()) {
            return parent; // late: the slot has the next process in it
        }
        ProcessEntry child = new ProcessEntry(
                childOf(parent.subject(), fork),
                parent.program(),
                parent.cwd(),
                parent.cgroup(),
                parent.containerId(),
                true,
                lines);
        child.childOf(parent);
        put(child);
        return parent;
    }

    private static ProbeEvent.Subject childOf(ProbeEvent.Subject parent, ProbeEvent.Fork fork) {
        return new ProbeEvent.Subject(
                fork.childStartBoottimeNanos(),
                parent.startBoottimeNanos(),
                parent.cgroupId(),
                parent.pidsCgroupId(),
                parent.capEffective(),
                parent.capPermitted(),
                0,
                fork.childPid(),
                fork.childPid(),
                fork.childVpid(),
                parent.pid(),
                parent.pgid(),
                parent.sid(),
                parent.uid(),
                parent.gid(),
                parent.realUid(),
                parent.loginUid(),
                parent.tty(),
                parent.mntNs(),
                parent.pidNs(),
                parent.comm());
    }

    private ProcessEntry accept(ProbeEvent.Exit exit) {
        ProcessEntry entry = known(exit.subject(), exit.boottimeNanos(), false);
        bury(entry, exit.boottimeNanos());
        return entry;
    }

    private ProcessEntry seen(ProbeEvent event) {
        return known(event.subject(), event.boottimeNanos(), true);
    }

    /**
     * The entry of the subject, brought up to date with it.
     *
     * @param whatItRuns whether it is worth asking /proc what an unknown process runs
     */
    private ProcessEntry known(ProbeEvent.Subject subject, long boottimeNanos, boolean whatItRuns) {
        ProcessEntry entry = entries.get(subject.pid());
        if (entry != null && entry.isStartedAt(subject.startBoottimeNanos(), true)) {
            boolean sameParent = entry.subject().parentPid() == subject.parentPid();
            entry.isNow(subject);
            if (!sameParent) {
                entry.seekParentAgain();
            }
            if (whatItRuns && entry.isShortened() && !entry.hasExited()) {
                readAgain(entry, boottimeNanos);
            }
            link(entry, boottimeNanos);
            return entry;
        }
        Optional<ProcSnapshot.Found> found =
                whatItRuns ? lookUp(subject.pid(), subject.startBoottimeNanos()) : Optional.empty();
        ProcessEntry fresh = new ProcessEntry(
                subject,
                found.map(ProcSnapshot.Found::program).orElse(Program.UNKNOWN),
                found.map(ProcSnapshot.Found::cwd).orElse(""),
                "",
                Optional.empty(),
                true,
                lines);
        found.ifPresent(f -> {
            fresh.isCalled(f.subject().comm());
            inCgroup(fresh, f.cgroup(), boottimeNanos);
        });
        link(fresh, boottimeNanos);
        if (entry == null || entry.startBoottimeNanos() <= subject.startBoottimeNanos()) {
            put(fresh); // else it is late: the slot has the next process in it
        }
        return fresh;
    }

    /** Once: whoever gave up its texts and is not in /proc stays without. */
    private void readAgain(ProcessEntry entry, long boottimeNanos) {
        entry.isWhole();
        lookUp(entry.pid(), entry.startBoottimeNanos()).ifPresent(found -> {
            entry.runs(found.program());
            entry.isIn(found.cwd());
            inCgroup(entry, found.cgroup(), boottimeNanos);
        });
    }

    private Optional<ProcSnapshot.Found> lookUp(int pid, long startBoottimeNanos) {
        lookups++;
        return proc.read(pid)
                .filter(found -> ProcSnapshot.ticks(found.subject().startBoottimeNanos())
                        == ProcSnapshot.ticks(startBoottimeNanos));
    }

    /**
     * Makes the entry's parent the one that its subject names. Ancestors that were missed come from /proc, as
     * many as {@value #ANCESTORS_AT_ONCE} for one event: a hostile tree may be thousands deep.
     */
    private void link(ProcessEntry entry, long boottimeNanos) {
        ProcessEntry unlinked = entry;
        for (int i = 0; i < ANCESTORS_AT_ONCE && unlinked != null; i++) {
            unlinked = linkToParent(unlinked, boottimeNanos);
        }
    }

    /** Returns the parent if it is new here, and therefore not linked itself. */
    private @Nullable ProcessEntry linkToParent(ProcessEntry entry, long boottimeNanos) {
        ProbeEvent.Subject subject = entry.subject();
        int parentPid = subject.parentPid();
        long parentStart = subject.parentStartBoottimeNanos();
        boolean exact = entry.startIsExact();
        ProcessEntry now = entry.parent();
        if (now != null && now.hasLeft()) {
            entry.seekParentAgain();
        } else if (now != null && now.pid() == parentPid && now.isStartedAt(parentStart, exact)) {
            return null;
        }
        if (parentPid < 1 || parentPid == subject.pid()) {
            entry.childOf(null);
            return null;
        }
        ProcessEntry holder = entries.get(parentPid);
        if (holder != null && holder.isStartedAt(parentStart, exact)) {
            entry.childOf(holder);
            return null;
        }
        entry.childOf(null);
        if ((holder != null && holder.startBoottimeNanos() > parentStart) || !entry.seekParentOnce()) {
            return null; // it is gone for good, or was looked for before
        }
        Optional<ProcSnapshot.Found> found = lookUp(parentPid, parentStart);
        if (found.isEmpty()) {
            return null;
        }
        ProcessEntry parent = take(found.get(), boottimeNanos);
        entry.childOf(parent);
        return parent;
    }

    private ProcessEntry take(ProcSnapshot.Found found, long boottimeNanos) {
        ProcessEntry known = entries.get(found.subject().pid());
        if (known != null && known.isStartedAt(found.subject().startBoottimeNanos(), false)) {
            return known;
        }
        ProcessEntry fresh =
                new ProcessEntry(found.subject(), found.program(), found.cwd(), "", Optional.empty(), false, lines);
        inCgroup(fresh, found.cgroup(), boottimeNanos);
        put(fresh);
        return fresh;
    }

    private ProcessEntry inCgroup(ProcessEntry entry, String cgroup, long boottimeNanos) {
        if (cgroup.isEmpty()) {
            return entry;
        }
        // Asked again while the host is the answer: a runtime may make a container of a cgroup later.
        if (entry.containerId().isEmpty() || !cgroup.equals(entry.cgroup())) {
            entry.livesIn(
                    cgroup,
                    containers.idOf(
                            cgroup, entry.subject().pidNs(), entry.subject().mntNs(), boottimeNanos));
        }
        return entry;
    }

    private void put(ProcessEntry entry) {
        ProcessEntry before = entries.remove(entry.pid()); // so that a recycled pid is young again
        if (before != null) {
            before.leaves();
        }
        if (entries.size() >= capacity) {
            makeRoom();
        }
        entry.shares(texts);
        entries.put(entry.pid(), entry);
    }

    private void bury(ProcessEntry entry, long boottimeNanos) {
        if (entry.hasExited()) {
            return;
        }
        entry.exitedAt(boottimeNanos);
        dead.addLast(entry);
        if (dead.size() > Math.max(1, capacity / 4)) {
            forget(dead.removeFirst());
        }
    }

    private void forgetDead(long boottimeNanos) {
        while (!dead.isEmpty() && boottimeNanos - dead.getFirst().exitBoottimeNanos() > DEAD_STAY_NANOS) {
            forget(dead.removeFirst());
        }
    }

    private void forget(ProcessEntry entry) {
        entries.remove(entry.pid(), entry); // unless the next process has the slot
        entry.leaves();
        entry.childOf(null); // or a chain of daemons that fork daemons would never end
    }

    /**
     * Dead ones go first. Then the oldest are asked for in /proc: an entry whose exit was lost is worth nothing.
     * If they all live, the oldest sixteenth goes; whoever is missed comes back by way of /proc.
     */
    private void makeRoom() {
        if (!dead.isEmpty()) {
            forget(dead.removeFirst());
            evicted++;
            if (entries.size() < capacity) {
                return;
            }
        }
        List<ProcessEntry> doubtful = new ArrayList<>();
        for (ProcessEntry entry : entries.values()) {
            if (doubtful.size() == CHECKED_AT_ONCE) {
                break;
            }
            doubtful.add(entry);
        }
        for (ProcessEntry entry : doubtful) {
            entries.remove(entry.pid());
            if (ProcSnapshot.ticks(proc.startOf(entry.pid())) == ProcSnapshot.ticks(entry.startBoottimeNanos())) {
                entries.put(entry.pid(), entry);
            } else {
                entry.leaves();
                evicted++;
            }
        }
        int surplus = entries.size() < capacity ? 0 : Math.max(1, capacity / 16);
        Iterator<Map.Entry<Integer, ProcessEntry>> oldest = entries.entrySet().iterator();
        for (int i = 0; i < surplus && oldest.hasNext(); i++) {
            oldest.next().getValue().leaves();
            oldest.remove();
            evicted++;
        }
    }

    /** A sixteenth is left free for what one event may bring, and a quarter is freed at once, so that it is rare. */
    private void stayWithinBudget() {
        if (bytes() <= budget - budget / 16) {
            return;
        }
        long goal = budget - budget / 4;
        shorten(dead, 0, goal);
        while (bytes() > goal && !dead.isEmpty()) {
            forget(dead.removeFirst());
            evicted++;
        }
        shorten(entries.values(), LARGE_BYTES, goal);
        shorten(entries.values(), 0, goal);
    }

    private void shorten(Collection<ProcessEntry> oldestFirst, int largerThan, long goal) {
        for (ProcessEntry entry : oldestFirst) {
            if (bytes() <= goal) {
                return;
            }
            if (!entry.isShortened() && entry.weight() > largerThan) {
                entry.shorten();
                shortened++;
            }
        }
    }
}
