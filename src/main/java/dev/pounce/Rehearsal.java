package dev.pounce;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/** A channel beside that of detections, so that {@link WarmUp} need not leave out the way through it. */
@Singleton
public class Rehearsal {

    static final String CHANNEL = "rehearsals";

    /** On the thread of whoever sent it. */
    @Incoming(CHANNEL)
    public void on(Runnable act) {
        act.run();
    }
}
