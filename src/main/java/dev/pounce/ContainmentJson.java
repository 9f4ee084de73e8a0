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
            all.addObject().put("step", step).put("outcome", word(outcome)).put("detail", outcome.words());
        });
        return json.toString();
    }

    /** By which the commands know it. */
    static String word(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done done -> "done";
            case Outcome.AlreadySo so -> "already so";
            case Outcome.TargetGone gone -> "target gone";
            case Outcome.Failed failed -> "failed";
            case Outcome.Withheld withheld -> "withheld";
            case Outcome.WouldAct would -> "would act";
        };
    }
}
