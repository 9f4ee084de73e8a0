/**
 * Detections become incidents; the only package that knows Drools.
 */
@NullMarked
package dev.pounce.correlation;

import org.jspecify.annotations.NullMarked;
