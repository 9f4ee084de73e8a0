/**
 * What would have happened: recorded detections go once more through correlation, planning and those guards that can be
 * asked afterwards. Nothing here acts, and the same recording gives the same answer, byte for byte.
 *
 * <p>Start at {@link Replay} for a whole recording and at {@link OfflineEngine} for one detection after the other.
 */
@NullMarked
package dev.pounce.replay;

import org.jspecify.annotations.NullMarked;
