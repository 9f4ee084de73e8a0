package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kie.api.KieBase;
import org.kie.api.KieServices;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.KieSessionConfiguration;
import org.kie.api.runtime.conf.ThreadSafeOption;
import org.kie.api.runtime.rule.FactHandle;

/**
 * What has been half seen: the Drools sessions that hold it, the time at which each piece of it ends, and how much of it
 * there may be. Belongs to the correlator's thread.
 */
final class Memory {

    static final int PARTITIONS = 16;

    /** So that a million windows that end together do not hold up one detection. */
    private static final int ENDED_PER_CALL = 64;

    /** A tenth of a second's work. */
    private static final int MOVED_PER_CALL = 50_000;

    private static final int WORTH_TIDYING = 1000;

    private static final class Partition {
        private final KieSession session;
        private final List<Sighting> inserted = new ArrayList<>();
        private long dropped;

        Partition(KieSession session) {
            this.session = session;
        }
    }

    private final int limit;
    private final long budget;
    private final @Nullable Partition[] partitions = new @Nullable Partition[PARTITIONS];
    private final Timetable windows = new Timetable();
    private final Timetable deadlines = new Timetable();
    private final Report report = new Report();
    private final LongAdder forgotten = new LongAdder();
    private final Supplier<KieBase> rules;
    private long sightings;
    private long weight;

    /**
     * @param rules always the same; asked for when the first session is opened
     * @param limit of keys
     * @param budget in bytes, as {@link Weight} estimates them
     */
    Memory(Supplier<KieBase> rules, int limit, long budget) {
        if (limit < 1) {
            throw new IllegalArgumentException("room for at least one key is needed, was " + limit);
        }
        this.rules = rules;
        if (budget < Weight.OF_A_STATE) {
            throw new IllegalArgumentException("room for at least one key is needed, was " + budget + " bytes");
        }
        this.limit = limit;
        this.budget = budget;
    }

    /** What the last {@link #fire} or {@link #elapse} amounted to; good until the next. */
    Report report() {
        return report;
    }

    void begin() {
        report.clear();
        for (Partition partition : partitions) {
            if (partition != null && !partition.inserted.isEmpty()) {
                withdraw(partition); // of a detection that could not be taken in as a whole
            }
        }
    }

    /** Has a detection looked at by {@link #fire}, if it has what the trigger correlates by. */
    void see(Watch watch, int[] kinds, Detection detection, long moment, long now) {
        Object key = FieldValues.key(detection, watch.by());
        if (key == null) {
            return;
        }
        Object value = null;
        if (watch.field() != null) {
            value = FieldValues.value(detection, watch.field());
            if (value == null) {
                return;
            }
        }
        Subject subject = new Subject(watch, key);
        insert(new Sighting(sightings++, subject, kinds, detection, moment, now, value, report));
    }

    private void insert(Sighting sighting) {
        Partition partition = partition(placeOf(sighting.subject()));
        partition.session.insert(sighting);
        partition.inserted.add(sighting);
    }

    void fire() {
        boolean finished = false;
        try {
            for (Partition partition : partitions) {
                if (partition != null && !partition.inserted.isEmpty()) {
                    fire(partition);
                }
            }
            finished = true;
        } finally {
            if (!finished) {
                rebuild();
            }
        }
        takeStock();
    }

    private static void fire(Partition partition) {
        partition.session.fireAllRules();
        withdraw(partition); // what no rule has answered
    }

    private static void withdraw(Partition partition) {
        for (Sighting sighting : partition.inserted) {
            delete(sighting, partition.session);
        }
        partition.inserted.clear();
    }

    private void takeStock() {
        report.ended().forEach(this::strike);
        for (HalfSeen state : report.touched()) {
            if (state.slot() >= 0) {
                weigh(state);
                if (state.counted() > budget) {
                    forget(state);
                }
            }
        }
        while (weight > budget) {
            forgetOne();
        }
        for (HalfSeen state : report.begun()) {
            remember(state);
        }
    }

    private void remember(HalfSeen state) {
        long needed = state.weight();
        if (needed > budget) {
            forget(state); // rather than everything else
            return;
        }
        while (size() >= limit || weight + needed > budget) {
            forgetOne();
        }
        timetableOf(state).add(state);
        weigh(state);
    }

    private void weigh(HalfSeen state) {
        long now = state.weight();
        weight += now - state.counted();
        state.counted(now);
    }

    /** From the timetable and the sum; not from its session. */
    private void strike(HalfSeen state) {
        timetableOf(state).remove(state);
        weight -= state.counted();
        state.counted(0);
    }

    private Timetable timetableOf(HalfSeen state) {
        return state instanceof Awaited ? deadlines : windows;
    }

    private void forgetOne() {
        HalfSeen window = windows.first();
        HalfSeen deadline = deadlines.first();
        HalfSeen earlier =
                window == null || (deadline != null && deadline.until() < window.until()) ? deadline : window;
        if (earlier == null) {
            throw new IllegalStateException("nothing is remembered, and weighs " + weight + " bytes");
        }
        forget(earlier);
    }

    private void forget(HalfSeen state) {
        drop(state);
        forgotten.increment();
    }

    private void drop(HalfSeen state) {
        strike(state);
        Partition partition = partition(placeOf(state.subject()));
        delete(state, partition.session);
        partition.dropped++;
        state.letGo();
    }

    private static void delete(Object fact, KieSession session) {
        FactHandle handle = session.getFactHandle(fact);
        if (handle != null) {
            session.delete(handle);
        }
    }

    /** Forgets some of what is over. */
    void expire(long now) {
        expire(now, ENDED_PER_CALL);
    }

    private void expire(long now, int most) {
        for (int i = 0; i < most; i++) {
            HalfSeen first = windows.first();
            if (first == null || first.until() >= now) {
                return;
            }
            drop(first);
        }
    }

    /** Forgets all that is over, and finds out who waited in vain. */
    void elapse(long now) {
        expire(now, Integer.MAX_VALUE);
        // The deadline itself is still in the window, but the engine's clock has seen all of it when it shows it.
        for (HalfSeen first = deadlines.first(); first != null && first.until() <= now; first = deadlines.first()) {
            strike(first);
            insert(Sighting.ofNothing(first.subject(), Math.max(now, first.until() + 1), report));
        }
        fire();
        tidy();
    }

    /**
     * Drools lets go of what was deleted when it next evaluates the rules that could have used it, which may be never. So a
     * session in which more is dead than alive is replaced: no fact is moved more often than another one was dropped.
     */
    private void tidy() {
        long moved = 0;
        for (int i = 0; i < PARTITIONS && moved < MOVED_PER_CALL; i++) {
            Partition partition = partitions[i];
            if (partition != null) {
                long live = partition.session.getFactCount();
                if (live == 0) {
                    partition.session.dispose();
                    partitions[i] = null;
                } else if (partition.dropped > Math.max(live, WORTH_TIDYING)) {
                    Partition tidy = new Partition(openSession());
                    partition.session.getObjects().forEach(tidy.session::insert);
                    partition.session.dispose();
                    partitions[i] = tidy;
                    moved += live;
                }
            }
        }
    }

    /** Forgets what other triggers have half seen. */
    void keepOnly(Set<Watch> watches) {
        List<HalfSeen> others = new ArrayList<>();
        for (Timetable timetable : List.of(windows, deadlines)) {
            timetable.forEach(state -> {
                if (!watches.contains(state.subject().watch())) {
                    others.add(state);
                }
            });
        }
        others.forEach(this::drop);
    }

    /** How many keys something is remembered of. */
    int size() {
        return windows.size() + deadlines.size();
    }

    /** How many bytes all of it takes, as {@link Weight} estimates them. */
    long weight() {
        return weight;
    }

    /** How many were forgotten for want of room. Any thread. */
    long forgotten() {
        return forgotten.sum();
    }

    long facts() {
        long facts = 0;
        for (Partition partition : partitions) {
            facts += partition == null ? 0 : partition.session.getFactCount();
        }
        return facts;
    }

    int sessions() {
        int open = 0;
        for (Partition partition : partitions) {
            open += partition == null ? 0 : 1;
        }
        return open;
    }

    void close() {
        for (Partition partition : partitions) {
            if (partition != null) {
                partition.session.dispose();
            }
        }
    }

    private static int placeOf(Subject subject) {
        int hash = subject.key().hashCode();
        return (hash ^ hash >>> 4 ^ hash >>> 8 ^ hash >>> 16) & (PARTITIONS - 1);
    }

    private Partition partition(int place) {
        Partition found = partitions[place];
        if (found == null) {
            found = new Partition(openSession());
            partitions[place] = found;
        }
        return found;
    }

    private KieSession openSession() {
        KieSessionConfiguration configuration = KieServices.get().newKieSessionConfiguration();
        configuration.setOption(ThreadSafeOption.NO); // the correlator lets one thread in at a time
        return rules.get().newKieSession(configuration, null);
    }

    /** After an exception: a session in which a consequence failed would not fire that match again. */
    private void rebuild() {
        for (int i = 0; i < PARTITIONS; i++) {
            Partition broken = partitions[i];
            if (broken != null) {
                broken.session.dispose();
                partitions[i] = null;
            }
        }
        report.ended().forEach(this::strike);
        report.touched().stream().filter(state -> state.slot() >= 0).forEach(this::weigh);
        for (Timetable timetable : List.of(windows, deadlines)) {
            timetable.forEach(
                    state -> partition(placeOf(state.subject())).session.insert(state));
        }
    }
}
