package dev.pounce.endtoend;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** One alert as Falco writes it, about a container of a pod in the namespace {@code shop}. */
final class FalcoAlert {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectNode json = JSON.createObjectNode();
    private final ObjectNode fields = JSON.createObjectNode();

    private FalcoAlert() {}

    /** @param id by which it is known again when it is sent again */
    static FalcoAlert of(String rule, String id) {
        FalcoAlert alert = new FalcoAlert();
        alert.json
                .put("uuid", id)
                .put("time", Instant.now().toString())
                .put("source", "syscall")
                .put("rule", rule)
                .put("priority", "Warning")
                .put("hostname", "node-a")
                .put("output", rule);
        return alert;
    }

    /** In its only container, whose id is made from the pod's name. */
    FalcoAlert in(String pod) {
        String container = "%012x".formatted(pod.hashCode() & 0xffffffffL);
        return with("k8s.ns.name", "shop").with("k8s.pod.name", pod).with("container.id", container);
    }

    FalcoAlert with(String field, String value) {
        fields.put(field, value);
        return this;
    }

    FalcoAlert with(String field, long value) {
        fields.put(field, value);
        return this;
    }

    FalcoAlert at(Instant time) {
        json.put("time", time.toString());
        return this;
    }

    String text() {
        return json.deepCopy().<ObjectNode>set("output_fields", fields).toString();
    }
}
