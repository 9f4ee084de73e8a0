package dev.pounce.action.process;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import jnr.ffi.Pointer;

/**
 * Waits for many processes at once, on one daemon thread: for the exit of each, which the kernel reports
 * through its pidfd without delay, and, where something other than the exit is awaited, for a look at the
 * process from time to time.
 *
 * <p>{@link #add} hands the pidfd to the kernel and the watch to a queue. It does not wake the watching thread unless that
 * has something to do earlier than it knows: waking another thread would cost whoever sent the signal more than the signal did.
 */
final class ExitWatch implements AutoCloseable {

    private static final int EPOLLIN = 1;

    /** struct epoll_event: int events, long data; packed on x86-64 only, so that it is the same for 32 bit programs. */
    private static final boolean PACKED = Set.of("amd64", "x86_64").contains(System.getProperty("os.arch"));

    private static final int DATA_AT = PACKED ? 4 : 8;
    private static final int EVENT_BYTES = DATA_AT + Long.BYTES;
    private static final int EVENTS_AT_ONCE = 64;
    private static final long LONGEST_SLEEP_NANOS = 1_000_000_000L;

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
    private final int epoll;
    private final int wakeFd;
    private final Pointer wakeWord;
    private final Pointer one;
    private final Pointer event; // for whoever adds, guarded by itself
    private final Pointer events; // of the watching thread
    private final Thread thread;
    private volatile long wakesAtNanos;
    private volatile boolean closed;

    /** By pidfd. Of the watching thread. */
    private final Map<Integer, Awaited> watched = new LinkedHashMap<>();

    ExitWatch() {
        epoll = Signals.newEpoll();
        wakeFd = Signals.newEventfd();
        if (epoll < 0 || wakeFd < 0) {
            throw new IllegalStateException("epoll and eventfd answered errno " + Math.max(-epoll, -wakeFd));
        }
        wakeWord = Signals.memory(Long.BYTES);
        one = Signals.memory(Long.BYTES);
        one.putLong(0, 1);
        event = Signals.memory(EVENT_BYTES);
        event.putInt(0, EPOLLIN);
        events = Signals.memory(EVENTS_AT_ONCE * EVENT_BYTES);
        wakesAtNanos = System.nanoTime();
        register(wakeFd);
        thread = new Thread(this::watch, "pounce-exit-watch");
        thread.setDaemon(true);
        thread.start();
    }

    void add(Awaited awaited) {
        arrivals.add(awaited); // first: whoever is told of the exit must find it
        register(awaited.pidfd());
        if (Math.min(awaited.deadlineNanos() - wakesAtNanos, untilNextLook(awaited, wakesAtNanos)) < 0) {
            Signals.write(wakeFd, one);
        }
    }

    /** What the kernel will not watch for want of memory is looked at when its deadline comes. */
    private void register(int fd) {
        synchronized (event) {
            event.putLong(DATA_AT, fd);
            int ignored = Signals.addToEpoll(epoll, fd, event);
        }
    }

    private static long untilNextLook(Awaited awaited, long now) {
        long next = awaited.nextLookNanos();
        return next == Long.MAX_VALUE ? Long.MAX_VALUE : next - now;
    }

    private void watch() {
        while (!closed) {
            int ready = Signals.waitForEpoll(epoll, events, EVENTS_AT_ONCE, sleepMillis());
            if (ready < 0 && ready != -Signals.EINTR) {
                // Nothing we can pass to it is invalid; if the kernel still refuses, look at each in turn
                LockSupport.parkNanos(1_000_000);
            }
            takeArrivals();
            lookAtEach(exited(ready));
        }
        takeArrivals();
        for (Awaited awaited : watched.values()) {
            awaited.end();
        }
        Signals.close(epoll);
        Signals.close(wakeFd);
    }

    private void takeArrivals() {
        for (Awaited arrival = arrivals.poll(); arrival != null; arrival = arrivals.poll()) {
            watched.put(arrival.pidfd(), arrival);
        }
    }

    private Set<Integer> exited(int ready) {
        if (ready <= 0) {
            return Set.of();
        }
        Set<Integer> exited = new HashSet<>();
        for (int i = 0; i < ready; i++) {
            int fd = (int) events.getLong((long) i * EVENT_BYTES + DATA_AT);
            if (fd == wakeFd) {
                Signals.read(wakeFd, wakeWord);
            } else {
                exited.add(fd);
            }
        }
        return exited;
    }

    private void lookAtEach(Set<Integer> exited) {
        long now = System.nanoTime();
        Iterator<Awaited> each = watched.values().iterator();
        while (each.hasNext()) {
            Awaited awaited = each.next();
            boolean late = now - awaited.deadlineNanos() >= 0;
            boolean due = untilNextLook(awaited, now) <= 0;
            boolean gone = exited.contains(awaited.pidfd()) || (late && Signals.isReadable(awaited.pidfd()));
            if ((gone || late || due) && awaited.look(gone, late)) {
                each.remove();
                awaited.end(); // closes the pidfd, by which the kernel forgets it as well
            }
        }
    }

    private int sleepMillis() {
        long now = System.nanoTime();
        long sleep = LONGEST_SLEEP_NANOS;
        for (Awaited awaited : watched.values()) {
            sleep = Math.min(sleep, awaited.deadlineNanos() - now);
            sleep = Math.min(sleep, untilNextLook(awaited, now));
        }
        wakesAtNanos = now + sleep;
        if (!arrivals.isEmpty()) {
            return 0; // it came before it could read the above
        }
        // Rounded up: too early would mean to come again for nothing
        return sleep <= 0 ? 0 : (int) ((sleep + 999_999) / 1_000_000);
    }

    @Override
    public void close() {
        closed = true;
        Signals.write(wakeFd, one);
    }
}
