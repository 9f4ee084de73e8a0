package dev.pounce;

import dev.pounce.detection.Detection;
import dev.pounce.intake.Alert;

/** Another product's alert in the channel of alerts, and what has become of it. Of the thread that sends it. */
final class AlertOnItsWay {

    static final String CHANNEL = "alerts";

    private final Alert alert;
    private boolean recorded;

    AlertOnItsWay(Alert alert) {
        this.alert = alert;
    }

    Detection detection() {
        return alert.detection();
    }

    String key() {
        return alert.key().toString();
    }

    /** It is in the journal with all that was planned, or it is not and nothing was done. */
    void recorded(boolean yes) {
        recorded = yes;
    }

    boolean isRecorded() {
        return recorded;
    }
}
