package dev.pounce.correlation;

/** The kinds of patterns that need a memory. */
enum Shape {
    SEQUENCE,
    ALL,
    COUNT,
    VALUE_COUNT,
    ABSENCE
}
