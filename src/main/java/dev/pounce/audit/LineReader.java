package dev.pounce.audit;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads a file line by line without making strings of them: a segment, or any JSON lines. Not thread-safe. */
public final class LineReader implements AutoCloseable {

    private final FileInputStream file;
    private byte[] buffer;
    private int from;
    private int to;
    private int end;
    private long number;
    private long offset;
    private boolean complete;
    private boolean atEnd;

    public LineReader(Path segment) throws IOException {
        file = new FileInputStream(segment.toFile());
        buffer = new byte[Math.clamp(segment.toFile().length() + 1, 4 * 1024, 256 * 1024)];
    }

    /** @return false when there is none; the last one may be {@link #isComplete incomplete} */
    public boolean next() throws IOException {
        if (number > 0) {
            offset += to - from + (complete ? 1 : 0);
            from = to + (complete ? 1 : 0);
        }
        int searched = from;
        while (true) {
            for (; searched < end; searched++) {
                if (buffer[searched] == '\n') {
                    return line(searched, true);
                }
            }
            if (atEnd) {
                return from < end && line(end, false);
            }
            searched -= from;
            fill();
        }
    }

    private boolean line(int to, boolean complete) {
        this.to = to;
        this.complete = complete;
        number++;
        return true;
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, from, buffer, 0, end - from);
        end -= from;
        from = 0;
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        int read = file.read(buffer, end, buffer.length - end);
        if (read < 0) {
            atEnd = true;
        } else {
            end += read;
        }
    }

    public byte[] buffer() {
        return buffer;
    }

    public int from() {
        return from;
    }

    /** After the last byte, the newline not included. */
    public int to() {
        return to;
    }

    /** Counts from 1. */
    public long number() {
        return number;
    }

    /** Of the line's first byte in the file. */
    long offset() {
        return offset;
    }

    /** Whether it ended with a newline; a line that is just being written, or was torn by a crash, does not. */
    public boolean isComplete() {
        return complete;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
