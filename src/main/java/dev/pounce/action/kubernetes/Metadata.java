package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Asset;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Sets and removes labels or annotations of one object.
 *
 * <p>By a JSON patch that first tests the uid and every value that is to be changed, null for one that must not be there: one
 * request, and it is certain whose object was changed, and from what. The server does not say which test failed, so that then,
 * and only then, it is asked for the object.
 */
final class Metadata {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WAS = "was";
    private static final String SET = "set";
    private static final String UID = "uid";

    enum Field {
        LABELS,
        ANNOTATIONS;

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }

        String path() {
            return "/metadata/" + key();
        }

        /** Of an object as the server has it. */
        Map<String, String> of(JsonNode object) {
            Map<String, String> all = new TreeMap<>();
            object.path("metadata")
                    .path(key())
                    .properties()
                    .forEach(one -> all.put(one.getKey(), one.getValue().asText()));
            return all;
        }
    }

    /** @param values those of the field */
    record State(String uid, Map<String, String> values) {}

    /** Asks for the object that is meant; ends the step when there is none. */
    @FunctionalInterface
    interface Look {
        JsonNode object() throws StepEnds;
    }

    private final Field field;

    Metadata(Field field) {
        this.field = field;
    }

    /**
     * @param given by key; an empty value removes
     * @param known what there was a moment ago, if that is known
     * @param about the object with its uid, for the undo
     */
    Outcome set(Attempt attempt, ApiPath path, Map<String, String> given, Optional<State> known, Look look, Asset about)
            throws StepEnds {
        Map<String, Optional<String>> wanted = wanted(given);
        State state = known.isPresent() ? known.get() : state(look.object());
        boolean fresh = known.isEmpty();
        while (true) {
            List<String> different = different(wanted, state.values());
            if (different.isEmpty() && fresh) {
                return attempt.lostAnswer()
                        ? attempt.done(said(wanted, about))
                        : new Outcome.AlreadySo(said(wanted, about));
            }
            if (!different.isEmpty()) {
                attempt.changes(about, before(wanted, state));
            }
            Reply reply = attempt.tryChange(
                    Request.patch(path, Request.JSON_PATCH, patch(state, wanted).toString())
                            .metadataOnly());
            if (reply instanceof Reply.Refused refused && isFailedTest(refused)) {
                // Somebody was there before us, or we were and nobody told us
                state = state(look.object());
                fresh = true;
                if (attempt.changesUntil().isAfter(attempt.now())) {
                    continue;
                }
                throw StepEnds.failedForNow(
                        "somebody else changes the " + field.key() + " of " + about.display() + " all the time");
            }
            JsonNode now = attempt.heard(reply);
            if (!different(wanted, field.of(now)).isEmpty()) {
                throw StepEnds.failedForNow("the API server accepted the change of " + about.display()
                        + ", but something in it changed it back: " + said(wanted, about));
            }
            return different.isEmpty() ? new Outcome.AlreadySo(said(wanted, about)) : attempt.done(said(wanted, about));
        }
    }

    /** Restores what {@link #set} found, where it is still as that left it. */
    Outcome restore(Action.TakeBack undo, Attempt attempt, ApiPath path, Look look) throws StepEnds {
        Map<String, String> was = map(undo.before().getOrDefault(WAS, "{}"));
        Map<String, Optional<String>> set = wanted(map(undo.before().getOrDefault(SET, "{}")));
        String display = undo.target().display();
        Map<String, String> there = new TreeMap<>();
        set.forEach((key, value) -> value.ifPresent(text -> there.put(key, text)));
        State state = new State(undo.before().getOrDefault(UID, ""), there);
        Map<String, Optional<String>> back = new TreeMap<>();
        set.keySet().forEach(key -> back.put(key, Optional.ofNullable(was.get(key))));
        List<String> others = List.of();
        while (true) {
            Reply reply = attempt.tryChange(
                    Request.patch(path, Request.JSON_PATCH, patch(state, back).toString())
                            .metadataOnly());
            if (!(reply instanceof Reply.Refused refused && isFailedTest(refused))) {
                attempt.heard(reply);
                break;
            }
            state = state(look.object());
            Map<String, String> now = state.values();
            others = new ArrayList<>();
            for (String key : set.keySet()) {
                Optional<String> value = Optional.ofNullable(now.get(key));
                if (!value.equals(set.get(key)) && !value.equals(back.get(key))) {
                    others.add(key);
                }
            }
            others.forEach(back::remove);
            if (different(back, now).isEmpty()) {
                if (others.isEmpty()) {
                    return new Outcome.AlreadySo("the " + field.key() + " of " + display + " are as they were before");
                }
                break;
            }
            if (!attempt.now().isBefore(attempt.changesUntil())) {
                throw StepEnds.failedForNow(
                        "somebody else changes the " + field.key() + " of " + display + " all the time");
            }
        }
        if (!others.isEmpty()) {
            throw StepEnds.withheld("of " + display + " somebody else has changed " + String.join(", ", others)
                    + " since, which stays");
        }
        return attempt.done("the " + field.key() + " of " + display + " are as they were before: "
                + String.join(", ", back.keySet()));
    }

    Outcome observe(Map<String, String> given, JsonNode object, Asset about) {
        Map<String, Optional<String>> wanted = wanted(given);
        List<String> different = different(wanted, field.of(object));
        return different.isEmpty()
                ? new Outcome.AlreadySo(said(wanted, about))
                : new Outcome.Failed(
                        "the " + field.key() + " of " + about.display() + " are not so: "
                                + String.join(", ", different),
                        true);
    }

    private State state(JsonNode object) {
        return new State(object.path("metadata").path("uid").asText(""), field.of(object));
    }

    private static List<String> different(Map<String, Optional<String>> wanted, Map<String, String> there) {
        return wanted.entrySet().stream()
                .filter(one -> !one.getValue().equals(Optional.ofNullable(there.get(one.getKey()))))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Nothing instead of what is to be removed. */
    private static Map<String, Optional<String>> wanted(Map<String, String> given) {
        Map<String, Optional<String>> wanted = new TreeMap<>();
        given.forEach((key, value) -> wanted.put(key, Optional.of(value).filter(text -> !text.isEmpty())));
        return wanted;
    }

    private static Map<String, String> before(Map<String, Optional<String>> wanted, State state) {
        Map<String, String> was = new TreeMap<>(state.values());
        was.keySet().retainAll(wanted.keySet());
        Map<String, String> set = new TreeMap<>();
        wanted.forEach((key, value) -> set.put(key, value.orElse("")));
        return Map.of(WAS, text(was), SET, text(set), UID, state.uid());
    }

    private ArrayNode patch(State from, Map<String, Optional<String>> wanted) {
        ArrayNode patch = JSON.createArrayNode();
        operation(patch, "test", "/metadata/uid").put("value", from.uid());
        boolean adds = wanted.values().stream().anyMatch(Optional::isPresent);
        if (from.values().isEmpty() && adds) {
            operation(patch, "test", field.path()).putNull("value");
            operation(patch, "add", field.path()).putObject("value");
        }
        wanted.forEach((key, value) -> {
            String path = field.path() + "/" + key.replace("~", "~0").replace("/", "~1");
            String was = from.values().get(key);
            if (was != null) {
                operation(patch, "test", path).put("value", was);
            } else if (!from.values().isEmpty()) {
                operation(patch, "test", path).putNull("value");
            }
            if (value.isPresent()) {
                operation(patch, "add", path).put("value", value.get());
            } else if (was != null) {
                operation(patch, "remove", path);
            }
        });
        return patch;
    }

    private static ObjectNode operation(ArrayNode patch, String op, String path) {
        return patch.addObject().put("op", op).put("path", path);
    }

    /** Anything else that is wrong with an object has its causes with it. */
    static boolean isFailedTest(Reply.Refused refused) {
        return refused.code() == 422 && refused.details().path("causes").isMissingNode();
    }

    private String said(Map<String, Optional<String>> wanted, Asset about) {
        List<String> parts = new ArrayList<>();
        wanted.forEach(
                (key, value) -> parts.add(value.map(text -> key + "=" + text).orElse("no " + key)));
        return about.display() + " has the " + field.key() + " " + String.join(", ", parts);
    }

    static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static Map<String, String> map(String json) {
        try {
            Map<String, String> map = new TreeMap<>();
            JSON.readTree(json)
                    .properties()
                    .forEach(one -> map.put(one.getKey(), one.getValue().asText()));
            return map;
        } catch (JsonProcessingException notOurs) {
            throw new IllegalArgumentException("no undo of ours: " + json, notOurs);
        }
    }
}
