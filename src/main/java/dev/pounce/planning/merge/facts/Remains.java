package dev.pounce.planning.merge.facts;

/** The step is done: by itself, or by the one that speaks for all who want the same. */
public record Remains(Proposed step) {}
