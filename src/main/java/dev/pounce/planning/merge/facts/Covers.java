package dev.pounce.planning.merge.facts;

/**
 * What one step does includes the other, or leaves nothing that the other could act on. Says nothing about who wins.
 *
 * @param because what the wider step does to the target of the narrower one, such as {@code kills the whole tree}
 */
public record Covers(Proposed wider, Proposed narrower, String because) {}
