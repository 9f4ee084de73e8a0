package dev.pounce.action.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.action.ActionType;
import dev.pounce.action.Parameters;
import dev.pounce.action.evidence.NodeEvidence;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * What can be told of a container from its node, without anything running in it: its packets (pcap, with nanoseconds) and its
 * processes (a JSON array), as {@code pounce-probe capture} and {@code processes} write them. Thread-safe.
 */
public final class ContainerReadings implements NodeEvidence, AutoCloseable {

    private static final Set<ActionType> TYPES = Set.of(ActionType.EVIDENCE_CAPTURE, ActionType.EVIDENCE_PROCESSES);

    /** From the end of a capture to its last bytes. */
    private static final Duration FLUSH = Duration.ofSeconds(1);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path probe;
    private final NodeRef node;
    private final ContainerMembership membership;
    private final InstantSource clock;
    private final ScheduledThreadPoolExecutor deadlines;

    /**
     * @param probe the program
     * @param node this machine
     */
    public ContainerReadings(Path probe, NodeRef node, ContainerMembership membership, InstantSource clock) {
        this.probe = probe;
        this.node = node;
        this.membership = membership;
        this.clock = clock;
        this.deadlines = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "pounce-readings-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        deadlines.setRemoveOnCancelPolicy(true);
    }

    /** Reads {@code /proc}, for milliseconds. */
    @Override
    public Optional<String> objection(ActionType type, String on, String id) {
        if (!TYPES.contains(type)) {
            return Optional.of("the probe of this version cannot do " + type.verb());
        }
        if (!on.equals(node.name())) {
            return Optional.of("needs the agent on the pod's node"
                    + (on.isEmpty()
                            ? ", and the pod has none yet"
                            : ", which is " + on + ", and this is " + node.name()));
        }
        return switch (Processes.directoriesOf(new ContainerRef(node, id), membership)
                .size()) {
            case 0 -> Optional.of("no process of container " + id + " is left");
            case 1 -> Optional.empty();
            default -> Optional.of("more than one control group bears the id " + id);
        };
    }

    @Override
    public Read read(ActionType type, String on, String id, Parameters parameters, OutputStream to, Instant deadline) {
        Optional<String> objection = objection(type, on, id);
        if (objection.isPresent()) {
            return new Read(objection.get(), false);
        }
        Set<String> directories = Processes.directoriesOf(new ContainerRef(node, id), membership);
        if (directories.size() != 1) {
            return new Read("its processes have ended meanwhile", false);
        }
        Duration time = Duration.between(clock.instant(), deadline);
        List<String> arguments = arguments(type, directories.iterator().next(), parameters, time);
        try (ProbeCommand command = ProbeCommand.start(probe, arguments, time, deadlines)) {
            command.output().transferTo(to);
            String said = command.words();
            return command.exit() == 0 ? whole(said) : new Read(reason(said, command.exit()), true);
        } catch (IOException broken) {
            return new Read(String.valueOf(broken.getMessage()), true);
        }
    }

    private static List<String> arguments(ActionType type, String directory, Parameters parameters, Duration time) {
        if (type == ActionType.EVIDENCE_PROCESSES) {
            return List.of("processes", "--cgroup", directory);
        }
        List<String> arguments = new ArrayList<>(List.of("capture", "--cgroup", directory));
        Duration wanted = parameters.time("duration").orElse(Duration.ofSeconds(5));
        Duration most = time.minus(FLUSH);
        long seconds = (wanted.compareTo(most) < 0 ? wanted : most).toSeconds();
        arguments.addAll(List.of("--seconds", Long.toString(Math.max(1, seconds))));
        parameters.number("snaplen").ifPresent(bytes -> arguments.addAll(List.of("--snaplen", Long.toString(bytes))));
        return arguments;
    }

    /** A capture says how it went; all of it was read only if the kernel dropped nothing. */
    private static Read whole(String said) {
        long lost = json(said).map(one -> one.path("lost").asLong()).orElse(0L);
        return lost == 0
                ? new Read("", false)
                : new Read(lost + " packets were lost, as they came faster than they could be written", false);
    }

    private static String reason(String said, int exit) {
        if (exit > 128) {
            return "its time was over before it had all been read";
        }
        return json(said)
                .map(one -> one.path("reason").asText())
                .filter(text -> !text.isEmpty())
                .orElse(said.isEmpty() ? "pounce-probe ended with code " + exit : said);
    }

    private static Optional<JsonNode> json(String said) {
        try {
            return said.startsWith("{") ? Optional.of(JSON.readTree(said)) : Optional.empty();
        } catch (JsonProcessingException words) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
    }
}
