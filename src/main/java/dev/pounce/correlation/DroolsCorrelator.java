package dev.pounce.correlation;

import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.EndpointRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.detection.Detection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.rule.FactHandle;

/**
 * Matches detections against a rule book with Drools.
 *
 * <p>One thread at a time may call {@link #accept}; a second one that enters meanwhile gets an {@link
 * IllegalStateException}. {@link #prepare} may be called by any thread.
 */
public final class DroolsCorrelator implements Correlator, AutoCloseable {

    /*
     * How a trigger becomes rules
     * ---------------------------
     * The rules of the network are made at run time as an executable model: lambdas, no rule language, no
     * generated class. A trigger becomes one Drools rule for each word of its narrowest criterion (its
     * rule names, else its tags, else its source, else the priorities it accepts), and each of those rules
     * starts with one comparison, "the clue's key equals this word". Drools puts comparisons of one field
     * with many constants into a hash table, so what a detection costs does not depend on how many triggers
     * are loaded but on how many can match.
     *
     * A detection has one rule name but many tags, and a hash table looks up one value. So the facts are not
     * detections but clues: one for each word of the detection that some trigger is looked up by, all of
     * them pointing to the detection. Inserting three clues is three look-ups; a list-valued "tags contains"
     * would be one predicate call per trigger (a microsecond per hundred triggers). A trigger reached by two
     * words appears twice and is counted once. A trigger with nothing but a condition has no word to be
     * found by, and its condition is evaluated for each detection: that is what it asks for.
     *
     * What remains of the criteria is checked behind the key, the cheap ones first. Expressions have ids
     * that spell out field, operator and value, because Drools merges expressions of equal id without
     * looking at them; equal conditions are meant to be merged that way.
     *
     * One session, one thread
     * -----------------------
     * Two threads in one session lose matches without an exception: the second firing returns at once while
     * the first runs. Hence the gate at the entrance. It is not a lock: waiting would hide the mistake.
     *
     * Insert, fire, delete. The session holds no fact between two detections, so nothing has to expire in
     * it, and swapping it loses nothing. Consequences append a number to a list that travels with the clue;
     * rules close over constants only. After any exception the session is thrown away, since a match whose
     * consequence failed would not fire again.
     *
     * Cooldowns are not facts
     * -----------------------
     * "Answered a short while ago" can be a control fact with an expiry and a negated pattern. That ran at
     * about a million events a second and took 0.8 to 1.8 KB per live event; the keyed map here takes 0.3
     * microseconds and 130 bytes per key, can be given a limit, and outlives a change of the network. So
     * Drools says who matches, and the map says who holds still.
     *
     * The clock is the engine's and not the detection's: an alert that claims to come from next year must
     * not end, or make eternal, the cooldowns of this one. A replay hands in a clock that follows the
     * recording.
     *
     * Reload
     * ------
     * The network for a new book is built on the caller's thread and left in a mailbox; the owner takes it
     * before its next detection. Cooldowns of triggers that ask for the same as before live on; those of
     * changed and removed ones end.
     */

    /** About 13 MB when all are in use. */
    public static final int DEFAULT_COOLDOWNS = 100_000;

    private final Supplier<String> ids;
    private final Cooldowns cooldowns;
    private final AtomicBoolean occupied = new AtomicBoolean();
    private final AtomicReference<@Nullable RuleNetwork> mailbox = new AtomicReference<>();
    private final LongAdder heldBack = new LongAdder();

    private final Matches matches = new Matches();
    private final List<Clue> clues = new ArrayList<>();
    private RuleNetwork network;
    private KieSession session;

    /** @param ids of incidents: unique, and in the order of time */
    public DroolsCorrelator(RuleBook book, Supplier<String> ids) {
        this(book, ids, DEFAULT_COOLDOWNS);
    }

    /** @param cooldownLimit how many cooldowns are remembered at a time */
    public DroolsCorrelator(RuleBook book, Supplier<String> ids, int cooldownLimit) {
        this.ids = ids;
        this.cooldowns = new Cooldowns(cooldownLimit);
        this.network = new RuleNetwork(book);
        this.session = network.openSession();
    }

    @Override
    public Finding accept(Detection detection, Instant now) {
        enter();
        try {
            takeNewNetwork();
            find(detection);
            return matches.isEmpty() ? Finding.NOTHING : new Finding(conclude(detection, now), false);
        } finally {
            leave();
        }
    }

    @Override
    public List<Incident> elapsed(Instant now) {
        return List.of();
    }

    @Override
    public void remember(Detection detection, Instant then) {
        accept(detection, then);
    }

    @Override
    public Runnable prepare(RuleBook book) {
        RuleNetwork network = new RuleNetwork(book);
        return () -> mailbox.set(network);
    }

    @Override
    public void takeBack(Incident incident) {
        enter();
        try {
            Detection detection = incident.evidence().getLast();
            for (Trigger trigger : network.book().triggers()) {
                if (incident.triggers().contains(trigger.name())) {
                    trigger.cooldown()
                            .ifPresent(cooldown -> cooldowns.cancel(trigger.name(), keyOf(detection, cooldown.per())));
                }
            }
        } finally {
            leave();
        }
    }

    /** Matches that led to nothing because every matching set was cooling down. Any thread. */
    public long heldBack() {
        return heldBack.sum();
    }

    /** Conditions that threw and were taken for not met; each one is a bug. Any thread. */
    public long failedConditions() {
        return matches.failures();
    }

    /** Cooldowns that ended early because more were running than are remembered. Any thread. */
    public long forgottenCooldowns() {
        return cooldowns.forgotten();
    }

    long factsInSession() {
        return session.getFactCount();
    }

    RuleNetwork network() {
        return network;
    }

    /** Must be the last call. */
    @Override
    public void close() {
        enter();
        session.dispose();
        // Not left again: whoever comes after is turned away.
    }

    private void enter() {
        if (!occupied.compareAndSet(false, true)) {
            throw new IllegalStateException("the correlator was entered while another thread is in it, or after its "
                    + "close; it expects one owner thread");
        }
    }

    private void leave() {
        occupied.setRelease(false);
    }

    private void takeNewNetwork() {
        if (mailbox.get() == null) {
            return;
        }
        RuleNetwork next = mailbox.getAndSet(null);
        if (next == null) {
            throw new IllegalStateException("someone else emptied the mailbox; it expects one owner thread");
        }
        cooldowns.keepOnly(unchanged(network.book(), next.book()));
        session.dispose();
        network = next;
        session = next.openSession();
    }

    private static Set<String> unchanged(RuleBook before, RuleBook after) {
        Map<String, Trigger> earlier = new HashMap<>();
        before.triggers().forEach(trigger -> earlier.put(trigger.name(), trigger));
        Set<String> names = new HashSet<>();
        for (Trigger trigger : after.triggers()) {
            Trigger same = earlier.get(trigger.name());
            if (same != null && trigger.isUnchangedFrom(same)) {
                names.add(trigger.name());
            }
        }
        return names;
    }

    private void find(Detection detection) {
        matches.clear();
        clues.clear();
        network.clues(detection, matches, clues);
        if (clues.isEmpty()) {
            return;
        }
        boolean finished = false;
        try {
            fire();
            finished = true;
        } finally {
            clues.clear();
            if (!finished) {
                session.dispose();
                session = network.openSession();
            }
        }
        matches.settle();
    }

    private void fire() {
        for (int i = 0; i < clues.size(); i++) {
            session.insert(clues.get(i));
        }
        session.fireAllRules();
        for (int i = 0; i < clues.size(); i++) {
            // A base that never changes drops what matches no rule by itself.
            FactHandle handle = session.getFactHandle(clues.get(i));
            if (handle != null) {
                session.delete(handle);
            }
        }
    }

    private List<Incident> conclude(Detection detection, Instant now) {
        List<Incident.Match> triggers = new ArrayList<>(matches.count());
        List<Incident.CoolingDown> coolingDown = new ArrayList<>(0);
        for (int i = 0; i < matches.count(); i++) {
            Trigger trigger = network.book().triggers().get(matches.place(i));
            if (trigger.cooldown().isPresent()) {
                Trigger.Cooldown cooldown = trigger.cooldown().get();
                Object key = keyOf(detection, cooldown.per());
                Optional<Instant> end = cooldowns.end(trigger.name(), key, now);
                // Further away than it is long: the clock was set back, and the cooldown is over
                if (end.isPresent() && !end.get().isAfter(now.plus(cooldown.length()))) {
                    coolingDown.add(new Incident.CoolingDown(
                            trigger.name(), key instanceof Asset asset ? asset.display() : "rule/" + key, end.get()));
                    continue;
                }
                cooldowns.start(trigger.name(), key, now.plus(cooldown.length()));
            }
            triggers.add(new Incident.Match(trigger.name(), List.of(detection)));
        }
        if (triggers.isEmpty()) {
            heldBack.increment();
            return List.of();
        }
        return List.of(new Incident(ids.get(), now, triggers, coolingDown));
    }

    /** An asset, or the name of the rule. */
    private static Object keyOf(Detection detection, Trigger.Per per) {
        Asset found =
                switch (per) {
                    case PROCESS -> first(ProcessRef.class, detection);
                    case CONTAINER -> {
                        Asset container = first(ContainerRef.class, detection);
                        yield container != null ? container : first(ProcessRef.class, detection);
                    }
                    case POD, NAMESPACE -> first(PodRef.class, detection);
                    case NODE -> nodeOf(detection);
                    case RULE -> null;
                };
        return found != null ? found : detection.rule();
    }

    private static @Nullable NodeRef nodeOf(Detection detection) {
        if (detection.assets().isEmpty()) {
            return null;
        }
        return switch (detection.assets().get(0)) {
            case ProcessRef process -> process.node();
            case ContainerRef container -> container.node();
            case NodeRef node -> node;
            case PodRef pod -> null;
            case ObjectRef object -> null;
            case EndpointRef endpoint -> null;
        };
    }

    private static @Nullable Asset first(Class<? extends Asset> kind, Detection detection) {
        for (Asset asset : detection.assets()) {
            if (kind.isInstance(asset)) {
                return asset;
            }
        }
        return null;
    }
}
