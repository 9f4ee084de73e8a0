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
import dev.pounce.source.DurationText;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * What can be told of containers from their node, without anything running in them: their packets (pcap, with nanoseconds), their
 * processes (a JSON array) and their system calls (lines of JSON), as {@code pounce-probe capture}, {@code processes} and
 * {@code trace} write them. Thread-safe.
 */
public final class ContainerReadings implements NodeEvidence, AutoCloseable {

    private static final Map<ActionType, String> VERBS = Map.of(
            ActionType.EVIDENCE_CAPTURE, "capture",
            ActionType.EVIDENCE_PROCESSES, "processes",
            ActionType.EVIDENCE_TRACE, "trace");

    /** From the end of a capture to its last bytes. */
    private static final Duration FLUSH = Duration.ofSeconds(1);

    /** What the kernel takes to check a trace's programs before it, on a busy machine, and its last bytes. */
    private static final Duration ARM_AND_FLUSH = Duration.ofSeconds(3);

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
    public Optional<String> objection(ActionType type, String on, List<String> ids) {
        if (!VERBS.containsKey(type)) {
            return Optional.of("the probe of this version cannot do " + type.verb());
        }
        if (!on.equals(node.name())) {
            return Optional.of("needs the agent on the pod's node"
                    + (on.isEmpty()
                            ? ", and the pod has none yet"
                            : ", which is " + on + ", and this is " + node.name()));
        }
        return ids.isEmpty() ? Optional.empty() : find(ids).objection();
    }

    /**
     * Where containers are among the control groups now.
     *
     * @param gone those of which no process is left
     */
    private record Places(List<String> directories, List<String> gone, Optional<String> doubt) {
        Optional<String> objection() {
            return directories.isEmpty() && doubt.isEmpty()
                    ? Optional.of("no process of container " + String.join(", ", gone) + " is left")
                    : doubt;
        }
    }

    private Places find(List<String> ids) {
        List<String> found = new ArrayList<>();
        List<String> gone = new ArrayList<>();
        Optional<String> doubt = Optional.empty();
        for (String id : ids) {
            Set<String> directories = Processes.directoriesOf(new ContainerRef(node, id), membership);
            switch (directories.size()) {
                case 0 -> gone.add(id);
                case 1 -> found.addAll(directories);
                default -> doubt = Optional.of("more than one control group bears the id " + id);
            }
        }
        return new Places(found, gone, doubt);
    }

    @Override
    public Read read(
            ActionType type, String on, List<String> ids, Parameters parameters, OutputStream to, Instant deadline) {
        Optional<String> objection = objection(type, on, ids);
        if (objection.isPresent()) {
            return new Read(objection.get(), false);
        }
        Places places = find(ids);
        if (!ids.isEmpty() && places.objection().isPresent()) {
            return new Read("its processes have ended meanwhile", false);
        }
        Duration time = Duration.between(clock.instant(), deadline);
        List<String> reservations = new ArrayList<>();
        if (!places.gone().isEmpty()) {
            reservations.add("no process of container " + String.join(", ", places.gone()) + " was left");
        }
        List<String> arguments = arguments(type, places.directories(), parameters, time, reservations);
        try (ProbeCommand command = ProbeCommand.start(probe, arguments, time, deadlines)) {
            command.output().transferTo(to);
            String said = command.words();
            if (command.exit() != 0) {
                return new Read(reason(said, command.exit(), !clock.instant().isBefore(deadline)), true);
            }
            json(said).ifPresent(one -> reserve(type, one, reservations));
            return new Read(String.join("; ", reservations), false);
        } catch (IOException broken) {
            return new Read(String.valueOf(broken.getMessage()), true);
        }
    }

    private static List<String> arguments(
            ActionType type,
            List<String> directories,
            Parameters parameters,
            Duration time,
            List<String> reservations) {
        List<String> arguments = new ArrayList<>(List.of(VERBS.getOrDefault(type, "")));
        directories.forEach(directory -> arguments.addAll(List.of("--cgroup", directory)));
        if (type == ActionType.EVIDENCE_PROCESSES) {
            return arguments;
        }
        if (directories.isEmpty()) {
            arguments.add("--node");
        }
        Duration wanted = parameters.time("duration").orElse(Duration.ofSeconds(5));
        long most = Math.max(
                1,
                time.minus(type == ActionType.EVIDENCE_TRACE ? ARM_AND_FLUSH : FLUSH)
                        .toSeconds());
        if (most < wanted.toSeconds()) {
            reservations.add("the step's time was enough for " + DurationText.display(Duration.ofSeconds(most)) + " of "
                    + DurationText.display(wanted));
        }
        arguments.addAll(List.of("--seconds", Long.toString(Math.min(most, wanted.toSeconds()))));
        parameters.number("snaplen").ifPresent(bytes -> arguments.addAll(List.of("--snaplen", Long.toString(bytes))));
        parameters.number("buffer").ifPresent(kib -> arguments.addAll(List.of("--buffer", Long.toString(kib))));
        return arguments;
    }

    /** Recordings say how they went; all of it was read only if the kernel dropped nothing. */
    private static void reserve(ActionType type, JsonNode said, List<String> reservations) {
        boolean packets = type == ActionType.EVIDENCE_CAPTURE;
        switch (said.path("ended").asText()) {
            case "gone" -> reservations.add("its processes ended before the time was over");
            case "bytes" -> reservations.add("its room was used up before the time was over");
            case "stopped" -> reservations.add("it was stopped before the time was over");
            default -> {}
        }
        long lost = said.path("lost").asLong() + said.path("skipped").asLong();
        if (lost > 0) {
            reservations.add(lost + (packets ? " packets" : " system calls")
                    + " were lost, as they came faster than they could be written");
        }
    }

    private static String reason(String said, int exit, boolean isLate) {
        if (exit > 128) {
            return isLate
                    ? "its time was over before it had all been read"
                    : "pounce-probe was ended by signal " + (exit - 128) + " before it had all been read";
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
