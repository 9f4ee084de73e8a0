/**
 * What a person types: one command, one file, named for what is typed.
 *
 * <p>Start at {@link Pounce}. Only {@code run} starts Quarkus; every other command reads files or asks the running
 * engine, and is done in a fraction of a second.
 */
@NullMarked
package dev.pounce.cli;

import org.jspecify.annotations.NullMarked;
