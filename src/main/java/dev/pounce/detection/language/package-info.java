/**
 * Falco's rule language: rule files, conditions, outputs.
 *
 * <p>A condition is parsed once and compiled against a {@link FieldBinder}, so that the same language
 * judges kernel events, detections and recorded events.
 */
@NullMarked
package dev.pounce.detection.language;

import org.jspecify.annotations.NullMarked;
