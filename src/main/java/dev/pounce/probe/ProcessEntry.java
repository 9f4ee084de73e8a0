package dev.pounce.probe;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process as {@link ProcessTable} knows it. Changes while events pass: read it on the thread that feeds
 * the table, and keep nothing but copies.
 */
public final class ProcessEntry {

    private ProbeEvent.Subject subject;
    private Program program;
    private String cwd;
    private String cgroup;
    private Optional<String> containerId;
    private @Nullable ProcessEntry parent;
    private long exitBoottimeNanos;
    private boolean startIsExact;
    private boolean parentSought;
    private String comm;
    private boolean shortened;

    /** While it is in the table; null otherwise. */
    private @Nullable SharedTexts texts;

    private final CommandLines lines;

    ProcessEntry(
            ProbeEvent.Subject subject,
            Program program,
            String cwd,
            String cgroup,
            Optional<String> containerId,
            boolean startIsExact,
            CommandLines lines) {
        this.lines = lines;
        this.subject = subject;
        this.program = program;
        this.cwd = cwd;
        this.cgroup = cgroup;
        this.containerId = containerId;
        this.startIsExact = startIsExact;
        this.comm = subject.comm();
    }

    /** As the newest event showed the process, or as it inherited from its parent, or as /proc had it. */
    public ProbeEvent.Subject subject() {
        return subject;
    }

    /** In the host's pid namespace. */
    public int pid() {
        return subject.pid();
    }

    /** CLOCK_BOOTTIME; a multiple of 10 ms while only /proc has shown it. */
    public long startBoottimeNanos() {
        return subject.startBoottimeNanos();
    }

    /** The kernel's name of its main thread, at most 15 bytes; other threads may have names of their own. */
    public String comm() {
        return comm;
    }

    public Program program() {
        return program;
    }

    /** Name and arguments with blanks between them, as Falco writes {@code proc.cmdline}. */
    public String commandLine() {
        return commandLine(comm);
    }

    /** The same for a thread that has its own name. */
    public String commandLine(String threadName) {
        return lines.of(pid(), threadName, program);
    }

    /** Without a slash at its end, except for the root; empty when unknown. */
    public String cwd() {
        return cwd;
    }

    /** {@code grandparent/parent/leaf}; empty for the root, or when unknown. */
    public String cgroup() {
        return cgroup;
    }

    /** The runtime's full id; empty for a process of the host. */
    public Optional<String> containerId() {
        return containerId;
    }

    /** Null for a process without one, and when nothing is known about it. */
    public @Nullable ProcessEntry parent() {
        return parent;
    }

    public boolean hasExited() {
        return exitBoottimeNanos != 0;
    }

    /** CLOCK_BOOTTIME, 0 while it lives. */
    long exitBoottimeNanos() {
        return exitBoottimeNanos;
    }

    boolean startIsExact() {
        return startIsExact;
    }

    /** @param exact whether the kernel said so, and not /proc in hundredths of a second */
    boolean isStartedAt(long boottimeNanos, boolean exact) {
        return (startIsExact && exact)
                ? subject.startBoottimeNanos() == boottimeNanos
                : ProcSnapshot.ticks(subject.startBoottimeNanos()) == ProcSnapshot.ticks(boottimeNanos);
    }

    /** The kernel's word, so from now on the start is exact. */
    void isNow(ProbeEvent.Subject newer) {
        subject = newer;
        startIsExact = true;
        if (newer.tid() == newer.pid()) {
            isCalled(newer.comm());
        }
    }

    void isCalled(String name) {
        comm = name;
    }

    void runs(Program newer) {
        SharedTexts shared = texts;
        Program held = shared == null ? newer : shared.hold(newer);
        if (shared != null) {
            shared.release(program);
        }
        program = held;
    }

    void isIn(String directory) {
        cwd = swapped(cwd, directory);
    }

    void livesIn(String newCgroup, Optional<String> newContainerId) {
        cgroup = swapped(cgroup, newCgroup);
        containerId = newContainerId;
    }

    private String swapped(String old, String newer) {
        SharedTexts shared = texts;
        if (shared == null) {
            return newer;
        }
        String held = shared.hold(newer);
        shared.release(old);
        return held;
    }

    /** It is in the table from now on: what it has in common with others is kept once. */
    void shares(SharedTexts shared) {
        if (texts == null) {
            texts = shared;
            program = shared.hold(program);
            cwd = shared.hold(cwd);
            cgroup = shared.hold(cgroup);
        }
    }

    /** It is not in the table any more, and keeps nothing, though its children may still know it. */
    void leaves() {
        shorten();
        texts = null;
        shortened = true;
    }

    boolean hasLeft() {
        return texts == null;
    }

    /** Gives up what it runs and where, to make room. */
    void shorten() {
        runs(Program.UNKNOWN);
        isIn("");
        livesIn("", containerId);
        shortened = true;
    }

    /** Whether it has given up what /proc may still tell. */
    boolean isShortened() {
        return shortened;
    }

    void isWhole() {
        shortened = false;
    }

    /** What giving up its texts would free, were they its own. */
    int weight() {
        return SharedTexts.weight(program) + 2 * (cwd.length() + cgroup.length());
    }

    void childOf(@Nullable ProcessEntry newParent) {
        parent = newParent;
    }

    void exitedAt(long boottimeNanos) {
        exitBoottimeNanos = Math.max(1, boottimeNanos);
    }

    /** True once per parent: whoever is not found is not looked for again. */
    boolean seekParentOnce() {
        boolean first = !parentSought;
        parentSought = true;
        return first;
    }

    void seekParentAgain() {
        parentSought = false;
    }
}
