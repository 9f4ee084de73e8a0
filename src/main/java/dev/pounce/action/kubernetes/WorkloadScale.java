package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.ObjectRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code workload.scale}, by the scale subresource. Of a pod it is whatever decides how many of it there are: its ReplicaSet's
 * Deployment, if there is one, since that would scale the ReplicaSet back at once.
 */
final class WorkloadScale implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(50);
    private static final Set<String> APPS = Set.of("deployments", "statefulsets", "replicasets");

    private static final String UID = "uid";
    private static final String WAS = "was";
    private static final String SET = "set";

    /** @param uid empty when nobody has told */
    private record Workload(ObjectRef ref, Optional<String> uid) {
        ApiPath path() {
            String resource = plain(ref.resource());
            ApiPath all = APPS.contains(resource) ? ApiPath.of("apps", "v1", resource) : ApiPath.core(resource);
            return all.in(ref.namespace().orElseThrow()).named(ref.name());
        }

        static Workload of(Owner owner) {
            return new Workload(
                    new ObjectRef(owner.resource() + ".apps", Optional.of(owner.namespace()), owner.name()),
                    Optional.of(owner.uid()));
        }
    }

    private static String plain(String resource) {
        return resource.endsWith(".apps") ? resource.substring(0, resource.length() - ".apps".length()) : resource;
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        Workload workload = workload(attempt);
        int wanted = Math.toIntExact(attempt.parameters().number("replicas").orElseThrow());
        Optional<Integer> told = Optional.empty();
        while (true) {
            JsonNode scale = scale(attempt, workload);
            int now = replicas(scale);
            if (now == wanted) {
                String text = workload.ref().display() + " is to have " + wanted + " pods";
                return told.isPresent() ? attempt.done(text) : new Outcome.AlreadySo(text + " since before");
            }
            // Another number by now is another undo
            if (!told.equals(Optional.of(now))) {
                attempt.changes(
                        workload.ref(),
                        Map.of(
                                UID, scale.path("metadata").path("uid").asText(),
                                WAS, String.valueOf(now),
                                SET, String.valueOf(wanted)));
                told = Optional.of(now);
            }
            Optional<JsonNode> changed = set(attempt, workload, scale, wanted);
            if (changed.isPresent()) {
                return replicas(changed.get()) == wanted
                        ? attempt.done(workload.ref().display() + " is to have " + wanted + " pods, " + now
                                + " before; there were "
                                + changed.get().path("status").path("replicas").asInt() + " at that moment"
                                + autoscaler(attempt, workload, wanted))
                        : new Outcome.Failed("something in the API server has changed the number at once", true);
            }
        }
    }

    /** Empty if somebody was faster, and it has to be looked at again. */
    private static Optional<JsonNode> set(Attempt attempt, Workload workload, JsonNode scale, int replicas)
            throws StepEnds {
        ObjectNode patch = JSON.createObjectNode();
        patch.putObject("metadata")
                .put(
                        "resourceVersion",
                        scale.path("metadata").path("resourceVersion").asText());
        patch.putObject("spec").put("replicas", replicas);
        Reply reply = attempt.tryChangeUnlessConflict(
                Request.patch(workload.path().sub("scale"), Request.MERGE_PATCH, patch.toString()));
        if (reply instanceof Reply.Refused refused && refused.isConflict()) {
            if (!attempt.pause(BETWEEN_TRIES)) {
                throw StepEnds.failedForNow("others change " + workload.ref().display() + " all the time");
            }
            return Optional.empty();
        }
        return Optional.of(attempt.heard(reply));
    }

    private static int replicas(JsonNode scale) {
        return scale.path("spec").path("replicas").asInt(0); // left out when it is 0
    }

    private static JsonNode scale(Attempt attempt, Workload workload) throws StepEnds {
        JsonNode scale = attempt.read(workload.path().sub("scale"))
                .orElseThrow(() -> StepEnds.gone("there is no " + workload.ref().display() + " any more"));
        String uid = scale.path("metadata").path("uid").asText();
        if (!workload.uid().map(uid::equals).orElse(true)) {
            throw StepEnds.gone("another has the name of " + workload.ref().display() + " now");
        }
        if (workload.uid().isEmpty()) {
            refuseIfLater(attempt, scale, workload.ref());
        }
        return scale;
    }

    /** Without a uid: what was made after what was seen cannot be what was meant. */
    static void refuseIfLater(Attempt attempt, JsonNode object, ObjectRef ref) throws StepEnds {
        Optional<Instant> made = Attempt.time(object.path("metadata").path("creationTimestamp"));
        if (attempt.why().isPresent()
                && made.map(at -> at.isAfter(attempt.why().get().seen())).orElse(true)) {
            throw StepEnds.gone("another has the name of " + ref.display() + " now");
        }
    }

    private static Workload workload(Attempt attempt) throws StepEnds {
        return switch (attempt.action().target()) {
            case ObjectRef ref
            when plain(ref.resource()).equals("replicasets") -> above(attempt, new Workload(ref, Optional.empty()));
            case ObjectRef ref -> new Workload(ref, Optional.empty());
            case PodRef pod -> {
                Owner owner = Owner.of(attempt.meantPod())
                        .orElseThrow(() -> StepEnds.failed(pod.display() + " belongs to nothing that could be scaled"));
                if (owner.isOf("apps", "ReplicaSet")) {
                    yield above(attempt, Workload.of(owner));
                }
                if (owner.isOf("apps", "StatefulSet")) {
                    yield Workload.of(owner);
                }
                throw StepEnds.failed(pod.display() + " belongs to " + owner.display()
                        + ": only Deployments, ReplicaSets and StatefulSets are scaled");
            }
            default ->
                throw new IllegalStateException(
                        "no workload: " + attempt.action().target());
        };
    }

    /** The Deployment of a ReplicaSet, if it has one. */
    private static Workload above(Attempt attempt, Workload set) throws StepEnds {
        JsonNode found = attempt.read(set.path())
                .filter(there -> set.uid()
                        .map(there.path("metadata").path("uid").asText()::equals)
                        .orElse(true))
                .orElseThrow(() -> StepEnds.gone("there is no " + set.ref().display() + " any more"));
        if (set.uid().isEmpty()) {
            refuseIfLater(attempt, found, set.ref());
        }
        Optional<Owner> owner = Owner.of(found);
        if (owner.isEmpty()) {
            return set;
        }
        if (!owner.get().isOf("apps", "Deployment")) {
            throw StepEnds.failed(set.ref().display() + " is scaled by "
                    + owner.get().display() + ", which would take it back at once");
        }
        return Workload.of(owner.get());
    }

    /** Whoever scales by itself, and what comes of it. */
    private static String autoscaler(Attempt attempt, Workload workload, int wanted) {
        String kind = plain(workload.ref().resource());
        try {
            JsonNode list = attempt.read(ApiPath.of("autoscaling", "v2", "horizontalpodautoscalers")
                            .in(workload.ref().namespace().orElseThrow()))
                    .orElse(JSON.createObjectNode());
            for (JsonNode autoscaler : list.path("items")) {
                JsonNode target = autoscaler.path("spec").path("scaleTargetRef");
                if (target.path("name").asText().equals(workload.ref().name())
                        && (target.path("kind").asText() + "s").equalsIgnoreCase(kind)) {
                    String name = autoscaler.path("metadata").path("name").asText();
                    return wanted == 0
                            ? "; HorizontalPodAutoscaler " + name + " leaves it alone as long as it has none"
                            : "; HorizontalPodAutoscaler " + name + " may change that again";
                }
            }
            return "";
        } catch (StepEnds unknown) {
            return "; whether an autoscaler will change that again could not be found out";
        }
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        if (!(attempt.action().target() instanceof ObjectRef ref)) {
            throw StepEnds.failed("the workload that was scaled is not known");
        }
        Workload workload = new Workload(ref, Optional.ofNullable(undo.before().get(UID)));
        int was = Integer.parseInt(undo.before().getOrDefault(WAS, ""));
        int set = Integer.parseInt(undo.before().getOrDefault(SET, ""));
        while (true) {
            JsonNode scale = scale(attempt, workload);
            int now = replicas(scale);
            if (now == was) {
                return new Outcome.AlreadySo(ref.display() + " is to have " + was + " pods, as before");
            }
            if (now != set) {
                throw StepEnds.withheld(
                        "somebody has changed since how many pods " + ref.display() + " is to have, to " + now);
            }
            if (set(attempt, workload, scale, was).isPresent()) {
                return attempt.done(ref.display() + " is to have " + was + " pods again");
            }
        }
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        Workload workload = workload(attempt);
        long wanted = attempt.parameters().number("replicas").orElseThrow();
        int now = replicas(scale(attempt, workload));
        return now == wanted
                ? new Outcome.AlreadySo(workload.ref().display() + " is to have " + now + " pods")
                : new Outcome.Failed(workload.ref().display() + " is to have " + now + " pods", true);
    }
}
