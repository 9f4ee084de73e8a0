package dev.pounce.action.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import jnr.ffi.Pointer;

/**
 * Waits for many processes at once, on one daemon thread: for the exit of each, which the kernel reports
 * through its pidfd without delay, and, where something other than the exit is awaited, for a look at the
 * process from time to time.
 *
 * <p>{@link #add} hands a watch over without a lock, so that whoever sent the signal goes on at once, however
 * many processes are being watched.
 */
final class ExitWatch implements AutoCloseable {

    /** struct pollfd: int fd, short events, short revents. */
    private static final int POLLFD_BYTES = 8;

    private static final short POLLIN = 1;

    /** One awaited effect. Its methods are called by the watching thread only, and must not block. */
    interface Awaited {
        /** Stays open until the watch has ended, and is closed by {@link #end}. */
        int pidfd();

        /** {@link System#nanoTime} at which nobody waits any longer. */
        long deadlineNanos();

        /** {@link System#nanoTime} of the next look; {@link Long#MAX_VALUE} when only the exit matters. */
        long nextLookNanos();

        /** @return true when that was all, and the watch is over */
        boolean look(boolean exited, boolean late);

        /** The last call. */
        void end();
    }

    private final Queue<Awaited> arrivals = new ConcurrentLinkedQueue<>();
    private final List<Awaited> watched = new ArrayList<>();
    private final int wakeFd;
    private final Pointer wakeWord;
    private final Pointer one;
    private final Thread thread;
    private volatile boolean closed;

    // Of the watching thread
    private Pointer pollfds;
    private int capacity;

    ExitWatch() {
        wakeFd = Signals.newEventfd();
        if (wakeFd < 0) {
            throw new IllegalStateException("eventfd answered errno " + -wakeFd);
        }
        wakeWord = Signals.memory(Long.BYTES);
        one = Signals.memory(Long.BYTES);
        one.putLong(0, 1);
        capacity = 64;
        pollfds = Signals.memory((capacity + 1) * POLLFD_BYTES);
        thread = new Thread(this::watch, "pounce-exit-watch");
        thread.setDaemon(true);
        thread.start();
    }

    void add(Awaited awaited) {
        arrivals.add(awaited);
        Signals.write(wakeFd, one);
    }

    private void watch() {
        while (!closed) {
            int ready = Signals.poll(fill(), watched.size() + 1, timeoutMillis());
            if (ready < 0 && ready != -Signals.EINTR) {
                // Nothing we can pass to poll is invalid; if the kernel still refuses, look at each in turn
                LockSupport.parkNanos(1_000_000);
            }
            if (ready > 0 && pollfds.getShort(6) != 0) {
                Signals.read(wakeFd, wakeWord);
            }
            lookAtEach(ready > 0);
            for (Awaited arrival = arrivals.poll(); arrival != null; arrival = arrivals.poll()) {
                watched.add(arrival);
            }
        }
        for (Awaited awaited : watched) {
            awaited.end();
        }
        Signals.close(wakeFd);
    }

    private void lookAtEach(boolean anyReady) {
        long now = System.nanoTime();
        int kept = 0;
        for (int i = 0; i < watched.size(); i++) {
            Awaited awaited = watched.get(i);
            boolean exited = anyReady && pollfds.getShort((i + 1L) * POLLFD_BYTES + 6) != 0;
            boolean late = now - awaited.deadlineNanos() >= 0;
            boolean due = awaited.nextLookNanos() != Long.MAX_VALUE && now - awaited.nextLookNanos() >= 0;
            if ((exited || late || due) && awaited.look(exited, late)) {
                awaited.end();
            } else {
                watched.set(kept++, awaited);
            }
        }
        watched.subList(kept, watched.size()).clear();
    }

    private Pointer fill() {
        if (watched.size() > capacity) {
            capacity = watched.size() * 2;
            pollfds = Signals.memory((capacity + 1) * POLLFD_BYTES);
        }
        putPollfd(0, wakeFd);
        for (int i = 0; i < watched.size(); i++) {
            putPollfd(i + 1, watched.get(i).pidfd());
        }
        return pollfds;
    }

    private void putPollfd(int index, int fd) {
        long at = (long) index * POLLFD_BYTES;
        pollfds.putInt(at, fd);
        pollfds.putShort(at + 4, POLLIN);
        pollfds.putShort(at + 6, (short) 0);
    }

    private int timeoutMillis() {
        long now = System.nanoTime();
        long wait = 1_000_000_000L;
        for (Awaited awaited : watched) {
            wait = Math.min(wait, awaited.deadlineNanos() - now);
            if (awaited.nextLookNanos() != Long.MAX_VALUE) {
                wait = Math.min(wait, awaited.nextLookNanos() - now);
            }
        }
        // Rounded up: too early would mean to come again for nothing
        return wait <= 0 ? 0 : (int) ((wait + 999_999) / 1_000_000);
    }

    @Override
    public void close() {
        closed = true;
        Signals.write(wakeFd, one);
    }
}
