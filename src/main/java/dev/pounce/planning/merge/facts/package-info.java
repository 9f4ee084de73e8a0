/** What the rules of the merge speak of: what is {@link Proposed}, and what they conclude from it. */
@NullMarked
package dev.pounce.planning.merge.facts;

import org.jspecify.annotations.NullMarked;
