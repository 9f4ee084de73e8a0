package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kie.api.KieBase;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.rule.FactHandle;

/**
 * Matches detections against a rule book with Drools, and remembers what has been half seen.
 *
 * <p>One thread at a time may call {@link #accept}, {@link #elapsed}, {@link #remember} and {@link #takeBack}; a second one that enters meanwhile gets an {@link
 * IllegalStateException}. {@link #prepare} may be called by any thread.
 */
public final class DroolsCorrelator implements Correlator, AutoCloseable {

    /*
     * Two stages: which triggers ask for this detection, and what it amounts to with what came before.
     *
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
     * Insert, fire, delete. This session holds no fact between two detections, so nothing has to expire in
     * it, and swapping it loses nothing. Consequences append a number to a list that travels with the clue;
     * rules close over constants only. After any exception the session is thrown away, since a match whose
     * consequence failed would not fire again.
     *
     * Patterns over time
     * ------------------
     * A trigger with a memory is not answered when one of its selectors matches. The match becomes a sighting: trigger and
     * key (the subject), which selectors it met, and when. Sightings go to a second base, whose rules (PatternRules) say
     * what a sequence, a count or a wait is. Those rules are the same for every book: they join a sighting with the one
     * fact that is remembered of its subject, by an index on the subject, so their cost grows neither with triggers nor
     * with keys. A rule of its own for each trigger would cost network memory for each and buy nothing.
     *
     * What is remembered of a subject is one fact, and small: for each length the beginning of a sequence that started
     * last, the latest of each kind, a ring of moments, a map of values, a deadline. Facts that are combinations (every A with
     * every B) do not come to an end when a key is hot. Completion takes out what led to it.
     *
     * Time is not Drools' business here. Its events need a clock that cannot go back, keep cancelled expiry jobs, and
     * cannot order what happened at one moment. Moments are the detection's, but never later than the engine's clock (an
     * alert must not reach into the future) nor earlier than what its subject has seen; conditions compare them. What
     * nobody can complete any more is found by a heap ordered by end (Timetable) and deleted, a few per detection and the
     * rest when elapsed() is called. It is kept five seconds longer than its window, counted from its arrival,
     * so that late detections still find it. It has a budget of bytes (Weight) beside the limit of keys, because the texts
     * that it keeps are the attacker's; beyond either, what would end first is forgotten.
     *
     * The sessions are sixteen, by hash of the key, because smaller indexes are quicker and a session can be replaced when
     * it holds more that is dead than alive (Memory). One thread is in all of them.
     *
     * Restart and reload
     * ------------------
     * The rules of the second base know no book, so a reload does not touch its sessions: a trigger that waits for the same
     * as before keeps its Watch, which is what facts point to, at its new place. After a restart recall() takes in what is
     * in the journal; a wait that was over by then may or may not have been answered, which the journal says as well
     * (answered()). A replay has other sets than the journal and takes it for answered (remember()). accept() says what has to be there (Finding.remembered), which includes detections that only
     * ended a wait, or used something up without an answer.
     *
     * Decided here, and not obvious: a second A does not put off the deadline of "A without B". A wait is in vain from
     * the moment at which its window closes, but not before the first has been there for five seconds,
     * since sources that are late deliver in bunches, if elapsed() is asked then; a B that happened later does not save it, one that
     * happened in time and arrives before elapsed() is asked does. Of a sequence's beginnings the latest is kept, and
     * an earlier one that was passed over is forgotten with it. takeBack() ends cooldowns; what was used up stays used up.
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
     * before its next detection. Cooldowns and half-seen patterns of triggers that ask for the same as before live on;
     * those of changed and removed ones end.
     */

    /** About 13 MB when all are in use. */
    public static final int DEFAULT_COOLDOWNS = 100_000;

    private static final int MOST_LIVE_KEYS = 1_000_000;

    private static final long LEAST_BUDGET = 1 << 20;

    /** Whoever asks {@link #elapsed} once a second has asked by then, and has not asked before. */
    private static final Duration ELAPSED_BY_THEN = Duration.ofSeconds(5);

    private final Supplier<String> ids;
    private final Cooldowns cooldowns;
    private final Memory memory;
    private final AtomicBoolean occupied = new AtomicBoolean();
    private final AtomicReference<@Nullable RuleNetwork> mailbox = new AtomicReference<>();
    private final LongAdder heldBack = new LongAdder();

    private final Matches matches = new Matches();
    private final List<Clue> clues = new ArrayList<>();
    private final List<Complete> complete = new ArrayList<>();
    private final List<Awaited> inVain = new ArrayList<>();
    private final List<Shelved> shelf = new ArrayList<>();
    private RuleNetwork network;
    private KieSession session;
    private @Nullable KieBase patterns;

    /** A trigger whose pattern is complete. */
    private record Complete(int place, List<Detection> evidence) {}

    /**
     * A wait that was over before the restart, and nobody knows yet whether it was answered.
     *
     * @param held whether its set was cooling down when it ended, so that it was not to be answered
     */
    private record Shelved(Awaited over, boolean held) {}

    /**
     * What is half seen may take a quarter of the heap: senders of alerts decide how much there is. Asked when it runs, since
     * a native executable is initialised where it is built.
     */
    private static long defaultBudget() {
        return Math.max(Runtime.getRuntime().maxMemory() / 4, LEAST_BUDGET);
    }

    /** As many as have room without the detections that they keep. */
    private static int defaultLiveKeys() {
        return (int) Math.min(MOST_LIVE_KEYS, defaultBudget() / Weight.OF_A_STATE);
    }

    /** @param ids of incidents: unique, and in the order of time */
    public DroolsCorrelator(RuleBook book, Supplier<String> ids) {
        this(book, ids, DEFAULT_COOLDOWNS, defaultLiveKeys());
    }

    /** @param cooldownLimit how many cooldowns are remembered at a time */
    public DroolsCorrelator(RuleBook book, Supplier<String> ids, int cooldownLimit) {
        this(book, ids, cooldownLimit, defaultLiveKeys());
    }

    /**
     * @param cooldownLimit how many cooldowns are remembered at a time
     * @param liveKeys of how many keys something half seen is remembered at a time, over all triggers
     */
    public DroolsCorrelator(RuleBook book, Supplier<String> ids, int cooldownLimit, int liveKeys) {
        this(book, ids, cooldownLimit, liveKeys, defaultBudget());
    }

    /**
     * @param cooldownLimit how many cooldowns are remembered at a time
     * @param liveKeys of how many keys something half seen is remembered at a time, over all triggers
     * @param budget roughly how many bytes that may take, with the detections that it keeps
     */
    public DroolsCorrelator(RuleBook book, Supplier<String> ids, int cooldownLimit, int liveKeys, long budget) {
        this.ids = ids;
        this.cooldowns = new Cooldowns(cooldownLimit);
        this.memory = new Memory(this::patterns, liveKeys, budget);
        this.network = networkFor(book);
        this.session = network.openSession();
    }

    private RuleNetwork networkFor(RuleBook book) {
        RuleNetwork made = new RuleNetwork(book);
        if (made.hasMemory()) {
            patterns(); // now, not when a detection is waiting for it
        }
        return made;
    }

    private synchronized KieBase patterns() {
        if (patterns == null) {
            patterns = PatternRules.newBase();
        }
        return patterns;
    }

    @Override
    public Finding accept(Detection detection, Instant now) {
        enter();
        try {
            endRecall();
            takeNewNetwork();
            take(detection, now);
            List<Incident> incidents = complete.isEmpty() ? List.of() : conclude(now);
            // What it used up without an answer must stay used up after a restart, too.
            boolean remembered = memory.report().isChanged()
                    || (incidents.isEmpty() && memory.report().isUsedUp());
            return incidents.isEmpty() && !remembered ? Finding.NOTHING : new Finding(incidents, remembered);
        } finally {
            leave();
        }
    }

    @Override
    public List<Incident> elapsed(Instant now) {
        enter();
        try {
            endRecall();
            takeNewNetwork();
            letElapse(now);
            return concludeWaits(now);
        } finally {
            leave();
        }
    }

    @Override
    public void remember(Detection detection, Instant then) {
        enter();
        try {
            takeNewNetwork();
            letElapse(then);
            while (nextWaitInVain()) {
                answers(then, new ArrayList<>(0));
            }
            take(detection, then);
            answers(then, new ArrayList<>(0));
        } finally {
            leave();
        }
    }

    /**
     * After a restart: {@link #remember}, but what waited in vain is not taken for answered. Unless {@link #answered} says
     * that it was, it is answered by the next {@link #elapsed}.
     */
    public void recall(Detection detection, Instant then) {
        enter();
        try {
            takeNewNetwork();
            letElapse(then.minus(ELAPSED_BY_THEN));
            shelve();
            take(detection, then);
            shelve();
            answers(then, new ArrayList<>(0));
        } finally {
            leave();
        }
    }

    /** After a restart: these sets answered what this detection was the last of. */
    public void answered(List<String> sets, String detection, Instant then) {
        if (sets.stream().noneMatch(this::waitsForNothing)) {
            return;
        }
        enter();
        try {
            takeNewNetwork();
            letElapse(then); // as it had then, or there would be no answer
            shelve();
            for (int i = shelf.size() - 1; i >= 0; i--) {
                Awaited wait = shelf.get(i).over();
                Trigger trigger = triggerOf(wait);
                if (wait.detection().id().equals(detection) && sets.contains(trigger.name())) {
                    shelf.remove(i);
                    trigger.cooldown()
                            .ifPresent(cooldown -> cooldowns.start(
                                    trigger.name(),
                                    CooldownKeys.of(wait.detection(), cooldown.per()),
                                    then.plus(cooldown.length())));
                }
            }
        } finally {
            leave();
        }
    }

    private boolean waitsForNothing(String set) {
        Trigger trigger = network.trigger(set);
        return trigger != null && trigger.pattern() instanceof Pattern.Absence;
    }

    /** Puts waits that are over aside, with what a cooldown would have said then. */
    private void shelve() {
        for (Awaited wait : inVain) {
            Trigger trigger = triggerOf(wait);
            Instant end = Instant.EPOCH.plusNanos(wait.deadline());
            boolean held = trigger.cooldown()
                    .flatMap(cooldown ->
                            cooldowns.end(trigger.name(), CooldownKeys.of(wait.detection(), cooldown.per()), end))
                    .isPresent();
            shelf.add(new Shelved(wait, held));
        }
        inVain.clear();
    }

    private Trigger triggerOf(Awaited wait) {
        return network.trigger(wait.subject().watch().place());
    }

    private void endRecall() {
        if (!shelf.isEmpty()) {
            shelf.stream().filter(shelved -> !shelved.held()).map(Shelved::over).forEach(inVain::add);
            shelf.clear();
        }
    }

    @Override
    public Runnable prepare(RuleBook book) {
        RuleNetwork network = networkFor(book);
        return () -> mailbox.set(network);
    }

    @Override
    public void takeBack(Incident incident) {
        enter();
        try {
            for (Incident.Match match : incident.matches()) {
                Trigger trigger = network.trigger(match.actionSet());
                if (trigger != null && trigger.cooldown().isPresent()) {
                    Trigger.Per per = trigger.cooldown().get().per();
                    cooldowns.cancel(
                            trigger.name(), CooldownKeys.of(match.evidence().getLast(), per));
                }
            }
        } finally {
            leave();
        }
    }

    /** How far back a detection may lie that still matters to what is looked for now. */
    public Duration memory() {
        Duration longest = Duration.ZERO;
        for (Trigger trigger : network.book().triggers()) {
            longest = longer(longest, trigger.pattern().memory());
            longest = longer(
                    longest, trigger.cooldown().map(Trigger.Cooldown::length).orElse(Duration.ZERO));
        }
        return longest;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
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

    /** What was half seen of a key and forgotten because there were more keys, or more bytes, than are remembered. Any thread. */
    public long forgottenProgress() {
        return memory.forgotten();
    }

    /** Of how many keys something half seen is remembered, over all triggers. Only for the owner thread. */
    public int liveKeys() {
        return memory.size();
    }

    /** Roughly how many bytes that takes. Only for the owner thread. */
    long weightOfWhatIsHalfSeen() {
        return memory.weight();
    }

    long factsInSession() {
        return session.getFactCount() + memory.facts();
    }

    int sessionsForPatterns() {
        return memory.sessions();
    }

    RuleNetwork network() {
        return network;
    }

    /** Must be the last call. */
    @Override
    public void close() {
        enter();
        session.dispose();
        memory.close();
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
        cooldowns.keepOnly(unchanged(network, next.book()));
        Set<Watch> watches = next.takeOver(network);
        memory.keepOnly(watches);
        inVain.removeIf(wait -> !watches.contains(wait.subject().watch()));
        session.dispose();
        network = next;
        session = next.openSession();
    }

    private static Set<String> unchanged(RuleNetwork before, RuleBook after) {
        Set<String> names = new HashSet<>();
        for (Trigger trigger : after.triggers()) {
            Trigger same = before.trigger(trigger.name());
            if (same != null && trigger.isUnchangedFrom(same)) {
                names.add(trigger.name());
            }
        }
        return names;
    }

    /** Finds out what the detection completes, by itself or with what has been half seen. */
    private void take(Detection detection, Instant now) {
        complete.clear();
        memory.begin();
        find(detection);
        long clock = Moments.of(now);
        memory.expire(clock);
        if (matches.isEmpty()) {
            return;
        }
        long moment = Math.min(Moments.of(detection.time()), clock);
        boolean waiting = false;
        for (int i = 0, next; i < matches.count(); i = next) {
            int place = matches.place(i);
            next = i + 1;
            while (next < matches.count() && matches.place(next) == place) {
                next++;
            }
            Watch watch = network.watch(place);
            if (watch == null) {
                complete.add(new Complete(place, List.of(detection)));
            } else {
                memory.see(watch, kinds(i, next), detection, moment, clock);
                waiting = true;
            }
        }
        if (waiting) {
            memory.fire();
            inVain.addAll(memory.report().inVain());
            List<Report.Completion> completions = memory.report().completions();
            if (!completions.isEmpty()) {
                for (Report.Completion completion : completions) {
                    complete.add(new Complete(completion.watch().place(), completion.evidence()));
                }
                complete.sort(Comparator.comparingInt(Complete::place));
            }
        }
    }

    private int[] kinds(int from, int to) {
        int[] kinds = new int[to - from];
        for (int i = 0; i < kinds.length; i++) {
            kinds[i] = matches.selector(from + i);
        }
        return kinds;
    }

    private void letElapse(Instant now) {
        memory.begin();
        memory.elapse(Moments.of(now));
        inVain.addAll(memory.report().inVain());
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

    private List<Incident> conclude(Instant now) {
        List<Incident.CoolingDown> coolingDown = new ArrayList<>(0);
        List<Incident.Match> answers = answers(now, coolingDown);
        if (answers.isEmpty()) {
            heldBack.increment();
            return List.of();
        }
        return List.of(new Incident(ids.get(), now, answers, coolingDown));
    }

    /** The sets whose patterns are complete and who do not hold still; their cooldowns start. */
    private List<Incident.Match> answers(Instant now, List<Incident.CoolingDown> coolingDown) {
        List<Incident.Match> answers = new ArrayList<>(complete.size());
        for (int i = 0; i < complete.size(); i++) {
            List<Detection> evidence = complete.get(i).evidence();
            Trigger trigger = network.trigger(complete.get(i).place());
            if (trigger.cooldown().isPresent()) {
                Trigger.Cooldown cooldown = trigger.cooldown().get();
                Object key = CooldownKeys.of(evidence.getLast(), cooldown.per());
                Optional<Instant> end = cooldowns.end(trigger.name(), key, now);
                // Further away than it is long: the clock was set back, and the cooldown is over
                if (end.isPresent() && !end.get().isAfter(now.plus(cooldown.length()))) {
                    coolingDown.add(new Incident.CoolingDown(trigger.name(), CooldownKeys.display(key), end.get()));
                    continue;
                }
                cooldowns.start(trigger.name(), key, now.plus(cooldown.length()));
            }
            answers.add(new Incident.Match(trigger.name(), evidence));
        }
        return answers;
    }

    /** One incident for all triggers that waited for something since the same detection, and as long. */
    private List<Incident> concludeWaits(Instant now) {
        List<Incident> incidents = new ArrayList<>(0);
        while (nextWaitInVain()) {
            incidents.addAll(conclude(now));
        }
        return incidents;
    }

    private boolean nextWaitInVain() {
        complete.clear();
        if (inVain.isEmpty()) {
            return false;
        }
        inVain.sort(Comparator.comparingLong(Awaited::deadline).thenComparingLong(Awaited::number));
        Awaited first = inVain.getFirst();
        int together = 0;
        while (together < inVain.size() && inVain.get(together).endsWith(first)) {
            complete.add(new Complete(inVain.get(together++).subject().watch().place(), List.of(first.detection())));
        }
        inVain.subList(0, together).clear();
        complete.sort(Comparator.comparingInt(Complete::place));
        return true;
    }
}
