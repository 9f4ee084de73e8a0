/** What it costs. Not run with the tests. */
@NullMarked
package dev.pounce.bench;

import org.jspecify.annotations.NullMarked;
