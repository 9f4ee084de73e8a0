package dev.pounce.action.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest {

    private static final Instant SOON = Instant.MAX;

    @TempDir
    Path folder;

    @Test
    void whatIsBeingWrittenHasItsNameOnlyWhenItIsWhole() throws IOException {
        FolderStore store = new FolderStore(folder.resolve("evidence"));

        // When
        EvidenceStore.Upload upload = store.begin("a/b", "text/plain", SOON);
        upload.write(new byte[] {1, 2});
        List<String> before = names();
        upload.finish();
        upload.close();

        // Then
        assertThat(before).containsExactly("evidence/a/b.part");
        assertThat(names()).containsExactly("evidence/a/b");
        assertThat(Files.readAllBytes(folder.resolve("evidence/a/b"))).containsExactly(1, 2);
    }

    @Test
    void whatIsThereAlreadyIsNotWrittenOver() throws IOException {
        // Given
        FolderStore store = new FolderStore(folder);
        Files.writeString(folder.resolve("b"), "first");

        // When / Then
        try (EvidenceStore.Upload upload = store.begin("b", "text/plain", SOON)) {
            upload.write(new byte[] {1, 2});
            assertThatThrownBy(upload::finish).hasMessageContaining("there already");
        }
        assertThat(names()).containsExactly("b");
        assertThat(Files.readString(folder.resolve("b"))).isEqualTo("first");
    }

    @Test
    void whatIsGivenUpLeavesNothing() throws IOException {
        FolderStore store = new FolderStore(folder);

        // When
        try (EvidenceStore.Upload upload = store.begin("b", "text/plain", SOON)) {
            upload.write(new byte[] {1, 2});
        }

        // Then
        assertThat(names()).isEmpty();
    }

    @Test
    void nothingIsWrittenOutsideOfTheFolder() {
        FolderStore store = new FolderStore(folder.resolve("evidence"));

        // When / Then
        assertThatThrownBy(() -> store.begin("../b", "text/plain", SOON)).hasMessageContaining("outside");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
