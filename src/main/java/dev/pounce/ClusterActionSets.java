package dev.pounce;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pounce.action.kubernetes.OwnObjects;
import dev.pounce.audit.JournalEntry.LoadedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Action sets that are resources of the cluster. Each that has no errors is put into a folder, from which they are loaded like
 * any other file: so an engine that is cut off from the API server goes on by what it knew, also after a restart. One with
 * errors leaves what was loaded of it before, and says in its status what {@code pounce check} would.
 *
 * <p>Thread-safe; blocks for files and for the API server.
 */
final class ClusterActionSets {

    private static final Logger LOG = Logger.getLogger(ClusterActionSets.class);

    /**
     * @param loadedFrom the file that it makes
     * @param broken whether the problems are more than warnings
     */
    private record Seen(String uid, long generation, List<String> problems, LoadedFile loadedFrom, boolean broken) {}

    /** What was said last, without the time. */
    private record Said(
            boolean armed, String because, long generation, List<String> problems, SetCounters.Count count) {}

    private final Path folder;
    private final ActionSetResources resources;
    private final BiFunction<String, LoadedFile, Optional<String>> whyNotArmed;
    private final SetCounters counters;
    private final OwnObjects objects;
    private final InstantSource clock;
    private final Map<String, Seen> seen = new HashMap<>(); // guarded by this
    private final Map<String, Said> said = new HashMap<>(); // guarded by this
    private final Map<String, Instant> since = new HashMap<>(); // guarded by this

    /**
     * @param folder of files that nobody else writes
     * @param whyNotArmed of a set without errors, by its name and the file that has to be loaded for it; empty when it acts
     */
    ClusterActionSets(
            Path folder,
            ActionSetResources resources,
            BiFunction<String, LoadedFile, Optional<String>> whyNotArmed,
            SetCounters counters,
            OwnObjects objects,
            InstantSource clock) {
        this.folder = folder;
        this.resources = resources;
        this.whyNotArmed = whyNotArmed;
        this.counters = counters;
        this.objects = objects;
        this.clock = clock;
    }

    /** All there are now, by name. */
    synchronized void accept(Map<String, JsonNode> all) {
        seen.keySet().retainAll(all.keySet());
        said.keySet().retainAll(all.keySet());
        all.forEach(this::accept);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (!all.containsKey(name.substring(0, Math.max(0, name.length() - ".yaml".length())))) {
                    Files.delete(file);
                }
            }
        } catch (IOException unusable) {
            throw new UncheckedIOException(unusable);
        }
    }

    private void accept(String name, JsonNode resource) {
        long generation = resource.path("metadata").path("generation").asLong();
        Seen before = seen.get(name);
        String uid = resource.path("metadata").path("uid").asText();
        if (before != null && before.uid().equals(uid) && before.generation() == generation) {
            return; // only its status has changed
        }
        ActionSetResources.Reading reading = resources.read(name, resource);
        List<String> said = ActionSetResources.brief(
                reading.found().stream().map(ActionSetResources.Found::render).toList());
        Path file = folder.resolve(name + ".yaml");
        LoadedFile whole =
                new LoadedFile(file.toString(), Policy.sha256(reading.text().getBytes(UTF_8)));
        seen.put(name, new Seen(uid, generation, said, whole, reading.hasErrors()));
        if (reading.hasErrors()) {
            LOG.errorv(
                    "Action set {0} of the cluster has errors and is not loaded: {1}", name, String.join("; ", said));
            return;
        }
        try {
            if (Files.notExists(file) || !Files.readString(file).equals(reading.text())) {
                Path next = folder.resolve(name + ".next"); // no file of ours until it is whole
                Files.writeString(next, reading.text());
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException unusable) {
            seen.remove(name); // looked at again when it comes again
            throw new UncheckedIOException(unusable);
        }
    }

    /** To be called now and then: tells the cluster what it has not heard yet. */
    void tell() {
        record Line(String name, Said now, OwnObjects.Standing standing) {}
        List<Line> lines = new ArrayList<>();
        synchronized (this) {
            seen.forEach((name, one) -> {
                Said now = standing(name, one);
                Said before = said.get(name);
                if (!now.equals(before)) {
                    boolean same = before != null
                            && before.armed() == now.armed()
                            && before.because().equals(now.because());
                    if (!same || !since.containsKey(name)) {
                        since.put(name, clock.instant());
                    }
                    lines.add(new Line(
                            name,
                            now,
                            new OwnObjects.Standing(
                                    now.armed(),
                                    now.because(),
                                    now.generation(),
                                    since.getOrDefault(name, clock.instant()),
                                    now.problems(),
                                    now.count().responses(),
                                    now.count().steps(),
                                    now.count().withheld())));
                }
            });
        }
        for (Line line : lines) {
            if (objects.tell(line.name(), line.standing())) {
                synchronized (this) {
                    said.put(line.name(), line.now());
                }
            }
        }
    }

    private Said standing(String name, Seen one) {
        Optional<String> why = one.broken()
                ? Optional.of("it has errors"
                        + (Files.exists(folder.resolve(name + ".yaml"))
                                ? "; what was loaded before them is in force"
                                : ""))
                : whyNotArmed.apply(name, one.loadedFrom());
        return new Said(why.isEmpty(), why.orElse(""), one.generation(), one.problems(), counters.of(name));
    }
}
