package dev.pounce.intake;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Hands alerts on one at a time, on a thread of its own, and answers each when it is known what became of it.
 *
 * <p>Accepted means: planned, and that is on the disk. Alerts that gather while the disk works are committed together. One that
 * was accepted before is not handed on again; its sender hears yes when the first one is on the disk. What cannot be
 * taken is refused at once, never kept waiting and never dropped.
 */
public final class Intake implements AutoCloseable {

    /** What became of an alert. */
    public enum Answer {
        /** It is planned and on the disk, now or since the first time it was sent. */
        ACCEPTED,
        /** Too many wait already. */
        FULL,
        /** It could not be written down, and nothing was done about it. */
        UNRECORDED,
        /** The engine is about to end. */
        ENDING
    }

    /** What stands behind the intake; called by its thread. */
    public interface Downstream {

        /** Plans it and writes that down; false when it could not be written, and then nothing was done. */
        boolean handle(Alert alert);

        /** Puts all that was written so far on the disk; false when that failed. Blocks for as long as the disk takes. */
        boolean commit();
    }

    /** How many may wait: a tenth of a second of work. */
    public static final int QUEUED = 4_096;

    /** So many are handed on before the first of them is committed. */
    private static final int AT_ONCE = 64;

    private static final long PATIENCE_SECONDS = 10;
    private static final Logger LOG = Logger.getLogger(Intake.class);

    private record Waiting(Alert alert, Consumer<Answer> sender) {}

    private final Downstream downstream;
    private final RecentAlerts recent;
    private final InstantSource clock;
    /** Empty is worth a look whether this is the end. */
    private final BlockingQueue<Optional<Waiting>> queue;

    private final Thread thread = Thread.ofPlatform().daemon().name("intake").unstarted(this::run);
    private final LongAdder accepted = new LongAdder();
    private final LongAdder repeated = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private volatile boolean ending; // written under the monitor

    private Intake(Downstream downstream, RecentAlerts recent, InstantSource clock, int queued) {
        this.downstream = downstream;
        this.recent = recent;
        this.clock = clock;
        this.queue = new ArrayBlockingQueue<>(queued);
    }

    /** @param recent what was accepted before the restart; belongs to the intake from now on */
    public static Intake start(Downstream downstream, RecentAlerts recent, InstantSource clock) {
        return start(downstream, recent, clock, QUEUED);
    }

    static Intake start(Downstream downstream, RecentAlerts recent, InstantSource clock, int queued) {
        Intake intake = new Intake(downstream, recent, clock, queued);
        intake.thread.start();
        return intake;
    }

    /**
     * Any thread; does not block.
     *
     * @param sender is answered once: on this thread when the alert is refused, else on the intake's, which must not be held up
     */
    public void offer(Alert alert, Consumer<Answer> sender) {
        Answer no = null;
        synchronized (this) {
            if (ending) {
                no = Answer.ENDING;
            } else if (!queue.offer(Optional.of(new Waiting(alert, sender)))) {
                no = Answer.FULL;
            }
        }
        if (no != null) {
            refused.increment();
            sender.accept(no);
        }
    }

    /** From now on everything is refused. Any thread. */
    public void refuseMore() {
        synchronized (this) {
            ending = true;
            @SuppressWarnings("unused") // with a full queue, nobody sleeps
            boolean woken = queue.offer(Optional.empty());
        }
    }

    public boolean isEnding() {
        return ending;
    }

    /** Whether what is offered is looked at: not once it ends, nor when its thread is gone. Any thread. */
    public boolean isTaking() {
        return !ending && thread.isAlive();
    }

    /** Alerts that were handed on and answered with yes. Any thread, as the others. */
    public long accepted() {
        return accepted.sum();
    }

    /** Alerts that had been accepted before. */
    public long repeated() {
        return repeated.sum();
    }

    /** Alerts that were answered with no. */
    public long refused() {
        return refused.sum();
    }

    private void run() {
        List<Waiting> written = new ArrayList<>(AT_ONCE);
        try {
            while (!ending || !queue.isEmpty()) {
                Optional<Waiting> next = queue.take();
                // What comes while these are handled need not wait for another turn of the disk
                for (int i = 1; next != null; i++) {
                    next.ifPresent(waiting -> handle(waiting, written));
                    next = i < AT_ONCE ? queue.poll() : null;
                }
                commit(written);
                written.clear();
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(Waiting waiting, List<Waiting> written) {
        if (isWritten(waiting.alert())) {
            written.add(waiting);
        } else {
            answer(waiting, Answer.UNRECORDED);
        }
    }

    private void commit(List<Waiting> written) {
        if (!written.isEmpty()) {
            Answer answer = isCommitted() ? Answer.ACCEPTED : Answer.UNRECORDED;
            written.forEach(waiting -> answer(waiting, answer));
        }
    }

    private boolean isCommitted() {
        try {
            return downstream.commit();
        } catch (Throwable bug) {
            LOG.error("Alerts are refused because of a bug in the engine", bug);
            return false;
        }
    }

    private boolean isWritten(Alert alert) {
        if (!recent.add(alert.key(), clock.instant())) {
            repeated.increment();
            return true;
        }
        boolean written = false;
        try {
            written = downstream.handle(alert);
        } catch (Throwable bug) { // a stack that overflowed, too: the next alert may be another
            LOG.error("An alert is not answered because of a bug in the engine", bug);
        }
        if (!written) {
            recent.forgetLast();
        }
        return written;
    }

    private void answer(Waiting waiting, Answer answer) {
        (answer == Answer.ACCEPTED ? accepted : refused).increment();
        try {
            waiting.sender().accept(answer);
        } catch (Throwable bug) {
            LOG.error("The sender of an alert could not be answered", bug);
        }
    }

    /** Refuses what still comes, finishes and answers what is queued. Waits for ten seconds at most. */
    @Override
    public void close() {
        refuseMore();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            if (thread.isAlive()) {
                LOG.warnv("{0} alerts were not answered: the disk takes too long", queue.size());
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
