/** Steps that change the cluster. The only package that may. */
@NullMarked
package dev.pounce.action.kubernetes;

import org.jspecify.annotations.NullMarked;
