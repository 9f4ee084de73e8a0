package dev.pounce.audit;

import dev.pounce.action.Action;
import dev.pounce.planning.ResponsePlan;

/**
 * One step of a plan in the words of the journal: enough to compare it with another and to show it, also when this
 * release does not know the action.
 *
 * @param id the action set and the step's own id
 * @param parameters of the action, as the text of a JSON object with its keys in alphabetical order
 * @param target such as {@code process/4711}
 */
public record PlannedStep(String id, String actionSet, String verb, String parameters, String target, String mode) {

    /** The step of a plan as the journal would give it back. */
    public static PlannedStep of(ResponsePlan.Step step) {
        JournalTokens.ActionWords action = words(step.action());
        return new PlannedStep(
                step.id(),
                step.actionSet(),
                action.verb(),
                action.parameters(),
                action.target(),
                step.mode().display());
    }

    private static JournalTokens.ActionWords words(Action action) {
        JsonLine json = new JsonLine();
        json.beginObject();
        EntryJson.action("action", action, json);
        json.endObject();
        return JournalTokens.action(json.bytes(), json.length());
    }

    /** What is done to whom, whichever set wants it and however far it may go. */
    public String what() {
        return verb + (parameters.equals("{}") ? "" : " " + parameters) + " on " + target;
    }
}
