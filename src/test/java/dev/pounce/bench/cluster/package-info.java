/** How fast alerts become changes of a real cluster. Not run with the tests. */
@NullMarked
package dev.pounce.bench.cluster;

import org.jspecify.annotations.NullMarked;
