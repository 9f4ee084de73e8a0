package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.ProcSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainersOfProcessesTest {

    private static final String ID = "0123456789abcdef".repeat(4);
    private static final String OTHER = "fedcba9876543210".repeat(4);

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "0::/pnr-victim/ID, :/pnr-victim/ID",
        "0::/pnr-evil/ID, :/pnr-evil/ID",
        "0::/system.slice/docker-ID.scope, :/system.slice/docker-ID.scope",
        "0::/system.slice/docker-ID.scope/a/b/c/d, :/system.slice/docker-ID.scope",
        "0::/docker/ID/docker/OTHER, :/docker/ID",
        "0::/docker/ID/x/ID, :/docker/ID",
        "0::/docker/OTHER/docker/ID, :/docker/OTHER/docker/ID",
        "0::/machine.slice/libpod-conmon-ID.scope, none",
        "0::/docker/OTHER, none",
        "0::/backup-ID, none",
        "0::/, none",
        "0::/|4:pids:/docker/ID, pids:/docker/ID",
        "4:cpu:/docker/ID, none",
    })
    void aContainerIsWhereTheOutermostControlGroupOfItsNameIs(String lines, String expected, @TempDir Path root)
            throws IOException {
        // Given
        Files.writeString(Files.createDirectories(root.resolve("50")).resolve("cgroup"), fill(lines) + "\n");
        ContainersOfProcesses containers = new ContainersOfProcesses(
                new ProcSnapshot(root), new ContainerIds(ContainerStates.NONE, Set.of(), Set.of()));
        ContainerRef container = new ContainerRef(new NodeRef("here"), ID);

        // Then
        assertThat(containers.directoryOf(50, container).orElse("none")).isEqualTo(fill(expected));
        assertThat(containers.directoryOf(51, container)).isEmpty();
    }

    @Test
    @Timeout(20)
    void aProcessThatHangsWhoReadsItIsStillFoundInItsContainer(@TempDir Path root) throws Exception {
        // Given
        Path directory = Files.createDirectories(root.resolve("77"));
        for (String held : List.of("stat", "status", "cmdline", "loginuid")) {
            String fifo = directory.resolve(held).toString();
            assertThat(new ProcessBuilder("mkfifo", fifo).start().waitFor()).isZero();
        }
        Files.writeString(directory.resolve("cgroup"), "0::/docker/" + ID + "\n");
        ContainersOfProcesses containers = new ContainersOfProcesses(
                new ProcSnapshot(root), new ContainerIds(ContainerStates.NONE, Set.of(), Set.of()));
        NodeRef node = new NodeRef("here");

        // Then
        assertThat(containers.directoryOf(77, new ContainerRef(node, ID))).contains(":/docker/" + ID);
        assertThat(containers.directoryOf(77, new ContainerRef(node, OTHER))).isEmpty();
    }

    private static String fill(String text) {
        return text.replace('|', '\n').replace("OTHER", OTHER).replace("ID", ID);
    }
}
