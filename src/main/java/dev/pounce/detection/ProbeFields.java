package dev.pounce.detection;

import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.language.FieldBinder;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.probe.ContainerDescription;
import dev.pounce.probe.ContainerDescriptions;
import dev.pounce.probe.ProbeEvent;
import dev.pounce.probe.ProcessEntry;
import dev.pounce.probe.ProcessTable;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The fields of Falco's language that the kernel's events supply. A name is looked up here once, when a rule is
 * compiled; what comes back gets the value out of each event.
 *
 * <p>What differs from Falco, on purpose: {@code fd.name} of an opened file is where the kernel found it, symbolic
 * links and all ({@code fd.nameraw} and {@code evt.arg.name} have what was asked for); {@code fd.type} of an opened
 * directory is {@code directory} however it was opened; an IPv4 connection through an IPv6 socket is IPv4; a Unix
 * socket's {@code fd.name} is its path, with {@code @} before an abstract one.
 *
 * <p>A failed exec describes the caller, which runs on unchanged. For the thread that feeds the process table.
 */
public final class ProbeFields implements FieldBinder<EventView> {

    private static final String UNKNOWN = "<NA>";
    private static final int ANCESTORS = 256;
    private static final int AT_FDCWD = -100;
    private static final int EINPROGRESS = -115;

    private static final int AF_UNIX = 1;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    private static final int S_IFMT = 0xf000;
    private static final int S_IFDIR = 0x4000;
    private static final int ANYONE_EXECUTES = 0x49;

    /** Numbers of x86-64 and of its 32-bit calls; nothing else that opens has them on another architecture. */
    private static final int SYS_OPEN = 2;

    private static final int SYS_CREAT = 85;
    private static final int SYS_OPENAT2 = 437;
    private static final int SYS_32_OPEN = 5;
    private static final int SYS_32_CREAT = 8;

    private final NodeRef node;
    private final ProcessTable processes;
    private final UserNames users;
    private final ContainerDescriptions containers;
    private final DateTimeFormatter time;
    private final DateTimeFormatter timeOfDay;
    private final DateTimeFormatter dateTime;
    private final DateTimeFormatter dateTimeSeconds;

    /** Where no container is described. */
    public ProbeFields(NodeRef node, ProcessTable processes, UserNames users, ZoneId zone) {
        this(node, processes, users, ContainerDescriptions.NONE, zone);
    }

    /** @param zone in which Falco's {@code evt.time} is written */
    public ProbeFields(
            NodeRef node, ProcessTable processes, UserNames users, ContainerDescriptions containers, ZoneId zone) {
        this.node = node;
        this.containers = containers;
        this.processes = processes;
        this.users = users;
        this.time = DateTimeFormatter.ofPattern("HH:mm:ss.nnnnnnnnn").withZone(zone);
        this.timeOfDay = DateTimeFormatter.ofPattern("HH:mm:ss").withZone(zone);
        this.dateTime =
                DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.nnnnnnnnn").withZone(zone);
        this.dateTimeSeconds =
                DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(zone);
    }

    private static final DateTimeFormatter ISO =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'").withZone(ZoneOffset.UTC);

    @Override
    public Optional<Extractor<EventView>> bind(FieldUse use) {
        String name = use.name();
        String argument = use.argument();
        if (name.startsWith("evt.arg.")) {
            return Optional.ofNullable(eventArgument(name.substring("evt.arg.".length())));
        }
        if (argument != null) {
            return Optional.ofNullable(name.equals("evt.arg") ? eventArgument(argument) : indexed(name, argument));
        }
        Extractor<EventView> found =
                switch (name.substring(0, Math.max(0, name.indexOf('.')))) {
                    case "evt", "syscall" -> event(name);
                    case "proc" -> process(name);
                    case "thread" -> thread(name);
                    case "user", "group" -> person(name);
                    case "container" -> container(name);
                    case "k8s" -> pod(name);
                    case "fd" -> descriptor(name);
                    default -> null;
                };
        return Optional.ofNullable(found);
    }

    /** What its runtime wrote down about the container that the acting process is in. */
    public Optional<ContainerDescription> containerOf(EventView view) {
        Optional<String> id = view.process().containerId();
        return id.isEmpty() ? Optional.empty() : containers.of(id.get());
    }

    private @Nullable Extractor<EventView> event(String name) {
        return switch (name) {
            case "evt.type", "syscall.type" -> view -> typeOf(view.event());
            case "evt.num" -> EventView::number;
            case "evt.time" -> view -> time.format(view.time());
            case "evt.time.s" -> view -> timeOfDay.format(view.time());
            case "evt.time.iso8601" -> view -> ISO.format(view.time());
            case "evt.datetime" -> view -> dateTime.format(view.time());
            case "evt.datetime.s" -> view -> dateTimeSeconds.format(view.time());
            case "evt.rawtime" -> EventView::epochNanos;
            case "evt.rawtime.s" -> view -> view.epochNanos() / 1_000_000_000L;
            case "evt.rawtime.ns" -> view -> view.epochNanos() % 1_000_000_000L;
            case "evt.source" -> view -> "syscall";
            case "evt.hostname" -> view -> node.name();
            case "evt.dir" -> view -> "<";
            case "evt.count" -> view -> 1L;
            case "evt.category" -> view -> categoryOf(view.event());
            case "evt.res" ->
                view -> {
                    Long result = resultOf(view.event());
                    return result == null ? null : KernelNames.result(result);
                };
            case "evt.rawres" -> view -> resultOf(view.event());
            case "evt.failed" ->
                view -> {
                    Long result = resultOf(view.event());
                    return result != null && result < 0;
                };
            case "evt.is_io", "evt.is_io_read", "evt.is_io_write", "evt.is_wait", "evt.is_async", "evt.is_syslog" ->
                view -> false;
            case "evt.is_open_read" -> view -> view.event() instanceof ProbeEvent.Open open && reads(open);
            case "evt.is_open_write" -> view -> view.event() instanceof ProbeEvent.Open open && writes(open);
            case "evt.is_open_exec" ->
                view -> view.event() instanceof ProbeEvent.Open open
                        && creates(open)
                        && (open.mode() & ANYONE_EXECUTES) != 0;
            default -> null;
        };
    }

    /** The text that Falco makes of an event's parameter. */
    private @Nullable Extractor<EventView> eventArgument(String name) {
        return switch (name) {
            case "flags" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Exec exec -> KernelNames.execFlags(exec.flags());
                    case ProbeEvent.Open open -> KernelNames.openFlags(flagsOf(open));
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                    case ProbeEvent.Connect connect -> null;
                };
            case "name" -> ofOpen((view, open) -> FilePaths.absolute(baseOf(view, open), open.name()));
            case "fd" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Open open ->
                        open.result() < 0 ? KernelNames.result(open.result()) : "<f>" + nameOf(view, open);
                    case ProbeEvent.Connect connect -> "<" + typecharOf(connect) + ">" + nameOf(connect);
                    case ProbeEvent.Exec exec -> null;
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                };
            case "dirfd" ->
                ofOpen((view, open) -> open.dirfd() == AT_FDCWD ? "AT_FDCWD" : Integer.toString(open.dirfd()));
            case "dev" -> ofOpen((view, open) -> open.result() < 0 ? null : Integer.toString(open.dev()));
            case "ino" -> ofOpen((view, open) -> open.result() < 0 ? null : Long.toString(open.inode()));
            case "tuple" -> ofConnect(connect -> connect.family() == AF_UNIX ? null : nameOf(connect));
            case "res" ->
                view -> {
                    Long result = resultOf(view.event());
                    return result == null ? null : result > 0 ? Long.toString(result) : KernelNames.result(result);
                };
            case "filename" -> ofExec(exec -> given(exec.filename()));
            case "exe" ->
                ofExec(exec -> exec.argv().isEmpty() ? null : exec.argv().get(0));
            case "args" ->
                ofExec(exec -> exec.argv().size() < 2
                        ? ""
                        : String.join(" ", exec.argv().subList(1, exec.argv().size())));
            case "trusted_exepath" -> ofExec(exec -> given(exec.path()));
            case "cwd" -> ofExec(exec -> directoryName(exec.cwd()));
            case "comm" -> ofExec(exec -> exec.subject().comm());
            case "exe_ino" -> ofExec(exec -> Long.toString(exec.inode()));
            case "pid" -> ofExec(exec -> Integer.toString(exec.subject().pid()));
            case "tid" -> ofExec(exec -> Integer.toString(exec.subject().tid()));
            case "ptid" -> ofExec(exec -> Integer.toString(exec.subject().parentPid()));
            case "pgid" -> ofExec(exec -> Integer.toString(exec.subject().pgid()));
            case "tty" -> ofExec(exec -> Integer.toUnsignedString(exec.subject().tty()));
            case "loginuid" -> ofExec(exec -> Integer.toString(exec.subject().loginUid()));
            case "gid" -> ofExec(exec -> Long.toString(exec.subject().gid()));
            case "uid" -> view -> view.event() instanceof ProbeEvent.Exec ? userOf(view) : null;
            case "cap_effective" ->
                ofExec(exec -> KernelNames.capabilities(exec.subject().capEffective()));
            case "cap_permitted" ->
                ofExec(exec -> KernelNames.capabilities(exec.subject().capPermitted()));
            case "status" ->
                view -> view.event() instanceof ProbeEvent.Exit exit ? Integer.toString(exit.exitCode()) : null;
            default -> null;
        };
    }

    private @Nullable Extractor<EventView> process(String name) {
        return switch (name) {
            case "proc.name" -> view -> view.event().subject().comm();
            case "proc.exe" -> view -> exeOf(view.process());
            case "proc.exepath" -> view -> given(view.process().program().path());
            case "proc.args" -> view -> view.process().program().argumentText();
            case "proc.cmdline" -> ProbeFields::commandLineOf;
            case "proc.exeline" -> view -> exeLineOf(view.process());
            case "proc.cmdnargs" ->
                view -> (long) view.process().program().arguments().size();
            case "proc.cmdlenargs" ->
                view -> view.process().program().arguments().stream()
                        .mapToLong(String::length)
                        .sum();
            case "proc.cwd" -> view -> directoryName(view.process().cwd());
            case "proc.pid" -> view -> (long) view.event().subject().pid();
            case "proc.ppid" -> view -> (long) view.event().subject().parentPid();
            case "proc.vpid" -> view -> (long) view.event().subject().vpid();
            case "proc.pvpid" -> ofParent(parent -> (long) parent.subject().vpid());
            case "proc.pname" -> ofParent(ProcessEntry::comm);
            case "proc.pexe" -> ofParent(ProbeFields::exeOf);
            case "proc.pexepath" -> ofParent(parent -> given(parent.program().path()));
            case "proc.pcmdline" -> ofParent(ProcessEntry::commandLine);
            case "proc.aname" -> ofAncestors(ProcessEntry::comm);
            case "proc.aexe" -> ofAncestors(ProbeFields::exeOf);
            case "proc.aexepath" ->
                ofAncestors(ancestor -> given(ancestor.program().path()));
            case "proc.acmdline" -> ofAncestors(ProcessEntry::commandLine);
            case "proc.aargs" -> ofAncestors(ancestor -> ancestor.program().argumentText());
            case "proc.apid" -> ofAncestors(ancestor -> (long) ancestor.pid());
            case "proc.tty" ->
                view -> Integer.toUnsignedLong(view.event().subject().tty());
            case "proc.sid" -> view -> (long) view.event().subject().sid();
            case "proc.sname" -> ofSessionLeader(ProcessEntry::comm);
            case "proc.sid.exe" -> ofSessionLeader(ProbeFields::exeOf);
            case "proc.sid.exepath" ->
                ofSessionLeader(leader -> given(leader.program().path()));
            case "proc.is_sid_leader" ->
                view -> view.event().subject().sid() == view.event().subject().pid();
            case "proc.pgid" -> view -> (long) view.event().subject().pgid();
            case "proc.pgid.name" -> ofGroupLeader(ProcessEntry::comm);
            case "proc.pgid.exe" -> ofGroupLeader(ProbeFields::exeOf);
            case "proc.pgid.exepath" ->
                ofGroupLeader(leader -> given(leader.program().path()));
            // a group has the same leader in every namespace
            case "proc.is_pgid_leader", "proc.is_vpgid_leader" ->
                view -> view.event().subject().pgid() == view.event().subject().pid();
            case "proc.is_exe_upper_layer" -> view -> view.process().program().has(ProbeEvent.Exec.UPPER_LAYER);
            case "proc.is_exe_lower_layer" ->
                view -> view.process().program().has(ProbeEvent.Exec.OVERLAY)
                        && !view.process().program().has(ProbeEvent.Exec.UPPER_LAYER);
            case "proc.is_exe_from_memfd" -> view -> view.process().program().has(ProbeEvent.Exec.MEMFD);
            case "proc.is_exe_writable" -> view -> view.process().program().has(ProbeEvent.Exec.WRITABLE);
            case "proc.exe_ino" -> view -> positive(view.process().program().inode());
            case "proc.exe_ino.ctime" ->
                view -> positive(view.process().program().inodeCtimeNanos());
            case "proc.exe_ino.mtime" ->
                view -> positive(view.process().program().inodeMtimeNanos());
            case "proc.exe_ino.ctime_duration_proc_start" ->
                view -> {
                    long changed = view.process().program().inodeCtimeNanos();
                    long age = startOf(view, view.event().subject().startBoottimeNanos()) - changed;
                    return changed == 0 || age < 0 ? null : age;
                };
            case "proc.duration" ->
                view -> view.event().boottimeNanos() - view.event().subject().startBoottimeNanos();
            case "proc.ppid.duration" ->
                ofParentAt((view, parent) -> view.event().boottimeNanos() - parent.startBoottimeNanos());
            case "proc.pid.ts" -> view -> startOf(view, view.event().subject().startBoottimeNanos());
            case "proc.ppid.ts" -> ofParentAt((view, parent) -> startOf(view, parent.startBoottimeNanos()));
            default -> null;
        };
    }

    private @Nullable Extractor<EventView> indexed(String name, String argument) {
        OptionalInt parsed = index(argument);
        if (parsed.isEmpty()) {
            return null;
        }
        int index = parsed.getAsInt();
        return switch (name) {
            case "proc.args" ->
                view -> {
                    List<String> arguments = view.process().program().arguments();
                    return index < arguments.size() ? arguments.get(index) : null;
                };
            case "proc.aname" -> ofAncestor(index, ProcessEntry::comm);
            case "proc.aexe" -> ofAncestor(index, ProbeFields::exeOf);
            case "proc.aexepath" ->
                ofAncestor(index, ancestor -> given(ancestor.program().path()));
            case "proc.acmdline" -> ofAncestor(index, ProcessEntry::commandLine);
            case "proc.aargs" ->
                ofAncestor(index, ancestor -> ancestor.program().argumentText());
            case "proc.apid" -> ofAncestor(index, ancestor -> (long) ancestor.pid());
            default -> null;
        };
    }

    private static OptionalInt index(String argument) {
        try {
            int index = Integer.parseInt(argument);
            return index < 0 ? OptionalInt.empty() : OptionalInt.of(index);
        } catch (NumberFormatException notAnIndex) {
            return OptionalInt.empty();
        }
    }

    private static @Nullable Extractor<EventView> thread(String name) {
        return switch (name) {
            case "thread.tid" -> view -> (long) view.event().subject().tid();
            case "thread.ismain" ->
                view -> view.event().subject().tid() == view.event().subject().pid();
            case "thread.cap_effective" ->
                view -> KernelNames.capabilities(view.event().subject().capEffective());
            case "thread.cap_permitted" ->
                view -> KernelNames.capabilities(view.event().subject().capPermitted());
            default -> null;
        };
    }

    private @Nullable Extractor<EventView> person(String name) {
        return switch (name) {
            case "user.uid" -> view -> view.event().subject().uid();
            case "user.name" -> this::userOf;
            case "user.loginuid" -> view -> (long) view.event().subject().loginUid();
            case "user.loginname" ->
                view -> users.loginName(view.event().subject().loginUid());
            case "group.gid" -> view -> view.event().subject().gid();
            case "group.name" ->
                view -> {
                    ProbeEvent.Subject subject = view.event().subject();
                    return users.group(subject.gid(), view.process().containerId(), subject.pid());
                };
            default -> null;
        };
    }

    private @Nullable Extractor<EventView> container(String name) {
        return switch (name) {
            case "container.id" ->
                view -> view.process()
                        .containerId()
                        .map(id -> id.length() <= 12 ? id : id.substring(0, 12))
                        .orElse("host");
            case "container.full_id" -> view -> view.process().containerId().orElse(null);
            case "container.name" ->
                view -> view.process().containerId().isEmpty() ? "host" : described(view, ContainerDescription::name);
            case "container.image" -> view -> described(view, ContainerDescription::image);
            case "container.image.repository" -> view -> described(view, ContainerDescription::repository);
            case "container.image.tag" -> view -> described(view, ContainerDescription::tag);
            case "container.image.digest" -> view -> described(view, ContainerDescription::digest);
            default -> null;
        };
    }

    private @Nullable Extractor<EventView> pod(String name) {
        return switch (name) {
            case "k8s.ns.name" -> ofPod(PodRef::namespace);
            case "k8s.pod.name" -> ofPod(PodRef::name);
            case "k8s.pod.uid" -> ofPod(pod -> pod.uid().orElse(""));
            case "k8s.pod.full_sandbox_id" -> view -> described(view, ContainerDescription::sandbox);
            case "k8s.pod.sandbox_id" ->
                view -> {
                    String id = described(view, ContainerDescription::sandbox);
                    return id == null || id.length() <= 12 ? id : id.substring(0, 12);
                };
            default -> null;
        };
    }

    private @Nullable String described(EventView view, Function<ContainerDescription, String> what) {
        Optional<ContainerDescription> found = containerOf(view);
        return found.isEmpty() ? null : given(what.apply(found.get()));
    }

    private Extractor<EventView> ofPod(Function<PodRef, String> what) {
        return view ->
                described(view, description -> description.pod().map(what).orElse(""));
    }

    private @Nullable Extractor<EventView> descriptor(String name) {
        return switch (name) {
            case "fd.num" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Open open -> open.result() < 0 ? -1L : (long) open.result();
                    case ProbeEvent.Connect connect -> (long) connect.fd();
                    case ProbeEvent.Exec exec -> null;
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                };
            case "fd.name" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Open open -> given(nameOf(view, open));
                    case ProbeEvent.Connect connect -> given(nameOf(connect));
                    case ProbeEvent.Exec exec -> null;
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                };
            case "fd.nameraw" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Open open -> given(FilePaths.singleSlashes(open.name()));
                    case ProbeEvent.Connect connect -> given(nameOf(connect));
                    case ProbeEvent.Exec exec -> null;
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                };
            case "fd.type" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Open open -> isDirectory(open) ? "directory" : "file";
                    case ProbeEvent.Connect connect -> typeOf(connect);
                    case ProbeEvent.Exec exec -> null;
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                };
            case "fd.typechar" ->
                view -> switch (view.event()) {
                    case ProbeEvent.Open open -> isDirectory(open) ? "d" : "f";
                    case ProbeEvent.Connect connect -> typecharOf(connect);
                    case ProbeEvent.Exec exec -> null;
                    case ProbeEvent.Fork fork -> null;
                    case ProbeEvent.Exit exit -> null;
                };
            case "fd.directory" ->
                ofOpen((view, open) -> {
                    String path = nameOf(view, open);
                    return path.isEmpty() ? null : isDirectory(open) ? path : FilePaths.directory(path);
                });
            case "fd.filename" ->
                ofOpen((view, open) -> isDirectory(open) ? null : given(FilePaths.name(nameOf(view, open))));
            case "fd.ino" -> ofOpen((view, open) -> open.result() < 0 ? null : open.inode());
            case "fd.dev" -> ofOpen((view, open) -> open.result() < 0 ? null : (long) open.dev());
            case "fd.dev.major" -> ofOpen((view, open) -> open.result() < 0 ? null : (long) (open.dev() >>> 20));
            case "fd.dev.minor" -> ofOpen((view, open) -> open.result() < 0 ? null : (long) (open.dev() & 0xfffff));
            case "fd.is_upper_layer" -> ofOpen((view, open) -> (open.flags() & ProbeEvent.Open.UPPER_LAYER) != 0);
            case "fd.is_lower_layer" ->
                ofOpen((view, open) -> (open.flags() & ProbeEvent.Open.OVERLAY) != 0
                        && (open.flags() & ProbeEvent.Open.UPPER_LAYER) == 0);
            // who connects is the client, and local
            case "fd.cip", "fd.lip", "fd.cnet", "fd.lnet" -> ofConnect(connect -> given(connect.localAddress()));
            case "fd.sip", "fd.rip", "fd.snet", "fd.rnet" -> ofConnect(connect -> given(connect.remoteAddress()));
            case "fd.cport", "fd.lport" -> ofIpConnect(connect -> (long) connect.localPort());
            case "fd.sport", "fd.rport" -> ofIpConnect(connect -> (long) connect.remotePort());
            case "fd.ip", "fd.net" -> ofIpConnect(connect -> List.of(connect.localAddress(), connect.remoteAddress()));
            case "fd.port" -> ofIpConnect(connect -> List.of((long) connect.localPort(), (long) connect.remotePort()));
            case "fd.l4proto" -> ofConnect(ProbeFields::protocolOf);
            case "fd.sockfamily" ->
                ofConnect(connect -> switch (connect.family()) {
                    case AF_UNIX -> "unix";
                    case AF_INET, AF_INET6 -> "ip";
                    default -> null;
                });
            case "fd.is_server" -> ofConnect(connect -> false);
            case "fd.connected" -> ofConnect(connect -> connect.result() == 0);
            case "fd.name_changed" -> ofConnect(connect -> connect.result() == 0 || connect.result() == EINPROGRESS);
            default -> null;
        };
    }

    private static @Nullable String typeOf(ProbeEvent event) {
        return switch (event) {
            case ProbeEvent.Exec exec -> "execve";
            case ProbeEvent.Fork fork -> "clone";
            case ProbeEvent.Exit exit -> "procexit";
            case ProbeEvent.Connect connect -> "connect";
            case ProbeEvent.Open open ->
                switch (open.syscall()) {
                    case SYS_OPEN, SYS_32_OPEN -> "open";
                    case SYS_CREAT, SYS_32_CREAT -> "creat";
                    case SYS_OPENAT2 -> "openat2";
                    default -> "openat";
                };
        };
    }

    private static String categoryOf(ProbeEvent event) {
        return switch (event) {
            case ProbeEvent.Exec exec -> "process";
            case ProbeEvent.Fork fork -> "process";
            case ProbeEvent.Exit exit -> "process";
            case ProbeEvent.Connect connect -> "net";
            case ProbeEvent.Open open -> "file";
        };
    }

    /** Of a fork the child's pid, as the parent sees it. */
    private static @Nullable Long resultOf(ProbeEvent event) {
        return switch (event) {
            case ProbeEvent.Exec exec -> (long) exec.result();
            case ProbeEvent.Fork fork -> (long) fork.childPid();
            case ProbeEvent.Exit exit -> null;
            case ProbeEvent.Open open -> (long) open.result();
            case ProbeEvent.Connect connect -> (long) connect.result();
        };
    }

    /** creat(2) takes no flags and means these. */
    private static int flagsOf(ProbeEvent.Open open) {
        boolean creat = open.syscall() == SYS_CREAT || open.syscall() == SYS_32_CREAT;
        return creat
                ? open.openFlags() | KernelNames.O_CREAT | KernelNames.O_WRONLY | KernelNames.O_TRUNC
                : open.openFlags();
    }

    private static boolean reads(ProbeEvent.Open open) {
        int access = flagsOf(open) & KernelNames.O_ACCMODE;
        return access == 0 || access == KernelNames.O_RDWR;
    }

    private static boolean writes(ProbeEvent.Open open) {
        int access = flagsOf(open) & KernelNames.O_ACCMODE;
        return access == KernelNames.O_WRONLY || access == KernelNames.O_RDWR;
    }

    private static boolean creates(ProbeEvent.Open open) {
        int flags = flagsOf(open);
        return (flags & KernelNames.O_CREAT) != 0 || (flags & KernelNames.O_TMPFILE) == KernelNames.O_TMPFILE;
    }

    private static boolean isDirectory(ProbeEvent.Open open) {
        if (open.mode() != 0) {
            return (open.mode() & S_IFMT) == S_IFDIR;
        }
        int flags = open.openFlags();
        return (flags & KernelNames.O_DIRECTORY) != 0 && (flags & KernelNames.O_TMPFILE) != KernelNames.O_TMPFILE;
    }

    /** Where the kernel found the file, else what the name means as text; empty when neither is known. */
    private static String nameOf(EventView view, ProbeEvent.Open open) {
        return open.path().isEmpty() ? FilePaths.absolute(baseOf(view, open), open.name()) : open.path();
    }

    /** The directory behind another descriptor is not on the wire. */
    private static String baseOf(EventView view, ProbeEvent.Open open) {
        return open.dirfd() == AT_FDCWD || isWithoutDirfd(open) ? view.process().cwd() : "";
    }

    private static boolean isWithoutDirfd(ProbeEvent.Open open) {
        return switch (open.syscall()) {
            case SYS_OPEN, SYS_CREAT, SYS_32_OPEN, SYS_32_CREAT -> true;
            default -> false;
        };
    }

    private static String nameOf(ProbeEvent.Connect connect) {
        if (connect.family() == AF_UNIX) {
            String path = connect.path();
            return path.startsWith("\0") ? "@" + path.substring(1) : path;
        }
        if (connect.remoteAddress().isEmpty()) {
            return "";
        }
        return connect.localAddress() + ":" + connect.localPort() + "->" + connect.remoteAddress() + ":"
                + connect.remotePort();
    }

    private static @Nullable String typeOf(ProbeEvent.Connect connect) {
        return switch (connect.family()) {
            case AF_UNIX -> "unix";
            case AF_INET -> "ipv4";
            case AF_INET6 -> connect.remoteAddress().indexOf(':') < 0 ? "ipv4" : "ipv6";
            default -> null;
        };
    }

    private static @Nullable String typecharOf(ProbeEvent.Connect connect) {
        String type = typeOf(connect);
        return type == null
                ? null
                : switch (type) {
                    case "unix" -> "u";
                    case "ipv4" -> "4";
                    default -> "6";
                };
    }

    private static String protocolOf(ProbeEvent.Connect connect) {
        return switch (connect.protocol()) {
            case 6 -> "tcp";
            case 17 -> "udp";
            case 1, 58 -> "icmp";
            case 255 -> "raw";
            default -> UNKNOWN;
        };
    }

    private static @Nullable String exeOf(ProcessEntry process) {
        return given(process.program().exe());
    }

    /** As Falco does, by the name of the acting thread. */
    private static String commandLineOf(EventView view) {
        String name = view.event().subject().comm();
        ProcessEntry process = view.process();
        return name.equals(process.comm()) ? process.commandLine() : process.commandLine(name);
    }

    private static String exeLineOf(ProcessEntry process) {
        return String.join(" ", process.program().argv());
    }

    private String userOf(EventView view) {
        ProbeEvent.Subject subject = view.event().subject();
        return users.user(subject.uid(), view.process().containerId(), subject.pid());
    }

    /** As Falco prints it: with a slash at the end. */
    private static @Nullable String directoryName(String path) {
        return path.isEmpty() ? null : path.endsWith("/") ? path : path + "/";
    }

    /** Of a moment of CLOCK_BOOTTIME, by way of the event, whose two clocks are known. */
    private static long startOf(EventView view, long boottimeNanos) {
        return view.epochNanos() - (view.event().boottimeNanos() - boottimeNanos);
    }

    private static @Nullable String given(String text) {
        return text.isEmpty() ? null : text;
    }

    private static @Nullable Long positive(long number) {
        return number == 0 ? null : number;
    }

    /** Gets something out of an entry; null when it is not known. */
    @FunctionalInterface
    private interface OfProcess {
        @Nullable
        Object get(ProcessEntry process);
    }

    @FunctionalInterface
    private interface OfProcessAt {
        @Nullable
        Object get(EventView view, ProcessEntry process);
    }

    @FunctionalInterface
    private interface OfOpen {
        @Nullable
        Object get(EventView view, ProbeEvent.Open open);
    }

    private static Extractor<EventView> ofExec(Function<ProbeEvent.Exec, @Nullable Object> value) {
        return view -> view.event() instanceof ProbeEvent.Exec exec ? value.apply(exec) : null;
    }

    private static Extractor<EventView> ofOpen(OfOpen value) {
        return view -> view.event() instanceof ProbeEvent.Open open ? value.get(view, open) : null;
    }

    private static Extractor<EventView> ofConnect(Function<ProbeEvent.Connect, @Nullable Object> value) {
        return view -> view.event() instanceof ProbeEvent.Connect connect ? value.apply(connect) : null;
    }

    private static Extractor<EventView> ofIpConnect(Function<ProbeEvent.Connect, @Nullable Object> value) {
        return view -> view.event() instanceof ProbeEvent.Connect connect
                        && !connect.remoteAddress().isEmpty()
                ? value.apply(connect)
                : null;
    }

    private static Extractor<EventView> ofParent(OfProcess value) {
        return ofAncestor(1, value);
    }

    private static Extractor<EventView> ofParentAt(OfProcessAt value) {
        return view -> {
            ProcessEntry parent = view.process().parent();
            return parent == null ? null : value.get(view, parent);
        };
    }

    /** 0 is the process itself. */
    private static Extractor<EventView> ofAncestor(int index, OfProcess value) {
        return view -> {
            ProcessEntry ancestor = view.process();
            for (int i = 0; i < index && ancestor != null; i++) {
                ancestor = ancestor.parent();
            }
            return ancestor == null ? null : value.get(ancestor);
        };
    }

    /** From the parent on; the number of them is bounded, and so is a circle, should there ever be one. */
    private static Extractor<EventView> ofAncestors(OfProcess value) {
        return view -> {
            List<Object> values = new ArrayList<>();
            ProcessEntry ancestor = view.process().parent();
            for (int i = 0; i < ANCESTORS && ancestor != null; i++) {
                Object found = value.get(ancestor);
                if (found != null) {
                    values.add(found);
                }
                ancestor = ancestor.parent();
            }
            return values.isEmpty() ? null : values;
        };
    }

    private Extractor<EventView> ofSessionLeader(OfProcess value) {
        return view -> {
            ProcessEntry leader = processes.find(view.event().subject().sid());
            return leader == null ? null : value.get(leader);
        };
    }

    private Extractor<EventView> ofGroupLeader(OfProcess value) {
        return view -> {
            ProcessEntry leader = processes.find(view.event().subject().pgid());
            return leader == null ? null : value.get(leader);
        };
    }
}
