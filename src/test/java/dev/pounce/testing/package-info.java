/** Fakes, builders and the waiting that several stages' tests share. */
@NullMarked
package dev.pounce.testing;

import org.jspecify.annotations.NullMarked;
