package dev.pounce.planning;

import dev.pounce.detection.Detection;
import dev.pounce.detection.language.Condition;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import java.util.Optional;
import java.util.Set;

/** Compiles the {@code where} of an action set, which is a condition over the fields of a detection. */
@FunctionalInterface
public interface WhereCompiler {

    /** @param fieldsUsed as the condition names them, arguments in brackets */
    record Compiled(Condition<Detection> condition, Set<String> fieldsUsed) {
        public Compiled {
            fieldsUsed = Set.copyOf(fieldsUsed);
        }
    }

    /**
     * Empty when the text has an error, which is then among the problems; an unknown field is one.
     *
     * @param place of the text's first character
     */
    Optional<Compiled> compile(String text, Place place, Problems problems);
}
