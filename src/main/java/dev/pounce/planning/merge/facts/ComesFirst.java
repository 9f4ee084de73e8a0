package dev.pounce.planning.merge.facts;

/** The order of two steps that both are done: afterwards there is nothing left for {@code first}. */
public record ComesFirst(Proposed first, Proposed then) {}
