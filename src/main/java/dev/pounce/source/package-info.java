/**
 * Files that people write, read so that a mistake can be shown where it stands.
 *
 * <p>Start at {@link Yaml#read}. Every reader of such a file collects {@link Problems} and goes on, so
 * that all mistakes of a file are reported at once; nobody loads a file that has one.
 */
@NullMarked
package dev.pounce.source;

import org.jspecify.annotations.NullMarked;
