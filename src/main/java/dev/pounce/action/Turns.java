package dev.pounce.action;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RemoteActuator} owes in time: work for one target in the order in which it was asked for, targets beside each
 * other, and an answer by the deadline, whatever becomes of the work. Each target with something to do has a virtual thread.
 *
 * <p>How many targets are busy at once is not bounded, since one that waits would keep others waiting; what is bounded is
 * how much is accepted.
 */
public final class Turns implements AutoCloseable {

    /** Work ends by its deadline by itself; for what does not, the answer comes from here. */
    private static final Duration LATE = Duration.ofMillis(100);

    private static final Duration END = Duration.ofSeconds(2);

    private final String name;
    private final int most;
    private final InstantSource clock;
    private final ScheduledThreadPoolExecutor deadlines;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition oneLess = lock.newCondition();
    private final Map<String, Queue<Runnable>> waiting = new HashMap<>(); // these four guarded by lock
    private final Set<Thread> running = new HashSet<>();
    private int accepted;
    private volatile boolean closing;

    /**
     * @param name of the threads
     * @param most that may be under way or waiting, of all targets together
     */
    public Turns(String name, int most, InstantSource clock) {
        this.name = name;
        this.most = most;
        this.clock = clock;
        this.deadlines = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "pounce-" + name + "-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        deadlines.setRemoveOnCancelPolicy(true);
    }

    /** Never completes exceptionally. The work may block; it is interrupted when the engine ends. */
    public CompletionStage<Outcome> take(String target, Instant deadline, Supplier<Outcome> work) {
        CompletableFuture<Outcome> answer = new CompletableFuture<>();
        AtomicBoolean begun = new AtomicBoolean();
        boolean taken = enqueue(target, () -> {
            if (begun.compareAndSet(false, true)) {
                answer.complete(outcome(deadline, work));
            }
        });
        if (!taken) {
            answer.complete(new Outcome.Failed("nothing was begun: the engine ends, or has too much to do", true));
            return answer;
        }
        Duration left = Duration.between(clock.instant(), deadline).plus(LATE);
        ScheduledFuture<?> late = deadlines.schedule(
                () -> {
                    answer.complete(new Outcome.Failed(
                            begun.compareAndSet(false, true)
                                    ? "nothing was begun: an earlier step for the same target was still under way"
                                    : "its time was over, and what became of it is not known",
                            true));
                },
                left.toMillis(),
                TimeUnit.MILLISECONDS);
        return answer.whenComplete((outcome, never) -> late.cancel(false));
    }

    private Outcome outcome(Instant deadline, Supplier<Outcome> work) {
        if (closing) {
            return new Outcome.Failed("nothing was begun: the engine ends", true);
        }
        if (!clock.instant().isBefore(deadline)) {
            return new Outcome.Failed("nothing was begun: its time was over", true);
        }
        try {
            return work.get();
        } catch (RuntimeException bug) {
            return new Outcome.Failed("what became of it is not known, for a bug of ours: " + bug, false);
        }
    }

    private boolean enqueue(String target, Runnable task) {
        lock.lock();
        try {
            if (closing || accepted == most) {
                return false;
            }
            accepted++;
            Queue<Runnable> lane = waiting.get(target);
            if (lane != null) {
                lane.add(task);
                return true;
            }
            waiting.put(target, new ArrayDeque<>());
            Thread thread = Thread.ofVirtual().name("pounce-" + name).unstarted(() -> drain(target, task));
            running.add(thread);
            thread.start();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void drain(String target, Runnable first) {
        @Nullable Runnable task = first;
        while (task != null) {
            task.run();
            task = next(target);
        }
    }

    private @Nullable Runnable next(String target) {
        lock.lock();
        try {
            accepted--;
            oneLess.signalAll();
            Queue<Runnable> lane = waiting.get(target);
            @Nullable Runnable next = lane == null ? null : lane.poll();
            if (next == null) {
                waiting.remove(target);
                running.remove(Thread.currentThread());
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /** What is under way or waiting, of all targets together. */
    public int accepted() {
        lock.lock();
        try {
            return accepted;
        } finally {
            lock.unlock();
        }
    }

    /** Begins nothing more, and lets what is under way end by itself within this time. */
    public void end(Duration time) {
        lock.lock();
        try {
            closing = true;
            awaitIdle(time);
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts what is under way and waits, for two seconds at most, until it has told what became of it. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            running.forEach(Thread::interrupt);
            awaitIdle(END);
        } finally {
            lock.unlock();
            deadlines.shutdownNow();
        }
    }

    private void awaitIdle(Duration time) {
        try {
            long left = time.toNanos();
            while (accepted > 0 && left > 0) {
                left = oneLess.awaitNanos(left);
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
