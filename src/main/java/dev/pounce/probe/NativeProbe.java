package dev.pounce.probe;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The native probe as a child process: started, listened to, and started again when it ends or falls silent. The engine
 * stays up whatever happens to it, and {@link #health} says in a sentence why nothing is seen.
 *
 * <p>Restarts wait 0.25 s, twice as long each time up to 30 s, and from the beginning again once a probe was armed for
 * a minute. A probe that refused (no BTF, no rights) is tried once a minute: rights and kernels do not
 * change by themselves, but files and capabilities are put right by people. Not heard of for three
 * seconds it counts as blind; for ten it is ended and started again.
 *
 * <p>Safe for any thread. The listener is called on the stream's thread.
 */
public final class NativeProbe implements AutoCloseable {

    private static final Logger LOG = System.getLogger(NativeProbe.class.getName());

    private static final Duration FIRST_DELAY = Duration.ofMillis(250);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);
    private static final Duration REFUSED_DELAY = Duration.ofSeconds(60);
    private static final Duration STEADY = Duration.ofSeconds(60);
    private static final Duration SILENT = Duration.ofSeconds(3);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int TICKS_TO_HEAR = 10;
    private static final int TICKS_TO_ARM = 30;
    private static final Duration STOP_WAITS = Duration.ofSeconds(3);
    private static final int LAST_WORDS = 20;
    private static final Duration LAST_WORDS_WAIT = Duration.ofMillis(200);

    /** {@code PROBE_STATUS_REFUSED} of probe_event.h. */
    private static final int STATUS_REFUSED = 3;

    private static final Duration REASON_WAIT = Duration.ofSeconds(2);
    private static final int LINE_MAX = 500;

    private final Path binary;
    private final Path socket;
    private final InstantSource clock;
    private final Later later;
    private final AtomicLongArray received = new AtomicLongArray(EventKind.ALL.size() + 1);
    private final Object lock = new Object();

    // Guarded by lock.
    private ProbeHealth.State state;
    private @Nullable ProbeStream stream;
    private @Nullable Process child;
    private @Nullable Process greeter;
    private ProbeFrame.@Nullable Hello hello;
    private ProbeFrame.@Nullable Armed armed;
    private ProbeFrame.@Nullable Heartbeat heartbeat;
    private ProbeFrame.@Nullable Refused refused;
    private @Nullable Instant lastHeard;
    private CpuCounters before = CpuCounters.NONE;
    private final ArrayDeque<String> lastWords = new ArrayDeque<>();
    private Duration delay = FIRST_DELAY;
    private long starts;
    private int quietTicks;
    private boolean closed;

    private NativeProbe(Path binary, Path socket, InstantSource clock, Later later) {
        this.binary = binary;
        this.socket = socket;
        this.clock = clock;
        this.later = later;
        this.state = new ProbeHealth.Starting(clock.instant());
    }

    /**
     * Opens the socket and starts the probe. A missing or broken binary is not an error here: health tells.
     *
     * @param binary {@code pounce-probe}
     * @param socket see {@link ProbeStream#open}
     * @throws IOException when there can be no socket
     */
    public static NativeProbe start(
            Path binary, Path socket, ProbeFilter filter, ProbeListener listener, InstantSource clock, Later later)
            throws IOException {
        NativeProbe probe = new NativeProbe(binary, socket, clock, later);
        ProbeStream stream = ProbeStream.open(socket, filter, probe.watching(listener));
        synchronized (probe.lock) {
            probe.stream = stream;
        }
        probe.launch();
        later.run(TICK, probe::tick);
        return probe;
    }

    /** See {@link ProbeStream#apply}. */
    public int apply(ProbeFilter filter) {
        ProbeStream open;
        synchronized (lock) {
            open = stream;
        }
        return open == null ? 0 : open.apply(filter);
    }

    public ProbeHealth health() {
        synchronized (lock) {
            Map<EventKind, Long> arrived = new EnumMap<>(EventKind.class);
            for (EventKind kind : EventKind.ALL) {
                arrived.put(kind, received.get(kind.wire()));
            }
            ProbeFrame.Armed now = armed;
            return new ProbeHealth(
                    stateNow(),
                    Optional.ofNullable(hello),
                    now == null ? Set.of() : now.tiers(),
                    now == null ? List.of() : now.hooks(),
                    now == null ? 0 : now.generation(),
                    Optional.ofNullable(heartbeat),
                    Optional.ofNullable(heartbeat == null ? null : lastHeard),
                    before.plus(countersOf(heartbeat)),
                    arrived,
                    starts,
                    List.copyOf(lastWords));
        }
    }

    /** Asks the probe to end (SIGTERM), waits at most three seconds, then ends it, and closes the socket. */
    @Override
    public void close() {
        Process running;
        ProbeStream open;
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
            running = child;
            open = stream;
            child = null;
            stream = null;
            state = new ProbeHealth.Blind(clock.instant(), "the engine stops");
        }
        if (running != null) {
            running.destroy();
            try {
                if (!running.waitFor(STOP_WAITS.toMillis(), TimeUnit.MILLISECONDS)) {
                    running.destroyForcibly();
                }
            } catch (InterruptedException interrupted) {
                running.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
        if (open != null) {
            open.close();
        }
    }

    /** Beats may be missing for a moment when the machine was held; that is judged by {@link #tick}. */
    private ProbeHealth.State stateNow() {
        Instant heard = lastHeard;
        if (state instanceof ProbeHealth.Armed && heard != null) {
            Duration silence = Duration.between(heard, clock.instant());
            if (silence.compareTo(SILENT) > 0) {
                return new ProbeHealth.Blind(
                        heard,
                        "the probe has said nothing for " + silence.toSeconds() + " s; it is started again after "
                                + TICKS_TO_HEAR + " s of silence.");
            }
        }
        return state;
    }

    private void launch() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            refused = null;
            if (!Files.isRegularFile(binary)) {
                blind("there is no probe at " + binary + "; install it there, or say where it is.");
                later.run(LONGEST_DELAY, this::launch);
                return;
            }
            if (!Files.isExecutable(binary)) {
                blind(binary + " may not be executed; chmod 755 it, and see that its file system is not noexec.");
                later.run(LONGEST_DELAY, this::launch);
                return;
            }
            ProcessBuilder builder = new ProcessBuilder(binary.toString(), "run", "--socket", socket.toString())
                    .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(Redirect.DISCARD);
            builder.environment().clear(); // ours holds secrets, and a privileged program needs none of them
            Process started = null;
            try {
                started = builder.start();
                child = started;
                starts++;
                quietTicks = 0;
                state = new ProbeHealth.Starting(clock.instant());
                listenTo(started);
            } catch (RuntimeException | Error lacking) { // a thread, say, of a host that is full of processes
                LOG.log(Level.WARNING, "the probe could not be started", lacking);
                child = null;
                if (started != null) {
                    started.destroyForcibly();
                }
                later.run(LONGEST_DELAY, this::launch);
                blind("the engine could not start the probe (" + lacking + "); it tries again in "
                        + LONGEST_DELAY.toSeconds() + " s.");
            } catch (IOException notAProgram) {
                blind(binary + " could not be started (" + notAProgram.getMessage()
                        + "); put a build for this machine in its place.");
                later.run(LONGEST_DELAY, this::launch);
            }
        }
    }

    private void listenTo(Process started) {
        Thread words = daemon("probe-stderr", () -> keepLines(started));
        daemon("probe-end", () -> {
            try {
                int status = started.waitFor();
                words.join(LAST_WORDS_WAIT.toMillis()); // no longer: a grandchild may hold the pipe open
                if (status == STATUS_REFUSED) {
                    waitForReason(started);
                }
                ended(started, status);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Its end may be known before what it sent last has been read. */
    private void waitForReason(Process refusing) throws InterruptedException {
        long deadline = System.nanoTime() + REASON_WAIT.toNanos();
        synchronized (lock) {
            while (!closed && refused == null && greeter == refusing) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
        }
    }

    private static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void keepLines(Process started) {
        try (Reader lines = new InputStreamReader(started.getErrorStream(), StandardCharsets.UTF_8)) {
            StringBuilder line = new StringBuilder();
            int c;
            while ((c = lines.read()) >= 0) {
                if (c == '\n') {
                    keep(line);
                } else if (line.length() < LINE_MAX) {
                    line.append(Character.isISOControl(c) ? '?' : (char) c);
                }
            }
            keep(line);
        } catch (IOException | UncheckedIOException closedByItsEnd) {
            LOG.log(Level.DEBUG, "the probe's standard error ended", closedByItsEnd);
        }
    }

    private void keep(StringBuilder line) {
        if (line.isEmpty()) {
            return;
        }
        String said = line.toString();
        line.setLength(0);
        LOG.log(Level.INFO, "pounce-probe: {0}", said);
        synchronized (lock) {
            lastWords.addLast(said);
            if (lastWords.size() > LAST_WORDS) {
                lastWords.removeFirst();
            }
        }
    }

    private void ended(Process started, int status) {
        synchronized (lock) {
            if (closed || child != started) {
                return;
            }
            child = null;
            Duration wait;
            ProbeFrame.Refused no = refused;
            if (no != null) {
                wait = REFUSED_DELAY;
                blind("the probe cannot work here: " + sentenceOf(no));
            } else if (status == STATUS_REFUSED) {
                wait = REFUSED_DELAY;
                blind("the probe cannot work here: "
                        + (lastWords.isEmpty() ? "it did not say why." : lastWords.getLast()));
            } else {
                if (state instanceof ProbeHealth.Armed(Instant since)
                        && Duration.between(since, clock.instant()).compareTo(STEADY) >= 0) {
                    delay = FIRST_DELAY;
                }
                wait = delay;
                delay = delay.multipliedBy(2).compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : delay.multipliedBy(2);
                String words = lastWords.isEmpty() ? "" : ", its last words \"" + lastWords.getLast() + "\"";
                blind("the probe ended (" + describe(status) + words + "); it is started again in " + wait.toMillis()
                        + " ms.");
            }
            later.run(wait, this::launch);
        }
    }

    /** Java reports a signal as 128 plus its number, as a shell does. */
    private static String describe(int status) {
        return status > 128 ? "signal " + (status - 128) : "status " + status;
    }

    /** The probe says what is missing and what to do; of builds that do not belong together it cannot know. */
    private static String sentenceOf(ProbeFrame.Refused no) {
        String reason = no.reason() + (no.reason().endsWith(".") ? "" : ".");
        return switch (no.refusal()) {
            case BAD_FRAME ->
                reason + " Engine and probe are of different builds: install the two that belong together.";
            case NO_BTF, NO_RIGHTS, KERNEL, INTERNAL -> reason;
        };
    }

    private void tick() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            try {
                quietTicks++;
                Process running = child;
                int patience = state instanceof ProbeHealth.Starting ? TICKS_TO_ARM : TICKS_TO_HEAR;
                if (running != null && quietTicks >= patience) {
                    LOG.log(Level.WARNING, "the probe has said nothing for {0} s, starting it again", quietTicks);
                    quietTicks = 0;
                    running.destroyForcibly();
                }
            } finally {
                later.run(TICK, this::tick);
            }
        }
    }

    private void blind(String reason) {
        boolean saidAlready = state instanceof ProbeHealth.Blind(Instant since, String last) && last.equals(reason);
        state = new ProbeHealth.Blind(clock.instant(), reason);
        if (!saidAlready) {
            LOG.log(Level.WARNING, "the engine is blind: {0}", reason);
        }
    }

    private static CpuCounters countersOf(ProbeFrame.@Nullable Heartbeat beat) {
        CpuCounters sum = CpuCounters.NONE;
        if (beat != null) {
            for (CpuCounters cpu : beat.cpus()) {
                sum = sum.plus(cpu);
            }
        }
        return sum;
    }

    /** Keeps health up to date, then passes on. */
    private ProbeListener watching(ProbeListener listener) {
        return new ProbeListener() {
            @Override
            public void hello(ProbeFrame.Hello said) {
                synchronized (lock) {
                    hello = said;
                    greeter = child;
                    quietTicks = 0;
                }
                listener.hello(said);
            }

            @Override
            public void event(ProbeEvent event) {
                int index = EventKind.of(event).wire();
                received.lazySet(index, received.getPlain(index) + 1); // this thread is the only writer
                listener.event(event);
            }

            @Override
            public void armed(ProbeFrame.Armed now) {
                synchronized (lock) {
                    armed = now;
                    quietTicks = 0;
                    lastHeard = clock.instant();
                    if (!closed && !(state instanceof ProbeHealth.Armed)) {
                        state = new ProbeHealth.Armed(clock.instant());
                        LOG.log(Level.INFO, "the probe is armed: {0}", String.join(", ", now.hooks()));
                    }
                }
                listener.armed(now);
            }

            @Override
            public void heartbeat(ProbeFrame.Heartbeat beat) {
                synchronized (lock) {
                    heartbeat = beat;
                    quietTicks = 0;
                    lastHeard = clock.instant();
                }
                listener.heartbeat(beat);
            }

            @Override
            public void refused(ProbeFrame.Refused no) {
                synchronized (lock) {
                    refused = no;
                    blind("the probe cannot work here: " + sentenceOf(no));
                    lock.notifyAll();
                }
                listener.refused(no);
            }

            @Override
            public void gone(String why) {
                synchronized (lock) {
                    armed = null;
                    before = before.plus(countersOf(heartbeat));
                    heartbeat = null;
                    Process spoke = greeter;
                    greeter = null;
                    lock.notifyAll();
                    if (!closed && refused == null && spoke == child) {
                        Instant since = state.since();
                        boolean wasArmed = state instanceof ProbeHealth.Armed;
                        blind("the connection to the probe ended: " + why + ".");
                        if (wasArmed && Duration.between(since, clock.instant()).compareTo(STEADY) >= 0) {
                            delay = FIRST_DELAY;
                        }
                    }
                    if (spoke != null) {
                        spoke.destroy(); // it cannot connect a second time; its end starts the next one
                    }
                }
                listener.gone(why);
            }
        };
    }
}
