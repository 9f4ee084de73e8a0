package dev.pounce.action.evidence;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Outcome;
import dev.pounce.asset.NodeRef;
import dev.pounce.source.DurationText;
import dev.pounce.source.Printable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** How each kind of evidence is got. */
final class Collectors {

    static final Set<ActionType> TYPES = Set.of(
            ActionType.EVIDENCE_LOGS,
            ActionType.EVIDENCE_FILES,
            ActionType.EVIDENCE_PROCESSES,
            ActionType.EVIDENCE_CAPTURE,
            ActionType.EVIDENCE_TRACE,
            ActionType.EVIDENCE_CHECKPOINT);

    /** Of the logs of one container, whose lines may be of any length. */
    private static final long MOST_LOG = 256L * 1024 * 1024;

    /** Of what the node tells of one container. */
    private static final long MOST_OF_NODE = 2L * 1024 * 1024 * 1024;

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final Optional<ContainerStreams> streams; // empty without a cluster
    private final NodeEvidence node;

    Collectors(Optional<ContainerStreams> streams, NodeEvidence node) {
        this.streams = streams;
        this.node = node;
    }

    /** What cannot be done at all. */
    static Optional<Outcome> objection(Action.OnCluster action) {
        if (!TYPES.contains(action.type())) {
            throw new IllegalStateException(action.verb() + " is no evidence");
        }
        return action.target() instanceof NodeRef && !isOfWholeNode(action)
                ? Optional.of(new Outcome.Withheld("the detection names no pod, and scope: node was not asked for"))
                : Optional.empty();
    }

    Outcome collect(Collection collection) {
        return switch (collection.chosen()) {
            case Collection.Chosen.None(String why) -> new Outcome.Failed(why, false);
            case Collection.Chosen.These(List<PodInSight.Container> containers, boolean all) -> {
                List<PodInSight.Container> ready = ready(collection, containers, all);
                if (isOfNode(collection)) {
                    Optional<String> objection = objection(collection, ready);
                    if (objection.isPresent()) {
                        yield new Outcome.Withheld(objection.get());
                    }
                }
                collectFrom(collection, ready);
                yield collection.outcome();
            }
        };
    }

    private void collectFrom(Collection collection, List<PodInSight.Container> containers) {
        switch (collection.action().verb()) {
            case "evidence.logs" -> logs(collection, containers);
            case "evidence.files" -> files(collection, containers);
            case "evidence.checkpoint" -> checkpoints(collection, containers);
            case "evidence.trace" -> trace(collection, containers);
            default -> ofNode(collection, containers);
        }
    }

    Outcome rehearse(Collection collection) {
        return switch (collection.chosen()) {
            case Collection.Chosen.None(String why) -> new Outcome.Failed(why, false);
            case Collection.Chosen.These(List<PodInSight.Container> containers, boolean all) -> {
                List<PodInSight.Container> ready = ready(collection, containers, all);
                Optional<String> objection = isOfNode(collection) ? objection(collection, ready) : Optional.empty();
                if (objection.isPresent()) {
                    yield new Outcome.Withheld(objection.get());
                }
                boolean nothing = ready.isEmpty() && !isOfWholeNode(collection.action());
                yield nothing
                        ? collection.outcome()
                        : new Outcome.WouldAct(what(collection) + " of " + names(collection, ready));
            }
        };
    }

    private static String what(Collection collection) {
        return switch (collection.action().verb()) {
            case "evidence.logs" ->
                "the last " + collection.parameters().number("tail").orElse(0L) + " lines";
            case "evidence.files" ->
                String.join(
                        ", ",
                        collection.parameters().words("paths").stream()
                                .map(Printable::of)
                                .toList());
            case "evidence.checkpoint" -> "a checkpoint";
            case "evidence.capture" -> "the packets of " + duration(collection);
            case "evidence.trace" -> "the system calls of " + duration(collection);
            default -> "the processes";
        };
    }

    private static String duration(Collection collection) {
        return collection
                .parameters()
                .time("duration")
                .map(DurationText::display)
                .orElse("");
    }

    private static String names(Collection collection, List<PodInSight.Container> containers) {
        return isOfWholeNode(collection.action())
                ? "node " + collection.pod().node()
                : String.join(
                        ", ",
                        containers.stream().map(PodInSight.Container::name).toList());
    }

    /** Those of which there is something; of the others it is said. */
    private static List<PodInSight.Container> ready(
            Collection collection, List<PodInSight.Container> containers, boolean all) {
        boolean logs = collection.action().type() == ActionType.EVIDENCE_LOGS;
        List<PodInSight.Container> ready = new ArrayList<>();
        if (isOfWholeNode(collection.action())) {
            return ready;
        }
        for (PodInSight.Container one : containers) {
            if (logs ? one.wasStarted() : one.running()) {
                ready.add(one);
            } else {
                String said =
                        one.kind() + " " + one.name() + (one.wasStarted() ? " does not run" : " was never started");
                if (all) {
                    collection.remark(said);
                } else {
                    collection.missed(said, false);
                }
            }
        }
        return ready;
    }

    private void logs(Collection collection, List<PodInSight.Container> containers) {
        long lines = collection.parameters().number("tail").orElse(500L);
        int left = containers.size();
        for (PodInSight.Container container : containers) {
            boolean previous = collection.isPrevious(container);
            ObjectNode what = Item.description().put("what", "logs").put("lines", lines);
            if (previous) {
                what.put("previous", true);
            }
            Instant until = collection.share(left--);
            String called = "logs of " + container.name();
            try (Item item = collection.begin(container, container.name() + ".log", "text/plain", what, MOST_LOG)) {
                ContainerStreams.Ended ended = patiently(collection, item, until, () -> streams.orElseThrow()
                        .logs(collection.pod().ref(), container.name(), previous, lines, item, until));
                conclude(collection, item, called, List.of(container), ended, Optional.empty());
            }
        }
    }

    private void files(Collection collection, List<PodInSight.Container> containers) {
        List<String> paths = collection.parameters().words("paths");
        long limit = collection.parameters().number("limit").orElse(0L);
        int left = containers.size() * paths.size();
        for (PodInSight.Container container : containers) {
            for (String path : paths) {
                Instant until = collection.share(left--);
                String called = Printable.of(path) + (containers.size() > 1 ? " of " + container.name() : "");
                if (collection.bytes() >= limit) {
                    collection.missed(called + ": the limit of " + limit + " bytes was reached", false);
                    continue;
                }
                List<String> command = List.of("cat", "--", path);
                ObjectNode what = Item.description().put("what", "file").put("path", path);
                command.forEach(what.putArray("command")::add);
                String name = container.name() + "-" + path.substring(path.lastIndexOf('/') + 1);
                try (Item item = collection.begin(
                        container, name, "application/octet-stream", what, limit - collection.bytes())) {
                    ContainerStreams.Ended ended = patiently(collection, item, until, () -> streams.orElseThrow()
                            .run(collection.pod().ref(), container.name(), command, item, until));
                    conclude(collection, item, called, List.of(container), ended, objectionOf(ended));
                }
            }
        }
    }

    /** Again with growing pauses, as long as nothing was read of it, that may help, and there is time. */
    private static ContainerStreams.Ended patiently(
            Collection collection, Item item, Instant until, Supplier<ContainerStreams.Ended> read) {
        Duration pause = FIRST_PAUSE;
        while (true) {
            ContainerStreams.Ended ended = read.get();
            boolean again = item.bytes() == 0
                    && item.trouble().isEmpty()
                    && switch (ended) {
                        case ContainerStreams.Ended.Whole whole -> false;
                        case ContainerStreams.Ended.Refused refused -> refused.retryable();
                        case ContainerStreams.Ended.Broken broken -> true;
                    };
            if (!again || !collection.pause(pause, until)) {
                return ended;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /** Why there is no such file, in words of ours: what a container says may hold anything, and goes nowhere. */
    private static Optional<String> objectionOf(ContainerStreams.Ended ended) {
        if (!(ended instanceof ContainerStreams.Ended.Whole(int exit, String said)) || exit == 0) {
            return Optional.empty();
        }
        String text = said.toLowerCase(Locale.ROOT);
        if (text.contains("is a directory")) {
            return Optional.of("it is a directory, and only files are kept");
        }
        if (exit == 126 || exit == 127 || text.contains("executable file not found")) {
            return Optional.of("the container has no program cat");
        }
        if (text.contains("no such file")) {
            return Optional.of("there is no such file");
        }
        return Optional.of(
                text.contains("permission denied") ? "the container may not read it" : "cat ended with " + exit);
    }

    /** @param objection why what was read is not what was meant; empty when it is, as far as it goes */
    private static void conclude(
            Collection collection,
            Item item,
            String called,
            List<PodInSight.Container> containers,
            ContainerStreams.Ended ended,
            Optional<String> objection) {
        if (item.trouble().isPresent()) {
            collection.missed(
                    called + ": " + item.trouble().get().why(),
                    item.trouble().get().isRetryable());
            return;
        }
        if (item.isFull()) {
            collection.keep(item, called, containers, Optional.empty());
            return;
        }
        switch (ended) {
            case ContainerStreams.Ended.Whole whole
            when objection.isEmpty() -> collection.keep(item, called, containers, Optional.empty());
            case ContainerStreams.Ended.Whole whole
            when item.bytes() > 0 -> collection.keep(item, called, containers, objection);
            case ContainerStreams.Ended.Whole whole -> collection.missed(called + ": " + objection.orElse(""), false);
            case ContainerStreams.Ended.Refused(int code, String why, boolean retryable) ->
                collection.missed(called + ": refused (" + code + "): " + why, retryable);
            case ContainerStreams.Ended.Broken(String why)
            when item.bytes() > 0 -> collection.keep(item, called, containers, Optional.of(why));
            case ContainerStreams.Ended.Broken(String why) -> collection.missed(called + ": " + why, true);
        }
    }

    private void checkpoints(Collection collection, List<PodInSight.Container> containers) {
        int left = containers.size();
        for (PodInSight.Container container : containers) {
            PodInSight pod = collection.pod();
            String called = "checkpoint of " + container.name();
            switch (streams.orElseThrow()
                    .checkpoint(pod.ref(), pod.node(), container.name(), collection.share(left--))) {
                case ContainerStreams.Ended.Whole(int exit, String path) ->
                    collection.keptElsewhere(called + " is on " + pod.node() + " as " + Printable.of(path)
                            + ", with the container's memory in it, and was not copied from there");
                case ContainerStreams.Ended.Refused(int code, String why, boolean retryable) ->
                    collection.missed(called + ": the kubelet refused (" + code + "): " + why, retryable);
                case ContainerStreams.Ended.Broken(String why) -> collection.missed(called + ": " + why, true);
            }
        }
    }

    private static boolean isOfNode(Collection collection) {
        return isOfNode(collection.action());
    }

    /** Whether it goes on for as long as was asked for, and is not had at once. */
    static boolean isRecording(Action.OnCluster action) {
        return action.type() == ActionType.EVIDENCE_CAPTURE || action.type() == ActionType.EVIDENCE_TRACE;
    }

    /** Whether it is read on the container's node, without the cluster. */
    static boolean isOfNode(Action.OnCluster action) {
        ActionType type = action.type();
        return type == ActionType.EVIDENCE_PROCESSES
                || type == ActionType.EVIDENCE_CAPTURE
                || type == ActionType.EVIDENCE_TRACE;
    }

    /** Whether it is of everything on the node, whoever was seen there. */
    static boolean isOfWholeNode(Action.OnCluster action) {
        return action.type() == ActionType.EVIDENCE_TRACE
                && action.parameters().text("scope").equals(Optional.of("node"));
    }

    private Optional<String> objection(Collection collection, List<PodInSight.Container> containers) {
        ActionType type = collection.action().type();
        String on = collection.pod().node();
        if (type == ActionType.EVIDENCE_TRACE) {
            return containers.isEmpty() && !isOfWholeNode(collection.action())
                    ? Optional.empty() // which is said otherwise
                    : node.objection(type, on, ids(containers));
        }
        return containers.stream()
                .map(one -> node.objection(type, on, List.of(one.id())))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static List<String> ids(List<PodInSight.Container> containers) {
        return containers.stream().map(PodInSight.Container::id).toList();
    }

    /** All containers at once: each by itself would be another time. */
    private void trace(Collection collection, List<PodInSight.Container> containers) {
        boolean wholeNode = isOfWholeNode(collection.action());
        if (containers.isEmpty() && !wholeNode) {
            return;
        }
        ObjectNode of = Item.description();
        ArrayNode list = of.put("scope", wholeNode ? "node" : "pod").putArray("containers");
        containers.forEach(one -> list.addObject().put("name", one.name()).put("id", one.id()));
        ObjectNode what = Item.description().put("what", "system calls");
        try (Item item = collection.begin("calls.jsonl", "application/x-ndjson", what, of, MOST_OF_NODE)) {
            String called = what(collection) + " of " + names(collection, containers);
            read(collection, item, called, containers, collection.share(1));
        }
    }

    private void ofNode(Collection collection, List<PodInSight.Container> containers) {
        boolean packets = collection.action().type() == ActionType.EVIDENCE_CAPTURE;
        // All containers of a pod have one network
        List<PodInSight.Container> from = packets && !containers.isEmpty() ? containers.subList(0, 1) : containers;
        int left = from.size();
        for (PodInSight.Container container : from) {
            ObjectNode what = Item.description().put("what", packets ? "packets" : "processes");
            String name = container.name() + (packets ? ".pcap" : "-processes.json");
            String type = packets ? "application/vnd.tcpdump.pcap" : "application/json";
            Instant until = collection.share(left--);
            try (Item item = collection.begin(container, name, type, what, MOST_OF_NODE)) {
                read(collection, item, what(collection) + " of " + container.name(), List.of(container), until);
            }
        }
    }

    private void read(
            Collection collection, Item item, String called, List<PodInSight.Container> containers, Instant until) {
        NodeEvidence.Read read = node.read(
                collection.action().type(),
                collection.pod().node(),
                ids(containers),
                collection.parameters(),
                item,
                until);
        ContainerStreams.Ended ended = read.failure().isEmpty()
                ? new ContainerStreams.Ended.Whole(0, "")
                : new ContainerStreams.Ended.Broken(read.failure());
        // A trace ends with the container that it is of: one that was started again is another, and not in it
        boolean isTrace = collection.action().type() == ActionType.EVIDENCE_TRACE;
        conclude(collection, item, called, isTrace ? List.of() : containers, ended, Optional.empty());
    }
}
