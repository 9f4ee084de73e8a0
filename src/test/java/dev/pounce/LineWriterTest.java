package dev.pounce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LineWriterTest {

    @Test
    void linesArriveInOrderAndAllOfThemBeforeTheEnd() {
        // Given
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        // When
        try (LineWriter writer = new LineWriter(out)) {
            for (int i = 0; i < 1000; i++) {
                writer.write("line " + i);
            }
        }

        // Then
        String[] lines = out.toString(StandardCharsets.UTF_8).split("\n", -1);
        assertThat(lines).hasSize(1001).startsWith("line 0", "line 1").endsWith("line 999", "");
    }

    @Test
    void aReaderWhoHasStoppedHoldsNobodyUpAndWhatDoesNotFitIsCounted() {
        // Given
        CountDownLatch reads = new CountDownLatch(1);
        OutputStream stopped = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                try {
                    reads.await();
                } catch (InterruptedException ended) {
                    throw new IOException(ended);
                }
            }
        };
        LineWriter writer = new LineWriter(stopped);

        // When
        for (int i = 0; i < 20_000; i++) {
            writer.write("a line as long as one of a detection, or at least a quarter of one: x");
        }

        // Then: some thousands wait in the queue, the rest was left out, and we are here
        assertThat(writer.leftOut()).isGreaterThan(10_000);
        reads.countDown();
        writer.close();
    }

    @Test
    void aReaderWhoIsGoneIsNoReasonToFail() {
        // Given
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        LineWriter writer = new LineWriter(gone);

        // When
        writer.write("x");

        // Then
        Eventually.until("line left out", () -> {
            writer.write("y");
            return writer.leftOut() > 0;
        });
        writer.close();
    }
}
