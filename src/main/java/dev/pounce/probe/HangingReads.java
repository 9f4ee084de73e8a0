package dev.pounce.probe;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads of files that a process which is watched may keep from ending (its memory, and with it its command line, may be
 * a mapping of a file system in user space): done by threads that may hang there while the caller goes on. When
 * all of them hang, nothing more is read until one comes back. Safe for any thread.
 */
public final class HangingReads implements AutoCloseable {

    private static final Logger LOG = System.getLogger(HangingReads.class.getName());
    private static final long IDLE_SECONDS = 10;

    private final Semaphore free;
    private final ThreadPoolExecutor threads;

    private HangingReads(String name, int count) {
        this.free = new Semaphore(count);
        this.threads = new ThreadPoolExecutor(
                count, count, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), body -> {
                    Thread thread = new Thread(body, name);
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /** All threads are started now, and stay until {@link #close}. */
    public static HangingReads ready(String name, int threads) {
        HangingReads reads = new HangingReads(name, threads);
        reads.threads.prestartAllCoreThreads();
        return reads;
    }

    /** Threads are started when they are needed, and end when they are not: for what is seldom read. */
    static HangingReads onDemand(String name, int threads) {
        HangingReads reads = new HangingReads(name, threads);
        reads.threads.allowCoreThreadTimeOut(true);
        return reads;
    }

    /** Begins to read; empty when no thread is free, or none can be had. Does not wait, and does not throw. */
    @SuppressWarnings("CatchingUnchecked") // an Error above all: "unable to create native thread"
    public <T> Optional<Future<T>> begin(Callable<T> read) {
        if (!free.tryAcquire()) {
            return Optional.empty();
        }
        FutureTask<T> task = new FutureTask<>(() -> {
            try {
                return read.call();
            } finally {
                free.release();
            }
        });
        try {
            threads.execute(task);
            return Optional.of(task);
        } catch (Throwable noThread) {
            free.release();
            LOG.log(Level.DEBUG, "no thread to read with", noThread);
            return Optional.empty();
        }
    }

    /** Empty when it could not be read, or not in time. */
    public static <T> Optional<T> await(Future<T> reading, Duration patience) {
        try {
            return Optional.of(reading.get(patience.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException | ExecutionException notYet) {
            return Optional.empty();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** Lets the threads end that do not hang. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
