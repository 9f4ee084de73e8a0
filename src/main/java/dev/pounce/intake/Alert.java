package dev.pounce.intake;

import dev.pounce.detection.Detection;

/**
 * Another product's alert, read and taken for a detection.
 *
 * @param key the same when the same alert is sent again, and only then
 */
public record Alert(AlertKey key, Detection detection) {}
