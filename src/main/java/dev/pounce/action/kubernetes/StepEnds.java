package dev.pounce.action.kubernetes;

import dev.pounce.action.Outcome;

/** Ends a step before its end: any of its requests can, and what became of it is known then. */
final class StepEnds extends Exception {

    private static final long serialVersionUID = 1;

    private final transient Outcome outcome;
    private final boolean unheard;

    private StepEnds(Outcome outcome, boolean unheard) {
        super(outcome.toString(), null, false, false);
        this.outcome = outcome;
        this.unheard = unheard;
    }

    static StepEnds with(Outcome outcome) {
        return new StepEnds(outcome, false);
    }

    static StepEnds gone(String reason) {
        return with(new Outcome.TargetGone(reason));
    }

    static StepEnds withheld(String reason) {
        return with(new Outcome.Withheld(reason));
    }

    /** Nothing that is worth trying again. */
    static StepEnds failed(String reason) {
        return with(new Outcome.Failed(reason, false));
    }

    static StepEnds failedForNow(String reason) {
        return with(new Outcome.Failed(reason, true));
    }

    /** A change was asked for, and whether it was carried out has to be looked for. */
    static StepEnds unheard(String why) {
        return new StepEnds(new Outcome.Failed(why, true), true);
    }

    Outcome outcome() {
        return outcome;
    }

    boolean isUnheard() {
        return unheard;
    }
}
