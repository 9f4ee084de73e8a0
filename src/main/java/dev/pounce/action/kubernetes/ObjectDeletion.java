package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ObjectRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code object.delete}: what an audit event is about, and of that the very object: its uid and version are insisted on. What
 * must not be deleted is for the guards to say.
 */
final class ObjectDeletion implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration FIRST_LOOK = Duration.ofMillis(20);
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(1);

    /** Whoever has a finalizer takes its time; what has been seen by then is told. */
    private static final Duration FINALIZERS = Duration.ofSeconds(5);

    private static final String RBAC = "rbac.authorization.k8s.io";

    /** Group by resource. Other kinds are nobody's to delete here. */
    private static final Map<String, String> GROUPS = Map.ofEntries(
            Map.entry("configmaps", ""),
            Map.entry("secrets", ""),
            Map.entry("services", ""),
            Map.entry("serviceaccounts", ""),
            Map.entry("namespaces", ""),
            Map.entry("daemonsets", "apps"),
            Map.entry("deployments", "apps"),
            Map.entry("replicasets", "apps"),
            Map.entry("statefulsets", "apps"),
            Map.entry("cronjobs", "batch"),
            Map.entry("jobs", "batch"),
            Map.entry("clusterrolebindings", RBAC),
            Map.entry("clusterroles", RBAC),
            Map.entry("rolebindings", RBAC),
            Map.entry("roles", RBAC));

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        ObjectRef ref = ref(attempt);
        ApiPath path = path(ref);
        while (true) {
            JsonNode object =
                    attempt.read(path).orElseThrow(() -> StepEnds.gone("there is no " + ref.display() + " any more"));
            WorkloadScale.refuseIfLater(attempt, object, ref);
            attempt.isAbout(ref);
            if (object.path("metadata").has("deletionTimestamp")) {
                return new Outcome.AlreadySo(ref.display() + " is being deleted since before" + keptBy(object));
            }
            Reply reply = attempt.tryChangeUnlessConflict(Request.delete(path, options(attempt, object)));
            switch (reply) {
                case Reply.Ok ok -> {
                    return attempt.rehearsal()
                            ? attempt.done(ref.display() + " would be deleted")
                            : ended(attempt, ref, path, uid(object));
                }
                case Reply.Refused refused
                when refused.isConflict() -> {
                    // Changed since: the look above says whether it is still the same
                    if (!attempt.pause(FIRST_LOOK)) {
                        throw attempt.refusal(refused);
                    }
                }
                case Reply.Refused refused
                when refused.isNotFound() -> {
                    if (attempt.lostAnswer()) {
                        return attempt.done(ref.display() + " is gone");
                    }
                    throw StepEnds.gone("there is no " + ref.display() + " any more");
                }
                case Reply.Refused refused -> throw attempt.refusal(refused);
                case Reply.Unheard unheard -> throw StepEnds.unheard(unheard.why());
            }
        }
    }

    private static ObjectRef ref(Attempt attempt) {
        return (ObjectRef) attempt.action().target();
    }

    private static ApiPath path(ObjectRef ref) throws StepEnds {
        String resource = ref.resource();
        int dot = resource.indexOf('.');
        String plain = dot < 0 ? resource : resource.substring(0, dot);
        String group = GROUPS.get(plain);
        if (group == null || (dot >= 0 && !resource.substring(dot + 1).equals(group))) {
            throw StepEnds.failed(resource + " are not deleted here, only "
                    + String.join(", ", GROUPS.keySet().stream().sorted().toList()));
        }
        ApiPath all = ApiPath.of(group, "v1", plain);
        return (ref.namespace().isPresent() ? all.in(ref.namespace().get()) : all).named(ref.name());
    }

    private static String options(Attempt attempt, JsonNode object) {
        String propagation = attempt.parameters().text("propagation").orElse("background");
        ObjectNode options = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
        options.put(
                "propagationPolicy",
                switch (propagation) {
                    case "foreground" -> "Foreground";
                    case "orphan" -> "Orphan";
                    default -> "Background";
                });
        options.putObject("preconditions")
                .put("uid", uid(object))
                .put(
                        "resourceVersion",
                        object.path("metadata").path("resourceVersion").asText());
        return options.toString();
    }

    private static String uid(JsonNode object) {
        return object.path("metadata").path("uid").asText();
    }

    private static Outcome ended(Attempt attempt, ObjectRef ref, ApiPath path, String uid) throws StepEnds {
        Duration pause = FIRST_LOOK;
        Duration waited = Duration.ZERO;
        while (true) {
            Optional<JsonNode> now =
                    attempt.read(path).filter(found -> uid(found).equals(uid));
            if (now.isEmpty()) {
                return attempt.done(ref.display() + " is gone");
            }
            boolean asked = now.get().path("metadata").has("deletionTimestamp");
            if ((asked && waited.compareTo(FINALIZERS) >= 0) || !attempt.pause(pause)) {
                return asked
                        ? attempt.done("the deletion of " + ref.display() + " was accepted and it is still there"
                                + keptBy(now.get()))
                        : new Outcome.Failed("the deletion of " + ref.display() + " is not to be seen", true);
            }
            waited = waited.plus(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_BETWEEN_LOOKS) > 0
                    ? LONGEST_BETWEEN_LOOKS
                    : pause.multipliedBy(2);
        }
    }

    private static String keptBy(JsonNode object) {
        List<String> finalizers = new ArrayList<>();
        object.path("metadata").path("finalizers").forEach(name -> finalizers.add(name.asText()));
        object.path("spec").path("finalizers").forEach(name -> finalizers.add(name.asText()));
        return finalizers.isEmpty() ? "" : ", kept by " + String.join(", ", finalizers);
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        throw StepEnds.withheld("what was deleted cannot be brought back");
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        ObjectRef ref = ref(attempt);
        Optional<JsonNode> object = attempt.read(path(ref));
        if (object.isEmpty()) {
            return new Outcome.AlreadySo(ref.display() + " is gone");
        }
        return object.get().path("metadata").has("deletionTimestamp")
                ? new Outcome.AlreadySo(ref.display() + " is being deleted" + keptBy(object.get()))
                : new Outcome.Failed(ref.display() + " is there", true);
    }
}
