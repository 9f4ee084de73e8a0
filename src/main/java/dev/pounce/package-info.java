@NullMarked
package dev.pounce;

import org.jspecify.annotations.NullMarked;
