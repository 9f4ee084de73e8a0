package dev.pounce.action.kubernetes;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for one target is done one after the other, in the order of asking; targets do not wait for each other. A
 * target with something to do has a virtual thread, and none otherwise.
 *
 * <p>How many targets are busy at once is not bounded, since one that waits would keep others waiting; what is bounded is
 * how much is accepted, and elsewhere how many requests are on their way at once.
 */
final class Lanes {

    private final int most;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition oneLess = lock.newCondition();
    private final Map<String, Queue<Runnable>> waiting = new HashMap<>();
    private final Map<String, Thread> running = new HashMap<>();
    private int accepted;

    /** @param most that may be under way or waiting, of all targets together */
    Lanes(int most) {
        this.most = most;
    }

    /** False if it was not accepted. Tasks must not throw. */
    boolean run(String target, Runnable task) {
        lock.lock();
        try {
            if (accepted == most) {
                return false;
            }
            accepted++;
            Queue<Runnable> lane = waiting.get(target);
            if (lane != null) {
                lane.add(task);
                return true;
            }
            waiting.put(target, new ArrayDeque<>());
            Thread thread = Thread.ofVirtual().name("pounce-cluster-" + target).unstarted(() -> drain(target, task));
            running.put(target, thread);
            thread.start();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void drain(String target, Runnable first) {
        @Nullable Runnable task = first;
        while (task != null) {
            try {
                task.run();
            } finally {
                task = next(target);
            }
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
                running.remove(target);
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    int accepted() {
        lock.lock();
        try {
            return accepted;
        } finally {
            lock.unlock();
        }
    }

    /** Whether all was through within this time. */
    boolean awaitIdle(long millis) {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (accepted > 0 && left > 0) {
                left = oneLess.awaitNanos(left);
            }
            return accepted == 0;
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Whoever waits for an answer is woken without one. */
    void interrupt() {
        lock.lock();
        try {
            running.values().forEach(Thread::interrupt);
        } finally {
            lock.unlock();
        }
    }
}
