package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.probe.ContainerIds;
import dev.pounce.probe.ContainerStates;
import dev.pounce.probe.ProcSnapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ContainersOfProcessesTest {

    private static final String ID = "0123456789abcdef".repeat(4);

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
        NodeRef node = new NodeRef("node");

        // Then
        assertThat(containers.isIn(77, new ContainerRef(node, ID))).isTrue();
        assertThat(containers.isIn(77, new ContainerRef(node, "f".repeat(64)))).isFalse();
        assertThat(containers.isIn(78, new ContainerRef(node, ID))).isFalse();
    }
}
