package dev.pounce.detection;

/** How many rules may fire on one event. */
public enum MatchMode {
    /** Every rule that matches. */
    ALL,
    /** The first in the order of definition, as Falco does by default. */
    FIRST
}
