/** What can be seen and touched: plain values that name one thing so that it cannot be mistaken for another. */
@NullMarked
package dev.pounce.asset;

import org.jspecify.annotations.NullMarked;
