package dev.pounce.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Being asked to end (SIGTERM, SIGINT) is no failure: exit code 0, once everything is closed. By itself the JVM would
 * report 128 and the signal's number, and service managers and scripts would take that for a crash.
 */
final class CleanEnd {

    private static final long PATIENCE_SECONDS = 20;

    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile int code = 1;

    /** From now on the process ends with the code that is told, whatever ended it. */
    static CleanEnd watching() {
        CleanEnd end = new CleanEnd();
        Runtime.getRuntime().addShutdownHook(new Thread(end::haltOnceClosed, "clean-end"));
        return end;
    }

    /** Everything is closed and written. */
    void closed(int exitCode) {
        code = exitCode;
        closed.countDown();
    }

    private void haltOnceClosed() {
        // Whoever ends by himself has closed everything before: so this is a signal, at whatever moment it came
        boolean asked = closed.getCount() > 0;
        try {
            if (closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(asked ? 0 : code);
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
