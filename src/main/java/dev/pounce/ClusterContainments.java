package dev.pounce;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.kubernetes.OwnObjects;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Shows what is in force as resources of the cluster, and releases what somebody deletes there. A resource that is to be deleted
 * stays until that is done, also when no engine runs meanwhile. How it ended is the last that it says before it goes.
 *
 * <p>Thread-safe; {@link #show} blocks for the API server.
 */
final class ClusterContainments {

    private final Containments containments;
    private final OwnObjects objects;
    private final String engine;
    private final Map<String, Containments.Containment> shown = new HashMap<>(); // guarded by this
    private final Set<String> askedFor = new HashSet<>(); // to be released; of the follower's thread
    private final Set<String> found = new HashSet<>(); // ours, guarded by this
    private final Map<String, OwnObjects.End> ends = new ConcurrentHashMap<>(); // of what is not in force any more

    ClusterContainments(Containments containments, OwnObjects objects, String engine) {
        this.containments = containments;
        this.objects = objects;
        this.engine = engine;
        containments.tellEnds((response, step, outcome) -> ends.put(
                OwnObjects.nameOf(response, step), new OwnObjects.End(ContainmentJson.word(outcome), outcome.words())));
    }

    /** All there are now, by name. */
    void accept(Map<String, JsonNode> all) {
        Set<String> ours = new HashSet<>();
        all.forEach((name, one) -> {
            JsonNode spec = one.path("spec");
            if (!spec.path("engine").asText().equals(engine)) {
                return;
            }
            ours.add(name);
            if (one.path("metadata").has("deletionTimestamp") && askedFor.add(name)) {
                containments.release(
                        spec.path("response").asText(),
                        Optional.of(spec.path("step").asText()),
                        "whoever deleted containment " + name);
            }
        });
        askedFor.retainAll(ours);
        synchronized (this) {
            found.clear();
            found.addAll(ours);
        }
    }

    /** To be called once a second. */
    void show() {
        Map<String, Containments.Containment> inForce = new HashMap<>();
        for (Containments.Containment one : containments.all()) {
            inForce.put(OwnObjects.nameOf(one.response(), one.step()), one);
        }
        Set<String> over;
        synchronized (this) {
            over = new HashSet<>(found);
            over.addAll(shown.keySet());
        }
        ends.keySet().removeIf(name -> !over.contains(name) && !inForce.containsKey(name));
        over.removeAll(inForce.keySet());
        for (String name : over) {
            if (objects.takeAway(name, Optional.ofNullable(ends.get(name)))) {
                synchronized (this) {
                    shown.remove(name);
                    found.remove(name);
                }
            }
        }
        inForce.forEach((name, one) -> {
            synchronized (this) {
                if (one.equals(shown.get(name))) {
                    return;
                }
            }
            boolean there = objects.show(new OwnObjects.Shown(
                    one.response(),
                    one.step(),
                    one.undo().verb(),
                    one.undo().target().display(),
                    one.since(),
                    one.due(),
                    one.trouble()));
            if (there) {
                synchronized (this) {
                    shown.put(name, one);
                }
            }
        });
    }
}
