package dev.pounce;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jboss.logging.Logger;

/**
 * Writes lines to a stream on a thread of its own, so that a reader who is slow, or has stopped, never holds up a
 * detection. What does not fit into the queue is left out and counted: it is in the journal anyway.
 */
public final class LineWriter implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(LineWriter.class);
    private static final int QUEUED_LINES = 8192;
    private static final int BATCH_CHARS = 64 * 1024;

    /** Empty is the end. */
    private final BlockingQueue<Optional<String>> queue = new ArrayBlockingQueue<>(QUEUED_LINES);

    private final LongAdder leftOut = new LongAdder();
    private final OutputStream out;
    private final Thread writer;
    private volatile boolean readerGone;

    public LineWriter(OutputStream out) {
        this.out = out;
        writer = Thread.ofPlatform().daemon().name("line-writer").start(this::writeAll);
    }

    /** Never blocks. */
    public void write(String line) {
        if (readerGone || !queue.offer(Optional.of(line))) {
            leftOut.increment();
        }
    }

    /** Lines that were not written because the reader was slow. */
    public long leftOut() {
        return leftOut.sum();
    }

    private void writeAll() {
        StringBuilder batch = new StringBuilder();
        try {
            Optional<String> line = queue.take();
            while (line.isPresent()) {
                batch.append(line.get()).append('\n');
                Optional<String> next = queue.poll();
                if (next == null || next.isEmpty() || batch.length() > BATCH_CHARS) {
                    out.write(batch.toString().getBytes(StandardCharsets.UTF_8));
                    out.flush();
                    batch.setLength(0);
                }
                line = next == null ? queue.take() : next;
            }
        } catch (IOException closed) {
            readerGone = true;
            queue.clear();
            LOG.warnv("Nobody reads our output any more ({0}); detections go to the journal only", closed.getMessage());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits up to two seconds for what is queued. */
    @Override
    public void close() {
        try {
            if (writer.isAlive() && queue.offer(Optional.empty(), 1, TimeUnit.SECONDS)) {
                writer.join(2000);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
