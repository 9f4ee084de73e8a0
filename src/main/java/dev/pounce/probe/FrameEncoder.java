package dev.pounce.probe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Turns what the engine tells the probe into bytes: the filter is all there is. */
final class FrameEncoder {

    private static final int FILTER_SIZE = 40;
    private static final int NAME_MAX = 255;

    private static final int FAILED_EXEC = 1;
    private static final int FAILED_OPEN = 1 << 1;
    private static final int EVERY_OPEN = 1 << 2;
    private static final int UNIX_CONNECT = 1 << 3;

    private FrameEncoder() {}

    /**
     * A whole FILTER frame, ready to be written. Names that no file can have (empty, or above 255 bytes)
     * are left out. More names than a frame holds turn into "report every open": what a rule asks for is
     * never lost to a limit of the wire.
     */
    static ByteBuffer filter(ProbeFilter filter, int generation) {
        List<byte[]> names = filter.openNames().stream()
                .sorted()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .filter(name -> name.length > 0 && name.length <= NAME_MAX)
                .toList();
        int size = FILTER_SIZE;
        for (byte[] name : names) {
            size += 1 + name.length;
        }
        boolean everyOpen = filter.everyOpen();
        if (size > FrameDecoder.FRAME_MAX) {
            everyOpen = true;
        }
        if (everyOpen) {
            names = List.of();
            size = FILTER_SIZE;
        }
        ByteBuffer frame = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(size);
        frame.putShort((short) FrameDecoder.VERSION);
        frame.putShort((short) FrameDecoder.FILTER);
        frame.putLong(0); // CLOCK_BOOTTIME, which Java cannot ask for and the probe does not need
        frame.putInt(generation);
        frame.putInt(kinds(filter));
        frame.putInt((filter.failedExecs() ? FAILED_EXEC : 0)
                | (filter.failedOpens() ? FAILED_OPEN : 0)
                | (everyOpen ? EVERY_OPEN : 0)
                | (filter.unixConnects() ? UNIX_CONNECT : 0));
        frame.putInt(wake(filter, everyOpen));
        frame.putInt(names.size());
        frame.putInt(0);
        for (byte[] name : names) {
            frame.put((byte) name.length);
            frame.put(name);
        }
        return frame.flip();
    }

    private static int kinds(ProbeFilter filter) {
        return EventKind.EXEC.bit()
                | EventKind.FORK.bit()
                | EventKind.EXIT.bit()
                | (filter.opens() ? EventKind.OPEN.bit() : 0)
                | (filter.connects() ? EventKind.CONNECT.bit() : 0);
    }

    /**
     * An exec wakes the reader at once, and so does what a rule singled out by name. A flood does not: a
     * wake-up costs more than the event. Forks and exits only keep the process table, they can wait.
     */
    private static int wake(ProbeFilter filter, boolean everyOpen) {
        return EventKind.EXEC.bit()
                | (filter.opens() && !everyOpen ? EventKind.OPEN.bit() : 0)
                | (filter.connects() ? EventKind.CONNECT.bit() : 0);
    }
}
