package dev.pounce.action;

import dev.pounce.asset.ContainerRef;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a step is done for: what its actuator may need beside the action itself.
 *
 * @param response id of the plan
 * @param step its id within the plan
 * @param seen when what it answers happened: a pod made later than that is somebody else
 * @param container in which it was seen, if it was
 * @param report what was seen and what is done about it, as one JSON object with Falco's keys; made when it is asked for
 */
public record Circumstances(
        String response, String step, Instant seen, Optional<ContainerRef> container, Supplier<String> report) {}
