package dev.pounce.detection.language;

import dev.pounce.detection.language.FieldInfo.Argument;
import dev.pounce.detection.language.FieldInfo.Trait;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The names and types of Falco 0.44's fields, of its container, k8smeta, json and k8saudit plugins, so that
 * any rule file loads. Which of them an event can supply is the {@link FieldBinder}'s to say.
 *
 * <p>Source: the list that Falco prints of its fields, and the answers it gave to conditions on each.
 */
public final class FieldTable {

    /** Answers to {@link #resolve}. */
    sealed interface Resolution {
        record Known(FieldInfo info, FieldUse use) implements Resolution {}

        record Wrong(
                String found, String expected, @Nullable String unknownName) implements Resolution {}
    }

    private static final Map<String, FieldInfo> FIELDS = new HashMap<>();

    /** Parameters of events, as {@code evt.arg} and {@code evt.rawarg} name them, with the type of the latter. */
    private static final Map<String, FieldType> PARAMETERS = new HashMap<>();

    /*
     * A line: type, then names. After a name: * a list, [i] an index may follow, [i! it has to, [k] [k! the same
     * for a key, - no transformer, = no comparison with fields, ^ each ancestor, & both ends.
     */
    private static final String TABLE = """
            UINT64 evt.num evt.buflen proc.cmdnargs proc.cmdlenargs proc.pidns_init_start_ts proc.fdopencount
            UINT64 proc.vmsize proc.vmrss proc.vmswap thread.pfmajor thread.pfminor proc.nthreads proc.nchilds
            UINT64 thread.vmsize thread.vmrss thread.vmsize.b thread.vmrss.b
            UINT64 evt.buflen.in evt.buflen.out evt.buflen.file evt.buflen.file.in evt.buflen.file.out
            UINT64 evt.buflen.net evt.buflen.net.in evt.buflen.net.out
            UINT64 evt.rawtime evt.rawtime.s evt.rawtime.ns evt.reltime evt.reltime.s evt.reltime.ns
            UINT64 evt.deltatime evt.deltatime.s evt.deltatime.ns evt.latency evt.latency.s evt.latency.ns
            UINT64 evt.latency.quantized evt.wait_latency evt.outlatency proc.duration proc.ppid.duration
            UINT64 proc.pid.ts proc.ppid.ts proc.exe_ino.ctime proc.exe_ino.mtime
            UINT64 proc.exe_ino.ctime_duration_proc_start proc.exe_ino.ctime_duration_pidns_start
            UINT64 container.start_ts container.duration thread.exectime thread.totexectime evt.around[i!-=
            STRING evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s evt.source evt.asynctype
            STRING evt.hostname evt.pluginname evt.plugininfo evt.dir evt.type syscall.type evt.category evt.args
            STRING evt.info evt.res evt.io_dir evt.latency.human evt.arg[k! evt.abspath evt.abspath.src evt.abspath.dst
            BUFFER evt.buffer
            INT64 evt.rawres
            INT16 evt.cpu
            UINT32 evt.count evt.count.error evt.count.error.file evt.count.error.net evt.count.error.memory
            UINT32 evt.count.error.other evt.count.exit evt.count.procinfo evt.count.threadinfo evt.type.is[k!
            BOOL evt.is_async evt.failed evt.is_io evt.is_io_read evt.is_io_write evt.is_wait evt.is_syslog
            BOOL evt.is_open_read evt.is_open_write evt.is_open_exec evt.is_open_create
            RAW evt.rawarg[k!-=
            STRING proc.exe proc.pexe proc.exepath proc.pexepath proc.name proc.pname proc.args[i] proc.cmdline
            STRING proc.pcmdline proc.exeline proc.cwd proc.sname proc.sid.exe proc.sid.exepath proc.vpgid.name
            STRING proc.vpgid.exe proc.vpgid.exepath proc.pgid.name proc.pgid.exe proc.pgid.exepath proc.env[k]
            STRING proc.aargs[i]^ proc.aname[i]-=^ proc.aexe[i]-=^ proc.aexepath[i]-=^ proc.acmdline[i]-=^ proc.aenv[k]-=^
            STRING proc.stdin.type proc.stdout.type proc.stderr.type proc.stdin.name proc.stdout.name proc.stderr.name
            INT64 proc.loginshellid proc.pid proc.ppid proc.vpid proc.pvpid proc.sid proc.vpgid proc.pgid
            INT64 proc.exe_ino proc.fdlimit thread.tid thread.vtid thread.nametid proc.apid[i]-=^
            UINT32 proc.tty
            DOUBLE proc.fdusage thread.cpu thread.cpu.user thread.cpu.system proc.cpu
            BOOL proc.is_exe_writable proc.is_exe_upper_layer proc.is_exe_lower_layer proc.is_exe_from_memfd
            BOOL proc.is_sid_leader proc.is_vpgid_leader proc.is_pgid_leader thread.ismain
            BOOL proc.is_container_healthcheck proc.is_container_liveness_probe proc.is_container_readiness_probe
            STRING thread.cap_permitted thread.cap_inheritable thread.cap_effective thread.cgroups thread.cgroup[k!
            UINT32 user.uid group.gid
            STRING user.name user.homedir user.shell user.loginname group.name
            INT64 user.loginuid
            INT64 fd.num fd.ino
            STRING fd.type fd.typechar fd.name fd.directory fd.filename fd.l4proto fd.sockfamily fd.uid fd.cproto
            STRING fd.sproto fd.lproto fd.rproto fd.nameraw fd.types[i]*= fd.containername fd.containerdirectory
            STRING fd.cip.name-= fd.sip.name-= fd.lip.name-= fd.rip.name-=
            STRING fs.path.name fs.path.nameraw fs.path.source fs.path.sourceraw fs.path.target fs.path.targetraw
            STRING fdlist.nums fdlist.names fdlist.cips fdlist.sips fdlist.cports fdlist.sports
            IP fd.cip fd.sip fd.lip fd.rip fd.ip-=&
            NET fd.net-=& fd.cnet-= fd.snet-= fd.lnet-= fd.rnet-=
            PORT fd.cport fd.sport fd.lport fd.rport fd.port-=& fd.proto-=&
            INT32 fd.dev fd.dev.major fd.dev.minor
            BOOL fd.is_server fd.connected fd.name_changed fd.is_upper_layer fd.is_lower_layer
            STRING syslog.facility.str syslog.severity.str syslog.message
            UINT32 syslog.facility syslog.severity
            STRING container.id container.full_id container.name container.image container.image.id container.type
            STRING container.mounts container.image.repository container.image.tag container.image.digest
            STRING container.mount[k! container.mount.source[k! container.mount.dest[k! container.mount.mode[k!
            STRING container.mount.rdwr[k! container.mount.propagation[k! container.healthcheck
            STRING container.liveness_probe container.readiness_probe container.ip container.cni.json
            STRING container.label[k! container.labels
            BOOL container.privileged container.host_pid container.host_network container.host_ipc
            STRING k8s.pod.name k8s.ns.name k8s.pod.id k8s.pod.uid k8s.pod.sandbox_id k8s.pod.full_sandbox_id
            STRING k8s.pod.label[k! k8s.pod.labels k8s.pod.ip k8s.pod.cni.json k8s.rc.name k8s.rc.id k8s.rc.label[k!
            STRING k8s.rc.labels k8s.svc.name k8s.svc.id k8s.svc.label[k! k8s.svc.labels k8s.ns.id k8s.ns.label[k!
            STRING k8s.ns.labels k8s.rs.name k8s.rs.id k8s.rs.label[k! k8s.rs.labels k8s.deployment.name
            STRING k8s.deployment.id k8s.deployment.label[k! k8s.deployment.labels
            STRING k8smeta.pod.name k8smeta.pod.uid k8smeta.pod.label[k! k8smeta.pod.ip k8smeta.ns.name
            STRING k8smeta.ns.uid k8smeta.ns.label[k! k8smeta.deployment.name k8smeta.deployment.uid
            STRING k8smeta.deployment.label[k! k8smeta.svc.name* k8smeta.svc.uid* k8smeta.svc.label[k!*
            STRING k8smeta.rs.name k8smeta.rs.uid k8smeta.rs.label[k! k8smeta.rc.name k8smeta.rc.uid
            STRING k8smeta.rc.label[k!
            STRING jevt.value[k! jevt.time jevt.time.iso8601 jevt.obj json.value[k! json.obj
            UINT64 jevt.rawtime json.rawtime
            STRING ka.auditid ka.stage ka.auth.decision ka.auth.reason ka.auth.openshift.decision
            STRING ka.auth.openshift.username ka.user.name ka.user.groups* ka.impuser.name ka.verb ka.uri
            STRING ka.uri.param[k! ka.target.name ka.target.namespace ka.target.resource ka.target.subresource
            STRING ka.target.pod.name ka.req.binding.subjects* ka.req.binding.role ka.req.configmap.name
            STRING ka.req.configmap.obj ka.req.pod.containers.image[i]* ka.req.pod.containers.image.repository[i]*
            STRING ka.req.container.image ka.req.container.image.repository ka.req.pod.host_ipc
            STRING ka.req.pod.host_network ka.req.container.host_network ka.req.pod.host_pid
            STRING ka.req.pod.containers.host_port[i]* ka.req.pod.containers.privileged[i]*
            STRING ka.req.container.privileged ka.req.pod.containers.allow_privilege_escalation[i]*
            STRING ka.req.pod.containers.read_only_fs[i]* ka.req.pod.run_as_user
            STRING ka.req.pod.containers.run_as_user[i]* ka.req.pod.containers.eff_run_as_user[i]*
            STRING ka.req.pod.run_as_group ka.req.pod.containers.run_as_group[i]*
            STRING ka.req.pod.containers.eff_run_as_group[i]* ka.req.pod.containers.proc_mount[i]*
            STRING ka.req.role.rules* ka.req.role.rules.apiGroups[i]* ka.req.role.rules.nonResourceURLs[i]*
            STRING ka.req.role.rules.verbs[i]* ka.req.role.rules.resources[i]* ka.req.pod.fs_group
            STRING ka.req.pod.supplemental_groups* ka.req.pod.containers.add_capabilities[i]*
            STRING ka.req.service.type ka.req.service.ports[i]* ka.req.pod.volumes.hostpath[i]*
            STRING ka.req.volume.hostpath[k! ka.req.pod.volumes.flexvolume_driver[i]*
            STRING ka.req.pod.volumes.volume_type[i]* ka.resp.name ka.response.code ka.response.reason
            STRING ka.useragent ka.sourceips* ka.cluster.name ka.req.pod.initContainers.image[i]*
            STRING ka.req.pod.initContainers.image.repository[i]* ka.req.pod.initContainers.privileged[i]*
            STRING ka.req.pod.ephemeralContainers.image[i]* ka.req.pod.ephemeralContainers.image.repository[i]*
            STRING ka.req.pod.ephemeralContainers.privileged[i]*
            """;

    private static final String PARAMETER_TABLE = """
            RAW ID sig args env cgroups data msgcontrol sigmask
            OPAQUE addr tuple fds val euid ruid suid rgid egid sgid loginuid res_or_fd
            UINT16 nativeID sem_num_0 sem_num_1
            INT16 sem_op_0 sem_op_1
            STRING name exe cwd path oldpath newpath target linkpath filename pathname comm special quotafilepath
            STRING dir desc json image description scope trusted_exepath arg2_str fstype module uargs cgroup
            UINT32 flags mode dev size uid gid domain type proto optlen mask ratio vm_size vm_rss vm_swap id event_type
            UINT32 nstype operation cpu action nsops semflg error prot features entries sq_entries cq_entries
            UINT32 sq_thread_cpu sq_thread_idle queuelen queuemax to_submit min_complete tty option opcode resolve
            UINT32 clone_flags gid_list ino_flags nr_args subdir
            UINT16 op request sem_flg_0 sem_flg_1 creat_flags
            UINT8 how level optname whence clockid resource queuepct cmd core quota_fmt quota_fmt_out dqi_flags
            INT64 fd res tid pid ptid fd1 fd2 dirfd timeout maxevents oldfd newfd olddir newdir olddirfd newdirfd
            INT64 linkdirfd cur max newcur newmax oldcur oldmax next status ret spid dpid vtid vpid vpgid pgid
            INT64 fd_in fd_out fdin fdout out_fd in_fd reaper_tid arg2_int dfd targetfd pidfd mntfd
            INT32 backlog semid semnum nsems key group_fd
            UINT64 source peer initval pos offset length fdlimit argument pgft_maj pgft_min ino interval
            UINT64 cap_effective cap_inheritable cap_permitted exe_ino exe_ino_ctime exe_ino_mtime len arg
            UINT64 pidns_init_start_ts offin offout event_data cpu_usr cpu_sys ip pgoffset dqb_bhardlimit dqb_bsoftlimit
            UINT64 dqb_curspace dqb_ihardlimit dqb_isoftlimit dqb_btime dqb_itime dqi_bgrace dqi_igrace img advice
            UINT64 addr_hint keyctl_option arg3 arg4 arg5 plugin_id
            STRING tags event_name
            """;

    static {
        for (String line : TABLE.lines().toList()) {
            List<String> words = List.of(line.strip().split("\\s+"));
            FieldType type = FieldType.valueOf(words.getFirst());
            for (String word : words.subList(1, words.size())) {
                FieldInfo info = parse(type, word);
                FIELDS.put(info.name(), info);
            }
        }
        for (String line : PARAMETER_TABLE.lines().toList()) {
            List<String> words = List.of(line.strip().split("\\s+"));
            FieldType type = FieldType.valueOf(words.getFirst());
            words.subList(1, words.size()).forEach(word -> PARAMETERS.put(word, type));
        }
    }

    private FieldTable() {}

    private static FieldInfo parse(FieldType type, String word) {
        int end = 0;
        while (end < word.length() && "[*-=^&".indexOf(word.charAt(end)) < 0) {
            end++;
        }
        String name = word.substring(0, end);
        String rest = word.substring(end);
        Argument argument = Argument.NONE;
        if (rest.startsWith("[i]")) {
            argument = Argument.OPTIONAL_INDEX;
        } else if (rest.startsWith("[k]")) {
            argument = Argument.OPTIONAL_KEY;
        } else if (rest.startsWith("[i!")) {
            argument = Argument.REQUIRED_INDEX;
        } else if (rest.startsWith("[k!")) {
            argument = Argument.REQUIRED_KEY;
        }
        Set<Trait> traits = EnumSet.noneOf(Trait.class);
        if (rest.contains("-")) {
            traits.add(Trait.NO_TRANSFORMER);
        }
        if (rest.contains("=")) {
            traits.add(Trait.NO_RIGHT_SIDE);
        }
        if (rest.contains("^")) {
            traits.add(Trait.ANCESTORS);
        }
        if (rest.contains("&")) {
            traits.add(Trait.BOTH_ENDS);
        }
        return new FieldInfo(name, type, rest.contains("*"), argument, traits);
    }

    /** All field names, without arguments. */
    public static Set<String> names() {
        return new TreeSet<>(FIELDS.keySet());
    }

    /**
     * Finds a field as it was written. {@code evt.arg.name} becomes {@code evt.arg} with the argument
     * {@code name}; its {@link FieldUse} keeps the way it was written.
     */
    static Resolution resolve(FieldUse use) {
        FieldInfo exact = FIELDS.get(use.name());
        if (exact != null) {
            return withArgument(exact, use.argument(), use);
        }
        int dot = use.name().lastIndexOf('.');
        while (dot > 0 && use.argument() == null) {
            FieldInfo family = FIELDS.get(use.name().substring(0, dot));
            if (family != null && takesDottedArgument(family)) {
                return withArgument(family, use.name().substring(dot + 1), use);
            }
            dot = use.name().lastIndexOf('.', dot - 1);
        }
        return new Resolution.Wrong("unknown field '" + use + "'", "a known field", use.name());
    }

    /** What the values of a field are that is used with a right argument; empty for an unknown field. */
    public static Optional<FieldType> typeOf(FieldUse use) {
        return resolve(use) instanceof Resolution.Known known
                ? Optional.of(known.info().type())
                : Optional.empty();
    }

    private static boolean takesDottedArgument(FieldInfo family) {
        return switch (family.name()) {
            case "evt.arg", "evt.rawarg", "thread.cgroup", "proc.env", "proc.aenv" -> true;
            default -> false;
        };
    }

    private static Resolution withArgument(FieldInfo info, @Nullable String argument, FieldUse use) {
        if (argument == null) {
            return info.argument().isRequired()
                    ? new Resolution.Wrong(
                            "field '" + info.name() + "' without an argument", info.name() + "[...]", null)
                    : new Resolution.Known(info, use);
        }
        if (info.argument() == Argument.NONE) {
            return new Resolution.Wrong(
                    "field '" + info.name() + "' with the argument '" + argument + "'",
                    "'" + info.name() + "', which takes none",
                    null);
        }
        if (info.argument().isIndex() && !isIndex(argument)) {
            return new Resolution.Wrong(
                    "field '" + info.name() + "' with the argument '" + argument + "'", "a number in brackets", null);
        }
        if (info.name().equals("evt.arg") || info.name().equals("evt.rawarg")) {
            if (isIndex(argument)) {
                return new Resolution.Known(info, use);
            }
            FieldType raw = PARAMETERS.get(argument);
            if (raw == null) {
                return new Resolution.Wrong(
                        "unknown argument of events '" + argument + "'", "an argument that some event has", null);
            }
            return info.name().equals("evt.arg")
                    ? new Resolution.Known(info, use)
                    : new Resolution.Known(new FieldInfo(info.name(), raw, false, info.argument(), info.traits()), use);
        }
        // with its argument it is one value like any other
        Set<Trait> traits = EnumSet.noneOf(Trait.class);
        traits.addAll(info.traits());
        traits.remove(Trait.ANCESTORS);
        return new Resolution.Known(new FieldInfo(info.name(), info.type(), info.list(), info.argument(), traits), use);
    }

    private static boolean isIndex(String argument) {
        int start = argument.startsWith("-") ? 1 : 0;
        return argument.length() > start && argument.substring(start).chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** For suggestions: names that look like what somebody meant. */
    static List<String> candidates() {
        List<String> names = new ArrayList<>(FIELDS.keySet());
        names.addAll(List.of("evt.arg.flags", "evt.arg.name", "evt.arg.path"));
        return names;
    }
}
