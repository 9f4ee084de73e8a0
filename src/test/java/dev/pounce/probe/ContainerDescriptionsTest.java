package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.asset.PodRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerDescriptionsTest {

    private static final String ID = "0123456789abcdef".repeat(4);
    private static final String CONTAINERD = """
            {"ociVersion":"1.2.0","process":{"args":["sh"],"env":["annotations=x"]},"mounts":[{"type":"proc"}],
             "annotations":{"io.kubernetes.cri.container-name":"look","io.kubernetes.cri.container-type":"container",
               "io.kubernetes.cri.image-name":"registry.local/busybox:1","io.kubernetes.cri.sandbox-id":"9847",
               "io.kubernetes.cri.sandbox-name":"look-0","io.kubernetes.cri.sandbox-namespace":"shop",
               "io.kubernetes.cri.sandbox-uid":"60d21757"},"linux":{"cgroupsPath":"/kubepods"}}
            """;

    @TempDir
    Path directory;

    private final AtomicLong nanos = new AtomicLong();

    private ContainerDescriptions descriptions() {
        return new ContainerDescriptions(List.of(directory.resolve("state")), nanos::get);
    }

    private void write(String file, String text) throws IOException {
        Path path = directory.resolve("state").resolve(ID).resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void whatContainerdWroteDownIsRead() throws IOException {
        // Given
        write("config.json", CONTAINERD);

        // When
        Optional<ContainerDescription> found = descriptions().of(ID);

        // Then
        assertThat(found)
                .contains(new ContainerDescription(
                        Optional.of(new PodRef("shop", "look-0", Optional.of("60d21757"))),
                        "look",
                        "registry.local/busybox:1",
                        "9847"));
    }

    @Test
    void whatCrioWroteDownIsRead() throws IOException {
        // Given
        write("userdata/config.json", """
                {"annotations":{"io.kubernetes.container.name":"look","io.kubernetes.pod.name":"look-0",
                  "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"60d21757",
                  "io.kubernetes.cri-o.ImageName":"registry.local/busybox:1","io.kubernetes.cri-o.SandboxID":"9847"}}
                """);

        // When
        Optional<ContainerDescription> found = descriptions().of(ID);

        // Then
        assertThat(found)
                .contains(new ContainerDescription(
                        Optional.of(new PodRef("shop", "look-0", Optional.of("60d21757"))),
                        "look",
                        "registry.local/busybox:1",
                        "9847"));
    }

    @Test
    void theContainerThatHoldsThePodsNamespacesHasThePodsName() throws IOException {
        // Given
        write("config.json", CONTAINERD.replaceFirst("\"io.kubernetes.cri.container-name\":\"look\",", ""));

        // When
        Optional<ContainerDescription> found = descriptions().of(ID);

        // Then
        assertThat(found.orElseThrow().name()).isEqualTo("look-0");
    }

    @ParameterizedTest
    @CsvSource({
        "{\"annotations\":{}}",
        "{\"annotations\":{\"org.example\":\"x\"}}",
        "{}",
        "[]",
        "not json",
        "'{\"annotations\":{\"io.kubernetes.cri.sandbox-namespace\":'"
    })
    void aFileThatNamesNoPodDescribesNothing(String text) throws IOException {
        // Given
        write("config.json", text);

        // When
        Optional<ContainerDescription> found = descriptions().of(ID);

        // Then
        assertThat(found).isEmpty();
    }

    @Test
    void whatIsThereAWhileLaterIsFoundThen() throws IOException {
        // Given
        ContainerDescriptions descriptions = descriptions();
        assertThat(descriptions.of(ID)).isEmpty();
        write("config.json", CONTAINERD);

        // When
        Optional<ContainerDescription> atOnce = descriptions.of(ID);
        nanos.addAndGet(3_000_000_000L);
        Optional<ContainerDescription> later = descriptions.of(ID);

        // Then
        assertThat(atOnce).isEmpty();
        assertThat(later).isPresent();
    }

    @Test
    void whatWasReadStaysAfterTheFileIsGone() throws IOException {
        // Given
        write("config.json", CONTAINERD);
        ContainerDescriptions descriptions = descriptions();
        descriptions.of(ID);
        Files.delete(directory.resolve("state").resolve(ID).resolve("config.json"));

        // When
        Optional<ContainerDescription> found = descriptions.of(ID);

        // Then
        assertThat(found).isPresent();
    }

    @ParameterizedTest
    @CsvSource({"..", "../state", "''", "/etc", "."})
    void anIdThatIsAWayElsewhereIsNone(String id) throws IOException {
        // Given
        write("config.json", CONTAINERD);
        Files.writeString(directory.resolve("config.json"), CONTAINERD);

        // When
        Optional<ContainerDescription> found = descriptions().of(id);

        // Then
        assertThat(found).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "busybox, busybox, '', ''",
        "busybox:1, busybox, 1, ''",
        "registry.local:5000/a/b, registry.local:5000/a/b, '', ''",
        "registry.local:5000/a/b:2, registry.local:5000/a/b, 2, ''",
        "a/b@sha256:12, a/b, '', sha256:12",
        "a/b:3@sha256:12, a/b, 3, sha256:12",
        "'', '', '', ''"
    })
    void anImagesNameHasParts(String image, String repository, String tag, String digest) {
        // When
        ContainerDescription description = new ContainerDescription(Optional.empty(), "", image, "");

        // Then
        assertThat(description)
                .returns(repository, ContainerDescription::repository)
                .returns(tag, ContainerDescription::tag)
                .returns(digest, ContainerDescription::digest);
    }
}
