package dev.pounce;

import dev.pounce.action.process.Punctuality;
import dev.pounce.audit.Journal;
import dev.pounce.audit.JournalEntry;
import dev.pounce.audit.JournalUnavailable;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Detector;
import dev.pounce.detection.EventView;
import dev.pounce.probe.BootClock;
import dev.pounce.probe.CpuCounters;
import dev.pounce.probe.EventKind;
import dev.pounce.probe.ProbeEvent;
import dev.pounce.probe.ProbeFrame;
import dev.pounce.probe.ProbeListener;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.probe.ProcessEntry;
import dev.pounce.probe.ProcessTable;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Takes what the probe reports through the process table and the detector into the channel of detections, all on the
 * probe's thread, and writes down when the engine begins and ceases to see.
 */
final class ProbeWatch implements ProbeListener {

    private static final long RECONCILED_AGAIN_NANOS = 10_000_000_000L;
    private static final Logger LOG = Logger.getLogger(ProbeWatch.class);

    private final ProcessTable processes;
    private final ProcSnapshot proc;
    private final BootClock bootClock;
    private final Consumer<Detection> detections;
    private final Journal journal;
    private final Runnable armed;
    private volatile Detector<EventView> detector;
    private volatile boolean ending;

    // Of the probe's thread
    private final Map<EventKind, Long> lostBefore = new HashMap<>();
    private long events;
    private int armedGeneration;
    private boolean punctual;
    private boolean refusalSaid;
    private boolean processesMissed;
    private long reconciledAt;

    /** @param armed is told whenever a probe has been armed and the process table is complete */
    ProbeWatch(
            ProcessTable processes,
            ProcSnapshot proc,
            BootClock bootClock,
            Detector<EventView> detector,
            Consumer<Detection> detections,
            Journal journal,
            Runnable armed) {
        this.processes = processes;
        this.proc = proc;
        this.bootClock = bootClock;
        this.detector = detector;
        this.detections = detections;
        this.journal = journal;
        this.armed = armed;
    }

    /** Detects with other rules from the next event on. Any thread. */
    void use(Detector<EventView> next) {
        detector = next;
    }

    /** From now on a probe that goes away is no news. Any thread. */
    void end() {
        ending = true;
    }

    @Override
    public void event(ProbeEvent event) {
        ProcessEntry process = processes.accept(event);
        EventView view = new EventView(event, process, bootClock.epochNanos(event.boottimeNanos()), ++events);
        detector.detect(view, detections);
    }

    @Override
    public void hello(ProbeFrame.Hello hello) {
        if (!punctual) {
            punctual = Punctuality.ofThisThread();
            if (!punctual) {
                LOG.info("Reading events at ordinary priority, because CAP_SYS_NICE is missing: on a busy machine"
                        + " answers may take milliseconds longer");
            }
        }
        bootClock.set(hello.boottimeNanos(), hello.realtimeNanos());
        lostBefore.clear(); // a new probe counts from nothing
        armedGeneration = 0;
        refusalSaid = false;
    }

    @Override
    public void armed(ProbeFrame.Armed now) {
        boolean first = armedGeneration == 0;
        armedGeneration = now.generation();
        if (!first) {
            return; // another filter of the same probe: nothing was missed
        }
        long before = proc.boottimeNanos();
        processes.reconcile(proc.all(), before);
        reconciledAt = now.boottimeNanos();
        processesMissed = false;
        record(new JournalEntry.ProbeChanged("armed", "hooks " + String.join(", ", now.hooks())));
        armed.run();
    }

    @Override
    public void heartbeat(ProbeFrame.Heartbeat beat) {
        bootClock.set(beat.boottimeNanos(), beat.realtimeNanos());
        for (EventKind kind : EventKind.values()) {
            long lost = 0;
            for (CpuCounters cpu : beat.cpus()) {
                lost += cpu.lost().getOrDefault(kind, 0L);
            }
            long before = lostBefore.getOrDefault(kind, 0L);
            if (lost > before) {
                lostBefore.put(kind, lost);
                String name = kind.name().toLowerCase(Locale.ROOT);
                LOG.warnv("{0} events of kind {1} were lost: the engine did not keep up", lost - before, name);
                record(new JournalEntry.LossNoticed(name, lost - before));
                processesMissed |= tellsOfProcesses(kind);
            }
        }
        if (processesMissed && beat.boottimeNanos() - reconciledAt >= RECONCILED_AGAIN_NANOS) {
            processes.reconcile();
            reconciledAt = beat.boottimeNanos();
            processesMissed = false;
        }
    }

    private static boolean tellsOfProcesses(EventKind kind) {
        return switch (kind) {
            case EXEC, FORK, EXIT -> true;
            case OPEN, CONNECT -> false;
        };
    }

    @Override
    public void refused(ProbeFrame.Refused refused) {
        refusalSaid = true;
        record(new JournalEntry.ProbeChanged("blind", refused.reason()));
    }

    @Override
    public void gone(String why) {
        if (ending || refusalSaid) {
            return; // as asked, or as said
        }
        LOG.warnv("The probe is gone: {0}. Nothing is seen until it is back", why);
        record(new JournalEntry.ProbeChanged("blind", why));
    }

    private void record(JournalEntry entry) {
        try {
            journal.append(entry);
        } catch (JournalUnavailable full) {
            LOG.errorv(full, "The journal cannot be written");
        }
    }
}
