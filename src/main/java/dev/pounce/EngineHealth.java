package dev.pounce;

import java.util.Optional;

/**
 * What an operator should know of a running engine besides its probe.
 *
 * @param journalFailure why nothing can be recorded, and so nothing done, until the engine is restarted
 * @param unrecorded detections and outcomes that could not be written down, and were therefore not answered
 * @param heldBack detections that no set answered because all that matched were cooling down
 * @param failedConditions conditions that threw and were taken for not met: bugs of ours
 * @param forgottenCooldowns cooldowns that ended early because more were running than are remembered
 * @param accepted other products' alerts that were planned and written down
 * @param repeated of these, how many had been sent before
 * @param refused alerts whose senders heard no
 * @param linesLeftOut lines that were not printed because their reader was slow
 */
record EngineHealth(
        Optional<String> journalFailure,
        long unrecorded,
        long heldBack,
        long failedConditions,
        long forgottenCooldowns,
        long accepted,
        long repeated,
        long refused,
        long linesLeftOut) {}
