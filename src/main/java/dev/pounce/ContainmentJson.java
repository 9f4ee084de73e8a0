package dev.pounce;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Outcome;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is in force, and what became of releasing it, as the answers to {@code pounce containments} and {@code release}. */
final class ContainmentJson {

    private ContainmentJson() {}

    static String of(List<Containments.Containment> inForce) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode all = json.putArray("containments");
        for (Containments.Containment one : inForce) {
            ObjectNode entry = all.addObject()
                    .put("response", one.response())
                    .put("step", one.step())
                    .put("verb", one.undo().verb())
                    .put("target", one.undo().target().display())
                    .put("since", one.since().toString());
            one.undo().how().ifPresent(how -> entry.put("how", how));
            one.due().map(Instant::toString).ifPresent(until -> entry.put("until", until));
            one.trouble().ifPresent(why -> entry.put("trouble", why));
        }
        return json.toString();
    }

    static String of(Map<String, Outcome> released) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode all = json.putArray("released");
        new TreeMap<>(released).forEach((step, outcome) -> {
            ObjectNode entry = all.addObject().put("step", step);
            switch (outcome) {
                case Outcome.Done(String observed) ->
                    entry.put("outcome", "done").put("detail", observed);
                case Outcome.AlreadySo(String observed) ->
                    entry.put("outcome", "already so").put("detail", observed);
                case Outcome.TargetGone(String reason) ->
                    entry.put("outcome", "target gone").put("detail", reason);
                case Outcome.Failed(String reason, boolean retryable) ->
                    entry.put("outcome", "failed").put("detail", reason);
                case Outcome.Withheld(String reason) ->
                    entry.put("outcome", "withheld").put("detail", reason);
                case Outcome.WouldAct(String what) ->
                    entry.put("outcome", "would act").put("detail", what);
            }
        });
        return json.toString();
    }
}
