package dev.pounce.planning.merge.facts;

/** Two sets want opposite things; {@code dropped} is not done. */
public record Contradicts(Proposed kept, Proposed dropped, String because) {}
