package dev.pounce;

import dev.pounce.intake.AdmissionServer;
import dev.pounce.intake.Listening;
import dev.pounce.planning.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the command line says about one run of the engine.
 *
 * @param state the directory of the journal and the sockets
 * @param rules files and folders of detection rules, in the order in which they are read
 * @param actionSets files and folders of action sets
 * @param talon Falco Talon's rule files, taken together in this order
 * @param ceiling no action set goes further than this
 * @param probe the native probe's program; empty to watch nothing and live by what others see
 * @param listening where other products' alerts are taken from
 * @param admission where an API server asks what we think of action sets
 * @param cluster the one that is answered for
 * @param containerd further directories in which a containerd keeps its state, besides those that are known
 * @param keep how long journal entries are kept at least
 * @param version ours
 * @param node the name of this machine
 */
public record EngineSettings(
        Path state,
        List<Path> rules,
        List<Path> actionSets,
        List<Path> talon,
        Mode ceiling,
        Optional<Path> probe,
        Optional<Listening> listening,
        Optional<AdmissionServer.Settings> admission,
        Optional<ClusterSettings> cluster,
        List<Path> containerd,
        Duration keep,
        String version,
        String node) {
    public EngineSettings {
        rules = List.copyOf(rules);
        actionSets = List.copyOf(actionSets);
        talon = List.copyOf(talon);
        containerd = List.copyOf(containerd);
    }

    /**
     * The folder in which the action sets of a cluster are kept between two runs; made when it is not there.
     *
     * @throws UncheckedIOException when it cannot be made
     */
    public static Path clusterActionSets(Path state) {
        try {
            return Files.createDirectories(state.resolve("cluster-actionsets"));
        } catch (IOException unusable) {
            throw new UncheckedIOException(unusable);
        }
    }
}
