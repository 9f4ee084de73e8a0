package dev.pounce.action.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.PodRef;
import dev.pounce.cluster.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The half of {@code pod.isolate} that is done in the kernel of the pod's node, if that is ours: it ends open connections,
 * takes no network plug-in, and no policy of anybody can let through what it drops. One container is enough, since all of a pod
 * have one network.
 *
 * <p>What it cannot express exactly is left out, and why is said.
 */
final class KernelHalf {

    /** Of the keys in what takes both halves back, that are this one's. */
    private static final String PREFIX = "kernel.";

    private static final String NODE = PREFIX + "node";
    private static final String CONTAINER = PREFIX + "container";

    /** It takes milliseconds; a probe that hangs must not cost the policy its time. */
    private static final Duration LONGEST = Duration.ofSeconds(5);

    private final Optional<OwnNode> own;

    KernelHalf(Optional<OwnNode> own) {
        this.own = own;
    }

    /**
     * What became of it.
     *
     * @param holds whether the pod is cut off, or would be
     * @param words for a person: how it is, or why not; empty if nobody has asked for it
     * @param before what takes it back; empty if nothing was changed
     */
    record Cut(boolean holds, String words, Map<String, String> before) {
        static final Cut NOT_ASKED_FOR = new Cut(false, "", Map.of());

        static Cut leftOut(String why) {
            return new Cut(false, why, Map.of());
        }

        /** With what the pod itself makes of it. */
        Cut of(JsonNode pod) {
            return holds && isProbedByNetwork(pod)
                    ? new Cut(
                            true,
                            words + "; the kubelet's probes do not reach it either, and may have it restarted",
                            before)
                    : this;
        }

        /**
         * How the outcome ends, on connections that were open.
         *
         * @param oneOfMany the pod, if the policy is about others, too
         */
        String remark(Optional<PodRef> oneOfMany) {
            if (holds) {
                return "in the kernel of its node "
                        + oneOfMany.map(pod -> "only " + pod.display() + ": ").orElse("") + words
                        + "; there, open connections end, too";
            }
            return (words.isEmpty() ? "" : "not in the kernel of its node: " + words + "; ")
                    + "connections that are open may stay open";
        }
    }

    private static boolean isProbedByNetwork(JsonNode pod) {
        for (JsonNode container : pod.path("spec").path("containers")) {
            for (String probe : List.of("livenessProbe", "startupProbe")) {
                JsonNode declared = container.path(probe);
                if (declared.has("httpGet") || declared.has("tcpSocket") || declared.has("grpc")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isWanted(Attempt attempt) {
        return attempt.parameters().text("by").orElse("both").equals("both");
    }

    /** Before anything is asked of the API server; empty if that has to be asked first. */
    Optional<Cut> atOnce(Attempt attempt, AllowList allow) {
        if (!isWanted(attempt)) {
            return Optional.of(Cut.NOT_ASKED_FOR);
        }
        // With a list it depends on the cluster's network what it means
        if (own.isEmpty()
                || !allow.isNobody()
                || !attempt.parameters().words("deny").isEmpty()) {
            return Optional.empty();
        }
        Optional<Pod> known = own.get().pods().apply(attempt.pod());
        return known.filter(pod -> pod.node().equals(own.get().node().name()) && !pod.onHostNetwork())
                .map(pod -> isolate(
                        attempt,
                        own.get(),
                        pod.ref(),
                        allow,
                        pod.containers().stream().map(Pod.Container::id).toList()));
    }

    /**
     * @param pod as the API server has it
     * @param cilium whether that is, or may be, the cluster's network
     */
    Cut cut(Attempt attempt, JsonNode pod, AllowList allow, boolean cilium) {
        String on = pod.path("spec").path("nodeName").asText();
        if (own.isEmpty()) {
            return Cut.leftOut("this engine is on none");
        }
        NodeRef node = own.get().node();
        if (!on.equals(node.name())) {
            return Cut.leftOut(
                    on.isEmpty()
                            ? "it has none yet"
                            : "that is " + on + ", another engine's, and this is " + node.name());
        }
        if (pod.path("spec").path("hostNetwork").asBoolean()) {
            return Cut.leftOut("it is in its node's own network");
        }
        if (!attempt.parameters().words("deny").isEmpty()) {
            return Cut.leftOut("there, all is cut off but what is allowed");
        }
        if (!allow.namespaces().isEmpty()) {
            return Cut.leftOut("which addresses a namespace's pods have is not known there");
        }
        if (!allow.isNobody() && cilium) {
            return Cut.leftOut("with Cilium, packets to a Service do not have the address there that is allowed");
        }
        List<String> containers = new ArrayList<>();
        pod.path("status").path("containerStatuses").forEach(one -> {
            String id = one.path("containerID").asText();
            if (one.path("state").has("running")) {
                containers.add(id.substring(id.lastIndexOf('/') + 1));
            }
        });
        return isolate(attempt, own.get(), Attempt.certain(attempt.pod(), pod), allow, containers);
    }

    private static Cut isolate(Attempt attempt, OwnNode own, PodRef pod, AllowList allow, List<String> containers) {
        Circumstances why = attempt.why().orElseThrow();
        Map<String, Object> list = new HashMap<>();
        if (allow.dns()) {
            list.put("dns", "true");
        }
        if (!allow.ranges().isEmpty()) {
            list.put("cidrs", allow.ranges().stream().map(IpRange::text).toList());
        }
        for (String id : containers) {
            Action.OnCluster action = action(own.node(), id, list);
            Map<String, String> before = new HashMap<>();
            Instant until = attempt.now().plus(LONGEST);
            until = until.isBefore(attempt.changesUntil()) ? until : attempt.changesUntil();
            Outcome outcome = (attempt.rehearsal()
                            ? own.containers().rehearse(action, why, until)
                            : own.containers()
                                    .carryOut(action, why, until, undo -> written(attempt, pod, undo, before)))
                    .toCompletableFuture()
                    .join();
            switch (outcome) {
                case Outcome.Done(String said) -> {
                    return new Cut(true, said, before);
                }
                case Outcome.AlreadySo(String said) -> {
                    return new Cut(true, said, before);
                }
                case Outcome.WouldAct(String said) -> {
                    return new Cut(true, said, before);
                }
                case Outcome.Failed failed -> {
                    return new Cut(false, failed.reason(), before);
                }
                case Outcome.Withheld(String reason) -> {
                    return Cut.leftOut(reason);
                }
                case Outcome.TargetGone gone -> {} // the next one may still run
            }
        }
        return Cut.leftOut("none of its containers runs there");
    }

    private static void written(Attempt attempt, PodRef pod, Action.TakeBack undo, Map<String, String> before) {
        undo.before().forEach((key, value) -> before.put(PREFIX + key, value));
        if (undo.target() instanceof ContainerRef container) {
            before.put(NODE, container.node().name());
            before.put(CONTAINER, container.id());
            before.put(
                    Action.TakeBack.HOW + "kernel",
                    "in the kernel of " + container.node().name());
        }
        try {
            attempt.changes(pod, before);
        } catch (StepEnds unwritten) {
            before.clear();
            throw new IllegalStateException(unwritten.outcome().words());
        }
    }

    private static Action.OnCluster action(NodeRef node, String container, Map<String, Object> allow) {
        ActionType type = ActionType.NODE_ISOLATE_CONTAINER;
        Asset target = new ContainerRef(node, container);
        return new Action.OnCluster(type, target, type.read(allow.isEmpty() ? Map.of() : Map.of("allow", allow)));
    }

    /** What became of taking it back; empty if it was not done. Asked for again, it says that it was not there any more. */
    Optional<Outcome> release(Action.TakeBack undo, Instant deadline) {
        Map<String, String> before = new HashMap<>();
        undo.before().forEach((key, value) -> {
            if (key.startsWith(PREFIX)) {
                before.put(key.substring(PREFIX.length()), value);
            }
        });
        String node = undo.before().get(NODE);
        String container = undo.before().get(CONTAINER);
        if (node == null || container == null) {
            return Optional.empty();
        }
        if (own.filter(here -> here.node().name().equals(node)).isEmpty()) {
            return Optional.of(new Outcome.Failed("that takes an engine with a probe on it", true));
        }
        NodeRef here = own.get().node();
        return Optional.of(own.get()
                .containers()
                .takeBack(new Action.TakeBack(action(here, container, Map.of()), before), deadline)
                .toCompletableFuture()
                .join());
    }
}
