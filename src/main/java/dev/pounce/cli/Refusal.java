package dev.pounce.cli;

/** A command cannot do what it was asked; the message is a sentence for the person who typed it. Exit code 1. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
        super(message);
    }
}
