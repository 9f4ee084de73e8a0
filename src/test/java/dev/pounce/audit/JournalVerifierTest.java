package dev.pounce.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalVerifierTest {

    private final Path state;

    JournalVerifierTest(@TempDir Path state) {
        this.state = state;
    }

    private List<Path> segments = List.of();

    @BeforeEach
    void writeAJournalOfThreeSegments() throws IOException {
        try (FileJournal journal = FileJournal.open(
                state,
                Clock.fixed(Entries.NOON, ZoneOffset.UTC),
                new FileJournal.Limits(1_000, Duration.ofMillis(1)))) {
            for (int i = 0; i < 9; i++) {
                journal.append(new JournalEntry.Recovered(
                        "r" + i, "stop", JournalEntry.Resolution.DONE, "process/4711 \"ünï\" is gone"));
            }
        }
        segments = Segments.in(Segments.directoryIn(state));
        assertThat(segments).hasSizeGreaterThanOrEqualTo(3);
        assertThat(verify().holds()).isTrue();
        assertThat(verify().entries()).isEqualTo(9);
    }

    private JournalVerifier.Verification verify() throws IOException {
        return JournalVerifier.verify(state);
    }

    @Test
    void anyByteThatIsChangedIsNoticed() throws IOException {
        List<Path> files = new ArrayList<>(segments);
        files.add(Segments.head(Segments.directoryIn(state)));
        int tried = 0;
        for (Path file : files) {
            byte[] original = Files.readAllBytes(file);
            for (int at = 0; at < original.length; at++) {
                // When: a different bit each time
                byte[] changed = original.clone();
                changed[at] ^= (byte) (1 << tried % 8);
                Files.write(file, changed);

                // Then
                assertThat(verify().holds())
                        .as("byte %d of %s", at, file.getFileName())
                        .isFalse();
                tried++;
            }
            Files.write(file, original);
        }
        assertThat(verify().holds()).isTrue();
        assertThat(tried).isGreaterThan(9 * 300);
    }

    @Test
    void anyLineThatIsRemovedIsNoticed() throws IOException {
        for (Path segment : segments) {
            List<String> original = Files.readAllLines(segment);
            for (int i = 0; i < original.size(); i++) {
                // When
                List<String> without = new ArrayList<>(original);
                without.remove(i);
                Files.write(segment, without);

                // Then
                assertThat(verify().holds())
                        .as("line %d of %s", i + 1, segment.getFileName())
                        .isFalse();
            }
            Files.write(segment, original);
        }
        assertThat(verify().holds()).isTrue();
    }

    @Test
    void anyTwoLinesThatAreSwappedAreNoticed() throws IOException {
        for (Path segment : segments) {
            List<String> original = Files.readAllLines(segment);
            for (int i = 1; i < original.size(); i++) {
                // When
                List<String> swapped = new ArrayList<>(original);
                Collections.swap(swapped, i - 1, i);
                Files.write(segment, swapped);

                // Then
                assertThat(verify().breaks().getFirst().line()).isEqualTo(i);
                assertThat(verify().breaks().getFirst().file())
                        .isEqualTo(segment.getFileName().toString());
            }
            Files.write(segment, original);
        }
    }

    @Test
    void anySegmentThatIsRemovedIsNoticed() throws IOException {
        for (Path segment : segments) {
            // When
            byte[] original = Files.readAllBytes(segment);
            Files.delete(segment);

            // Then
            assertThat(verify().holds()).as(segment.getFileName().toString()).isFalse();
            Files.write(segment, original);
        }
        assertThat(verify().holds()).isTrue();
    }

    @Test
    void anyNumberOfLinesCutOffTheEndIsNoticed() throws IOException {
        for (int last = segments.size() - 1; last >= 0; last--) {
            List<String> lines = new ArrayList<>(Files.readAllLines(segments.get(last)));
            while (!lines.isEmpty()) {
                // When
                lines.removeLast();
                Files.write(segments.get(last), lines);

                // Then
                assertThat(verify().breaks().getLast().what())
                        .contains("entry 9 had been committed; the end was cut off");
            }
            Files.delete(segments.get(last));
        }
    }

    @Test
    void eachBrokenPlaceIsReportedOnce() throws IOException {
        // Given
        Path first = segments.getFirst();
        Path last = segments.getLast();
        Files.writeString(first, Files.readString(first).replace("\"response\":\"r0\"", "\"response\":\"rx\""));
        Files.writeString(last, Files.readString(last).replace("\"response\":\"r8\"", "\"response\":\"ry\""));

        // When
        List<JournalVerifier.Break> breaks = verify().breaks();

        // Then
        assertThat(breaks).hasSize(2);
        assertThat(breaks.get(0).render())
                .isEqualTo("00000000000000000001.jsonl:1: entry 1 was changed: its hash is another");
        assertThat(breaks.get(1).what()).isEqualTo("entry 9 was changed: its hash is another");
    }

    @Test
    void aHeadThatWasDeletedIsNoticed() throws IOException {
        // When
        Files.delete(Segments.head(Segments.directoryIn(state)));

        // Then
        assertThat(verify().breaks().getFirst().what()).startsWith("is missing");
    }

    @Test
    void aJournalThatNeverWasIsNoProof() {
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> JournalVerifier.verify(state.resolve("none")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no journal");
    }
}
