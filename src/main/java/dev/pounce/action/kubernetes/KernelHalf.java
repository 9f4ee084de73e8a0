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
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

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

    private static final String NONE_RUNS = "none of its containers runs there";

    /** It takes milliseconds; a probe that hangs, or what is done there before, must not cost the policy its time. */
    private static final Duration LONGEST = Duration.ofSeconds(5);

    /** An answer after its time by that much still counts. */
    private static final Duration LATE = Duration.ofMillis(100);

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
            String not = before.isEmpty() ? "not" : "not certainly";
            return (words.isEmpty() ? "" : not + " in the kernel of its node: " + words + "; ")
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
        return whyNot(attempt, pod, allow, cilium)
                .map(Cut::leftOut)
                .orElseGet(() ->
                        isolate(attempt, own.orElseThrow(), Attempt.certain(attempt.pod(), pod), allow, running(pod)));
    }

    /**
     * Whether it is in force, by looking alone.
     *
     * @param pod as the API server has it
     */
    Cut observe(Attempt attempt, JsonNode pod, AllowList allow) {
        if (!isWanted(attempt)) {
            return Cut.NOT_ASKED_FOR;
        }
        Optional<String> why = whyNot(attempt, pod, allow, false);
        if (why.isPresent()) {
            return Cut.leftOut(why.get());
        }
        OwnNode here = own.orElseThrow();
        for (String id : running(pod)) {
            Instant until = soon(attempt, attempt.deadline());
            Outcome seen =
                    answer(attempt, until, here.containers().observe(action(here.node(), id, listed(allow)), until));
            if (seen instanceof Outcome.AlreadySo so) {
                return new Cut(true, so.observed(), Map.of());
            }
            if (!(seen instanceof Outcome.TargetGone)) { // the next one may still run
                return Cut.leftOut(seen.words());
            }
        }
        return Cut.leftOut(NONE_RUNS);
    }

    private Optional<String> whyNot(Attempt attempt, JsonNode pod, AllowList allow, boolean cilium) {
        String on = pod.path("spec").path("nodeName").asText();
        if (own.isEmpty()) {
            return Optional.of("this engine is on none");
        }
        NodeRef node = own.get().node();
        if (!on.equals(node.name())) {
            return Optional.of(
                    on.isEmpty()
                            ? "it has none yet"
                            : "that is " + on + ", another engine's, and this is " + node.name());
        }
        if (pod.path("spec").path("hostNetwork").asBoolean()) {
            return Optional.of("it is in its node's own network");
        }
        if (!attempt.parameters().words("deny").isEmpty()) {
            return Optional.of("there, all is cut off but what is allowed");
        }
        if (!allow.namespaces().isEmpty()) {
            return Optional.of("which addresses a namespace's pods have is not known there");
        }
        return !allow.isNobody() && cilium
                ? Optional.of("with Cilium, packets to a Service do not have the address there that is allowed")
                : Optional.empty();
    }

    private static List<String> running(JsonNode pod) {
        List<String> containers = new ArrayList<>();
        pod.path("status").path("containerStatuses").forEach(one -> {
            String id = one.path("containerID").asText();
            if (one.path("state").has("running")) {
                containers.add(id.substring(id.lastIndexOf('/') + 1));
            }
        });
        return containers;
    }

    private static Map<String, Object> listed(AllowList allow) {
        Map<String, Object> list = new HashMap<>();
        if (allow.dns()) {
            list.put("dns", "true");
        }
        if (!allow.ranges().isEmpty()) {
            list.put("cidrs", allow.ranges().stream().map(IpRange::text).toList());
        }
        return list;
    }

    private static Cut isolate(Attempt attempt, OwnNode own, PodRef pod, AllowList allow, List<String> containers) {
        Circumstances why = attempt.why().orElseThrow();
        for (String id : containers) {
            Action.OnCluster action = action(own.node(), id, listed(allow));
            Prepared prepared = new Prepared(attempt, pod);
            Instant until = soon(attempt, attempt.changesUntil());
            Outcome outcome = answer(
                    attempt,
                    until,
                    attempt.rehearsal()
                            ? own.containers().rehearse(action, why, until)
                            : own.containers().carryOut(action, why, until, prepared::write));
            Map<String, String> before = prepared.end();
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
        return Cut.leftOut(NONE_RUNS);
    }

    private static Instant soon(Attempt attempt, Instant latest) {
        Instant soon = attempt.now().plus(LONGEST);
        return soon.isBefore(latest) ? soon : latest;
    }

    /** It may have to wait for what is under way for the same container; that is not waited for. */
    private static Outcome answer(Attempt attempt, Instant until, CompletionStage<Outcome> asked) {
        return asked.toCompletableFuture()
                .completeOnTimeout(
                        new Outcome.Failed("no answer came in time", true),
                        Duration.between(attempt.now(), until).plus(LATE).toMillis(),
                        TimeUnit.MILLISECONDS)
                .join();
    }

    /** What takes it back, which is written down before anything is changed; and nothing is, once nobody waits for it. */
    private static final class Prepared {
        private final Attempt attempt;
        private final PodRef pod;
        private final Map<String, String> before = new HashMap<>(); // guarded by this
        private boolean ended; // guarded by this

        Prepared(Attempt attempt, PodRef pod) {
            this.attempt = attempt;
            this.pod = pod;
        }

        synchronized void write(Action.TakeBack undo) {
            if (ended) {
                throw new IllegalStateException("its time was over");
            }
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

        synchronized Map<String, String> end() {
            ended = true;
            return Map.copyOf(before);
        }
    }

    private static Action.OnCluster action(NodeRef node, String container, Map<String, Object> allow) {
        ActionType type = ActionType.NODE_ISOLATE_CONTAINER;
        Asset target = new ContainerRef(node, container);
        return new Action.OnCluster(type, target, type.read(allow.isEmpty() ? Map.of() : Map.of("allow", allow)));
    }

    /** What became of taking it back; empty if it was not done. Asked for again, it says that it was not there any more. */
    Optional<Outcome> release(Action.TakeBack undo, Attempt attempt) {
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
        Instant until = soon(attempt, attempt.deadline());
        return Optional.of(answer(
                attempt,
                until,
                own.get()
                        .containers()
                        .takeBack(new Action.TakeBack(action(here, container, Map.of()), before), until)));
    }
}
