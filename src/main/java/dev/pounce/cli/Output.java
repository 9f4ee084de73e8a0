package dev.pounce.cli;

/** How a command prints: for people, or one JSON object a line for programs. */
enum Output {
    TEXT,
    JSON
}
