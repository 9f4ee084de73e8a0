package dev.pounce.planning.merge.facts;

/** Two sets want the same; the {@code speaker} is done, with its mode, for both. */
public record SameAs(Proposed speaker, Proposed other) {}
