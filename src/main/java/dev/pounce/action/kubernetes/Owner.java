package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.cluster.ApiPath;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What has made an object and looks after it: the owner that calls itself its controller.
 *
 * @param apiVersion with its group
 */
record Owner(String apiVersion, String kind, String namespace, String name, String uid) {

    private static final String JOB_LABEL = "batch.kubernetes.io/controller-uid";

    static Optional<Owner> of(JsonNode object) {
        for (JsonNode reference : object.path("metadata").path("ownerReferences")) {
            if (reference.path("controller").asBoolean()) {
                return Optional.of(new Owner(
                        reference.path("apiVersion").asText(),
                        reference.path("kind").asText(),
                        object.path("metadata").path("namespace").asText(),
                        reference.path("name").asText(),
                        reference.path("uid").asText()));
            }
        }
        return Optional.empty();
    }

    boolean isOf(String group, String... kinds) {
        return apiVersion.startsWith(group + "/") && Set.of(kinds).contains(kind);
    }

    String resource() {
        return kind.toLowerCase(Locale.ROOT) + "s";
    }

    /** Only for those of {@code apps}. */
    ApiPath path() {
        return ApiPath.of("apps", "v1", resource()).in(namespace).named(name);
    }

    String display() {
        return kind + " " + namespace + "/" + name;
    }

    ObjectNode reference() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", apiVersion)
                .put("kind", kind)
                .put("name", name)
                .put("uid", uid);
    }

    /** Of the pods that it has made from its template, and of no others. */
    JsonNode selector(Attempt attempt, JsonNode pod) throws StepEnds {
        if (isOf("apps", "ReplicaSet", "StatefulSet", "DaemonSet")) {
            JsonNode owner = attempt.read(path())
                    .filter(found -> found.path("metadata").path("uid").asText().equals(uid))
                    .orElseThrow(() -> StepEnds.failedForNow(display() + " is gone, and with it its pods' selector"));
            return owner.path("spec").path("selector");
        }
        String job = pod.path("metadata").path("labels").path(JOB_LABEL).asText();
        if (isOf("batch", "Job") && job.equals(uid)) {
            ObjectNode selector = JsonNodeFactory.instance.objectNode();
            selector.putObject("matchLabels").put(JOB_LABEL, job);
            return selector;
        }
        throw StepEnds.failed("what pods " + display() + " has made cannot be told: scope workload is for ReplicaSets,"
                + " StatefulSets, DaemonSets and Jobs");
    }
}
