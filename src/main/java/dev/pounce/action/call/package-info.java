/** Tells somebody else what was seen: a URL, or a function in a cloud. */
@NullMarked
package dev.pounce.action.call;

import org.jspecify.annotations.NullMarked;
