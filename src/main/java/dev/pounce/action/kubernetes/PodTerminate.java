package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.action.Share;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Reply;
import dev.pounce.cluster.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * {@code pod.terminate}: by eviction, which asks the disruption budgets in the same moment, or by deletion where those are to
 * be ignored; both for the pod of this uid and no other.
 *
 * <p>Eviction: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/.
 */
final class PodTerminate implements ClusterStep {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration FIRST_LOOK = Duration.ofMillis(100);
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(1);

    private final Replicas replicas;

    PodTerminate(Replicas replicas) {
        this.replicas = replicas;
    }

    @Override
    public Outcome carryOut(Attempt attempt) throws StepEnds {
        JsonNode pod = attempt.meantPod();
        PodRef certain = Attempt.certain(attempt.pod(), pod);
        attempt.isAbout(certain);
        Optional<Instant> ending = deletion(pod);
        if (ending.isPresent()) {
            return attempt.rehearsal()
                    ? new Outcome.AlreadySo(certain.display() + " is being deleted since before")
                    : ended(attempt, certain, pod, true);
        }
        mayEnd(attempt, certain, pod);
        accepted(attempt, certain, pod);
        return attempt.rehearsal()
                ? attempt.done(certain.display() + " would be deleted")
                : ended(attempt, certain, pod, false);
    }

    /** Returns once the server has taken the deletion on, or has that behind it. */
    private void accepted(Attempt attempt, PodRef certain, JsonNode pod) throws StepEnds {
        Optional<Share> least = attempt.parameters().share("minHealthy");
        Optional<Owner> counted = Owner.of(pod).filter(owner -> owner.isOf("apps", "ReplicaSet", "StatefulSet"));
        if (least.isEmpty() || counted.isEmpty()) {
            Reply reply = attempt.tryChangeUnlessConflict(request(attempt, certain));
            accepted(attempt, certain, reply, attempt.lostAnswer());
            return;
        }
        boolean lost = false;
        while (true) {
            // Counted anew each time, and paused without holding the turn: one that a budget keeps shall not keep
            // others
            Reply reply = replicas.alone(attempt, counted.get(), () -> {
                enoughStay(attempt, certain, pod, counted.get(), least.get());
                return attempt.tryChangeNow(request(attempt, certain));
            });
            boolean passing =
                    reply instanceof Reply.Unheard || (reply instanceof Reply.Refused refused && refused.isPassing());
            Duration pause = reply instanceof Reply.Refused refused
                    ? refused.retryAfter().orElse(LONGEST_BETWEEN_LOOKS)
                    : LONGEST_BETWEEN_LOOKS;
            if (!passing || attempt.rehearsal() || !attempt.pause(pause)) {
                accepted(attempt, certain, reply, lost);
                return;
            }
            lost |= !(reply instanceof Reply.Refused refused && refused.code() == 429);
        }
    }

    /** @param lost whether an earlier answer was */
    private static void accepted(Attempt attempt, PodRef certain, Reply reply, boolean lost) throws StepEnds {
        switch (reply) {
            case Reply.Ok ok -> {}
            case Reply.Refused refused
            when refused.isConflict() || refused.isNotFound() -> {
                if (lost && !attempt.rehearsal() && isGone(attempt, certain)) {
                    return; // by an earlier try of ours
                }
                attempt.meantPod(certain);
                throw attempt.refusal(refused);
            }
            case Reply.Refused refused when refused.code() == 429 -> throw overBudget(certain, refused);
            case Reply.Refused refused -> throw attempt.refusal(refused);
            case Reply.Unheard unheard -> throw StepEnds.unheard(unheard.why());
        }
    }

    private static void mayEnd(Attempt attempt, PodRef ref, JsonNode pod) throws StepEnds {
        String node = pod.path("spec").path("nodeName").asText("its node");
        if (pod.path("metadata").path("annotations").has("kubernetes.io/config.mirror")) {
            throw StepEnds.withheld(ref.display() + " is a static pod of " + node
                    + ": it is there because of a file on that node, and cannot be ended through the API server");
        }
        Optional<Owner> owner = Owner.of(pod);
        String kind = owner.map(Owner::kind).orElse("");
        if (kind.equals("DaemonSet") && attempt.parameters().flag("ignoreDaemonSets")) {
            throw StepEnds.withheld(
                    ref.display() + " is a DaemonSet's, and those are to be left alone (ignoreDaemonSets)");
        }
        if (kind.equals("StatefulSet") && attempt.parameters().flag("ignoreStatefulSets")) {
            throw StepEnds.withheld(
                    ref.display() + " is a StatefulSet's, and those are to be left alone (ignoreStatefulSets)");
        }
        if (owner.isEmpty() && attempt.parameters().flag("ignoreStandalone")) {
            throw StepEnds.withheld("nothing would start " + ref.display()
                    + " again, and such pods are to be left alone (ignoreStandalone)");
        }
    }

    private static void enoughStay(Attempt attempt, PodRef ref, JsonNode pod, Owner owner, Share least)
            throws StepEnds {
        Replicas.Left left = Replicas.without(attempt, pod, owner)
                .orElseThrow(() -> StepEnds.withheld("how many would stay ready is not known: the " + owner.kind() + " "
                        + owner.name() + " of " + ref.display() + " is gone"));
        int needed = least.atLeastOf(left.wanted());
        if (left.stay() < needed) {
            throw StepEnds.withheld("of the " + left.wanted() + " pods of " + owner.kind() + " " + owner.name() + " "
                    + left.stay() + " would stay ready without " + ref.display() + ", and " + needed
                    + " have to (minHealthy " + least.display() + ")");
        }
    }

    private static Request request(Attempt attempt, PodRef ref) {
        ObjectNode options = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
        // With none at all the server forgets the pod at once, and nobody would know whether its node has ended it
        attempt.parameters()
                .time("grace")
                .ifPresent(grace -> options.put(
                        "gracePeriodSeconds", Math.max(1, grace.plusMillis(999).toSeconds())));
        options.putObject("preconditions").put("uid", ref.uid().orElseThrow());
        if (attempt.parameters().flag("ignoreBudgets")) {
            return Request.delete(Attempt.path(ref), options.toString());
        }
        ObjectNode eviction =
                JSON.createObjectNode().put("apiVersion", "policy/v1").put("kind", "Eviction");
        eviction.putObject("metadata").put("name", ref.name()).put("namespace", ref.namespace());
        eviction.set("deleteOptions", options);
        return Request.create(Attempt.path(ref).sub("eviction"), eviction.toString());
    }

    /** The server names the budget in the causes only. */
    private static StepEnds overBudget(PodRef ref, Reply.Refused refused) {
        StringBuilder causes = new StringBuilder();
        for (JsonNode cause : refused.details().path("causes")) {
            if (cause.path("reason").asText().equals("DisruptionBudget")) {
                causes.append(causes.isEmpty() ? "" : "; ")
                        .append(cause.path("message").asText());
            }
        }
        return StepEnds.failedForNow(
                causes.isEmpty()
                        ? "the API server refused (429) until the end: " + refused.message()
                        : "a disruption budget keeps " + ref.display() + ": " + causes);
    }

    static Optional<Instant> deletion(JsonNode pod) {
        return Attempt.time(pod.path("metadata").path("deletionTimestamp"));
    }

    /** Waits until it is gone, or is to have more time than we have. */
    static Outcome ended(Attempt attempt, PodRef ref, JsonNode before, boolean already) throws StepEnds {
        String gone = ref.display() + " (uid " + ref.uid().orElseThrow() + ") is gone";
        JsonNode pod = before;
        Duration pause = FIRST_LOOK;
        while (true) {
            Optional<JsonNode> now = attempt.read(Attempt.path(ref));
            if (now.isEmpty() || !isOf(ref, now.get())) {
                return already ? new Outcome.AlreadySo(gone) : attempt.done(gone);
            }
            pod = now.get();
            Optional<Instant> until = deletion(pod);
            if (until.isPresent() && until.get().isAfter(attempt.deadline())) {
                String accepted = "the deletion of " + ref.display() + " was accepted; its processes have until "
                        + until.get() + " to end, which was not waited for";
                return already ? new Outcome.AlreadySo(accepted) : attempt.done(accepted);
            }
            if (!attempt.pause(pause)) {
                throw StepEnds.failedForNow(stays(ref, pod));
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_BETWEEN_LOOKS) > 0
                    ? LONGEST_BETWEEN_LOOKS
                    : pause.multipliedBy(2);
        }
    }

    static boolean isGone(Attempt attempt, PodRef ref) throws StepEnds {
        return attempt.read(Attempt.path(ref)).filter(now -> isOf(ref, now)).isEmpty();
    }

    private static boolean isOf(PodRef ref, JsonNode pod) {
        return pod.path("metadata").path("uid").asText("").equals(ref.uid().orElseThrow());
    }

    private static String stays(PodRef ref, JsonNode pod) {
        Optional<Instant> until = deletion(pod);
        if (until.isEmpty()) {
            return "the deletion of " + ref.display() + " was accepted, but is not to be seen yet";
        }
        JsonNode finalizers = pod.path("metadata").path("finalizers");
        return ref.display() + " is being deleted and is still there, "
                + (finalizers.isEmpty()
                        ? "its node " + pod.path("spec").path("nodeName").asText("") + " has not ended it yet"
                        : "kept by " + finalizers);
    }

    @Override
    public Outcome takeBack(Action.TakeBack undo, Attempt attempt) throws StepEnds {
        throw StepEnds.withheld("a pod that has ended cannot be brought back");
    }

    @Override
    public Outcome observe(Attempt attempt) throws StepEnds {
        JsonNode pod;
        try {
            pod = attempt.meantPod();
        } catch (StepEnds ends) {
            // Gone is what it was to be
            if (ends.outcome() instanceof Outcome.TargetGone gone) {
                return new Outcome.AlreadySo("what was meant is gone: " + gone.reason());
            }
            throw ends;
        }
        return deletion(pod)
                .<Outcome>map(until -> new Outcome.AlreadySo(
                        attempt.pod().display() + " is being deleted; its processes have until " + until))
                .orElseGet(() -> new Outcome.Failed(attempt.pod().display() + " is there and not being deleted", true));
    }
}
