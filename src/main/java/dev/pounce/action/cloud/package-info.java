/**
 * Asking over HTTP in the name of whoever the engine is to a cloud: Amazon's signatures and Google's tokens, from where their
 * own tools take them. Nothing else of a cloud is known here, and no library of one is used
 * (src/docs/decisions/0009-clouds-without-their-libraries.md).
 */
@NullMarked
package dev.pounce.action.cloud;

import org.jspecify.annotations.NullMarked;
