package dev.pounce.detection;

import static dev.pounce.testing.ProbeEvents.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.probe.ContainerDescriptions;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.ProbeEvent;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.probe.ProcessEntry;
import dev.pounce.probe.ProcessTable;
import dev.pounce.testing.ProbeEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProbeFieldsTest {

    private static final String ID = "0123456789abcdef".repeat(4);

    /** 2026-08-01T10:15:02.000000007Z, 20 s after boot. */
    private static final long EPOCH = 1_785_579_302_000_000_007L;

    private static final NodeRef NODE = new NodeRef("node-1");

    private static final long INODE = 5_000_000_001L;

    private final ProcessTable table;
    private final ProbeFields fields;
    private final Map<String, EventView> views = new HashMap<>();

    ProbeFieldsTest(@TempDir Path directory) throws IOException {
        Files.writeString(
                Files.createDirectories(directory
                                .resolve("state/io.containerd.runtime.v2.task/k8s.io")
                                .resolve(ID))
                        .resolve("config.json"),
                """
                {"process":{"env":["A=b"]},"annotations":{
                  "io.kubernetes.cri.container-name":"web","io.kubernetes.cri.container-type":"container",
                  "io.kubernetes.cri.image-name":"registry.local:5000/shop/web:1.2@sha256:abc",
                  "io.kubernetes.cri.sandbox-id":"feedfeedfeedfeed","io.kubernetes.cri.sandbox-name":"web-0",
                  "io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-uid":"u-1"}}
                """);
        Files.writeString(
                Files.createDirectories(directory.resolve("host/etc")).resolve("passwd"),
                "root:x:0:0::/:\nalice:x:1000:1000::/:\n");
        Files.writeString(directory.resolve("host/etc/group"), "staff:x:50:\n");
        this.table = new ProcessTable(
                new ProcSnapshot(directory.resolve("proc")),
                new ContainerIds(ContainerStates.NONE, Set.of(2L), Set.of(1L)));
        this.fields = new ProbeFields(
                NODE,
                table,
                new UserNames(directory.resolve("host"), directory.resolve("proc"), System::nanoTime),
                ContainerDescriptions.under(directory.resolve("run"), List.of(directory.resolve("state"))),
                ZoneOffset.ofHours(2));
        makeEvents();
    }

    /** systemd(1) → sshd(50) → bash(100), which does all the rest. */
    private void makeEvents() {
        table.accept(ProbeEvents.exec(
                ProbeEvents.subject(1, SECOND, 0, 0, "systemd"), "/lib/systemd/systemd", "/sbin/init"));
        table.accept(ProbeEvents.exec(
                ProbeEvents.subject(50, 5 * SECOND, 1, SECOND, "sshd"), "/usr/sbin/sshd", "sshd:", "-D", "-R"));
        ProbeEvent.Subject bash = bash();
        int written = ProbeEvent.Exec.UPPER_LAYER | ProbeEvent.Exec.OVERLAY | ProbeEvent.Exec.WRITABLE;
        view(
                "exec",
                new ProbeEvent.Exec(
                        20 * SECOND,
                        bash,
                        7,
                        EPOCH - 15 * SECOND,
                        EPOCH - 16 * SECOND,
                        8 << 20 | 1,
                        0,
                        written,
                        "/usr/bin/bash",
                        "./bash",
                        "/home",
                        List.of("-bash", "-c", "id  x"),
                        "docker/" + ID));
        view("failed exec", ProbeEvents.exec(20 * SECOND, bash, -2, 0, "/bin/nope", "", "nope", "arg"));
        view("fork", ProbeEvents.fork(20 * SECOND, bash, 200, 20 * SECOND));
        view("open", ProbeEvents.open(bash, 3, 0x80000, "/etc/shadow", "../etc//shadow"));
        view("write", ProbeEvents.open(bash, 4, 0x80241, "/home/log", "log"));
        view("failed open", ProbeEvents.open(bash, -2, 2, "", "../x/./y//z"));
        view(
                "creat",
                new ProbeEvent.Open(
                        20 * SECOND,
                        bash,
                        9,
                        1,
                        5,
                        0,
                        0x81ed,
                        ProbeEvent.Open.UPPER_LAYER | ProbeEvent.Open.OVERLAY,
                        0,
                        85,
                        "/t/x",
                        "x",
                        ""));
        view(
                "directory",
                new ProbeEvent.Open(20 * SECOND, bash, 9, 1, 5, 0x10000, 0x41ed, 2, -100, 437, "/etc", "/etc", ""));
        view("dirfd", new ProbeEvent.Open(20 * SECOND, bash, 0, 0, -13, 0, 0, 0, 7, 257, "", "shadow", ""));
        view("tcp", ProbeEvents.connect(bash, -115, 2, 6, "10.0.0.1", "198.51.100.7"));
        view("udp6", ProbeEvents.connect(bash, 0, 10, 17, "2001:db8::1", "2001:db8::2"));
        view("mapped", ProbeEvents.connect(bash, 0, 10, 6, "10.0.0.1", "10.0.0.2"));
        view("unix", new ProbeEvent.Connect(20 * SECOND, bash, -111, 6, 1, 0, 0, 0, "", "", "/run/docker.sock", ""));
        view("abstract", new ProbeEvent.Connect(20 * SECOND, bash, 0, 6, 1, 0, 0, 0, "", "", "\0bus", ""));
        view("exit", ProbeEvents.exit(20 * SECOND, bash));
    }

    private static ProbeEvent.Subject bash() {
        return new ProbeEvent.Subject(
                10 * SECOND,
                5 * SECOND,
                1,
                1,
                0x10001,
                0x20,
                INODE,
                100,
                117,
                9,
                50,
                50,
                1,
                0,
                50,
                0,
                1000,
                34816,
                1,
                2,
                "bash");
    }

    private void view(String name, ProbeEvent event) {
        ProcessEntry entry = table.accept(event);
        views.put(name, new EventView(event, entry, EPOCH, 42));
    }

    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "evt.type ~ exec ~ execve",
                "evt.type ~ failed exec ~ execve",
                "evt.type ~ fork ~ clone",
                "evt.type ~ exit ~ procexit",
                "evt.type ~ open ~ openat",
                "evt.type ~ creat ~ creat",
                "evt.type ~ directory ~ openat2",
                "evt.type ~ tcp ~ connect",
                "syscall.type ~ open ~ openat",
                "evt.num ~ exec ~ 42",
                "evt.time ~ exec ~ 12:15:02.000000007",
                "evt.time.s ~ exec ~ 12:15:02",
                "evt.time.iso8601 ~ exec ~ 2026-08-01T10:15:02.000000007Z",
                "evt.datetime ~ exec ~ 2026-08-01 12:15:02.000000007",
                "evt.datetime.s ~ exec ~ 2026-08-01 12:15:02",
                "evt.rawtime ~ exec ~ 1785579302000000007",
                "evt.rawtime.s ~ exec ~ 1785579302",
                "evt.rawtime.ns ~ exec ~ 7",
                "evt.source ~ exec ~ syscall",
                "evt.hostname ~ exec ~ node-1",
                "evt.dir ~ exec ~ <",
                "evt.count ~ exec ~ 1",
                "evt.category ~ exec ~ process",
                "evt.category ~ open ~ file",
                "evt.category ~ tcp ~ net",
                "evt.res ~ exec ~ SUCCESS",
                "evt.res ~ open ~ SUCCESS",
                "evt.res ~ failed exec ~ ENOENT",
                "evt.res ~ failed open ~ ENOENT",
                "evt.res ~ dirfd ~ EACCES",
                "evt.res ~ tcp ~ EINPROGRESS",
                "evt.res ~ unix ~ ECONNREFUSED",
                "evt.res ~ exit ~ -",
                "evt.rawres ~ open ~ 3",
                "evt.rawres ~ failed open ~ -2",
                "evt.rawres ~ tcp ~ -115",
                "evt.rawres ~ fork ~ 200",
                "evt.rawres ~ exit ~ -",
                "evt.failed ~ open ~ false",
                "evt.failed ~ failed open ~ true",
                "evt.failed ~ exit ~ false",
                "evt.is_io ~ open ~ false",
                "evt.is_wait ~ open ~ false",
                "evt.is_open_read ~ open ~ true",
                "evt.is_open_read ~ write ~ false",
                "evt.is_open_read ~ failed open ~ true",
                "evt.is_open_read ~ exec ~ false",
                "evt.is_open_write ~ open ~ false",
                "evt.is_open_write ~ write ~ true",
                "evt.is_open_write ~ failed open ~ true",
                "evt.is_open_write ~ creat ~ true",
                "evt.is_open_exec ~ creat ~ true",
                "evt.is_open_exec ~ write ~ false",
                "evt.arg.flags ~ exec ~ EXE_WRITABLE|EXE_UPPER_LAYER",
                "evt.arg.flags ~ open ~ O_RDONLY|O_CLOEXEC",
                "evt.arg.flags ~ write ~ O_TRUNC|O_CREAT|O_WRONLY|O_CLOEXEC",
                "evt.arg.flags ~ failed open ~ O_RDWR",
                "evt.arg.flags ~ creat ~ O_TRUNC|O_CREAT|O_WRONLY",
                "evt.arg.flags ~ tcp ~ -",
                "evt.arg[flags] ~ directory ~ O_DIRECTORY|O_RDONLY",
                "evt.arg.name ~ open ~ /etc/shadow",
                "evt.arg.name ~ failed open ~ /x/y/z",
                "evt.arg.name ~ dirfd ~ shadow",
                "evt.arg.name ~ exec ~ -",
                "evt.arg.fd ~ open ~ <f>/etc/shadow",
                "evt.arg.dirfd ~ open ~ AT_FDCWD",
                "evt.arg.dirfd ~ dirfd ~ 7",
                "evt.arg.dev ~ open ~ 8388609",
                "evt.arg.ino ~ open ~ 9",
                "evt.arg.tuple ~ tcp ~ 10.0.0.1:40001->198.51.100.7:443",
                "evt.arg.res ~ failed exec ~ ENOENT",
                "evt.arg.filename ~ exec ~ ./bash",
                "evt.arg.exe ~ exec ~ -bash",
                "evt.arg.args ~ exec ~ \"-c id  x\"",
                "evt.arg.trusted_exepath ~ exec ~ /usr/bin/bash",
                "evt.arg.cwd ~ exec ~ /home/",
                "evt.arg.comm ~ exec ~ bash",
                "evt.arg.tty ~ exec ~ 34816",
                "evt.arg.uid ~ exec ~ root",
                "evt.arg.gid ~ exec ~ 50",
                "evt.arg.loginuid ~ exec ~ 1000",
                "evt.arg.cap_permitted ~ exec ~ CAP_KILL",
                "evt.arg.status ~ exit ~ 0",
                "proc.name ~ exec ~ bash",
                "proc.name ~ failed exec ~ bash",
                "proc.exe ~ exec ~ -bash",
                "proc.exepath ~ exec ~ /usr/bin/bash",
                "proc.exepath ~ failed exec ~ /usr/bin/bash",
                "proc.args ~ exec ~ \"-c id  x\"",
                "proc.args[0] ~ exec ~ -c",
                "proc.args[2] ~ exec ~ -",
                "proc.cmdline ~ exec ~ \"bash -c id  x\"",
                "proc.cmdline ~ failed exec ~ \"bash -c id  x\"",
                "proc.cmdline ~ open ~ \"bash -c id  x\"",
                "proc.exeline ~ exec ~ \"-bash -c id  x\"",
                "proc.cmdnargs ~ exec ~ 2",
                "proc.cmdlenargs ~ exec ~ 7",
                "proc.cwd ~ exec ~ /home/",
                "proc.pid ~ exec ~ 100",
                "proc.ppid ~ exec ~ 50",
                "proc.vpid ~ exec ~ 9",
                "proc.pvpid ~ exec ~ 50",
                "proc.pname ~ exec ~ sshd",
                "proc.pexe ~ exec ~ sshd:",
                "proc.pexepath ~ exec ~ /usr/sbin/sshd",
                "proc.pcmdline ~ exec ~ sshd -D -R",
                "proc.aname[0] ~ exec ~ bash",
                "proc.aname[1] ~ exec ~ sshd",
                "proc.aname[2] ~ exec ~ systemd",
                "proc.aname[3] ~ exec ~ -",
                "proc.aexe[2] ~ exec ~ /sbin/init",
                "proc.aexepath[2] ~ exec ~ /lib/systemd/systemd",
                "proc.acmdline[1] ~ exec ~ sshd -D -R",
                "proc.aargs[1] ~ exec ~ -D -R",
                "proc.apid[2] ~ exec ~ 1",
                "proc.aname ~ exec ~ [sshd, systemd]",
                "proc.aexe ~ exec ~ [sshd:, /sbin/init]",
                "proc.aexepath ~ exec ~ [/usr/sbin/sshd, /lib/systemd/systemd]",
                "proc.acmdline ~ exec ~ [sshd -D -R, systemd]",
                "proc.apid ~ exec ~ [50, 1]",
                "proc.tty ~ exec ~ 34816",
                "proc.sid ~ exec ~ 1",
                "proc.sname ~ exec ~ systemd",
                "proc.sid.exe ~ exec ~ /sbin/init",
                "proc.sid.exepath ~ exec ~ /lib/systemd/systemd",
                "proc.is_sid_leader ~ exec ~ false",
                "proc.pgid ~ exec ~ 50",
                "proc.pgid.name ~ exec ~ sshd",
                "proc.is_vpgid_leader ~ exec ~ false",
                "proc.is_exe_upper_layer ~ exec ~ true",
                "proc.is_exe_lower_layer ~ exec ~ false",
                "proc.is_exe_from_memfd ~ exec ~ false",
                "proc.is_exe_writable ~ open ~ true",
                "proc.exe_ino ~ exec ~ 7",
                "proc.exe_ino.ctime ~ exec ~ 1785579287000000007",
                "proc.exe_ino.mtime ~ exec ~ 1785579286000000007",
                "proc.exe_ino.ctime_duration_proc_start ~ exec ~ 5000000000",
                "proc.duration ~ exec ~ 10000000000",
                "proc.ppid.duration ~ exec ~ 15000000000",
                "proc.pid.ts ~ exec ~ 1785579292000000007",
                "proc.ppid.ts ~ exec ~ 1785579287000000007",
                "thread.tid ~ exec ~ 117",
                "thread.ismain ~ exec ~ false",
                "thread.cap_effective ~ exec ~ CAP_CHOWN CAP_SYS_MODULE",
                "thread.cap_permitted ~ exec ~ CAP_KILL",
                "user.uid ~ exec ~ 0",
                "user.name ~ exec ~ root",
                "user.loginuid ~ exec ~ 1000",
                "group.gid ~ exec ~ 50",
                "container.id ~ exec ~ 0123456789ab",
                "container.name ~ exec ~ web",
                "container.image ~ exec ~ registry.local:5000/shop/web:1.2@sha256:abc",
                "container.image.repository ~ exec ~ registry.local:5000/shop/web",
                "container.image.tag ~ exec ~ 1.2",
                "container.image.digest ~ exec ~ sha256:abc",
                "k8s.ns.name ~ exec ~ shop",
                "k8s.pod.name ~ exec ~ web-0",
                "k8s.pod.uid ~ exec ~ u-1",
                "k8s.pod.sandbox_id ~ exec ~ feedfeedfeed",
                "fd.num ~ open ~ 3",
                "fd.num ~ failed open ~ -1",
                "fd.num ~ tcp ~ 5",
                "fd.num ~ exec ~ -",
                "fd.name ~ open ~ /etc/shadow",
                "fd.name ~ failed open ~ /x/y/z",
                "fd.name ~ dirfd ~ shadow",
                "fd.name ~ tcp ~ 10.0.0.1:40001->198.51.100.7:443",
                "fd.name ~ udp6 ~ 2001:db8::1:40001->2001:db8::2:443",
                "fd.name ~ unix ~ /run/docker.sock",
                "fd.name ~ abstract ~ @bus",
                "fd.name ~ exec ~ -",
                "fd.nameraw ~ open ~ ../etc/shadow",
                "fd.directory ~ open ~ /etc",
                "fd.directory ~ directory ~ /etc",
                "fd.directory ~ tcp ~ -",
                "fd.filename ~ open ~ shadow",
                "fd.filename ~ directory ~ -",
                "fd.type ~ open ~ file",
                "fd.type ~ failed open ~ file",
                "fd.type ~ directory ~ directory",
                "fd.type ~ tcp ~ ipv4",
                "fd.type ~ udp6 ~ ipv6",
                "fd.type ~ mapped ~ ipv4",
                "fd.type ~ unix ~ unix",
                "fd.typechar ~ open ~ f",
                "fd.typechar ~ directory ~ d",
                "fd.typechar ~ tcp ~ 4",
                "fd.typechar ~ udp6 ~ 6",
                "fd.typechar ~ unix ~ u",
                "fd.ino ~ open ~ 9",
                "fd.ino ~ failed open ~ -",
                "fd.dev ~ open ~ 8388609",
                "fd.dev.major ~ open ~ 8",
                "fd.dev.minor ~ open ~ 1",
                "fd.is_upper_layer ~ creat ~ true",
                "fd.is_upper_layer ~ open ~ false",
                "fd.is_lower_layer ~ directory ~ true",
                "fd.cip ~ tcp ~ 10.0.0.1",
                "fd.sip ~ tcp ~ 198.51.100.7",
                "fd.lip ~ tcp ~ 10.0.0.1",
                "fd.rip ~ tcp ~ 198.51.100.7",
                "fd.snet ~ tcp ~ 198.51.100.7",
                "fd.cport ~ tcp ~ 40001",
                "fd.sport ~ tcp ~ 443",
                "fd.lport ~ tcp ~ 40001",
                "fd.rport ~ tcp ~ 443",
                "fd.ip ~ tcp ~ [10.0.0.1, 198.51.100.7]",
                "fd.net ~ tcp ~ [10.0.0.1, 198.51.100.7]",
                "fd.port ~ tcp ~ [40001, 443]",
                "fd.ip ~ unix ~ -",
                "fd.sip ~ unix ~ -",
                "fd.sport ~ unix ~ -",
                "fd.sip ~ open ~ -",
                "fd.l4proto ~ tcp ~ tcp",
                "fd.l4proto ~ udp6 ~ udp",
                "fd.l4proto ~ unix ~ <NA>",
                "fd.sockfamily ~ tcp ~ ip",
                "fd.sockfamily ~ unix ~ unix",
                "fd.connected ~ tcp ~ false",
                "fd.connected ~ udp6 ~ true",
                "fd.is_server ~ tcp ~ false"
            })
    void aFieldHasTheValueThatARuleExpects(String field, String event, @Nullable String expected) {
        Object value = value(field, event);
        assertThat(value == null ? null : value.toString())
                .isEqualTo(expected == null ? null : expected.replace("\"", ""));
    }

    @Test
    void whatConditionsCompareHasTheTypesOfTheLanguage() {
        assertThat(value("proc.pid", "exec")).isEqualTo(100L);
        assertThat(value("evt.rawres", "failed open")).isEqualTo(-2L);
        assertThat(value("fd.sport", "tcp")).isEqualTo(443L);
        assertThat(value("user.uid", "exec")).isEqualTo(0L);
        assertThat(value("user.loginuid", "exec")).isEqualTo(1000L);
        assertThat(value("proc.is_exe_upper_layer", "exec")).isEqualTo(true);
        assertThat(value("fd.connected", "tcp")).isEqualTo(false);
        assertThat(value("proc.apid", "exec")).isEqualTo(List.of(50L, 1L));
        assertThat(value("fd.port", "tcp")).isEqualTo(List.of(40001L, 443L));
    }

    @ParameterizedTest
    @CsvSource({
        "container.privileged",
        "k8s.rs.name",
        "proc.env",
        "proc.env[HOME]",
        "evt.arg.request",
        "evt.buffer",
        "fd.sip.name",
        "proc.aname[x]",
        "proc.aname[-1]",
        "proc.nothing",
        "nonsense",
        "evt.arg.mode",
        "proc.name[1]"
    })
    void aFieldThatNoEventOfOursSuppliesIsNotBound(String field) {
        assertThat(fields.bind(use(field))).isEmpty();
    }

    @Test
    void aProcessOfTheHostIsOnTheHost() {
        // Given
        ProbeEvent.Exec exec =
                ProbeEvents.exec(ProbeEvents.subject(7, SECOND, 1, SECOND, "cron"), "/usr/sbin/cron", "cron");
        view("host", exec);

        // Then
        assertThat(value("container.id", "host")).isEqualTo("host");
        assertThat(value("container.full_id", "host")).isNull();
        assertThat(value("container.name", "host")).isEqualTo("host");
        assertThat(value("container.image", "host")).isNull();
        assertThat(value("k8s.pod.name", "host")).isNull();
        assertThat(value("container.full_id", "exec")).isEqualTo(ID);
        assertThat(value("proc.exe_ino.ctime_duration_proc_start", "host")).isNotNull();
    }

    @Test
    void whatIsUnknownIsMissingAndNotEmpty() {
        // Given
        view("lost", ProbeEvents.open(ProbeEvents.subject(8, SECOND, 0, 0, "x"), -2, 0, "", ""));

        // Then
        for (String field : List.of(
                "proc.exe",
                "proc.exepath",
                "proc.cwd",
                "proc.pname",
                "proc.pexe",
                "proc.pcmdline",
                "proc.aname",
                "proc.aname[1]",
                "proc.exe_ino",
                "fd.name",
                "fd.directory",
                "fd.filename",
                "proc.exe_ino.ctime",
                "proc.exe_ino.ctime_duration_proc_start",
                "proc.ppid.ts")) {
            assertThat(value(field, "lost")).as(field).isNull();
        }
        assertThat(value("proc.cmdline", "lost")).isEqualTo("x");
    }

    @Test
    void anEventSpeaksOfItsProcessAndItsContainerAndPod() {
        assertThat(view("exec").assetsOn(NODE, fields.containerOf(view("exec"))))
                .containsExactly(
                        new ProcessRef(NODE, 100, 10 * SECOND, INODE),
                        new ContainerRef(NODE, ID),
                        new PodRef("shop", "web-0", Optional.of("u-1")));
        view("host", ProbeEvents.exit(SECOND, ProbeEvents.subject(7, 3, 1, SECOND, "cron")));
        assertThat(view("host").assetsOn(NODE, fields.containerOf(view("host"))))
                .containsExactly(new ProcessRef(NODE, 7, 3));
    }

    @ParameterizedTest
    @CsvSource({
        "0, SUCCESS",
        "5, SUCCESS",
        "-1, EPERM",
        "-11, EAGAIN",
        "-40, ELOOP",
        "-42, ENOMSG",
        "-59, EBFONT",
        "-95, EOPNOTSUPP",
        "-104, ECONNRESET",
        "-110, ETIMEDOUT",
        "-113, EHOSTUNREACH",
        "-115, EINPROGRESS",
        "-133, EHWPOISON",
        "-134, 134"
    })
    void aResultHasItsName(long result, String expected) {
        assertThat(KernelNames.result(result)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, O_RDONLY",
        "1, O_WRONLY",
        "2, O_RDWR",
        "0x410002, O_RDWR|O_TMPFILE",
        "0x101001, O_SYNC|O_DSYNC|O_WRONLY",
        "0x8000, O_LARGEFILE|O_RDONLY",
        "0x4c41, O_DIRECT|O_NONBLOCK|O_APPEND|O_CREAT|O_WRONLY",
        "0xc1, O_EXCL|O_CREAT|O_WRONLY"
    })
    void openFlagsAreNamedInFalcosOrder(String flags, String expected) {
        assertThat(KernelNames.openFlags(Integer.decode(flags))).isEqualTo(expected);
    }

    @Test
    void everyCapabilityHasItsNumber() {
        assertThat(KernelNames.capabilities(0)).isEmpty();
        assertThat(KernelNames.capabilities(1L << 21)).isEqualTo("CAP_SYS_ADMIN");
        assertThat(KernelNames.capabilities(1L << 39)).isEqualTo("CAP_BPF");
        assertThat(KernelNames.capabilities(-1)).startsWith("CAP_CHOWN ").endsWith(" CAP_CHECKPOINT_RESTORE");
    }

    @ParameterizedTest
    @CsvSource({
        "/home, log, /home/log",
        "/home, ../etc/passwd, /etc/passwd",
        "/home, ../../../etc, /etc",
        "/, x, /x",
        "/home, /a//b/./c/../d, /a/b/d",
        "/home, ./, /home",
        "'', x, x",
        "/home, '', ''",
        "/home, ., /home",
        "/a, .b, /a/.b",
        "/a, ..., /a/...",
        "/a, /b/, /b"
    })
    void namesAreJoinedAsText(String directory, String name, String expected) {
        assertThat(FilePaths.absolute(directory, name)).isEqualTo(expected);
    }

    private EventView view(String name) {
        EventView view = views.get(name);
        if (view == null) {
            throw new AssertionError("no event is called " + name);
        }
        return view;
    }

    private @Nullable Object value(String field, String event) {
        return fields.bind(use(field))
                .orElseThrow(() -> new AssertionError(field + " is not bound"))
                .extract(view(event));
    }

    private static FieldUse use(String field) {
        int open = field.indexOf('[');
        return open < 0
                ? new FieldUse(field, null)
                : new FieldUse(field.substring(0, open), field.substring(open + 1, field.length() - 1));
    }
}
