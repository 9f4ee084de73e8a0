/**
 * The packaged engine on the real kernel with real containers, as a user starts it.
 *
 * <p>Needs root, BTF, containerd and {@code target/pounce}: {@code ci/test} sees to all four. Where the machine cannot run
 * them, each says so in one line that begins with "left out:".
 */
@NullMarked
package dev.pounce.endtoend;

import org.jspecify.annotations.NullMarked;
