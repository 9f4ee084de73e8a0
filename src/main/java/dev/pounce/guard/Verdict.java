package dev.pounce.guard;

/** What a guard says about a step. */
public sealed interface Verdict {

    /** May be carried out. */
    record Allow() implements Verdict {}

    /** May be rehearsed: every guard was asked and none objected, the mode goes no further. */
    record Rehearse(String reason) implements Verdict {}

    /**
     * Must not be tried.
     *
     * @param guard who says so: {@code mode}, {@code protected}, {@code cooldown}
     */
    record Deny(String guard, String reason) implements Verdict {}
}
