package dev.pounce.cluster;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterAccessTest {

    @TempDir
    Path folder;

    @Test
    void aFileThatIsNoKubeconfigIsNamedWithWhatWasExpected() throws IOException {
        assertThatThrownBy(() -> open("not: [a kubeconfig"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(folder.resolve("config") + ": found a file that cannot be read as a kubeconfig")
                .hasMessageContaining("expected one with a cluster, a user and a current context")
                .hasMessageNotContaining("\n");
    }

    @Test
    void aKubeconfigThatChoosesNoClusterIsNotTakenForAnother() throws IOException {
        assertThatThrownBy(() -> open("apiVersion: v1\nkind: Config\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(folder.resolve("config")
                        + ": found no current context, expected the name of one, with its cluster and user");
    }

    private ClusterAccess open(String kubeconfig) throws IOException {
        Path file = Files.writeString(folder.resolve("config"), kubeconfig);
        return ClusterAccess.open(Optional.of(file), "test", Clock.systemUTC());
    }
}
