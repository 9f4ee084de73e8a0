/**
 * What was seen, planned, judged and done, in an order that cannot be edited unnoticed.
 */
@NullMarked
package dev.pounce.audit;

import org.jspecify.annotations.NullMarked;
