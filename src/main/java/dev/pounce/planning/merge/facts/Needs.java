package dev.pounce.planning.merge.facts;

/** A step waits for another of its set, and is not done without it. */
public record Needs(Proposed step, Proposed earlier) {}
