package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.ApiPath;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code pod.quarantine}. In one patch the pod loses all its labels and whoever controls it, and gets one label that only a
 * policy of ours selects, which was made before: so it is in no Service any more, its controller starts another, what other
 * policies allow it by its labels is over, and all that at the same moment.
 *
 * <p>Within its time it is taken back by restoring the labels; the controller then adopts the pod and does away with one too
 * many, as it sees fit. When its time is over it is deleted, since an intruder must not come back by waiting; a pod that
 * nothing would start again stays as it is. How a controller lets go of a pod and adopts one:
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#isolating-pods-from-a-replicaset.
 */
final class PodQuarantine implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ApiPath POLICIES = ApiPath.of("networking.k8s.io", "v1", "networkpolicies");

    static final String LABEL = "pounce.dev/quarantine";
    private static final String SINCE = "pounce.dev/quarantined-at";
    private static final String BY = "pounce.dev/response";

    private static final String LABELS = "labels";
    private static final String CONTROLLER = "controller";
    private static final String UNTIL = "until";

    /** A lease that ends is ended a little early or late. */
    private static final Duration AT_THE_END = Duration.ofSeconds(2);

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        JsonNode pod = attempt.meantPod();
        PodRef ref = Attempt.certain(attempt.pod(), pod);
        Map<String, String> labels = Metadata.Field.LABELS.of(pod);
        if (ref.uid().equals(Optional.ofNullable(labels.get(LABEL))) && hasPolicy(attempt, ref)) {
            return new Outcome.AlreadySo(ref.display() + " is in quarantine");
        }
        if (pod.path("metadata").path("annotations").has("kubernetes.io/config.mirror")) {
            throw StepEnds.withheld(
                    ref.display() + " is a static pod, which its node runs whatever the API server is told of it");
        }
        Optional<Owner> controller = Owner.of(pod);
        Instant until = attempt.now().plus(attempt.parameters().time("for").orElseThrow());
        labels.remove(LABEL);
        attempt.changes(
                ref,
                Map.of(
                        LABELS,
                        Metadata.text(labels),
                        CONTROLLER,
                        controller.map(Owner::kind).orElse(""),
                        UNTIL,
                        until.toString()));
        makePolicy(attempt, ref);
        JsonNode now = release(attempt, ref, pod, controller);
        if (!attempt.rehearsal()
                && !Metadata.Field.LABELS.of(now).equals(Map.of(LABEL, ref.uid().orElseThrow()))) {
            throw StepEnds.failedForNow("something in the API server gave " + ref.display() + " other labels: "
                    + now.path("metadata").path("labels"));
        }
        return attempt.done(said(ref, controller));
    }

    private static String said(PodRef ref, Optional<Owner> controller) {
        String alone = ref.display() + " is in no Service any more, and no new connection reaches it or leaves it where"
                + " policies are enforced";
        return alone
                + controller
                        .map(one -> one.kind().equals("StatefulSet")
                                ? "; StatefulSet " + one.name()
                                        + " cannot replace it as long as it is kept, because of its name"
                                : "; " + one.kind() + " " + one.name() + " replaces it")
                        .orElse("; nothing replaces it");
    }

    /** Somebody may change the pod meanwhile; then it is asked for again. */
    private static JsonNode release(Attempt attempt, PodRef ref, JsonNode read, Optional<Owner> controller)
            throws StepEnds {
        JsonNode pod = read;
        while (true) {
            Reply reply = attempt.tryChange(Request.patch(
                    Attempt.path(ref),
                    Request.JSON_PATCH,
                    leaving(attempt, ref, pod, controller).toString()));
            if (!(reply instanceof Reply.Refused refused && Metadata.isFailedTest(refused))) {
                return attempt.heard(reply);
            }
            pod = attempt.meantPod(ref);
            if (ref.uid()
                    .equals(Optional.ofNullable(Metadata.Field.LABELS.of(pod).get(LABEL)))) {
                return pod;
            }
            if (!attempt.now().isBefore(attempt.changesUntil())) {
                throw StepEnds.failedForNow("somebody else changes " + ref.display() + " all the time");
            }
        }
    }

    private static ArrayNode leaving(Attempt attempt, PodRef ref, JsonNode pod, Optional<Owner> controller) {
        ArrayNode patch = JSON.createArrayNode();
        operation(patch, "test", "/metadata/uid").put("value", ref.uid().orElseThrow());
        JsonNode labels = pod.path("metadata").path("labels");
        operation(patch, "test", "/metadata/labels").set("value", labels.isMissingNode() ? JSON.nullNode() : labels);
        operation(patch, "add", "/metadata/labels")
                .putObject("value")
                .put(LABEL, ref.uid().orElseThrow());
        JsonNode annotations = pod.path("metadata").path("annotations");
        if (annotations.isMissingNode()) {
            operation(patch, "test", "/metadata/annotations").putNull("value");
            operation(patch, "add", "/metadata/annotations").putObject("value");
        }
        operation(patch, "add", "/metadata/annotations/" + SINCE.replace("/", "~1"))
                .put("value", attempt.now().toString());
        operation(patch, "add", "/metadata/annotations/" + BY.replace("/", "~1"))
                .put("value", attempt.response());
        JsonNode owners = pod.path("metadata").path("ownerReferences");
        if (controller.isPresent() && !owners.isMissingNode()) {
            operation(patch, "test", "/metadata/ownerReferences").set("value", owners);
            ArrayNode others = JSON.createArrayNode();
            owners.forEach(owner -> {
                if (!owner.path("controller").asBoolean(false)) {
                    others.add(owner);
                }
            });
            operation(patch, "replace", "/metadata/ownerReferences").set("value", others);
        }
        return patch;
    }

    private static ObjectNode operation(ArrayNode patch, String op, String path) {
        return patch.addObject().put("op", op).put("path", path);
    }

    private static ApiPath policy(PodRef ref) {
        return POLICIES.in(ref.namespace()).named(policyName(ref));
    }

    private static String policyName(PodRef ref) {
        return "pounce-quarantine-" + ref.uid().orElseThrow();
    }

    private static boolean hasPolicy(Attempt attempt, PodRef ref) throws StepEnds {
        return attempt.read(policy(ref)).filter(found -> isOurs(ref, found)).isPresent();
    }

    private static boolean isOurs(PodRef ref, JsonNode policy) {
        JsonNode spec = policy.path("spec");
        return Metadata.Field.LABELS
                        .of(policy)
                        .getOrDefault("app.kubernetes.io/managed-by", "")
                        .equals("pounce")
                && spec.path("podSelector")
                        .path("matchLabels")
                        .path(LABEL)
                        .asText()
                        .equals(ref.uid().orElseThrow())
                && spec.path("ingress").isEmpty()
                && spec.path("egress").isEmpty()
                && spec.path("policyTypes").size() == 2;
    }

    private static void makePolicy(Attempt attempt, PodRef ref) throws StepEnds {
        ObjectNode policy = JSON.createObjectNode();
        policy.put("apiVersion", "networking.k8s.io/v1").put("kind", "NetworkPolicy");
        ObjectNode metadata = policy.putObject("metadata");
        metadata.put("name", policyName(ref)).put("namespace", ref.namespace());
        metadata.putObject("labels").put("app.kubernetes.io/managed-by", "pounce");
        metadata.putObject("annotations").put(BY, attempt.response()).put("pounce.dev/pod", ref.name());
        ObjectNode spec = policy.putObject("spec");
        spec.putObject("podSelector")
                .putObject("matchLabels")
                .put(LABEL, ref.uid().orElseThrow());
        spec.putArray("policyTypes").add("Ingress").add("Egress");
        Reply reply = attempt.tryChange(Request.create(POLICIES.in(ref.namespace()), policy.toString()));
        if (reply instanceof Reply.Refused refused && refused.isConflict()) {
            if (!hasPolicy(attempt, ref)) {
                throw StepEnds.failed(
                        "there is another NetworkPolicy of the name " + policyName(ref) + ", which is left as it is");
            }
            return;
        }
        if (reply instanceof Reply.Refused refused && refused.isNotFound()) {
            throw StepEnds.failed(refused.message());
        }
        attempt.heard(reply);
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        PodRef ref = attempt.pod();
        JsonNode pod;
        try {
            pod = attempt.meantPod();
        } catch (StepEnds ends) {
            if (ends.outcome() instanceof Outcome.TargetGone) {
                removePolicy(attempt, ref);
            }
            throw ends;
        }
        Instant until = Instant.parse(undo.before().getOrDefault(UNTIL, Instant.MAX.toString()));
        boolean over = !undo.before().containsKey(Action.TakeBack.RELEASED)
                && !attempt.now().plus(AT_THE_END).isBefore(until);
        boolean ours = ref.uid()
                .equals(Optional.ofNullable(Metadata.Field.LABELS.of(pod).get(LABEL)));
        Map<String, String> was = Metadata.map(undo.before().getOrDefault(LABELS, "{}"));
        if (!ours) {
            removePolicy(attempt, ref);
            if (Metadata.Field.LABELS.of(pod).equals(was)) {
                return new Outcome.AlreadySo(ref.display() + " is not in quarantine any more");
            }
            throw StepEnds.withheld("somebody else has taken " + ref.display() + " out of quarantine; its labels stay");
        }
        if (!over) {
            restore(attempt, ref, pod, was);
            removePolicy(attempt, ref);
            return attempt.done(ref.display() + " has the labels back that it had, and its network");
        }
        if (undo.before().getOrDefault(CONTROLLER, "").isEmpty()) {
            // Not withheld: it stays among what is in force, to be released
            throw StepEnds.failed("the time of " + ref.display() + " in quarantine is over, and nothing would start"
                    + " another: it stays cut off until somebody releases or deletes it");
        }
        ObjectNode options = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
        options.putObject("preconditions").put("uid", ref.uid().orElseThrow());
        attempt.change(Request.delete(Attempt.path(ref), options.toString()));
        Outcome ended = PodTerminate.ended(attempt, ref, pod, false);
        removePolicy(attempt, ref);
        return ended;
    }

    private static void restore(Attempt attempt, PodRef ref, JsonNode read, Map<String, String> was) throws StepEnds {
        Map<String, String> back = new TreeMap<>(Metadata.Field.LABELS.of(read));
        back.remove(LABEL);
        // What somebody has put on it since stays
        was.forEach(back::putIfAbsent);
        ArrayNode patch = JSON.createArrayNode();
        operation(patch, "test", "/metadata/uid").put("value", ref.uid().orElseThrow());
        operation(patch, "test", "/metadata/labels")
                .set("value", read.path("metadata").path("labels"));
        operation(patch, "add", "/metadata/labels").set("value", JSON.valueToTree(back));
        for (String key : new String[] {SINCE, BY}) {
            if (read.path("metadata").path("annotations").has(key)) {
                operation(patch, "remove", "/metadata/annotations/" + key.replace("/", "~1"));
            }
        }
        Reply reply = attempt.tryChange(Request.patch(Attempt.path(ref), Request.JSON_PATCH, patch.toString()));
        if (reply instanceof Reply.Refused refused && Metadata.isFailedTest(refused)) {
            JsonNode now = attempt.meantPod();
            if (!Metadata.Field.LABELS.of(now).equals(back)) {
                throw StepEnds.failedForNow("somebody else changes the labels of " + ref.display() + " just now");
            }
            return;
        }
        attempt.heard(reply);
    }

    /** After the pod has left it, and if it is ours. */
    private static void removePolicy(Attempt attempt, PodRef ref) throws StepEnds {
        Optional<JsonNode> found = attempt.read(policy(ref));
        if (found.isEmpty() || !isOurs(ref, found.get())) {
            return;
        }
        ObjectNode options = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
        options.putObject("preconditions")
                .put("uid", found.get().path("metadata").path("uid").asText(""));
        Reply reply = attempt.tryChangeUnlessConflict(Request.delete(policy(ref), options.toString()));
        if (!(reply instanceof Reply.Refused refused && (refused.isNotFound() || refused.isConflict()))) {
            attempt.heard(reply);
        }
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        JsonNode pod = attempt.meantPod();
        PodRef ref = Attempt.certain(attempt.pod(), pod);
        boolean ours = ref.uid()
                .equals(Optional.ofNullable(Metadata.Field.LABELS.of(pod).get(LABEL)));
        return ours && hasPolicy(attempt, ref)
                ? new Outcome.AlreadySo(ref.display() + " is in quarantine")
                : new Outcome.Failed(ref.display() + " is not in quarantine", true);
    }
}
