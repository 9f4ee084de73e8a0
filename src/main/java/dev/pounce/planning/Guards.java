package dev.pounce.planning;

import dev.pounce.action.Share;
import java.time.Duration;
import java.util.Optional;

/** What an action set allows itself, beside its cooldown, which is the correlator's. */
public record Guards(Optional<Budget> budget, Optional<BlastRadius> blastRadius) {

    public static final Guards NONE = new Guards(Optional.empty(), Optional.empty());

    /** At most so many steps in any stretch of time so long; with more, the set is stopped until a person re-arms it. */
    public record Budget(int steps, Duration per) {
        public Budget {
            if (steps < 1 || per.isNegative() || per.isZero()) {
                throw new IllegalArgumentException("a budget of " + steps + " steps per " + per);
            }
        }
    }

    /** How much of what belongs together may be out of service at once because of us. */
    public record BlastRadius(Optional<Share> shareOfWorkload, Optional<Integer> podsPerNamespace) {}
}
