package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.testing.ProbeEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerIdsTest {

    private static final String ID = "0123456789abcdef".repeat(4);
    private static final String OTHER = "fedcba9876543210".repeat(4);
    private static final long HOME = 1;
    private static final long ABROAD = 2;

    /** Counts what it is asked, and knows one containerd task and one runc container. */
    private static final class FakeStates implements ContainerStates {
        private int asked;
        private String containerd = "default/web";
        private String runc = "box";

        @Override
        public boolean containerdHas(String namespace, String id) {
            asked++;
            return containerd.equals(namespace + "/" + id);
        }

        @Override
        public boolean runcHas(String id) {
            asked++;
            return runc.equals(id);
        }
    }

    private final FakeStates states = new FakeStates();
    private final ContainerIds ids = new ContainerIds(states, Set.of(HOME), Set.of(HOME));

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        // docker
        "docker/ID, ID",
        "/docker/ID, ID",
        "system.slice/docker-ID.scope, ID",
        "/system.slice/docker-ID.scope, ID",
        "docker-ID.scope/init.scope, ID",
        "ID/system.slice/cron.service, ID",
        "system.slice:docker:ID, ID",
        // docker in docker
        "docker/OTHER/docker/ID, ID",
        // kubernetes
        "kubepods/besteffort/pod1ff/ID, ID",
        "burstable/pod12345678-1234-1234-1234-123456789abc/ID, ID",
        "kubepods.slice/kubepods-pod1.slice/cri-containerd-ID.scope, ID",
        "kubepods.slice/kubepods-pod1.slice/crio-ID.scope, ID",
        "kubepods.slice/kubepods-pod1.slice/docker-ID.scope, ID",
        "kubepods-besteffort-pod1.slice:cri-containerd:ID, ID",
        "system.slice/kubepods-pod1.slice:cri-containerd:ID, ID",
        "k8s.io/ID, ID",
        // podman
        "machine.slice/libpod-ID.scope, ID",
        "machine.slice/libpod-ID.scope/container, ID",
        "libpod_parent/libpod-ID, ID",
        // others
        "default/ID, ID",
        "ecs/0123456789/ID, ID",
        "system.slice/nerdctl-ID.scope, ID",
        "lxc.payload.web, web",
        "lxc.payload.web/system.slice/ssh.service, web",
        // the host
        "'', host",
        "/, host",
        "init.scope, host",
        "system.slice/ssh.service, host",
        "user.slice/user-0.slice/session-1.scope, host",
        "process_api/df2499e494880547498b16ef98df2d47, host",
        "df2499e494880547498b16ef98df2d47, host",
        "machine.slice/libpod-conmon-ID.scope, host",
        "machine.slice/crio-conmon-ID.scope, host",
        "system.slice/containerd.service, host",
        "system.slice/run-rdf2499e494880547498b16ef98df2d47.scope, host",
        "lxc.monitor.web, host",
        "lxc.payload., host",
        "kubepods/besteffort/pod12345678-1234-1234-1234-123456789abc, host",
        "backup-ID, host",
        "0ID, host",
        "default/web, host"
    })
    void onlyShapesOfRuntimesAreContainers(String cgroup, String expected) {
        // When
        Optional<String> id = ids.idOf(fill(cgroup), HOME, HOME, 1);

        // Then
        assertThat(id.orElse("host")).isEqualTo(fill(expected));
        assertThat(states.asked)
                .as("a process of the host costs no look at a file system")
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "default/web, web",
        "/default/web, web",
        "default/web/sub, web",
        "system.slice:default:web, web",
        "system.slice/runc-box.scope, box",
        "box, box",
        "user.slice/box, box",
        "default/other, host",
        "moby/web, host",
        "web, host",
        "system.slice/ssh.service, host"
    })
    void aChosenNameCountsWhenTheRuntimeKnowsIt(String cgroup, String expected) {
        assertThat(ids.idOf(cgroup, ABROAD, ABROAD, 1).orElse("host")).isEqualTo(expected);
        assertThat(ids.idOf(cgroup, HOME, ABROAD, 1).orElse("host")).isEqualTo(expected);
        assertThat(ids.idOf(cgroup, HOME, HOME, 1)).isEmpty();
    }

    @Test
    void theRuntimeIsAskedOncePerCgroup() {
        // Given
        Optional<String> first = ids.idOf("default/web", ABROAD, ABROAD, 1);
        int asked = states.asked;

        // When
        Optional<String> second = ids.idOf("default/web", ABROAD, ABROAD, 1000 * ProbeEvents.SECOND);

        // Then
        assertThat(second).isEqualTo(first).contains("web");
        assertThat(states.asked).isEqualTo(asked);
    }

    @Test
    void aNoIsBelievedForFiveSeconds() {
        // Given
        states.containerd = "none";
        assertThat(ids.idOf("default/web", ABROAD, ABROAD, 0)).isEmpty();
        states.containerd = "default/web";

        // When
        Optional<String> soon = ids.idOf("default/web", ABROAD, ABROAD, 4 * ProbeEvents.SECOND);
        Optional<String> later = ids.idOf("default/web", ABROAD, ABROAD, 6 * ProbeEvents.SECOND);

        // Then
        assertThat(soon).isEmpty();
        assertThat(later).contains("web");
    }

    @Test
    void theRuntimesOwnDirectoriesAnswer(@TempDir Path run) throws IOException {
        // Given
        Files.createDirectories(run.resolve("containerd/io.containerd.runtime.v2.task/default/web"));
        Files.createDirectories(run.resolve("runc/box"));
        Files.createDirectories(run.resolve("elsewhere/secret"));
        Files.createSymbolicLink(run.resolve("runc/link"), run.resolve("elsewhere"));

        // When
        ContainerStates real = ContainerStates.under(run);

        // Then
        assertThat(real.containerdHas("default", "web")).isTrue();
        assertThat(real.containerdHas("default", "other")).isFalse();
        assertThat(real.containerdHas("default", "..")).isFalse();
        assertThat(real.containerdHas("..", "io.containerd.runtime.v2.task")).isFalse();
        assertThat(real.containerdHas("default", "")).isFalse();
        assertThat(real.containerdHas("default", "we\0b")).isFalse();
        assertThat(real.runcHas("box")).isTrue();
        assertThat(real.runcHas("link")).isFalse();
        assertThat(real.runcHas("../elsewhere")).isFalse();
        assertThat(ContainerStates.NONE.runcHas("box")).isFalse();
    }

    private static String fill(String text) {
        return text.replace("OTHER", OTHER).replace("ID", ID);
    }
}
