package dev.pounce.planning.merge.facts;

/** The step is not done because {@code earlier}, for which it waits, is not. */
public record Falls(Proposed step, Proposed earlier) {}
