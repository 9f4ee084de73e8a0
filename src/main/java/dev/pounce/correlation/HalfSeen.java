package dev.pounce.correlation;

/**
 * What is remembered of one subject: a fact in a session until it is complete or its time is over.
 *
 * <p>Only {@link #subject} is looked at by an index, and it never changes. The rest changes only in the consequence that has
 * taken the sighting out of the session, when no condition is left to be evaluated; so there is no need to tell Drools,
 * and none to insert a new fact for each step.
 */
abstract sealed class HalfSeen permits Progress, Gathered, Tally, Values, Awaited {

    /** A detection that comes this late still finds what it belongs to. */
    static final long GRACE = 5_000_000_000L;

    private final Subject subject;
    private final long bare;
    private long latest;
    private long until;

    // Of the Timetable
    private long due;
    private int slot = -1;

    // Of the Memory
    private long counted;

    HalfSeen(Sighting first) {
        this.subject = first.subject();
        this.bare = Weight.OF_A_STATE + Weight.of(subject.key());
        this.latest = first.moment();
    }

    final Subject subject() {
        return subject;
    }

    /** Nothing has evidence after the moment at which this was, so what comes later happened later. */
    final long at(Sighting sighting) {
        return Math.max(sighting.moment(), latest);
    }

    final void saw(Sighting sighting) {
        latest = at(sighting);
    }

    /** The last moment, by the engine's clock, at which anything may be asked of it. */
    final long until() {
        return until;
    }

    final void neededUntil(long moment) {
        until = moment;
    }

    /** The window counts from the arrival, so that alerts that are all equally late belong together too. */
    final void neededForAWindowAfter(Sighting sighting) {
        until = sighting.now() + subject.watch().within() + GRACE;
    }

    /** Roughly how many bytes it takes; see {@link Weight}. */
    final long weight() {
        return bare + kept();
    }

    /** Roughly how many bytes of it are detections and values. */
    abstract long kept();

    /** Lets go of them. It is no fact any more, but Drools may hold it for some time. */
    abstract void letGo();

    /** What it weighed when that was last added to the sum. */
    final long counted() {
        return counted;
    }

    final void counted(long weight) {
        counted = weight;
    }

    final long due() {
        return due;
    }

    final int slot() {
        return slot;
    }

    final void scheduled(long when) {
        due = when;
    }

    final void movedTo(int slotInTheTimetable) {
        slot = slotInTheTimetable;
    }
}
