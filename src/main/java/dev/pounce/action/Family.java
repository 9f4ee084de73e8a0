package dev.pounce.action;

import java.util.Locale;

/** What is touched. One actuator carries out all actions of a family. */
public enum Family {
    PROCESS,
    POD,
    NETWORK,
    WORKLOAD,
    NODE,
    EVIDENCE,
    CALL;

    public String display() {
        return name().toLowerCase(Locale.ROOT);
    }
}
