package dev.pounce.action.node;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.Parameters;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.Asset;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts containers of this node off from the network, in the kernel, by {@code pounce-probe isolate}.
 *
 * <p>Containers of one pod have one network: all of them are cut off, and that is said. A second isolation with another list
 * of what may pass is put in force beside the first, and only what both allow passes; each is released by itself. Nothing is
 * held here from one step to the next. Thread-safe.
 */
public final class NodeActuator implements RemoteActuator {

    private static final Duration END = Duration.ofSeconds(2);
    private static final int KEY_MAX = 63;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    private final Path probe;
    private final NodeRef node;
    private final ContainerMembership membership;
    private final InstantSource clock;
    private final ExecutorService workers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("pounce-node-", 0).factory());
    private final ScheduledThreadPoolExecutor deadlines;

    /** The last thing that was asked for each target, as long as it is not done. Guarded by itself. */
    private final Map<String, CompletableFuture<Outcome>> lanes = new HashMap<>();

    /**
     * @param probe the program
     * @param node this machine
     */
    public NodeActuator(Path probe, NodeRef node, ContainerMembership membership, InstantSource clock) {
        this.probe = probe;
        this.node = node;
        this.membership = membership;
        this.clock = clock;
        this.deadlines = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "pounce-node-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        deadlines.setRemoveOnCancelPolicy(true);
    }

    /**
     * The same, for steps that are more than this: what it puts in force stands beside what others have, even with the same
     * list, so that each is released for itself. Such a step may cut off a second container, when it is resumed and the first
     * has been started again: one release gives back the network of both. To be closed by closing this one.
     */
    public RemoteActuator besideOthers() {
        return new RemoteActuator() {
            @Override
            public CompletionStage<Outcome> carryOut(
                    Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
                return inLane(action, () -> isolate(action, why, deadline, beforeChange, true));
            }

            @Override
            public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
                return NodeActuator.this.rehearse(action, why, deadline);
            }

            @Override
            public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
                return NodeActuator.this.takeBack(undo, deadline);
            }

            @Override
            public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
                return NodeActuator.this.observe(action, deadline);
            }

            @Override
            public void close() {}
        };
    }

    /** The steps that it carries out. */
    public Set<ActionType> types() {
        return Set.of(ActionType.NODE_ISOLATE_CONTAINER);
    }

    @Override
    public CompletionStage<Outcome> carryOut(
            Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange) {
        return inLane(action, () -> isolate(action, why, deadline, beforeChange, false));
    }

    @Override
    public CompletionStage<Outcome> rehearse(Action.OnCluster action, Circumstances why, Instant deadline) {
        return inLane(action, () -> look(action, deadline));
    }

    @Override
    public CompletionStage<Outcome> observe(Action.OnCluster action, Instant deadline) {
        return inLane(action, () -> look(action, deadline));
    }

    @Override
    public CompletionStage<Outcome> takeBack(Action.TakeBack undo, Instant deadline) {
        return inLane(undo.taken(), () -> release(undo, deadline));
    }

    /** Resolved: it is on this node, and these are the words for it. */
    private record Target(ContainerRef container, String directory, List<String> arguments) {}

    private static final class NoTarget extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Outcome outcome;

        NoTarget(Outcome outcome) {
            super(outcome.toString(), null, false, false);
            this.outcome = outcome;
        }
    }

    private Target resolve(Action.OnCluster action) throws NoTarget {
        if (!(action.target() instanceof ContainerRef container)) {
            throw new NoTarget(new Outcome.Withheld(action.target().display() + " is not a container"));
        }
        if (!container.node().equals(node)) {
            throw new NoTarget(
                    new Outcome.Withheld("it runs on " + container.node().name() + ", and this is " + node.name()));
        }
        Set<String> directories = Processes.directoriesOf(container, membership);
        if (directories.isEmpty()) {
            throw new NoTarget(new Outcome.TargetGone("no process of " + container.display() + " is left"));
        }
        if (directories.size() > 1) {
            throw new NoTarget(new Outcome.Failed(
                    "more than one control group bears its id: " + String.join(", ", directories), false));
        }
        String directory = directories.iterator().next();
        ContainerRef certain = new ContainerRef(node, idOf(directory).orElse(container.id()));
        Parameters allow = action.parameters().inner("allow").orElse(Parameters.NONE);
        List<String> arguments =
                new ArrayList<>(List.of("isolate", "--cgroup", directory, "--container", certain.id()));
        for (String cidr : allow.words("cidrs")) {
            arguments.addAll(List.of("--allow", cidr));
        }
        if (allow.flag("dns")) {
            arguments.add("--dns");
        }
        return new Target(certain, directory, arguments);
    }

    private Outcome isolate(
            Action.OnCluster action, Circumstances why, Instant deadline, BeforeChange beforeChange, boolean beside)
            throws NoTarget, IOException {
        Target target = resolve(action);
        String step = why.response() + "/" + why.step();
        String key = keyOf(beside ? step : step + "/" + target.container().shortId());
        List<String> arguments = with(target.arguments(), "--key", key, "--ask");
        if (beside) {
            arguments.add("--beside");
        }
        try (ProbeCommand command = start(arguments, deadline)) {
            JsonNode plan = command.answer();
            if (!word(plan).equals("planned")) {
                return outcomeOf(plan, action);
            }
            try {
                beforeChange.canBeTakenBackBy(undo(action, target, key, plan));
            } catch (RuntimeException unwritten) {
                return new Outcome.Failed(
                        "nothing was changed: what would take it back could not be written down: "
                                + unwritten.getMessage(),
                        true);
            }
            command.goOn();
            return outcomeOf(command.answer(), action);
        }
    }

    private static Action.TakeBack undo(Action.OnCluster action, Target target, String key, JsonNode plan) {
        Map<String, String> before = new HashMap<>();
        before.put("key", key);
        before.put("cgroup", target.directory());
        before.put("places", placesIn(plan));
        return new Action.TakeBack(
                new Action.OnCluster(action.type(), target.container(), action.parameters()), before);
    }

    private Outcome look(Action.OnCluster action, Instant deadline) throws NoTarget, IOException {
        Target target = resolve(action);
        try (ProbeCommand command = start(with(target.arguments(), "--key", "rehearsal", "--dry-run"), deadline)) {
            return outcomeOf(command.answer(), action);
        }
    }

    private Outcome release(Action.TakeBack undo, Instant deadline) throws IOException {
        String key = undo.before().get("key");
        if (key == null) {
            return new Outcome.Withheld("it is not known what was put in force");
        }
        boolean released;
        try (ProbeCommand command = start(List.of("release", "--key", key), deadline)) {
            JsonNode answer = command.answer();
            if (command.exit() != 0) {
                return new Outcome.Failed(reasonIn(answer), true);
            }
            released = word(answer).equals("released");
        }
        String others = inForce(undo.target(), key, deadline);
        return released
                ? new Outcome.Done("its network is given back" + others)
                : new Outcome.AlreadySo("it was not cut off any more" + others);
    }

    /** What cuts it off beside this one, for a person. */
    private String inForce(Asset target, String key, Instant deadline) throws IOException {
        if (!(target instanceof ContainerRef container)) {
            return "";
        }
        List<String> keys = new ArrayList<>();
        try (ProbeCommand command = start(List.of("isolated", "--container", container.id()), deadline)) {
            for (JsonNode one : command.rest()) {
                if (!one.path("key").asText().equals(key)) {
                    keys.add(one.path("key").asText());
                }
            }
        }
        return keys.isEmpty() ? "" : "; it stays cut off by " + String.join(" and ", keys);
    }

    private static Outcome outcomeOf(JsonNode answer, Action.OnCluster action) {
        return switch (word(answer)) {
            case "planned" -> new Outcome.WouldAct(said("it would be cut off", answer, action));
            case "already" ->
                new Outcome.AlreadySo(said("it is cut off", answer, action) + " ("
                        + answer.path("key").asText() + ")");
            case "isolated" -> isolated(answer, action);
            case "gone" -> new Outcome.TargetGone(reasonIn(answer));
            case "refused" -> new Outcome.Withheld(reasonIn(answer));
            default -> new Outcome.Failed(reasonIn(answer), true);
        };
    }

    private static Outcome isolated(JsonNode answer, Action.OnCluster action) {
        long outside = answer.path("inNodeNetwork").asLong();
        String said = said("it is cut off", answer, action);
        return outside > 0 && !placesIn(answer).contains("control group")
                ? new Outcome.Failed(
                        said + "; but " + outside + " of its processes are in the node's own network, and are not",
                        false)
                : new Outcome.Done(said);
    }

    private static String said(String what, JsonNode answer, Action.OnCluster action) {
        StringBuilder said = new StringBuilder(what).append(" at ").append(placesIn(answer));
        Set<String> shared = new TreeSet<>();
        answer.path("sharedWith").forEach(one -> shared.add(shortName(one.asText())));
        if (!shared.isEmpty()) {
            said.append(", and with it, as they share its network, ").append(String.join(", ", shared));
        }
        Parameters allow = action.parameters().inner("allow").orElse(Parameters.NONE);
        if (!allow.words("cidrs").isEmpty()) {
            said.append("; what passes: ").append(String.join(", ", allow.words("cidrs")));
        }
        if (allow.flag("dns")) {
            List<String> resolvers = new ArrayList<>();
            answer.path("resolvers").forEach(one -> resolvers.add(one.asText()));
            if (!resolvers.isEmpty()) {
                said.append("; name service at ").append(String.join(", ", resolvers));
            } else if (answer.has("dnsProblem")) {
                said.append("; no name service, as ")
                        .append(answer.path("dnsProblem").asText());
            }
        }
        return said.toString();
    }

    private static String placesIn(JsonNode answer) {
        List<String> places = new ArrayList<>();
        answer.path("places")
                .forEach(place -> places.add(
                        switch (place.path("side").asText()) {
                            case "node" ->
                                "the node's end of its interface, "
                                        + place.path("interface").asText();
                            case "container" ->
                                "its own end of " + place.path("interface").asText()
                                        + ", which it could undo if it may configure networks";
                            default -> "its control group";
                        }));
        return String.join(" and ", places);
    }

    private static String shortName(String directory) {
        return idOf(directory)
                .map(id -> "container/" + id.substring(0, 12))
                .orElse(directory.substring(directory.lastIndexOf('/') + 1));
    }

    private static Optional<String> idOf(String directory) {
        Matcher id = ID.matcher(directory.substring(directory.lastIndexOf('/') + 1));
        return id.find() ? Optional.of(id.group()) : Optional.empty();
    }

    private static String word(JsonNode answer) {
        return answer.path("answer").asText();
    }

    private static String reasonIn(JsonNode answer) {
        return answer.path("reason").asText("pounce-probe answered " + answer);
    }

    /** The same for the same step after a restart, and for no other. */
    private static String keyOf(String key) {
        if (key.length() <= KEY_MAX && key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            return key;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, KEY_MAX);
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every Java has SHA-256", never);
        }
    }

    private static List<String> with(List<String> arguments, String... more) {
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of(more));
        return all;
    }

    private ProbeCommand start(List<String> arguments, Instant deadline) throws IOException {
        return ProbeCommand.start(probe, arguments, Duration.between(clock.instant(), deadline), deadlines);
    }

    @FunctionalInterface
    private interface Work {
        Outcome outcome() throws NoTarget, IOException;
    }

    /** One after the other for each target, in the order of asking. */
    private CompletionStage<Outcome> inLane(Action.OnCluster action, Work work) {
        String target = action.target().display();
        Supplier<Outcome> safely = () -> {
            try {
                return work.outcome();
            } catch (NoTarget none) {
                return none.outcome;
            } catch (IOException failed) {
                return new Outcome.Failed(String.valueOf(failed.getMessage()), true);
            } catch (RuntimeException bug) {
                return new Outcome.Failed("a bug of ours: " + bug, false);
            }
        };
        synchronized (lanes) {
            if (workers.isShutdown()) {
                return CompletableFuture.completedStage(
                        new Outcome.Failed("nothing was asked for: the engine ends", true));
            }
            CompletableFuture<Outcome> before = lanes.get(target);
            CompletableFuture<Outcome> answer = before == null
                    ? CompletableFuture.supplyAsync(safely, workers)
                    : before.thenApplyAsync(done -> safely.get(), workers);
            lanes.put(target, answer);
            return answer.whenComplete((outcome, never) -> {
                        synchronized (lanes) {
                            lanes.remove(target, answer);
                        }
                    })
                    .exceptionally(ended -> new Outcome.Failed("nothing was asked for: the engine ends", true));
        }
    }

    /** What is under way has two seconds to end. */
    @Override
    public void close() {
        synchronized (lanes) {
            workers.shutdown();
        }
        try {
            if (!workers.awaitTermination(END.toMillis(), TimeUnit.MILLISECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException ending) {
            workers.shutdownNow();
            Thread.currentThread().interrupt();
        }
        deadlines.shutdownNow();
    }
}
