package dev.pounce.planning.merge.facts;

/** The {@code loser} is not done; the {@code winner}, or what replaces that in turn, is. */
public record Replaces(Proposed winner, Proposed loser, String because) {}
