package dev.pounce.planning.merge.facts;

/** Nothing contradicts the step, and what it waits for is done too. It may still be pointless. */
public record Stands(Proposed step) {}
