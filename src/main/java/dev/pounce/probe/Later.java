package dev.pounce.probe;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Does something after a while; given from outside so that a test decides when that is. */
@FunctionalInterface
public interface Later {

    void run(Duration delay, Runnable task);

    /** On an executor that somebody else owns; after its shutdown nothing is run any more. */
    static Later on(ScheduledExecutorService executor) {
        return (delay, task) -> {
            try {
                @SuppressWarnings("unused") // a task that fails reports itself
                Object pending = executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException stopping) {
                // the engine stops
            }
        };
    }
}
