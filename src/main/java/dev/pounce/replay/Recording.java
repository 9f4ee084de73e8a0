package dev.pounce.replay;

import dev.pounce.audit.JournalScan;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/** Where detections stand that were seen before. */
public interface Recording {

    /** As the person named it who asks. */
    String name();

    /** Whether it also says what was done then. */
    boolean holdsPlans();

    /**
     * Tells it from its beginning to its end; blocks for files.
     *
     * @param since moments before it are of no interest
     * @return what could not be read
     */
    JournalScan.Outcome forEach(
            Optional<Instant> since, Optional<Instant> until, Consumer<JournalScan.Moment> listener);
}
