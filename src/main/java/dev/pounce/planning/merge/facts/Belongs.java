package dev.pounce.planning.merge.facts;

/** The step prepares another of its own set; what other sets do does not make it pointless. */
public record Belongs(Proposed step) {}
