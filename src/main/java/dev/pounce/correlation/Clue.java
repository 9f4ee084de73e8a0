package dev.pounce.correlation;

import dev.pounce.detection.Detection;
import io.quarkus.runtime.annotations.RegisterForReflection;

/**
 * The only fact there is: one word by which a detection can be looked up, such as its rule's name or one of
 * its tags.
 *
 * @param key the kind of word and the word; the very string from {@link RuleNetwork}
 */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
record Clue(String key, Detection detection, Matches matches) {}
