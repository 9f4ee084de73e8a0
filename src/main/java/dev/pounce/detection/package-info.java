/**
 * Events become detections.
 *
 * <p>Start at {@link Detection}; the rule language is in {@code language}.
 */
@NullMarked
package dev.pounce.detection;

import org.jspecify.annotations.NullMarked;
