package dev.pounce.guard;

import dev.pounce.action.Action;
import dev.pounce.asset.Answer;
import dev.pounce.cluster.ClusterFacts;
import dev.pounce.cluster.OwnPlace;
import dev.pounce.guard.ProcessFacts.Facts;
import dev.pounce.planning.ResponsePlan;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the engine from harming what the node stands on: the first process, the kernel's threads, the engine
 * with its ancestors and children (the probe is one), init and its parts, the message bus, the way in over
 * SSH, container runtimes and their monitors, and the kubelet; and what the cluster stands on, see {@link ClusterObjects}.
 *
 * <p>Decided by what a process is and not by what it calls itself: by its place in the process tree, or by the
 * path of its program, its being the host's own <em>and</em> its running as root or a system account. A process in a container is not protected by
 * having a program of the right name. A process that is gone is not this guard's affair; one about which
 * nothing can be found out is refused.
 */
public final class ProtectedSetGuard implements Guard {

    private static final String NAME = "protected";

    /** Beyond it a tree is no longer looked through; nobody should kill that many at a stroke. */
    private static final int LARGEST_TREE = 4096;

    /** Where only root can put a program. */
    private static final List<String> SYSTEM_FOLDERS = List.of(
            "/usr/",
            "/bin/",
            "/sbin/",
            "/lib/",
            "/lib64/",
            "/opt/",
            "/snap/",
            "/var/lib/rancher/",
            "/var/lib/k0s/",
            "/nix/store/");

    private static final Set<String> PROGRAMS = Set.of(
            "init",
            "systemd",
            "dbus-daemon",
            "dbus-broker",
            "dbus-broker-launch",
            "sshd",
            "sshd-session",
            "sshd-auth",
            "udevd",
            "auditd",
            "containerd",
            "dockerd",
            "docker-proxy",
            "cri-dockerd",
            "runc",
            "crun",
            "youki",
            "crio",
            "conmon",
            "conmonrs",
            "kubelet",
            "k3s",
            "k0s",
            "rke2",
            "pounce",
            "pounce-probe");

    private static final List<String> PROGRAM_PREFIXES = List.of("containerd-shim");

    /** The parts of init. What it has in /usr/bin are tools that anybody may start. */
    private static final List<String> INIT_PARTS = List.of("/lib/systemd/systemd-", "/usr/lib/systemd/systemd-");

    /** Those of the above that give up root for an account of their own. */
    private static final Set<String> WITH_AN_ACCOUNT = Set.of(
            "dbus-daemon",
            "dbus-broker",
            "dbus-broker-launch",
            "systemd-networkd",
            "systemd-oomd",
            "systemd-resolved",
            "systemd-timesyncd");

    /** Where the ids of people begin (login.defs(5), UID_MIN); nobody's is beyond it, too. */
    private static final long FIRST_OF_PEOPLE = 1000;

    private final ProcessFacts facts;
    private final ClusterObjects objects;

    /**
     * Start times by pid, taken down once: when a parent of ours dies, one of its own ancestors takes us over, so the list
     * can only become too long, and with the start time a reused pid is not mistaken for one of them.
     */
    private volatile @Nullable Map<Integer, Long> ancestors;

    /** Of a cluster, what can be told from names is protected. */
    public ProtectedSetGuard(ProcessFacts facts) {
        this.facts = facts;
        this.objects = new ClusterObjects(null, OwnPlace.OUTSIDE);
    }

    /** @param own where this engine itself runs */
    public ProtectedSetGuard(ProcessFacts facts, ClusterFacts cluster, OwnPlace own) {
        this.facts = facts;
        this.objects = new ClusterObjects(cluster, own);
    }

    @Override
    public CompletableFuture<Void> prepare(ResponsePlan.Step step) {
        return step.action() instanceof Action.OnCluster onCluster ? objects.prepare(onCluster) : ClusterFacts.KNOWN;
    }

    @Override
    public Verdict judge(ResponsePlan.Step step) {
        String reason =
                switch (step.action()) {
                    case Action.KillProcess kill ->
                        switch (kill.scope()) {
                            case PROCESS -> aboutOne(kill.target().pid());
                            case TREE -> aboutTree(kill.target().pid());
                            case CONTAINER -> aboutContainer(kill);
                        };
                    case Action.SuspendProcess suspend ->
                        aboutOne(suspend.target().pid());
                    // A protected process that was stopped is better off running.
                    case Action.ResumeProcess resume -> null;
                    case Action.OnCluster onCluster -> objects.objectionTo(onCluster);
                    case Action.TakeBack takeBack -> null; // restores what was there before us
                };
        return reason == null ? new Verdict.Allow() : new Verdict.Deny(NAME, reason);
    }

    /**
     * Why a process must not be touched, for who finds it only while he acts: the members of a tree or of a container. Any
     * thread.
     */
    public Optional<String> objectionTo(int pid) {
        return Optional.ofNullable(aboutOne(pid));
    }

    /** Why it must not be touched, or null. */
    private @Nullable String aboutOne(int pid) {
        if (pid == 1) {
            return "process 1 is the first process of this machine";
        }
        if (pid == facts.self()) {
            return "process " + pid + " is this engine";
        }
        String ancestor = aboutAncestry(pid);
        if (ancestor != null) {
            return ancestor;
        }
        return switch (facts.about(pid)) {
            case Answer.Gone<Facts> gone -> null;
            case Answer.Unknown<Facts> unknown -> unknown.why();
            case Answer.Known<Facts>(Facts known) -> aboutFacts(known);
        };
    }

    private @Nullable String aboutFacts(Facts process) {
        if (process.kernelThread()) {
            return "process " + process.pid() + " (" + process.name() + ") is a thread of the kernel";
        }
        if (process.parent() == facts.self()) {
            return "process " + process.pid() + " is a child of this engine, such as its probe";
        }
        if (process.ended()) {
            return null;
        }
        return switch (facts.program(process.pid())) {
            case Answer.Gone<String> gone -> null;
            case Answer.Unknown<String> unknown -> unknown.why();
            case Answer.Known<String>(String program) ->
                isWorthProtecting(program) ? aboutProgram(process.pid(), program) : null;
        };
    }

    private @Nullable String aboutProgram(int pid, String program) {
        return switch (facts.isOnHost(pid)) {
            case Answer.Gone<Boolean> gone -> null;
            case Answer.Unknown<Boolean> unknown -> unknown.why();
            case Answer.Known<Boolean>(Boolean onHost) -> onHost ? aboutUser(pid, program) : null;
        };
    }

    /** Anybody may start the host's programs, and must not make a shield of them. */
    private @Nullable String aboutUser(int pid, String program) {
        return switch (facts.user(pid)) {
            case Answer.Gone<Long> gone -> null;
            case Answer.Unknown<Long> unknown -> unknown.why();
            case Answer.Known<Long>(Long user) ->
                user == 0 || (user < FIRST_OF_PEOPLE && WITH_AN_ACCOUNT.contains(nameOf(program)))
                        ? "process " + pid + " is the host's own " + program + ", which the node needs to work"
                        : null;
        };
    }

    /** Whoever stops an ancestor of ours stops us, sooner or later. */
    private @Nullable String aboutAncestry(int pid) {
        Map<Integer, Long> known = ancestors;
        if (known == null) {
            Map<Integer, Long> found = new HashMap<>();
            String problem = findAncestors(found);
            if (problem != null) {
                return problem;
            }
            known = Map.copyOf(found);
            ancestors = known;
        }
        Long start = known.get(pid);
        if (start == null) {
            return null;
        }
        return switch (facts.about(pid)) {
            case Answer.Gone<Facts> gone -> null;
            case Answer.Unknown<Facts> unknown -> unknown.why();
            case Answer.Known<Facts>(Facts now) ->
                now.startTimeTicks() == start ? "process " + pid + " is an ancestor of this engine" : null;
        };
    }

    /** Why they could not be found, or null. */
    private @Nullable String findAncestors(Map<Integer, Long> found) {
        int child = facts.self();
        for (int steps = 0; steps < LARGEST_TREE; steps++) {
            switch (facts.about(child)) {
                case Answer.Gone<Facts> gone -> {
                    return "the ancestors of this engine changed while they were looked at";
                }
                case Answer.Unknown<Facts> unknown -> {
                    return unknown.why();
                }
                case Answer.Known<Facts>(Facts known) -> {
                    if (child != facts.self()) {
                        found.put(child, known.startTimeTicks());
                    }
                    if (known.parent() <= 1) {
                        return null;
                    }
                    child = known.parent();
                }
            }
        }
        return "this engine has more than " + LARGEST_TREE + " ancestors";
    }

    /** A tree that contains the engine is one of an ancestor, which is found at the root already. */
    private @Nullable String aboutTree(int root) {
        Deque<Integer> toLookAt = new ArrayDeque<>();
        Set<Integer> lookedAt = new HashSet<>();
        toLookAt.add(root);
        while (!toLookAt.isEmpty()) {
            int pid = toLookAt.remove();
            if (!lookedAt.add(pid)) {
                continue;
            }
            if (lookedAt.size() > LARGEST_TREE) {
                return "process " + root + " has more than " + LARGEST_TREE + " descendants";
            }
            // An ancestor of ours further down would make the root one, too.
            String reason = pid == root ? aboutOne(pid) : aboutDescendant(pid);
            if (reason != null) {
                return pid == root ? reason : "the tree of process " + root + " contains it: " + reason;
            }
            switch (facts.children(pid)) {
                case Answer.Gone<List<Integer>> gone -> {}
                case Answer.Unknown<List<Integer>> unknown -> {
                    return unknown.why();
                }
                case Answer.Known<List<Integer>>(List<Integer> children) -> toLookAt.addAll(children);
            }
        }
        return null;
    }

    private @Nullable String aboutDescendant(int pid) {
        if (pid == facts.self()) {
            return "process " + pid + " is this engine";
        }
        return switch (facts.about(pid)) {
            case Answer.Gone<Facts> gone -> null;
            case Answer.Unknown<Facts> unknown -> unknown.why();
            case Answer.Known<Facts>(Facts known) -> aboutFacts(known);
        };
    }

    private @Nullable String aboutContainer(Action.KillProcess kill) {
        String reason = aboutOne(kill.target().pid());
        if (reason != null) {
            return reason;
        }
        if (kill.container().isEmpty()) {
            return "a container is to be killed and none is named";
        }
        String id = kill.container().get().id();
        return switch (facts.container(facts.self())) {
            case Answer.Gone<Optional<String>> gone -> "this engine cannot find itself";
            case Answer.Unknown<Optional<String>> unknown -> unknown.why();
            case Answer.Known<Optional<String>>(Optional<String> own) ->
                own.isPresent() && (own.get().startsWith(id) || id.startsWith(own.get()))
                        ? "container " + kill.container().get().shortId() + " is the one this engine runs in"
                        : null;
        };
    }

    private static boolean isWorthProtecting(String program) {
        String name = nameOf(program);
        return startsWithOneOf(INIT_PARTS, program)
                || ((PROGRAMS.contains(name) || startsWithOneOf(PROGRAM_PREFIXES, name))
                        && startsWithOneOf(SYSTEM_FOLDERS, program));
    }

    private static String nameOf(String program) {
        return program.substring(program.lastIndexOf('/') + 1);
    }

    private static boolean startsWithOneOf(List<String> prefixes, String text) {
        for (String prefix : prefixes) {
            if (text.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
