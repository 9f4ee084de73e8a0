package dev.pounce.detection;

import static dev.pounce.detection.language.MapFields.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.language.MapFields;
import dev.pounce.detection.language.ProbeInterest;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.probe.ProbeFilter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules in {@code rules/detection}: each fires where it should and keeps quiet where it should not. */
class ShippedRulesTest {

    private static final RuleSet RULES = load();

    private static final Map<String, Object> SHELL = event(
            "evt.type",
            "execve",
            "evt.rawres",
            0,
            "container.id",
            "3f2a9c1b7d4e",
            "proc.name",
            "bash",
            "proc.tty",
            34816);
    private static final Map<String, Object> DROPPED = event(
            "evt.type",
            "execve",
            "evt.rawres",
            0,
            "container.id",
            "3f2a9c1b7d4e",
            "proc.name",
            "xmrig",
            "proc.tty",
            0,
            "proc.is_exe_upper_layer",
            true,
            "proc.exepath",
            "/tmp/xmrig");
    private static final Map<String, Object> MEMFD = event(
            "evt.type",
            "execve",
            "evt.rawres",
            0,
            "container.id",
            "host",
            "proc.name",
            "3",
            "proc.pname",
            "python3",
            "proc.is_exe_from_memfd",
            true);
    private static final Map<String, Object> READ = event(
            "evt.type",
            "openat",
            "evt.rawres",
            3,
            "fd.num",
            3,
            "fd.typechar",
            "f",
            "evt.is_open_read",
            true,
            "fd.name",
            "/etc/shadow",
            "fd.directory",
            "/etc",
            "fd.filename",
            "shadow",
            "proc.name",
            "cat",
            "proc.pname",
            "bash",
            "container.id",
            "host",
            "proc.is_exe_upper_layer",
            false);
    private static final Map<String, Object> CONNECT = event(
            "evt.type",
            "connect",
            "evt.rawres",
            -115,
            "evt.res",
            "EINPROGRESS",
            "fd.type",
            "ipv4",
            "fd.sip",
            "93.184.216.34",
            "fd.sport",
            443,
            "fd.cip",
            "172.17.0.2",
            "container.id",
            "3f2a9c1b7d4e",
            "proc.name",
            "curl",
            "proc.exepath",
            "/usr/bin/curl");

    @Test
    void aShellWithATerminalInAContainerIsReported() {
        assertThat(fired(SHELL)).containsExactly("Terminal shell in container");
    }

    @ParameterizedTest
    @CsvSource({"container.id, host", "proc.name, nginx", "evt.type, openat"})
    void otherProgramsAndPlacesAreNoShellsInContainers(String field, String value) {
        assertThat(fired(with(SHELL, field, value))).isEmpty();
    }

    @Test
    void aShellWithoutATerminalOrThatDidNotStartIsNotReported() {
        assertThat(fired(with(SHELL, "proc.tty", 0L))).isEmpty();
        assertThat(fired(with(SHELL, "evt.rawres", -2L))).isEmpty();
    }

    @Test
    void aProgramThatWasNotInTheImageIsReported() {
        assertThat(fired(DROPPED)).containsExactly("Drop and execute new binary in container");
    }

    @Test
    void aProgramOfTheImageOrOfTheHostIsNotReported() {
        assertThat(fired(with(DROPPED, "proc.is_exe_upper_layer", false))).isEmpty();
        assertThat(fired(with(DROPPED, "container.id", "host"))).isEmpty();
    }

    @Test
    void aProgramFromMemoryIsReportedOnHostsAndInContainers() {
        assertThat(fired(MEMFD)).containsExactly("Fileless execution via memfd_create");
        assertThat(fired(with(MEMFD, "container.id", "3f2a9c1b7d4e")))
                .containsExactly("Fileless execution via memfd_create");
    }

    @Test
    void aContainerRuntimeThatProtectsItselfIsNotReported() {
        assertThat(fired(with(with(MEMFD, "proc.name", "6"), "proc.pname", "runc")))
                .isEmpty();
        assertThat(fired(with(with(MEMFD, "proc.name", "runc:[2:INIT]"), "proc.pname", "runc")))
                .isEmpty();
        assertThat(fired(with(with(MEMFD, "proc.name", "6"), "proc.pname", "bash")))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/shadow",
                "/etc/gshadow",
                "/etc/sudoers",
                "/etc/sudoers.d/admins",
                "/home/jo/.ssh/id_ed25519",
                "/root/.kube/config",
                "/home/jo/.aws/credentials",
            })
    void aFileWithSecretsReadByAnybodyIsReportedAndTheKernelLetsItThrough(String path) {
        // Given
        Map<String, Object> read = with(
                with(with(READ, "fd.name", path), "fd.directory", path.substring(0, path.lastIndexOf('/'))),
                "fd.filename",
                path.substring(path.lastIndexOf('/') + 1));

        // When and then
        assertThat(fired(read)).containsExactly("Read sensitive file untrusted");
        assertThat(List.of(path.split("/")))
                .containsAnyElementsOf(ProbeInterest.of(RULES).openNames());
    }

    @ParameterizedTest
    @ValueSource(strings = {"sshd", "sudo", "(systemd)", "dpkg", "passwd", "restic"})
    void aFileWithSecretsReadByThoseWhoHaveBusinessWithItIsNotReported(String program) {
        assertThat(fired(with(READ, "proc.name", program))).isEmpty();
    }

    @Test
    void aTrustedNameOfAProgramThatWasDroppedIntoAContainerHelpsNobody() {
        assertThat(fired(with(with(READ, "proc.name", "sshd"), "proc.is_exe_upper_layer", true)))
                .containsExactly("Read sensitive file untrusted");
    }

    @Test
    void writingFailingOrReadingSomethingElseIsNotReported() {
        assertThat(fired(with(READ, "evt.is_open_read", false))).isEmpty();
        assertThat(fired(with(READ, "fd.num", -1L))).isEmpty();
        assertThat(fired(with(with(READ, "fd.name", "/etc/passwd"), "fd.filename", "passwd")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"curl", "nc", "bash", "perl", "wget", "socat"})
    void aConnectionToTheOutsideByAToolOfIntrudersIsReported(String program) {
        assertThat(fired(with(CONNECT, "proc.name", program)))
                .containsExactly("Outbound connection from unexpected program in container");
    }

    @Test
    void aConnectionToTheOutsideByADroppedProgramIsReported() {
        assertThat(fired(with(with(CONNECT, "proc.name", "kworker"), "proc.is_exe_upper_layer", true)))
                .containsExactly("Outbound connection from unexpected program in container");
    }

    @ParameterizedTest
    @CsvSource({
        "fd.sip, 10.1.2.3",
        "fd.sip, 127.0.0.1",
        "fd.sip, 172.31.0.9",
        "fd.sip, 169.254.169.254",
        "fd.sip, fd00::1",
        "fd.sip, ::1",
        "proc.name, nginx",
        "container.id, host",
        "fd.type, unix",
        "evt.res, EACCES",
    })
    void connectionsThatAreNotToTheOutsideOrNotByAnIntruderAreNotReported(String field, String value) {
        assertThat(fired(with(CONNECT, field, value))).isEmpty();
    }

    @Test
    void theKernelIsAskedForNoMoreThanTheRulesNeed() {
        ProbeFilter filter = ProbeInterest.of(RULES);

        assertThat(filter.opens()).isTrue();
        assertThat(filter.everyOpen()).isFalse();
        assertThat(filter.openNames())
                .contains("shadow", "id_rsa", "sudoers.d", "credentials")
                .doesNotContain("etc", "root", "home")
                .hasSizeLessThan(40);
        assertThat(filter.failedOpens()).isFalse();
        assertThat(filter.failedExecs()).isFalse();
        assertThat(filter.connects()).isTrue();
        assertThat(filter.unixConnects()).isFalse();
    }

    @Test
    void everyRuleSaysWhyItIsThereAndWhatAnAttackerDoesByAttack() {
        assertThat(RULES.rules()).hasSize(5).allSatisfy(rule -> {
            assertThat(rule.enabled()).isTrue();
            assertThat(rule.description().length()).isGreaterThan(100);
            assertThat(rule.tags()).anyMatch(tag -> tag.matches("T\\d{4}(\\.\\d{3})?"));
            assertThat(rule.tags()).anyMatch(tag -> tag.startsWith("mitre_"));
            assertThat(rule.output().fields().stream().map(Object::toString))
                    .contains("proc.pid", "proc.cmdline", "container.id", "user.name", "k8s.pod.name");
        });
    }

    private static RuleSet load() {
        RuleFileReader.Outcome outcome = RuleFileReader.load(List.of(Path.of("rules/detection")));
        assertThat(outcome.problems()).isEmpty();
        return outcome.rules().orElseThrow();
    }

    private static Map<String, Object> with(Map<String, Object> event, String field, Object value) {
        Map<String, Object> changed = new HashMap<>(event);
        changed.put(field, value);
        return changed;
    }

    private static List<String> fired(Map<String, Object> event) {
        Detector<Map<String, Object>> detector =
                new Detector<>(RULES, "syscall", new MapFields(), new MapKind(), MatchMode.ALL, () -> "id", Set.of());
        return detector.detect(event).stream().map(Detection::rule).toList();
    }
}
