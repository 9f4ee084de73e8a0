package dev.pounce.asset;

/** What can be said about an asset at this moment. Not knowing, and there being nothing to know, are different answers. */
public sealed interface Answer<T> {

    record Known<T>(T value) implements Answer<T> {}

    /** There is no such thing (any more). */
    record Gone<T>() implements Answer<T> {}

    /** @param why in words a person reads */
    record Unknown<T>(String why) implements Answer<T> {}
}
